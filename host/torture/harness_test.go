//go:build torture

package torture_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/torture"
)

func TestOpenRefusesWhatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for line, want := range map[string]string{
		torture.FaultVar + "=ingest.afterRead":            "point:action",
		torture.FaultVar + "=ingest.afterRead:kill:1:2":   "point:action",
		torture.FaultVar + "=ingest.nowhere:kill":         `no fault point "ingest.nowhere"`,
		torture.FaultVar + "=ingest.afterRead:maim":       `no action "maim"`,
		torture.FaultVar + "=ingest.afterRead:kill:0":     "a number from 1",
		torture.FaultVar + "=ingest.afterRead:kill:often": "a number from 1",
		torture.BugVar + "=ack-before-breakfast":          `no bug "ack-before-breakfast"`,
		"M21_TORTURE_FAULTS=ingest.afterRead:kill":        "no variable M21_TORTURE_FAULTS",
		torture.FaultVar + "=ingest.afterRead:kill:3":     "",
		torture.BugVar + "=ack-before-commit":             "",
		torture.FaultVar + "=":                            "",
		"M21_LISTEN=127.0.0.1:0":                          "",
	} {
		_, err := torture.Open([]string{line})
		var refusal *crm.Error
		if (want == "") != (err == nil) || err != nil && (!errors.As(err, &refusal) || refusal.Code != crm.Invalid || !strings.Contains(refusal.Msg, want)) {
			t.Errorf("%s: %v, want a sentence with %q", line, err, want)
		}
	}
}

func TestListingIsComplete(t *testing.T) {
	t.Parallel()
	listed := torture.Listed()
	if len(listed.Points) < 30 || len(listed.Bugs) < 25 {
		t.Errorf("there are %d points and %d bugs, want 30 and 25", len(listed.Points), len(listed.Bugs))
	}
	verdicts := map[string]bool{
		"lost": false, "refused-stored": false, "phantom": false, "dup": false, "bytes": false, "order": false,
		"status": false, "gap": false, "twice": false, "double-send": false, "leak": false, "unsettled": false,
		"count": false, "stale": false, "trace": false,
	}
	names := map[string]bool{}
	for _, p := range listed.Points {
		if names[p.Name] || p.About == "" {
			t.Errorf("the point %q is there twice or says nothing of itself", p.Name)
		}
		names[p.Name] = true
	}
	for _, b := range listed.Bugs {
		_, known := verdicts[b.Verdict]
		if !known || names[b.Name] || b.About == "" || !slices.Contains([]string{"", "kill", "drain", "reset", "work"}, b.Needs) {
			t.Errorf("the bug %q has the verdict %q and needs %q, or is there twice, or says nothing of itself", b.Name, b.Verdict, b.Needs)
		}
		names[b.Name], verdicts[b.Verdict] = true, true
	}
	for verdict, broken := range verdicts {
		if !broken {
			t.Errorf("no bug breaks the verdict %s", verdict)
		}
	}
}

// plant returns the environment of a fault, and its log.
func plant(t *testing.T, fault string) (environ []string, log string) {
	log = filepath.Join(t.TempDir(), "torture.log")
	return []string{torture.FaultVar + "=" + fault, torture.LogVar + "=" + log}, log
}

// logged returns what a log says, without the time, which is checked to be of
// now.
func logged(t *testing.T, log string) []string {
	t.Helper()
	text, err := os.ReadFile(log)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	var found []string
	for _, line := range strings.Split(strings.TrimSpace(string(text)), "\n") {
		var entry struct {
			At            int64
			Point, Action string
		}
		if json.Unmarshal([]byte(line), &entry) != nil || time.Since(time.UnixMilli(entry.At)).Abs() > time.Minute {
			t.Errorf("the log says %q", line)
		}
		found = append(found, entry.Point+" "+entry.Action)
	}
	return found
}

func TestErrorStrikesOnceAtItsPass(t *testing.T) {
	t.Parallel()
	environ, log := plant(t, "ingest.beforeCommit:error:2")
	r := newRig(t, "", environ...)
	r.post(r.ours, text("m1", 0))
	if got := logged(t, log); got != nil {
		t.Errorf("before the pass the log says %v", got)
	}
	request := signed(r.ours, body(r.ours, "messages", text("m2", 1)))
	if err := r.receive(request); !errors.Is(err, crm.Unavailable) {
		t.Errorf("at its pass it is answered %v, want that the database is away", err)
	}
	if got := ids(r.messages(r.ours)); !slices.Equal(got, []string{"m1"}) {
		t.Errorf("stored are %v", got)
	}
	r.post(r.ours, text("m2", 1))
	if got := logged(t, log); !slices.Equal(got, []string{"ingest.beforeCommit error"}) {
		t.Errorf("the log says %v", got)
	}
}

// fresh returns a database like another one, and empty.
func fresh(t *testing.T, dsn string) string {
	if dsn == "" {
		return ""
	}
	return pgtest.DSN(t)
}

// An error is what the real thing would say.
func TestErrorsAreThoseOfTheRealThing(t *testing.T) {
	t.Parallel()
	onBoth(t, "commit", func(t *testing.T, _, dsn string) {
		for point, want := range map[string]struct {
			stored int
			code   crm.Code
		}{"commit.before": {0, crm.Unavailable}, "commit.after": {1, crm.Uncertain}} {
			// Making the rig takes some commits; the webhook's is the next one.
			before := newRig(t, fresh(t, dsn)).h.Passed()[point]
			environ, _ := plant(t, fmt.Sprintf("%s:error:%d", point, before+1))
			r := newRig(t, fresh(t, dsn), environ...)
			err := r.receive(signed(r.ours, body(r.ours, "messages", text("m1", 0))))
			if n := r.count(r.ours, "m1"); !errors.Is(err, want.code) || n != want.stored {
				t.Errorf("%s: it is answered %v and stored %d times, want %s and %d", point, err, n, want.code, want.stored)
			}
			r.post(r.ours, text("m1", 0))
			if n := r.count(r.ours, "m1"); n != 1 {
				t.Errorf("%s: after another try it is stored %d times", point, n)
			}
		}
	})
	for point, want := range map[string]crm.MessageStatus{"outbox.beforeCall": crm.Sending, "outbox.afterCall": crm.Unknown} {
		environ, _ := plant(t, point+":error")
		r := newRig(t, "", environ...)
		m := r.send("")
		for _, c := range r.claim() {
			if _, err := r.outbox.Attempt(t.Context(), c); err != nil {
				t.Error(err)
			}
		}
		if got := r.status(m.ID); got != want {
			t.Errorf("%s: the message is %s, want %s", point, got, want)
		}
		if taken := point == "outbox.afterCall"; len(r.network.taken) == 1 != taken {
			t.Errorf("%s: the provider took %d messages", point, len(r.network.taken))
		}
	}
}

func TestSleepSleepsFiveSeconds(t *testing.T) {
	t.Parallel()
	environ, log := plant(t, "close.midDrain:sleep")
	synctest.Test(t, func(t *testing.T) {
		h, err := torture.Open(environ)
		if err != nil {
			t.Fatal(err)
		}
		start := time.Now()
		if err := h.At("close.midDrain"); err != nil || time.Since(start) != 5*time.Second {
			t.Errorf("it took %v, %v", time.Since(start), err)
		}
	})
	if text, err := os.ReadFile(log); err != nil || !strings.Contains(string(text), `"point":"close.midDrain","action":"sleep"`) {
		t.Errorf("the log says %q, %v", text, err)
	}
}

// Variables that make the test's program pass a point instead of testing: one of
// the host's, or those of a migration of the database in a file.
const (
	childVar    = "TORTURE_TEST_CHILD"
	databaseVar = "TORTURE_TEST_DATABASE"
)

func TestMain(m *testing.M) {
	point, database := os.Getenv(childVar), os.Getenv(databaseVar)
	if point+database == "" {
		os.Exit(m.Run())
	}
	h, err := torture.Open(os.Environ())
	if err == nil && point != "" {
		err = h.At(point)
	}
	if err == nil && database != "" {
		_, err = sqlite.Open(context.Background(), database, sqlite.Options{Wrap: h.Connector()})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(9)
	}
	os.Exit(0)
}

// ends says how a process ends by an action.
var ends = map[string]func(state *os.ProcessState, out, point string) bool{
	"kill": func(state *os.ProcessState, _, _ string) bool {
		status, ok := state.Sys().(syscall.WaitStatus)
		return ok && status.Signaled() && status.Signal() == syscall.SIGKILL
	},
	"panic": func(state *os.ProcessState, out, point string) bool {
		return state.ExitCode() == 2 && strings.Contains(out, "panic: torture: "+point)
	},
	"error": func(state *os.ProcessState, out, point string) bool {
		return state.ExitCode() == 9 && strings.Contains(out, point)
	},
}

// Actions that end a process do it in one of their own.
func TestActionsEndTheProcess(t *testing.T) {
	t.Parallel()
	for action, is := range ends {
		for _, point := range []string{"close.midDrain", "migrate.beforeStep", "migrate.midStep", "migrate.afterStep"} {
			environ, log := plant(t, point+":"+action)
			database := filepath.Join(t.TempDir(), "store.db")
			cmd := exec.CommandContext(t.Context(), os.Args[0])
			cmd.Env = append(environ, childVar+"="+point)
			if strings.HasPrefix(point, "migrate.") {
				cmd.Env = append(environ, databaseVar+"="+database)
			}
			var out bytes.Buffer
			cmd.Stderr = &out
			_ = cmd.Run()
			if cmd.ProcessState == nil || !is(cmd.ProcessState, out.String(), point) {
				t.Errorf("%s at %s: the process ended with %v and said %s", action, point, cmd.ProcessState, out.String())
			}
			if got := logged(t, log); !slices.Equal(got, []string{point + " " + action}) {
				t.Errorf("%s at %s: the log says %v", action, point, got)
			}
			store, err := sqlite.Open(t.Context(), database, sqlite.Options{})
			if err != nil {
				t.Errorf("%s at %s: after it the database cannot be migrated: %v", action, point, err)
				continue
			}
			_ = store.Close()
		}
	}
}

// A panic at a commit comes up outside database/sql, whose connections it would
// leave locked: whoever catches it works on.
func TestPanicAtACommitLeavesTheStoreUsable(t *testing.T) {
	t.Parallel()
	for _, point := range []string{"commit.before", "commit.after"} {
		environ, log := plant(t, fmt.Sprintf("%s:panic:%d", point, newRig(t, "").h.Passed()[point]+1))
		r := newRig(t, "", environ...)
		r.post(r.ours, text("m1", 0)) // the inbox catches it and tries again
		if n := r.count(r.ours, "m1"); n != 1 {
			t.Errorf("%s: the message is stored %d times", point, n)
		}
		if got := logged(t, log); !slices.Equal(got, []string{point + " panic"}) {
			t.Errorf("%s: the log says %v", point, got)
		}
	}
}
