package host_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net"
	"testing"
	"time"

	"github.com/my21staff/my21staff/host"
)

// BenchmarkRefusal refuses webhooks of twenty messages, which come on one
// connection, because the queue in front of the database is full: what a host
// that is offered ten times what it can do spends nearly all its requests on.
//
//	go test -run '^$' -bench Refusal ./host
func BenchmarkRefusal(b *testing.B) {
	for _, messages := range []int{1, 20, 100} {
		b.Run(fmt.Sprintf("messages=%d", messages), func(b *testing.B) {
			f := host.NewFull(b, slog.New(slog.DiscardHandler))
			line := &wire{request: host.Wire(host.RequestFor(host.FullNumber, messages))}
			line.left = 100
			if err := f.ServeConn(line); err != nil || line.refused != 100 {
				b.Fatalf("of a hundred webhooks %d are refused: %v", line.refused, err)
			}
			line.left, line.refused = b.N, 0
			before := processorTime()
			b.ReportAllocs()
			b.ResetTimer()
			if err := f.ServeConn(line); err != nil || line.refused != b.N {
				b.Fatalf("of %d webhooks %d are refused: %v", b.N, line.refused, err)
			}
			b.ReportMetric(float64(processorTime()-before)/1e3/float64(b.N), "cpu-µs/op")
		})
	}
}

// wire is a connection on which one request comes after the other, each when the
// one before is answered.
type wire struct {
	request []byte
	left    int // requests
	rest    []byte
	refused int
	answer  []byte // the last
}

func (w *wire) Read(p []byte) (int, error) {
	if len(w.rest) == 0 {
		if w.left == 0 {
			return 0, io.EOF
		}
		w.left--
		w.answer = w.answer[:0]
		w.rest = w.request
	}
	n := copy(p, w.rest)
	w.rest = w.rest[n:]
	return n, nil
}

func (w *wire) Write(p []byte) (int, error) {
	w.answer = append(w.answer, p...)
	if bytes.HasPrefix(p, []byte("HTTP/1.1 503 ")) {
		w.refused++
	}
	return len(p), nil
}

func (*wire) Close() error                     { return nil }
func (*wire) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (*wire) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1)} }
func (*wire) SetDeadline(time.Time) error      { return nil }
func (*wire) SetReadDeadline(time.Time) error  { return nil }
func (*wire) SetWriteDeadline(time.Time) error { return nil }
