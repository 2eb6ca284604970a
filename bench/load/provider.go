package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// faults are how many of a thousand sends the provider answers otherwise than
// at once.
type faults struct{ slow, failing, throttled, pair, reset, closed int }

// provider is a double of the Graph API for sending. It writes down every send
// before it answers, and reports on what it accepted by webhook, in any order.
type provider struct {
	plan   *record.Plan
	faults faults
	away   time.Time // until back every send is answered 503
	back   time.Time
	record *record.Journal
	report func(*record.Number, []record.Item, string) // sends a webhook

	mu      sync.Mutex
	newest  []record.Call
	awaited map[string]bool     // texts of sends that were taken on
	refused map[string]refusals // of texts that were not taken since
	told    map[string]bool     // texts that came

	made     atomic.Int64
	accepted atomic.Int64
	resets   atomic.Int64
	reports  sync.WaitGroup
	ctx      context.Context // ends the waits before reports
}

// handler answers what the host asks for.
func (p *provider) handler() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("POST /{version}/{number}/messages", p.send)
	mux.HandleFunc("POST /{version}/{number}/media", p.upload)
	mux.HandleFunc("GET /{version}/{number}/messages", p.list)
	mux.HandleFunc("GET /{version}/{media}", p.locate)
	mux.HandleFunc("GET /files/{media}", func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "image/jpeg")
		_, _ = w.Write(bytes.Repeat([]byte(r.PathValue("media")), 2000))
	})
	mux.HandleFunc("GET /", func(w http.ResponseWriter, _ *http.Request) { // templates
		_, _ = io.WriteString(w, `{"data":[]}`)
	})
	return mux
}

// upload takes a file and forgets it.
func (p *provider) upload(w http.ResponseWriter, r *http.Request) {
	_, _ = io.Copy(io.Discard, r.Body) // one that breaks off is the host's to tell
	_, _ = fmt.Fprintf(w, `{"id":"upload-%d"}`, p.made.Add(1))
}

// locate says where a file is.
func (p *provider) locate(w http.ResponseWriter, r *http.Request) {
	media := r.PathValue("media")
	_, _ = fmt.Fprintf(w, `{"id":%q,"mime_type":"image/jpeg","url":"http://%s/files/%s"}`, media, p.plan.Provider, media)
}

// list is Kapso's list of a number's messages: the newest it accepted.
func (p *provider) list(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var items []string
	for _, call := range p.newest {
		if call.Number == r.PathValue("number") {
			items = append(items, fmt.Sprintf(`{"id":%q,"timestamp":"%d","type":"text","to":%q,"text":{"body":%q},"kapso":{"direction":"outbound","status":"sent","phone_number":%q}}`,
				call.ID, call.At/1e6, strings.TrimPrefix(call.To, "+"), call.Text, call.To))
		}
	}
	_, _ = fmt.Fprintf(w, `{"data":[%s]}`, strings.Join(items, ","))
}

// listed is how many messages the list goes back.
const listed = 200

// heed keeps what it accepted for the list, and what was asked of it at all.
func (p *provider) heed(call record.Call) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if call.Accepted || call.Answer == "closed" {
		delete(p.awaited, call.Text)
		delete(p.refused, call.Text)
		p.told[call.Text] = true
	} else {
		p.refused[call.Text] = p.refused[call.Text].again(call.Answer)
	}
	if call.Accepted {
		if p.newest = append(p.newest, call); len(p.newest) > listed {
			p.newest = p.newest[1:]
		}
	}
}

// expect notes that a message was taken on and should come.
func (p *provider) expect(text string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !p.told[text] {
		p.awaited[text] = true
	}
}

// refusals are what a message was told.
type refusals struct {
	times int
	wait  time.Duration // until it comes again, at most
}

// again is one more. Who is told to come later does so after two seconds and each time
// after twice as long, with all behind it; who wrote too much to one person after 4^n
// seconds, as the provider advises; and some spread this by a quarter.
func (r refusals) again(answer string) refusals {
	const most = time.Minute
	r.times++
	r.wait = 2 * time.Second << min(r.times-1, 6)
	if answer == "pair" {
		r.wait = time.Second << min(2*(r.times-1), 6)
	}
	r.wait = min(r.wait, most) * 5 / 4
	return r
}

// waits returns how long it may take until a message comes that was taken on: not at
// all, if none is awaited; as long as missed, in which one comes that is not held up;
// and longer for one that was refused.
func (p *provider) waits(missed time.Duration) (longest time.Duration) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for text := range p.awaited {
		longest = max(longest, missed+p.refused[text].wait)
	}
	return longest
}

func (p *provider) send(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Status string `json:"status"`
		To     string `json:"to"`
		Text   struct {
			Body string `json:"body"`
		} `json:"text"`
		Opaque string `json:"biz_opaque_callback_data"`
	}
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, `{"error":{"code":100,"message":"no JSON"}}`, http.StatusBadRequest)
		return
	}
	if body.Status == "read" {
		_, _ = io.WriteString(w, `{"success":true}`)
		return
	}
	call := record.Call{
		At: record.Now(), Number: r.PathValue("number"), Opaque: body.Opaque, To: body.To, Text: body.Text.Body,
		ID: fmt.Sprintf("wamid.%s.out%d", p.plan.Run, p.made.Add(1)), Answer: p.choose(),
	}
	call.Accepted = call.Answer == "ok" || call.Answer == "slow" || call.Answer == "reset"
	if call.Answer == "slow" {
		pause(r.Context(), time.Second+rand.N(2*time.Second))
	}
	if p.record.Append(call) != nil {
		return
	}
	p.heed(call)
	if call.Accepted {
		p.accepted.Add(1)
		p.reports.Go(func() { p.tell(call) })
	}
	p.answer(w, call)
}

func (p *provider) choose() string {
	if now := time.Now(); now.After(p.away) && now.Before(p.back) {
		return "503"
	}
	dice, f := rand.IntN(1000), p.faults
	for _, c := range []struct {
		share int
		name  string
	}{{f.slow, "slow"}, {f.failing, "500"}, {f.throttled, "429"}, {f.pair, "pair"}, {f.reset, "reset"}, {f.closed, "closed"}} {
		if dice < c.share {
			return c.name
		}
		dice -= c.share
	}
	return "ok"
}

func (p *provider) answer(w http.ResponseWriter, call record.Call) {
	refuse := func(status, code int, words string) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = fmt.Fprintf(w, `{"error":{"message":%q,"type":"OAuthException","code":%d}}`, words, code)
	}
	switch call.Answer {
	case "503":
		refuse(503, 131016, "Service unavailable")
	case "500":
		refuse(500, 131000, "Something went wrong")
	case "429":
		refuse(429, 130429, "Rate limit hit")
	case "pair":
		refuse(400, 131056, "Pair rate limit hit")
	case "reset", "closed":
		p.resets.Add(1)
		cut(w, call.Answer == "reset")
	default:
		w.Header().Set("Content-Type", "application/json")
		_, _ = fmt.Fprintf(w, `{"messaging_product":"whatsapp","contacts":[{"input":%q,"wa_id":%q}],"messages":[{"id":%q}]}`,
			call.To, strings.TrimPrefix(call.To, "+"), call.ID)
	}
}

// cut ends the connection without an answer.
func cut(w http.ResponseWriter, hard bool) {
	c, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	if t, ok := c.(*net.TCPConn); ok && hard {
		_ = t.SetLinger(0)
	}
	_ = c.Close()
}

// tell reports on an accepted message: sent, mostly delivered, often read, now
// and then failed; in any order, some of it twice, at any time.
func (p *provider) tell(call record.Call) {
	w, number, ok := p.plan.Number(call.Number)
	if !ok {
		return
	}
	words := []string{"sent"}
	switch dice := rand.IntN(100); {
	case dice < 4:
		words = append(words, "failed")
	case dice < 60:
		words = append(words, "delivered", "read")
	case dice < 75:
		words = append(words, "read")
	case dice < 95:
		words = append(words, "delivered")
	}
	if rand.IntN(10) == 0 {
		words = append(words, words[rand.IntN(len(words))])
	}
	rand.Shuffle(len(words), func(i, k int) { words[i], words[k] = words[k], words[i] })
	for _, word := range words {
		if rand.IntN(3) > 0 {
			pause(p.ctx, rand.N(400*time.Millisecond))
		}
		p.report(number, []record.Item{{
			Kind: record.Status, Workspace: w, Number: number.ID, ID: call.ID, Peer: strings.TrimPrefix(call.To, "+"),
			At: time.Now().Unix(), Text: call.Text, Status: word,
		}}, call.Opaque)
	}
}
