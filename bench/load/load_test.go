package main_test

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

const secret = "app-secret-of-the-test"

// host is a small host that refuses some requests the first time, cuts some off,
// and stops for a while in the middle.
type host struct {
	t       *testing.T
	journal string

	mu      sync.Mutex
	seen    map[string]int // by SHA-256
	stopped bool
}

func (h *host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == "/api/events" {
		_, _ = io.WriteString(w, "id: 7\n\n")
		w.(http.Flusher).Flush()
		<-r.Context().Done()
		return
	}
	body, err := io.ReadAll(r.Body)
	if err != nil || !strings.HasPrefix(r.URL.Path, "/api/webhook/meta") {
		http.NotFound(w, r)
		return
	}
	sum := sha256.Sum256(body)
	sha := hex.EncodeToString(sum[:])
	if text, err := os.ReadFile(h.journal); err != nil || !bytes.Contains(text, []byte(sha)) {
		h.t.Errorf("a request came before its intent was in the journal (%v)", err)
	}
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	if r.Header.Get("X-Hub-Signature-256") != "sha256="+hex.EncodeToString(mac.Sum(nil)) || !json.Valid(body) {
		h.t.Errorf("a request is not signed as Meta does it, or no JSON: %s", body)
	}
	switch h.turn(sha) {
	case 0:
		http.Error(w, "not now", http.StatusServiceUnavailable)
	case 1:
		if c, _, err := http.NewResponseController(w).Hijack(); err == nil {
			_ = c.Close()
		}
	default:
		_, _ = io.WriteString(w, `{"id":"receipt"}`)
	}
}

// turn says what becomes of a request: 0 a refusal, 1 no answer, else success.
// Once it keeps everybody waiting.
func (h *host) turn(sha string) int {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.seen) == 20 && !h.stopped {
		h.stopped = true
		time.Sleep(400 * time.Millisecond)
	}
	h.seen[sha]++
	if h.seen[sha] > 1 {
		return 2
	}
	return len(h.seen) % 5
}

// The driver writes down every attempt before it makes it, goes on until each
// request is settled, and counts what a host that stops costs all those whose
// time came meanwhile.
func TestDriverSettlesWhatItBegan(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := &host{t: t, journal: filepath.Join(dir, "journal.jsonl"), seen: map[string]int{}}
	server := httptest.NewServer(h)
	defer server.Close()
	out := drive(t, dir, server.URL, "-for", "2s", "-rate", "60", "-clients", "2", "-drain", "10s", "-streams", "1", "-readers", "0", "-sends", "0", "-forged", "0", "-crossed", "0", "-abandon", "0")

	lines, err := record.ReadLines[record.Line](h.journal)
	if err != nil {
		t.Fatal(err)
	}
	intended, last, classes := map[int64]bool{}, map[int64]string{}, map[string]int{}
	for _, line := range lines {
		switch line.T {
		case record.Intent:
			intended[line.Try] = true
		case record.Outcome:
			if !intended[line.Try] {
				t.Errorf("attempt %d has an outcome before its intent", line.Try)
			}
			classes[line.Class]++
			if last[line.D] != record.OK { // a duplicate may have been first
				last[line.D] = line.Class
			}
		}
	}
	for d, class := range last {
		if class != record.OK {
			t.Errorf("request %d was left with %s", d, class)
		}
	}
	if classes[record.Fail] == 0 || classes[record.Info] == 0 || len(last) < 60 {
		t.Errorf("%d requests ended with %v; want refusals and cuts among them", len(last), classes)
	}
	// At 60 a second some 24 requests fell due while the host stood still.
	if p95 := out.Latency["webhook"].P95; p95 < 100 {
		t.Errorf("P95 is %.0f ms: the requests that fell due while the host stood still do not count", p95)
	}
	heard, err := record.ReadLines[record.Heard](filepath.Join(dir, "stream-0-0-steady.jsonl"))
	if err != nil || len(heard) < 2 || heard[0].T != record.Opened || heard[0].Seq != 7 {
		t.Errorf("the transcript is %+v, %v; want it opened at 7", heard, err)
	}
}

// summary is what the driver prints.
type summary struct {
	Latency map[string]struct{ P95 float64 } `json:"latency_ms"`
}

// drive runs the driver on a host to its end.
func drive(t *testing.T, dir, address string, args ...string) summary {
	t.Helper()
	binary := filepath.Join(dir, "load")
	if out, err := exec.Command("go", "build", "-o", binary, ".").CombinedOutput(); err != nil {
		t.Fatalf("the driver cannot be built: %v: %s", err, out)
	}
	plan := &record.Plan{Run: "ab12", Hosts: []string{address}, Provider: "127.0.0.1:0", Workspaces: []record.Workspace{
		{Name: "W0", Numbers: []record.Number{{Provider: "meta", ID: "555", Display: "628120000", Secret: secret}}},
	}}
	if err := plan.Save(filepath.Join(dir, "plan.json")); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), binary, append([]string{"-plan", filepath.Join(dir, "plan.json"), "-dir", dir}, args...)...)
	var problem bytes.Buffer
	cmd.Stderr = &problem
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("the driver ends with %v: %s", err, problem.String())
	}
	var s summary
	if err := json.Unmarshal(out, &s); err != nil {
		t.Fatalf("the driver prints %q: %v", out, err)
	}
	return s
}

// choosy is a host that refuses every second request the first time it comes,
// half of them without a word when to come back, and counts.
type choosy struct {
	mu                sync.Mutex
	seen              map[string]int
	refused, impolite int
	accepted          int
}

func (h *choosy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil || r.Method != http.MethodPost {
		http.NotFound(w, r)
		return
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.seen[string(body)]++
	if h.seen[string(body)] > 1 || len(h.seen)%2 == 0 {
		h.accepted++
		_, _ = io.WriteString(w, `{"id":"receipt"}`)
		return
	}
	if h.refused++; h.refused%2 == 0 {
		w.Header().Set("Retry-After", "1")
	} else {
		h.impolite++
	}
	w.WriteHeader(http.StatusServiceUnavailable)
}

// A flood sends again what was refused, never what was accepted, and counts each
// as the host does.
func TestFloodCountsAsTheHostDoes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	h := &choosy{seen: map[string]int{}}
	server := httptest.NewServer(h)
	defer server.Close()
	drive(t, dir, server.URL, "-for", "1m", "-flood", "2", "-flood-step", "500ms", "-flood-warm", "100ms", "-flood-back", "1s", "-flood-messages", "2", "-flood-probes", "2",
		"-clients", "8", "-streams", "0", "-readers", "0")
	lines, err := record.ReadLines[record.Line](filepath.Join(dir, "journal.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	intents, fails, oks, unsent := map[int64]int{}, map[int64]int{}, map[int64]int{}, 0
	repeated := map[int64]bool{}
	for _, line := range lines {
		switch {
		case line.T == record.Intent:
			intents[line.D]++
			repeated[line.D] = repeated[line.D] || line.Again
		case line.T == record.Outcome && line.Class == record.OK:
			oks[line.D]++
		case line.T == record.Outcome && line.Code == 0:
			unsent++
		case line.T == record.Outcome:
			fails[line.D]++
		}
	}
	refused, accepted := 0, 0
	for d, n := range intents {
		refused, accepted = refused+fails[d], accepted+oks[d]
		if ended := fails[d] + oks[d]; ended != n && ended != n-1 || ended == n-1 && unsent == 0 {
			t.Errorf("request %d has %d intents and %d outcomes", d, n, ended)
		}
		if oks[d] > 1 && !repeated[d] || fails[d] > 1 {
			t.Errorf("request %d was refused %d times and accepted %d times", d, fails[d], oks[d])
		}
	}
	if refused != h.refused || accepted != h.accepted || refused == 0 || accepted == 0 {
		t.Errorf("the journal has %d refused and %d accepted, the host %d and %d", refused, accepted, h.refused, h.accepted)
	}
	var result struct {
		Capacity float64
		Accepted int
		Steps    []struct {
			Name                      string
			Offered, Goodput, Refused float64
			Impolite, Unclear         int
		}
	}
	text, err := os.ReadFile(filepath.Join(dir, "flood.json"))
	if err != nil || json.Unmarshal(text, &result) != nil {
		t.Fatalf("flood.json: %v: %s", err, text)
	}
	names, impolite := "", 0
	for _, s := range result.Steps {
		names += s.Name + " "
		impolite += s.Impolite
		if s.Unclear > 0 {
			t.Errorf("at %s %d requests got no answer", s.Name, s.Unclear)
		}
	}
	if names != "capacity 0.7x 2x after again " || result.Capacity <= 0 || impolite == 0 || impolite > h.impolite {
		t.Errorf("the steps are %s, the capacity %.0f/s, and %d of the %d refusals without a word were seen", names, result.Capacity, impolite, h.impolite)
	}
	if got := result.Steps[2].Offered; got != 2*result.Capacity {
		t.Errorf("at 2x %.0f/s were offered of a capacity of %.0f/s", got, result.Capacity)
	}
}
