package gateway_test

import (
	"encoding/json"
	"fmt"
	"net"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/klauspost/compress/zstd"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/edge/runner"
	"github.com/my21staff/my21staff/host/gateway"
)

// nullOrigin takes every part without looking at it, and counts.
type nullOrigin struct{ parts, envelopes atomic.Int64 }

func (n *nullOrigin) serve(b *testing.B) (url string) {
	b.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	unpack, err := zstd.NewReader(nil)
	if err != nil {
		b.Fatal(err)
	}
	server := &fasthttp.Server{MaxRequestBodySize: 64 << 20, Handler: func(ctx *fasthttp.RequestCtx) {
		payload, err := unpack.DecodeAll(ctx.PostBody(), nil)
		if err != nil {
			ctx.SetStatusCode(400)
			return
		}
		parts, err := envelope.Open(envelope.Sealed{
			ID: string(ctx.Request.Header.Peek(envelope.IDHeader)), Timestamp: string(ctx.Request.Header.Peek(envelope.TimestampHeader)),
			Signature: string(ctx.Request.Header.Peek(envelope.SignatureHeader)), Payload: payload,
		}, []string{envelopeSecret("a")}, ctx.Time())
		if err != nil {
			ctx.SetStatusCode(401)
			return
		}
		n.parts.Add(int64(len(parts)))
		n.envelopes.Add(1)
		statuses := strings.Repeat(`{"status":200},`, len(parts))
		ctx.SetBodyString(`{"parts":[` + statuses[:len(statuses)-1] + `]}`)
	}}
	go server.Serve(ln)
	b.Cleanup(func() { _ = server.Shutdown() })
	return "http://" + ln.Addr().String()
}

// BenchmarkGateway is what one gateway hands to one origin: provider, gateway
// and origin share the machine's processors. Each operation is one webhook of
// one message, answered when the origin has it.
func BenchmarkGateway(b *testing.B) {
	for _, engine := range []string{"native", "wasm"} {
		for _, senders := range []int{2, 16, 128} {
			b.Run(fmt.Sprintf("%s/senders=%d", engine, senders), func(b *testing.B) { benchGateway(b, engine, senders) })
		}
	}
}

func benchGateway(b *testing.B, engine string, senders int) {
	var null nullOrigin
	config, err := json.Marshal(document(&origin{name: "a", url: null.serve(b), secrets: []string{envelopeSecret("a")}}))
	if err != nil {
		b.Fatal(err)
	}
	var decider runner.Decider
	if engine == "native" {
		decider, err = runner.NewNative(config)
	} else {
		decider, err = runner.New(b.Context(), runner.Options{Config: config, HostMAC: true, Waiting: 8192})
	}
	if err != nil {
		b.Fatal(err)
	}
	defer decider.Close()
	g, err := gateway.New(gateway.Options{Decider: decider})
	if err != nil {
		b.Fatal(err)
	}
	if err := g.Configure(config); err != nil {
		b.Fatal(err)
	}
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	go g.Serve(ln)
	defer g.Close(b.Context())

	body := one("501", "wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=")
	name, value := webhook.Sign(crm.Meta, metaSecret, body)
	client := &fasthttp.HostClient{Addr: ln.Addr().String(), MaxConns: 2 * senders}
	b.SetParallelism(max(senders/2, 1)) // of two processors
	b.ReportAllocs()
	b.ResetTimer()
	b.RunParallel(func(pb *testing.PB) {
		request, response := fasthttp.AcquireRequest(), fasthttp.AcquireResponse()
		defer fasthttp.ReleaseRequest(request)
		defer fasthttp.ReleaseResponse(response)
		request.SetRequestURI("http://gateway/api/webhook/meta")
		request.Header.SetMethod("POST")
		request.Header.Set(name, value)
		request.SetBodyRaw(body)
		for pb.Next() {
			if err := client.Do(request, response); err != nil || response.StatusCode() != 200 {
				b.Errorf("a webhook is answered %d, %v", response.StatusCode(), err)
				return
			}
		}
	})
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "webhooks/s")
	b.ReportMetric(float64(null.parts.Load())/float64(max(null.envelopes.Load(), 1)), "parts/envelope")
}
