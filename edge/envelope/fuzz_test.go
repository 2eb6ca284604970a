package envelope_test

import (
	"bytes"
	"math/rand"
	"reflect"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge/envelope"
)

// FuzzOpen opens any payload, as if it were signed. What can be opened holds
// its bodies verbatim and comes out the same when it is sealed again.
func FuzzOpen(f *testing.F) {
	for seed := range int64(8) {
		f.Add(seal(maker{rand.New(rand.NewSource(seed))}.parts(), first).Payload)
	}
	f.Add([]byte(`{"provider":"meta","numbers":[],"accounts":[],"size":0}` + "\n\n"))
	f.Add([]byte(`{"Provider":"meta","SIZE":1,"numbers":null}` + "\n\n\n"))
	f.Fuzz(func(t *testing.T, payload []byte) {
		parts, err := open(string(payload))
		if code := crm.CodeOf(err); err != nil && code != crm.Invalid && code != crm.TooLarge {
			t.Fatalf("Open = %v", err)
		}
		if err != nil {
			return
		}
		for _, p := range parts {
			if !bytes.Contains(payload, p.Body) {
				t.Fatalf("the body %q is not in the payload", p.Body)
			}
		}
		again, err := envelope.Open(seal(parts, second), []string{second}, crmtest.Start)
		if err != nil || !reflect.DeepEqual(again, parts) {
			t.Fatalf("%+v came out as %+v, %v", parts, again, err)
		}
	})
}

// FuzzHeaders opens an envelope with headers of anybody's making.
func FuzzHeaders(f *testing.F) {
	good := seal([]envelope.Part{{Provider: "meta"}}, first)
	f.Add(good.ID, good.Timestamp, good.Signature)
	f.Add("", "-1", "v1, v1,")
	f.Fuzz(func(t *testing.T, id, timestamp, signature string) {
		_, err := envelope.Open(envelope.Sealed{ID: id, Timestamp: timestamp, Signature: signature, Payload: good.Payload}, []string{first, second}, crmtest.Start)
		if err != nil && crm.CodeOf(err) != crm.Unauthenticated {
			t.Fatalf("Open = %v", err)
		}
		if err == nil && (id != good.ID || timestamp != good.Timestamp || !bytes.Contains([]byte(signature), []byte(good.Signature))) {
			t.Fatalf("the id %q, the time %q and the signature %q were taken", id, timestamp, signature)
		}
	})
}
