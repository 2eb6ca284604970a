package gateway_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/gateway"
	"github.com/my21staff/my21staff/host/hosttest"
)

const (
	e2eNumbers = 40
	e2eEvents  = 1000
	e2eCells   = 5
	e2eSenders = 3
	e2eBodies  = 4
)

// e2eBody returns a body of 1,000 messages for 40 numbers, five people at each. The
// conversations are the sender's own: what several senders say side by side has
// no order.
func e2eBody(sender, n int) []byte {
	var messages []said
	for i := range e2eEvents {
		number := strconv.Itoa(500 + i%e2eNumbers)
		peer := fmt.Sprintf("62812%02d%05d", sender, i/e2eNumbers%5)
		messages = append(messages, said{number, peer, fmt.Sprintf("m-%d-%d-%04d", sender, n, i)})
	}
	return batch(messages...)
}

// send sends a body as a provider does: again and again until it is answered
// 200.
func (r *rig) send(body []byte, secret crm.Secret) {
	hosttest.Until(r.t, "a webhook is taken", func() bool {
		got, err := r.try("POST", "/api/webhook/meta", body, hubSignature(secret, body))
		if err == nil && got.status != 200 && got.status != 503 {
			r.t.Errorf("a webhook is answered %d %s", got.status, got.body)
			return true
		}
		return err == nil && got.status == 200
	})
}

// Every message arrives at its number's origin and no other, once after the
// origin's own sorting out, in order in each conversation, while one origin is
// started again and the configuration changes.
func TestEverythingArrivesOnce(t *testing.T) {
	t.Parallel()
	var origins []*origin
	for i := range e2eCells {
		origins = append(origins, newOrigin(t, string(rune('a'+i))))
	}
	config := document(origins...)
	routes := object{}
	for i := range e2eNumbers / 2 { // the other half goes by its hash
		routes[strconv.Itoa(500+i)] = origins[i%e2eCells].name
	}
	config["routes"] = routes
	r := start(t, config, gateway.Options{Posts: 2})

	var sending sync.WaitGroup
	half := make(chan struct{}, e2eSenders)
	for sender := range e2eSenders {
		sending.Go(func() {
			for n := range e2eBodies {
				if n == 2 {
					half <- struct{}{}
				}
				r.send(e2eBody(sender, n), metaSecret)
			}
		})
	}
	<-half
	origins[2].end()
	steps := r.change(config, origins)
	origins[2].again()
	sending.Wait()

	place := map[string]string{} // number -> origin
	total := 0
	for _, o := range origins {
		if o.bad != 0 {
			t.Errorf("%s got %d requests that it could not open", o.name, o.bad)
		}
		total += o.messages()
		for at, ids := range o.order {
			number, _, _ := strings.Cut(at, " ")
			if other, found := place[number]; found && other != o.name {
				t.Errorf("the number %s is at %s and at %s", number, other, o.name)
			}
			place[number] = o.name
			if !slices.IsSorted(ids) {
				t.Errorf("%s: the conversation %s came as %v", o.name, at, ids)
			}
		}
	}
	if want := e2eSenders*e2eBodies*e2eEvents + steps; total != want {
		t.Errorf("the origins have %d messages, want %d", total, want)
	}
	for number, name := range routes {
		if place[number] != name {
			t.Errorf("the number %s is at %s, want %s", number, place[number], name)
		}
	}
}

// change swaps the configuration while webhooks come: the provider's secret is
// rotated, an envelope's secret is, and a cell is added that no number moves to.
// After each step it sends one message, signed with the next secret.
func (r *rig) change(config object, origins []*origin) (sent int) {
	r.t.Helper()
	sources := slices.Clone(config["sources"].([]object))
	cells := slices.Clone(config["cells"].([]object))
	steps := []func(){
		func() { sources[0] = with(sources[0], "secrets", []string{nextSecret, metaSecret}) },
		func() { cells[1] = with(cells[1], "secrets", origins[1].secrets) },
		func() { cells[1] = with(cells[1], "secrets", origins[1].secrets[1:]) },
		func() {
			cells = append(cells, object{"name": "new", "url": "http://127.0.0.1:1", "weight": 0, "secrets": []string{envelopeSecret("new")}})
		},
	}
	for i, step := range steps {
		step()
		next := with(with(with(config, "epoch", i+2), "sources", slices.Clone(sources)), "cells", slices.Clone(cells))
		if err := r.gw.Configure(encode(r.t, next)); err != nil {
			r.t.Fatal(err)
		}
		r.send(batch(said{"500", "6281299900000", fmt.Sprint("m-step-", i)}), nextSecret)
	}
	return len(steps)
}
