package gateway_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/edge/runner"
	"github.com/my21staff/my21staff/host/gateway"
	"github.com/my21staff/my21staff/host/hosttest"
)

func TestCheckNamesTheField(t *testing.T) {
	t.Parallel()
	cell := func(change func(object)) object {
		c := object{"name": "a", "url": "https://a.example.com", "secrets": []string{envelopeSecret("a")}}
		change(c)
		return with(document(), "cells", []object{c})
	}
	for _, c := range []struct {
		name   string
		config object
		field  string // empty: it is sound
	}{
		{"sound", cell(func(object) {}), ""},
		{"no address", cell(func(c object) { delete(c, "url") }), "cells[0].url"},
		{"an address that cannot be read", cell(func(c object) { c["url"] = "http://[::1" }), "cells[0].url"},
		{"no secret", cell(func(c object) { delete(c, "secrets") }), "cells[0].secrets"},
		{"an empty list", cell(func(c object) { c["secrets"] = []string{} }), "cells[0].secrets"},
		{"a secret of another form", cell(func(c object) { c["secrets"] = []string{"short"} }), "cells[0].secrets[0]"},
		{"a secret without its padding", cell(func(c object) { c["secrets"] = []string{strings.TrimRight(envelopeSecret("a"), "=")} }), "cells[0].secrets[0]"},
		{"no cells", with(document(), "cells", []object{}), "cells"},
		{"an unknown member", with(cell(func(object) {}), "colour", "red"), "colour"},
	} {
		_, err := gateway.Check(encode(t, c.config))
		var refused *edge.ConfigError
		if c.field == "" {
			if err != nil {
				t.Errorf("%s: %v", c.name, err)
			}
		} else if !errors.As(err, &refused) || refused.Field != c.field {
			t.Errorf("%s: Check = %v, want the field %s", c.name, err, c.field)
		}
	}
}

func TestNotReadyUntilConfigured(t *testing.T) {
	t.Parallel()
	r := start(t, nil, gateway.Options{})
	if got := r.ask("GET", "/readyz", nil); got.status != 503 {
		t.Errorf("without a configuration /readyz is %d %s", got.status, got.body)
	}
	if got := r.ask("HEAD", "/healthz", nil); got.status != 200 {
		t.Errorf("/healthz is %d", got.status)
	}
	if got := r.ask("POST", "/healthz", nil); got.status != 405 {
		t.Errorf("POST /healthz is %d", got.status)
	}
	if got := r.meta(one("501", "m1")); got.status != 503 || got.code() != "not_configured" || got.header.Get("Retry-After") == "" {
		t.Errorf("without a configuration a webhook is answered %d %s", got.status, got.body)
	}
	a := newOrigin(t, "a")
	if err := r.gw.Configure(encode(t, with(document(a), "epoch", 7))); err != nil {
		t.Fatal(err)
	}
	if got := r.ask("GET", "/readyz", nil); got.status != 200 || !strings.Contains(got.body, `"epoch":7`) {
		t.Errorf("configured, /readyz is %d %s", got.status, got.body)
	}
	if got := r.meta(one("501", "m1")); got.status != 200 {
		t.Errorf("configured, a webhook is answered %d", got.status)
	}
}

// stubborn takes no configuration.
type stubborn struct{ faulty }

func (stubborn) Configure([]byte) error { return errors.New("planted") }

// What the engine does not take is not in force.
func TestEngineThatRefusesAConfiguration(t *testing.T) {
	t.Parallel()
	r := start(t, nil, gateway.Options{Decider: stubborn{}})
	if err := r.gw.Configure(encode(t, document(newOrigin(t, "a")))); err == nil {
		t.Error("a configuration that the engine refuses is taken")
	}
	if got := r.ask("GET", "/readyz", nil); got.status != 503 {
		t.Errorf("/readyz is %d %s", got.status, got.body)
	}
}

// slow takes its time on either side of the engine, so that a configuration and
// a decision that can meet do.
type slow struct{ *runner.Native }

func (s slow) Configure(document []byte) error {
	err := s.Native.Configure(document)
	<-time.After(2 * time.Millisecond)
	return err
}

func (s slow) Decide(ctx context.Context, r *edge.Request, now time.Time, d *runner.Decision) error {
	<-time.After(time.Millisecond)
	return s.Native.Decide(ctx, r, now, d)
}

// A decision's cells are those of the configuration that decided, also while
// another is put in force: here the cells change places all the time.
func TestSwapUnderLoadMixesNothingUp(t *testing.T) {
	t.Parallel()
	a, b := newOrigin(t, "a"), newOrigin(t, "b")
	routes := object{"501": "a", "502": "b"}
	orders := [][]byte{encode(t, with(document(a, b), "routes", routes)), encode(t, with(document(b, a), "routes", routes))}
	native, err := runner.NewNative(orders[0])
	if err != nil {
		t.Fatal(err)
	}
	r := start(t, with(document(a, b), "routes", routes), gateway.Options{Decider: slow{native}})
	var over atomic.Bool
	var swapping, sending sync.WaitGroup
	swapping.Go(func() {
		for i := 0; !over.Load(); i++ {
			if err := r.gw.Configure(orders[i%2]); err != nil {
				t.Error(err)
			}
		}
	})
	for worker := range 4 {
		sending.Go(func() {
			for i := range 50 {
				if got := r.meta(batch(said{"501", "1", fmt.Sprintf("a%d-%d", worker, i)}, said{"502", "2", fmt.Sprintf("b%d-%d", worker, i)})); got.status != 200 {
					t.Errorf("a webhook is answered %d %s", got.status, got.body)
				}
			}
		})
	}
	sending.Wait()
	over.Store(true)
	swapping.Wait()
	for _, o := range []*origin{a, b} {
		number := map[string]string{"a": "501", "b": "502"}[o.name]
		for _, p := range o.parts() {
			if len(p.Numbers) != 1 || p.Numbers[0] != number {
				t.Fatalf("%s got the numbers %v", o.name, p.Numbers)
			}
		}
		if o.messages() != 200 {
			t.Errorf("%s has %d messages of 200", o.name, o.messages())
		}
	}
}

// The secrets of the hand-over change without a gap, and a cell that moves still
// gets what waits for it where it was.
func TestCellsChangeWhileTheyWork(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	r := start(t, document(a), gateway.Options{Posts: 1})
	rotated := document(a)
	rotated["cells"] = []object{{"name": "a", "url": a.url, "secrets": []string{a.secrets[1]}}}
	if err := r.gw.Configure(encode(t, rotated)); err != nil {
		t.Fatal(err)
	}
	a.set(func() { a.secrets = a.secrets[1:] })
	if got := r.meta(one("501", "m1")); got.status != 200 {
		t.Errorf("with the next secret a webhook is answered %d", got.status)
	}
	if err := r.gw.Configure(encode(t, with(rotated, "cells", []object{{"name": "a", "url": a.url, "secrets": []string{envelopeSecret("wrong")}}}))); err != nil {
		t.Fatal(err)
	}
	if got := r.meta(one("501", "m2")); got.status != 503 || a.bad != 1 {
		t.Errorf("with a wrong secret a webhook is answered %d", got.status)
	}

	hold, arrived := make(chan struct{}), make(chan struct{})
	a.set(func() {
		a.hold = hold
		a.during = func([]envelope.Part) { a.set(func() { a.during = nil }); close(arrived) }
	})
	if err := r.gw.Configure(encode(t, rotated)); err != nil {
		t.Fatal(err)
	}
	var sending sync.WaitGroup
	for i := range 2 {
		sending.Go(func() {
			if got := r.meta(one("501", fmt.Sprint("old", i))); got.status != 200 {
				t.Errorf("what was for the cell where it was is answered %d", got.status)
			}
		})
		if i == 0 {
			<-arrived
		}
	}
	hosttest.Until(t, "one waits", func() bool { return r.metric(`m21_edge_queue_parts{cell="a"}`) == "1" })
	moved := newOrigin(t, "a")
	if err := r.gw.Configure(encode(t, document(moved))); err != nil {
		t.Fatal(err)
	}
	if got := r.meta(one("501", "new")); got.status != 200 || moved.messages() != 1 {
		t.Errorf("where the cell is now a webhook is answered %d, and it has %d messages", got.status, moved.messages())
	}
	close(hold)
	sending.Wait()
	if a.seen["old0"] != 1 || a.seen["old1"] != 1 || a.seen["new"] != 0 {
		t.Errorf("where the cell was came %v", a.seen)
	}
}

// file writes a document as an operator should.
func file(t *testing.T, path string, document []byte) {
	t.Helper()
	if err := os.WriteFile(path+".new", document, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(path+".new", path); err != nil {
		t.Fatal(err)
	}
}

func TestFileIsFollowed(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	path := filepath.Join(t.TempDir(), "edge.json")
	config := document(a)
	file(t, path, encode(t, config))
	r := start(t, nil, gateway.Options{Poll: time.Millisecond})
	f, err := r.gw.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	again := make(chan os.Signal)
	go f.Follow(t.Context(), again)
	epoch := func(want string) func() bool { return func() bool { return r.metric("m21_edge_epoch") == want } }
	hosttest.Until(t, "the first is in force", epoch("1"))

	file(t, path, encode(t, with(config, "epoch", 2)))
	hosttest.Until(t, "the second is in force", epoch("2"))

	file(t, path, []byte(strings.Replace(string(encode(t, with(config, "epoch", 3))), `"provider":"kapso"`, `"provider":"twilio"`, 1)))
	hosttest.Until(t, "the third is refused", func() bool { return r.metric(`m21_edge_configurations_total{result="refused"}`) == "1" })
	hosttest.Until(t, "the log says why", func() bool {
		return len(r.log.with("level=ERROR", "the one before stays in force", "field=sources[1].provider", path)) == 1
	})
	if got := r.meta(one("501", "m1")); got.status != 200 || !epoch("2")() {
		t.Errorf("after a document that was refused a webhook is answered %d by epoch %s", got.status, r.metric("m21_edge_epoch"))
	}

	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	hosttest.Until(t, "the log says that it is gone", func() bool { return len(r.log.with("level=ERROR", "no such file")) == 1 })
	file(t, path, encode(t, with(config, "epoch", 4)))
	hosttest.Until(t, "the fourth is in force", epoch("4"))

	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	again <- os.Interrupt // whatever the signal is
	hosttest.Until(t, "the log says that others can read it", func() bool { return len(r.log.with("level=ERROR", "chmod 600")) > 0 })
	if len(r.log.with(metaSecret)) != 0 {
		t.Error("the log holds a secret")
	}
}

// TestFileOfTheSameTick replaces a file by one of the same size and time, which
// is what two that are written at once have.
func TestFileOfTheSameTick(t *testing.T) {
	t.Parallel()
	a := newOrigin(t, "a")
	path := filepath.Join(t.TempDir(), "edge.json")
	config := document(a)
	file(t, path, encode(t, config))
	r := start(t, nil, gateway.Options{Poll: time.Millisecond})
	f, err := r.gw.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	info, err := os.Stat(path)
	if err != nil {
		t.Fatal(err)
	}
	file(t, path, encode(t, with(config, "epoch", 2)))
	if err := os.Chtimes(path, info.ModTime(), info.ModTime()); err != nil {
		t.Fatal(err)
	}
	go f.Follow(t.Context(), make(chan os.Signal))
	hosttest.Until(t, "the second is in force", func() bool { return r.metric("m21_edge_epoch") == "2" })
}

func TestDocumentIsItsOwnersAlone(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "edge.json")
	if _, err := gateway.ReadDocument(path); crm.CodeOf(err) != crm.Invalid {
		t.Errorf("a file that is not there: %v", err)
	}
	for _, c := range []struct {
		mode os.FileMode
		good bool
	}{{0o600, true}, {0o400, true}, {0o640, false}, {0o604, false}, {0o620, false}, {0o602, false}} {
		if err := os.WriteFile(path, []byte("{}"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, c.mode); err != nil {
			t.Fatal(err)
		}
		document, err := gateway.ReadDocument(path)
		if c.good != (err == nil) || c.good && string(document) != "{}" || !c.good && crm.CodeOf(err) != crm.Invalid {
			t.Errorf("a file of mode %o: %q, %v", c.mode, document, err)
		}
		if err := os.Chmod(path, 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// What a document's secret is never leaves through an error.
func TestRefusalNamesFileAndField(t *testing.T) {
	t.Parallel()
	err := gateway.Refusal("edge.json", &edge.ConfigError{Field: "cells[0].url", Problem: "is missing"})
	var e *crm.Error
	if !errors.As(err, &e) || e.Code != crm.Invalid || e.Msg != "edge.json is refused: cells[0].url is missing." {
		t.Errorf("the refusal is %v", err)
	}
	if gateway.Refusal("edge.json", nil) != nil {
		t.Error("nothing refused is an error")
	}
}
