package runner_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// now is when the tests take place.
var now = time.Date(2026, 11, 27, 12, 0, 0, 0, time.UTC)

const secret = "an app's secret"

// document is a configuration of two sources and two cells. The epoch has two
// digits and comes first, for the guests.
func document(epoch int) []byte {
	return fmt.Appendf(nil, `{"epoch":%d,"version":1,`+
		`"sources":[{"name":"app","provider":"meta","verify_tokens":["a token"],"secrets":["another secret",%q]},`+
		`{"name":"jakarta","provider":"kapso","secrets":["a third secret"]}],`+
		`"cells":[{"name":"a","url":"https://a.example.com"},{"name":"b","url":"https://b.example.com"}],`+
		`"routes":{"100000000000001":"b"}}`, epoch, secret)
}

// body is a webhook with n messages.
func body(n int) []byte {
	const message = `{"from":"6281200000001","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA%04d=",` +
		`"timestamp":"1790000000","type":"text","text":{"body":"Halo kak, mau tanya biaya kuliah di Melbourne untuk tahun depan, ` +
		`apakah masih ada beasiswa? \u2014 terima kasih"}}`
	messages := make([]string, n)
	for i := range messages {
		messages[i] = fmt.Sprintf(message, i)
	}
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp",` +
		`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Sari \ud83d\ude42"},` +
		`"wa_id":"6281200000001"}],"messages":[` + strings.Join(messages, ",") + `]},"field":"messages"}]}]}`)
}

// signed is a request with a body that the app has signed.
func signed(body []byte) *edge.Request { return signedWith(secret, body) }

func signedWith(secret string, body []byte) *edge.Request {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	header := edge.Header{Value: []byte("sha256=" + hex.EncodeToString(h.Sum(nil))), Count: 1}
	return &edge.Request{Provider: edge.Meta, Method: edge.Post, Hub: header, Body: body}
}

// compiled puts the code of the edge module into the cache, so that tests which
// begin together do not all compile it.
var compiled = sync.OnceValue(func() error {
	pool, err := runner.New(context.Background(), runner.Options{CacheDir: cache, Config: document(17)})
	if err != nil {
		return err
	}
	return pool.Close()
})

// forwarded is a request that Kapso has signed.
func forwarded(body []byte) *edge.Request {
	r := signedWith("a third secret", body)
	r.Provider, r.Signature, r.Hub = edge.Kapso, r.Hub, edge.Header{}
	r.Signature.Value = bytes.TrimPrefix(r.Signature.Value, []byte("sha256="))
	return r
}

// newPool starts a pool and closes it with the test. Options without a
// configuration get one.
func newPool(tb testing.TB, o runner.Options) *runner.Pool {
	tb.Helper()
	if o.Config == nil {
		o.Config = document(17)
	}
	if o.CacheDir == cache {
		if err := compiled(); err != nil {
			tb.Fatal(err)
		}
	}
	pool, err := runner.New(tb.Context(), o)
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := pool.Close(); err != nil {
			tb.Errorf("Close() = %v", err)
		}
	})
	return pool
}

func newNative(tb testing.TB) *runner.Native {
	tb.Helper()
	native, err := runner.NewNative(document(17))
	if err != nil {
		tb.Fatal(err)
	}
	return native
}
