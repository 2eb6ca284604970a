package gateway_test

import (
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/gateway"
	"github.com/my21staff/my21staff/host/hosttest"
)

// world is a host behind the gateway, with numbers of one Meta app.
type world struct {
	*hosttest.World
	name string
}

func newWorld(t *testing.T, i int) *world {
	t.Helper()
	name := string(rune('a' + i))
	settings := map[string]string{"edge_secrets": envelopeSecret(name), "request_timeout": "2m", "edge": []string{"off", "native"}[i%2]}
	w := &world{hosttest.Start(t, hosttest.Options{Settings: settings}), name}
	for n := i; n < e2eNumbers; n += e2eCells {
		if _, err := w.Host.Directory.SaveChannel(t.Context(), access.System(w.Workspace.ID), crm.Channel{
			Provider: crm.Meta, PhoneNumberID: strconv.Itoa(500 + n), DisplayNumber: fmt.Sprint("+62 812 0000 ", 500+n), Name: fmt.Sprint(500 + n),
			Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{metaSecret, nextSecret}},
		}); err != nil {
			t.Fatal(err)
		}
	}
	return w
}

// messages returns the text of every message that the host shows, by channel
// and contact, in its order.
func (w *world) messages(t *testing.T) map[string][]string {
	t.Helper()
	type conversation struct {
		ID string
	}
	found := map[string][]string{}
	for next := ""; ; {
		page := hosttest.Decode[struct {
			Data []conversation
			Next string
		}](t, w.Ask("GET", "/api/conversations?limit=100&cursor="+next, nil))
		for _, c := range page.Data {
			thread := hosttest.Decode[struct {
				Data []struct {
					Content struct{ Body string }
				}
			}](t, w.Ask("GET", "/api/conversations/"+c.ID+"/messages?limit=100", nil))
			for _, m := range thread.Data {
				found[c.ID] = append(found[c.ID], m.Content.Body)
			}
		}
		if next = page.Next; next == "" {
			return found
		}
	}
}

// Five whole hosts behind a gateway: each message of a batch is in its number's
// inbox, once, and in no other, though the batch comes several times and one
// host's address is gone for a while.
func TestBatchReachesFiveHosts(t *testing.T) {
	t.Parallel()
	worlds := make([]*world, e2eCells)
	var starting sync.WaitGroup
	for i := range worlds {
		starting.Go(func() { worlds[i] = newWorld(t, i) })
	}
	starting.Wait()
	config, routes, cells := document(), object{}, []object{}
	for i, w := range worlds {
		cells = append(cells, object{"name": w.name, "url": w.URL, "secrets": []string{envelopeSecret(w.name)}})
		for n := i; n < e2eNumbers; n += e2eCells {
			routes[strconv.Itoa(500+n)] = w.name
		}
	}
	config["routes"], config["cells"] = routes, cells
	gone := append([]object{}, cells...)
	gone[2] = with(cells[2], "url", "http://127.0.0.1:1")
	// As patient as five hosts under the race detector need.
	r := start(t, with(config, "cells", gone), gateway.Options{Patience: 2 * time.Minute, PostTimeout: 2 * time.Minute})

	body := texts()
	if got := r.meta(body); got.status != 503 {
		t.Fatalf("with one host unreachable the batch is answered %d %s", got.status, got.body)
	}
	if err := r.gw.Configure(encode(t, config)); err != nil {
		t.Fatal(err)
	}
	for range 2 {
		if got := r.meta(body); got.status != 200 {
			t.Fatalf("the batch is answered %d %s", got.status, got.body)
		}
	}

	total := 0
	for i, w := range worlds {
		for conversation, texts := range w.messages(t) {
			total += len(texts)
			last := e2eEvents
			for _, text := range texts { // newest first: what has one time is in the body's order
				var number, n int
				if _, err := fmt.Sscanf(text, "%d %d", &number, &n); err != nil || (number-500)%e2eCells != i || n >= last {
					t.Errorf("host %s shows in the conversation %s: %q", w.name, conversation, texts)
				}
				last = n
			}
		}
	}
	if total != e2eEvents {
		t.Errorf("the hosts show %d messages, want %d", total, e2eEvents)
	}
}

// texts returns a body of 1,000 messages for 40 numbers, five people at each,
// whose texts say the number and the place in the body.
func texts() []byte {
	body := string(e2eBody(0, 0))
	for i := range e2eEvents {
		body = strings.Replace(body, `"body":"halo"`, fmt.Sprintf(`"body":"%d %d"`, 500+i%e2eNumbers, i), 1)
	}
	return []byte(body)
}
