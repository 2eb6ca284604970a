package host_test

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// onBoth runs a test on the embedded database and on PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, o hosttest.Options)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, hosttest.Options{})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, hosttest.Options{DSN: pgtest.DSN(t)})
	})
}

// conversation is what these tests read of one.
type conversation struct {
	ID          string
	ContactName string `json:"contact_name"`
	Unread      int
	LastMessage struct{ Preview, Direction string } `json:"last_message"`
}

type message struct {
	ID, Direction, Status, Type string
	Content                     struct{ Body string }
	Error                       *struct{ Code int }
}

type list[T any] struct{ Data []T }

// event is one event of the stream.
type event struct {
	ID   int64
	Kind string
	Data struct {
		Seq            int64
		Kind           string
		ConversationID string `json:"conversation_id"`
		MessageID      string `json:"message_id"`
		Data           struct{ Status string }
	}
}

// stream reads a world's events after a number, until its end.
type stream struct {
	t        *testing.T
	lines    *bufio.Scanner
	response *http.Response
}

// patience is how long a stream may live in these tests: one that should have
// ended and did not must fail, not hang.
const patience = time.Minute

func events(t *testing.T, w *hosttest.World, after int64) *stream {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	t.Cleanup(cancel)
	req, err := http.NewRequestWithContext(ctx, "GET", w.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", string(w.Key))
	if after >= 0 {
		req.Header.Set("Last-Event-ID", strconv.FormatInt(after, 10))
	}
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = response.Body.Close() })
	if response.StatusCode != 200 {
		t.Fatalf("the stream answers %d", response.StatusCode)
	}
	return &stream{t: t, lines: bufio.NewScanner(response.Body), response: response}
}

// next returns the next event; false at the end of the stream.
func (s *stream) next() (event, bool) {
	s.t.Helper()
	var e event
	for s.lines.Scan() {
		name, value, _ := strings.Cut(s.lines.Text(), ": ")
		switch name {
		case "id":
			e.ID, _ = strconv.ParseInt(value, 10, 64)
		case "event":
			e.Kind = value
		case "data":
			if err := json.Unmarshal([]byte(value), &e.Data); err != nil {
				s.t.Fatalf("the event's data %q is no JSON: %v", value, err)
			}
		case "":
			if e.Kind != "" {
				return e, true
			}
		}
	}
	if errors.Is(s.lines.Err(), context.DeadlineExceeded) {
		s.t.Errorf("after %v the stream neither ended nor brought what was waited for", patience)
	}
	return e, false
}

// until reads events until one is what is looked for.
func (s *stream) until(what string, is func(event) bool) event {
	s.t.Helper()
	for {
		e, ok := s.next()
		if !ok {
			s.t.Fatalf("the stream ended before %s", what)
		}
		if is(e) {
			return e
		}
	}
}

// The whole way: a customer writes, the team sees it in the list and on the
// stream, answers, and the answer is read on the phone.
func TestMessageComesInIsSeenAndIsAnswered(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		for _, ch := range []*crm.Channel{w.Kapso, w.Meta} {
			live := events(t, w, -1)
			at := simulator.Chat{Provider: ch.Provider, Number: ch.PhoneNumberID, Customer: "6281200000001"}
			if _, err := w.Sim.Say(simulator.Inbound{Chat: at, Text: "Halo " + ch.Name}); err != nil {
				t.Fatal(err)
			}
			in := live.until("the message came in", func(e event) bool { return e.Kind == "message.received" })

			seen := hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations?channel="+ch.ID.String(), nil))
			if len(seen.Data) != 1 || seen.Data[0].ID != in.Data.ConversationID || seen.Data[0].Unread != 1 || seen.Data[0].LastMessage.Preview != "Halo "+ch.Name {
				t.Fatalf("%s: the list shows %+v", ch.Provider, seen)
			}

			sent := w.Ask("POST", "/api/messages/send", map[string]any{
				"conversation_id": in.Data.ConversationID, "type": "text", "text": map[string]string{"body": "Selamat datang"},
			})
			reply := hosttest.Decode[message](t, sent)
			if sent.Status != 201 || reply.Status != "queued" {
				t.Fatalf("%s: the reply is answered %d %s", ch.Provider, sent.Status, sent.Body)
			}
			live.until("the reply was delivered", func(e event) bool {
				return e.Data.MessageID == reply.ID && e.Data.Data.Status == "delivered"
			})
			chat, err := w.Sim.Chat(at)
			if err != nil || len(chat.Messages) != 2 || !strings.Contains(string(chat.Messages[1].Content), "Selamat datang") {
				t.Fatalf("%s: the phone shows %+v (%v)", ch.Provider, chat.Messages, err)
			}
			if _, err := w.Sim.Read(at, false); err != nil {
				t.Fatal(err)
			}
			live.until("the reply was read", func(e event) bool {
				return e.Data.MessageID == reply.ID && e.Data.Data.Status == "read"
			})
			thread := hosttest.Decode[list[message]](t, w.Ask("GET", "/api/conversations/"+in.Data.ConversationID+"/messages", nil))
			if len(thread.Data) != 2 || thread.Data[0].Status != "read" || thread.Data[1].Content.Body != "Halo "+ch.Name {
				t.Errorf("%s: the thread is %+v", ch.Provider, thread.Data)
			}
		}
	})
}

// Messages that no webhook brought are found in Kapso's list.
func TestReconciliationFindsWhatNoWebhookBrought(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{Settings: map[string]string{"reconcile_every": "1s"}})
	if err := w.Sim.SetWebhook(crm.Kapso, w.Kapso.PhoneNumberID, simulator.Webhook{}); err != nil {
		t.Fatal(err)
	}
	live := events(t, w, 0)
	if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: "6281200000001"}, Text: "Lost"}); err != nil {
		t.Fatal(err)
	}
	live.until("the message was found", func(e event) bool { return e.Kind == "message.received" })
	seen := hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations", nil))
	if len(seen.Data) != 1 || seen.Data[0].LastMessage.Preview != "Lost" {
		t.Errorf("the list shows %+v", seen)
	}
}

func TestTemplatesAreSyncedAtTheStart(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	for _, ch := range []*crm.Channel{w.Kapso, w.Meta} {
		hosttest.Until(t, "the templates of "+ch.Name+" are here", func() bool {
			return len(hosttest.Decode[list[any]](t, w.Ask("GET", "/api/templates?channel="+ch.ID.String(), nil)).Data) > 0
		})
	}
}

// A browser that is cut again and again while messages come sees each fact once.
func TestStreamResumesWithoutGapOrRepeat(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		const messages = 150
		w := hosttest.Start(t, o)
		var running sync.WaitGroup
		for i := range 5 {
			running.Go(func() { follow(t, w, messages, 3+7*i) })
		}
		for i := range messages {
			at := simulator.Chat{Provider: crm.Meta, Customer: "62812000000" + strconv.Itoa(10+i%7)}
			if _, err := w.Sim.Say(simulator.Inbound{Chat: at}); err != nil {
				t.Fatal(err)
			}
		}
		running.Wait()
	})
}

// follow reads all facts until so many messages came, in connections that each
// end after a few.
func follow(t *testing.T, w *hosttest.World, messages, each int) {
	last := int64(0)
	for messages > 0 {
		s := events(t, w, last)
		for range each {
			e, ok := s.next()
			if !ok || e.ID != last+1 || e.Data.Seq != e.ID {
				t.Errorf("after the fact %d came %+v (%v)", last, e, ok)
				return
			}
			last = e.ID
			if e.Kind == "message.received" {
				messages--
			}
			if messages == 0 {
				break
			}
		}
		_ = s.response.Body.Close()
	}
}

func TestStreamEndsWithinASecondWhenItsKeyIsRevoked(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{})
	made := hosttest.Decode[struct {
		ID     string
		Secret string
	}](t, w.Ask("POST", "/api/keys", map[string]any{"name": "fleeting", "scopes": []string{"read"}}))
	req, err := http.NewRequestWithContext(t.Context(), "GET", w.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", made.Secret)
	response, err := (&http.Transport{DisableKeepAlives: true}).RoundTrip(req)
	if err != nil || response.StatusCode != 200 {
		t.Fatalf("the stream does not open: %v, %+v", err, response)
	}
	defer response.Body.Close()
	if gone := w.Ask("DELETE", "/api/keys/"+made.ID, nil); gone.Status >= 300 {
		t.Fatalf("the key cannot be revoked: %d %s", gone.Status, gone.Body)
	}
	ended := make(chan struct{})
	go func() {
		defer close(ended)
		lines := bufio.NewScanner(response.Body)
		for lines.Scan() {
		}
	}()
	hosttest.Until(t, "the stream of a revoked key ends", func() bool {
		select {
		case <-ended:
			return true
		default:
			return false
		}
	})
}
