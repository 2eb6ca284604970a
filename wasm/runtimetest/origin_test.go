package runtimetest_test

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/envelope"
)

// origin is all cells of the tests' configuration, each below its name. It opens
// what comes with the cell's secrets, and keeps it.
type origin struct {
	*httptest.Server
	mu     sync.Mutex
	parts  map[string][]envelope.Part // by cell
	wrong  []string
	status int // of a part
}

func newOrigin(tb testing.TB) *origin {
	tb.Helper()
	o := &origin{parts: map[string][]envelope.Part{}, status: http.StatusOK}
	o.Server = httptest.NewServer(http.HandlerFunc(o.take))
	tb.Cleanup(o.Close)
	return o
}

// take answers as an origin does.
func (o *origin) take(w http.ResponseWriter, r *http.Request) {
	cell, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
	payload, err := io.ReadAll(r.Body)
	o.mu.Lock()
	defer o.mu.Unlock()
	parts, problem := openEnvelope(cell, r.Header, payload)
	if err != nil || problem != nil {
		o.wrong = append(o.wrong, fmt.Sprintf("cell %s: %v %v", cell, err, problem))
		w.WriteHeader(http.StatusUnauthorized)
		return
	}
	for _, part := range parts {
		if rest != "api/webhook/"+part.Provider {
			o.wrong = append(o.wrong, fmt.Sprintf("cell %s: %s at %s", cell, part.Provider, r.URL.Path))
		}
	}
	o.parts[cell] = append(o.parts[cell], parts...)
	fmt.Fprintf(w, `{"parts":[{"status":%d}]}`, o.status)
}

// openEnvelope opens an envelope with each of its cell's secrets by itself: all
// of them have signed.
func openEnvelope(cell string, h http.Header, payload []byte) (parts []envelope.Part, err error) {
	if got := h.Get("Content-Type"); got != envelope.ContentType {
		return nil, fmt.Errorf("the content type is %q", got)
	}
	sealed := envelope.Sealed{
		ID: h.Get(envelope.IDHeader), Timestamp: h.Get(envelope.TimestampHeader), Signature: h.Get(envelope.SignatureHeader), Payload: payload,
	}
	if len(cellSecrets[cell]) == 0 {
		return nil, fmt.Errorf("there is no cell %q", cell)
	}
	for _, secret := range cellSecrets[cell] {
		if parts, err = envelope.Open(sealed, []string{secret}, time.Now()); err != nil {
			return nil, err
		}
	}
	if key := envelope.Key(parts); key != sealed.ID {
		return nil, fmt.Errorf("the id is %s, want %s", sealed.ID, key)
	}
	return parts, nil
}

// taken returns what came since it was asked last, and what was wrong.
func (o *origin) taken() (parts map[string][]envelope.Part, wrong []string) {
	o.mu.Lock()
	defer o.mu.Unlock()
	parts, wrong = o.parts, o.wrong
	o.parts, o.wrong = map[string][]envelope.Part{}, nil
	return parts, wrong
}

// partsOf returns what each cell is to get of a request.
func partsOf(r *edge.Request, d *edge.Decision) map[string][]envelope.Part {
	parts := map[string][]envelope.Part{}
	for i, cell := range []string{"a", "b", "c"} {
		if d.Cells>>i&1 == 0 {
			continue
		}
		part := envelope.Part{
			Provider: r.Provider.String(), Event: string(r.Event), Hub: string(r.Hub.Value), Signature: string(r.Signature.Value),
			Rest: d.Reason != edge.Routed, Epoch: d.Epoch, Body: r.Body,
		}
		for _, target := range d.Targets {
			if target.Cells>>i&1 == 0 {
				continue
			}
			switch target.Kind {
			case edge.OfNumber:
				part.Numbers = append(part.Numbers, string(target.ID))
			case edge.OfAccount:
				part.Accounts = append(part.Accounts, string(target.ID))
			default:
				part.Rest = true
			}
		}
		parts[cell] = append(parts[cell], part)
	}
	return parts
}
