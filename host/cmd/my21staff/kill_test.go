package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

const (
	killWebhooks = 2000
	killSenders  = 16
	killPeople   = 40
	killNumber   = "555000000000002"
	killSecret   = "app-secret-of-the-test"
)

// The promise: a webhook that was answered 200 is there, once, whatever happens
// to the process.
func TestKilledHostKeepsWhatItAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) { survive(t, i, syscall.SIGKILL) })
}

// A host that is asked to end finishes what it began, and answers with success.
func TestStoppedHostKeepsWhatItAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) { survive(t, i, syscall.SIGTERM) })
}

// survive sends webhooks, ends the host twice in the middle, and looks what is
// there.
func survive(t *testing.T, i *installation, signal syscall.Signal) {
	i.must(`workspace`, "workspace", "create", "-name", "Kill", "-owner", "Owner", "-email", "owner@example.com")
	i.must(`channel`, "channel", "add", "-provider", "meta", "-phone-number-id", killNumber, "-number", "+62 812 0000 0102", "-webhook-secret", killSecret)
	key := i.must(`key  (m21_\S+)`, "key", "create", "-name", "kill")
	d := &driver{t: t, key: key, answered: make([]atomic.Bool, killWebhooks)}
	for round, quota := range []int64{600, 1300} {
		host := i.serve()
		d.drive(host, quota, func() {
			want := map[syscall.Signal]int{syscall.SIGKILL: -1, syscall.SIGTERM: 0}[signal]
			if code := host.end(signal); code != want {
				t.Errorf("round %d: %v ends the host with %d, want %d", round, signal, code, want)
			}
		})
	}
	if signal == syscall.SIGKILL && d.cut.Load() == 0 {
		t.Error("no request was under way when the host was killed: the test showed nothing")
	}
	host := i.serve()
	ready(t, host)
	stored := d.stored(host)
	for n := range d.answered {
		if got := stored[name(n)]; d.answered[n].Load() && got != 1 {
			t.Errorf("%s was answered 200 and is there %d times", name(n), got)
		} else if got > 1 {
			t.Errorf("%s is there %d times", name(n), got)
		}
	}
	d.drive(host, killWebhooks, func() {}) // the provider tries again
	stored = d.stored(host)
	for n := range d.answered {
		if got := stored[name(n)]; got != 1 {
			t.Errorf("after the provider's retries %s is there %d times", name(n), got)
		}
	}
	if len(stored) != killWebhooks {
		t.Errorf("%d different messages are there, want %d", len(stored), killWebhooks)
	}
}

func name(n int) string { return fmt.Sprintf("message %d", n) }

// driver plays the provider.
type driver struct {
	t        *testing.T
	key      string
	answered []atomic.Bool
	total    atomic.Int64 // answered 200
	cut      atomic.Int64 // requests that got no answer
}

// drive sends what was not answered yet until so many are, then calls end, once,
// while the others are under way.
func (d *driver) drive(host *process, quota int64, end func()) {
	var next atomic.Int64
	var running, ending sync.WaitGroup
	var once sync.Once
	for range killSenders {
		running.Go(func() {
			for n := int(next.Add(1)) - 1; n < killWebhooks; n = int(next.Add(1)) - 1 {
				if d.answered[n].Load() {
					continue
				}
				if !d.post(host, n) {
					return // the host is gone
				}
				if d.total.Add(1) >= quota {
					once.Do(func() { ending.Go(end) })
				}
			}
		})
	}
	running.Wait()
	ending.Wait()
}

// post sends one webhook and reports whether it was answered 200.
func (d *driver) post(host *process, n int) bool {
	from := fmt.Sprintf("62812000001%02d", n%killPeople)
	body := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"62812000000102","phone_number_id":%q},"contacts":[{"profile":{"name":"Contoh"},"wa_id":%q}],`+
		`"messages":[{"from":%q,"id":"wamid.kill%d","timestamp":"%d","type":"text","text":{"body":%q}}]}}]}]}`,
		killNumber, from, from, n, 1793600000+n, name(n))
	req, err := http.NewRequest("POST", host.url+"/api/webhook/meta", bytes.NewReader(body))
	if err != nil {
		d.t.Error(err)
		return false
	}
	header, value := webhook.Sign(crm.Meta, killSecret, body)
	req.Header.Set(header, value)
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		d.cut.Add(1)
		return false
	}
	defer response.Body.Close()
	_, _ = io.Copy(io.Discard, response.Body)
	if response.StatusCode != 200 {
		if response.StatusCode != 503 {
			d.t.Errorf("%s is answered %d", name(n), response.StatusCode)
		}
		return false
	}
	d.answered[n].Store(true)
	return true
}

// stored counts the messages by their text, as the API shows them, and holds
// the unread counters against them.
func (d *driver) stored(host *process) map[string]int {
	d.t.Helper()
	count, unread, total := map[string]int{}, 0, 0
	type page[T any] struct {
		Data []T
		Next string
	}
	var conversations page[struct {
		ID     string
		Unread int
	}]
	d.get(host, "/api/conversations?limit=100", &conversations)
	for _, c := range conversations.Data {
		unread += c.Unread
		cursor := ""
		for {
			var messages page[struct{ Content struct{ Body string } }]
			d.get(host, "/api/conversations/"+c.ID+"/messages?limit=100"+cursor, &messages)
			for _, m := range messages.Data {
				count[m.Content.Body]++
				total++
			}
			if messages.Next == "" {
				break
			}
			cursor = "&cursor=" + messages.Next
		}
	}
	if unread != total {
		d.t.Errorf("%d messages are there and %d are counted as unread", total, unread)
	}
	return count
}

func (d *driver) get(host *process, path string, into any) {
	d.t.Helper()
	req, err := http.NewRequest("GET", host.url+path, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", d.key)
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	if err := json.NewDecoder(response.Body).Decode(into); err != nil || response.StatusCode != 200 {
		d.t.Fatalf("%s answers %d (%v)", path, response.StatusCode, err)
	}
}

// ready waits until the host serves.
func ready(t *testing.T, host *process) {
	t.Helper()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for end := time.Now().Add(20 * time.Second); time.Now().Before(end); <-tick.C {
		response, err := http.Get(host.url + "/readyz")
		if err == nil && response.Body.Close() == nil && response.StatusCode == 200 {
			return
		}
	}
	t.Fatal(strings.TrimSpace("the host is not ready after 20 seconds"))
}
