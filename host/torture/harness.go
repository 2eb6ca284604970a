//go:build torture

package torture

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// The variables that steer the harness.
const (
	prefix   = "M21_TORTURE_"
	FaultVar = prefix + "FAULT"
	BugVar   = prefix + "BUG"
	LogVar   = prefix + "LOG"
)

// Action is what a fault does.
type Action string

// The actions.
const (
	Kill  Action = "kill"  // SIGKILL to the own process
	Panic Action = "panic" // in the goroutine that passes
	Error Action = "error" // what the real thing would answer: the database or the provider cannot be reached
	Sleep Action = "sleep" // for five seconds
)

var actions = []Action{Kill, Panic, Error, Sleep}

// pause is how long Sleep sleeps.
const pause = 5 * time.Second

// Harness is the state of one program under torture. Its methods are the seams
// of the host: each returns a port with the fault points, and the planted bug if
// it is one of this port's, in front of the one it is given.
type Harness struct {
	fault  *fault // nil: none
	bug    *Bug   // nil: none
	log    string // file; empty: none
	passed map[string]*atomic.Int64

	turns    atomic.Int64 // see every
	closing  chan struct{}
	close    sync.Once
	channels inbox.Channels // what the inbox asks, for bugs that sign
	store    inbox.Store    // without points and bugs, for a bug that looks first

	mu     sync.Mutex // guards what follows: what bugs remember
	seen   memory
	behind map[string]bool // provider ids that are to be forgotten
	absent map[string]int  // what a request found to be new, and how many did
	due    map[crm.ConversationID]bool
	shelf  shelf
}

// fault is one fault that waits for its moment.
type fault struct {
	point  string
	action Action
	nth    int64
}

// Open reads the environment ("NAME=value"). An unknown point, action or bug is
// Invalid, with a sentence.
func Open(environ []string) (*Harness, error) {
	h := &Harness{
		passed: make(map[string]*atomic.Int64), closing: make(chan struct{}), behind: make(map[string]bool), absent: make(map[string]int),
		due: make(map[crm.ConversationID]bool), seen: newMemory(0), shelf: newShelf(),
	}
	for _, p := range points {
		h.passed[p.Name] = new(atomic.Int64)
	}
	for _, line := range environ {
		var err error
		switch name, text, _ := strings.Cut(line, "="); {
		case text == "":
		case name == FaultVar:
			h.fault, err = parseFault(text)
		case name == BugVar:
			h.bug, err = bugNamed(text)
		case name == LogVar:
			h.log = text
		case strings.HasPrefix(name, prefix):
			err = refuse("There is no variable %s; there are %s, %s and %s.", name, FaultVar, BugVar, LogVar)
		}
		if err != nil {
			return nil, err
		}
	}
	if h.bug == nil {
		h.bug = new(Bug)
	}
	return h, nil
}

// Reads reports whether a variable of the environment is the harness's.
func (h *Harness) Reads(name string) bool { return strings.HasPrefix(name, prefix) }

// parseFault reads point:action[:nth].
func parseFault(text string) (*fault, error) {
	parts := strings.Split(text, ":")
	if len(parts) < 2 || len(parts) > 3 {
		return nil, refuse("A fault is written point:action or point:action:nth, not %q.", text)
	}
	f := &fault{point: parts[0], action: Action(parts[1]), nth: 1}
	if !known(f.point) {
		return nil, refuse("There is no fault point %q; \"my21staff torture\" lists them.", f.point)
	}
	switch f.action {
	case Kill, Panic, Error, Sleep:
	default:
		return nil, refuse("There is no action %q; there are %v.", parts[1], actions)
	}
	if len(parts) == 3 {
		n, err := strconv.ParseInt(parts[2], 10, 64)
		if err != nil || n < 1 {
			return nil, refuse("Which pass of the point is a number from 1, not %q.", parts[2])
		}
		f.nth = n
	}
	return f, nil
}

func refuse(format string, args ...any) error {
	return &crm.Error{Op: "read torture", Code: crm.Invalid, Reason: "torture", Msg: fmt.Sprintf(format, args...)}
}

// Passed returns how often each point was passed.
func (h *Harness) Passed() map[string]int64 {
	counts := make(map[string]int64)
	for name, n := range h.passed {
		counts[name] = n.Load()
	}
	return counts
}

// errTorture is the cause of every error a fault makes.
var errTorture = errors.New("a fault that was planted")

// strikes counts a pass and reports whether the fault is due at it. It has been
// written to the log then.
func (h *Harness) strikes(point string) (Action, bool) {
	n := h.passed[point].Add(1)
	f := h.fault
	if f == nil || f.point != point || n != f.nth {
		return "", false
	}
	h.write(f)
	switch f.action {
	case Kill:
		kill()
	case Sleep:
		time.Sleep(pause)
	}
	return f.action, true
}

// at passes a point of the database's: its error says that the database cannot
// be reached.
func (h *Harness) at(point string) error {
	action, due := h.strikes(point)
	switch {
	case due && action == Panic:
		panic("torture: " + point)
	case due && action == Error:
		return unreachable(point)
	}
	return nil
}

func unreachable(point string) error {
	return &crm.Error{Op: "torture " + point, Code: crm.Unavailable, Msg: "The database cannot be reached at the moment.", Err: errTorture}
}

// after passes a point behind a commit: its error says that nobody knows whether
// it was done.
func (h *Harness) after(point string) error {
	if h.at(point) != nil {
		return uncertain(point)
	}
	return nil
}

func uncertain(point string) error {
	return &crm.Error{Op: "torture " + point, Code: crm.Uncertain, Err: errTorture}
}

// At passes a point in the host that no port is at.
func (h *Harness) At(point string) error {
	if strings.HasPrefix(point, "close.") {
		h.close.Do(func() { close(h.closing) })
	}
	return h.at(point)
}

// line is an entry of the log.
type line struct {
	At     int64  `json:"at"` // milliseconds since 1970
	Point  string `json:"point"`
	Action Action `json:"action"`
}

// write appends the fault to the log and syncs it: whoever reads it knows that
// the fault has landed, also after a kill. A log that cannot be written ends the
// program, because a run that does not know its faults shows nothing.
func (h *Harness) write(f *fault) {
	if h.log == "" {
		return
	}
	text, err := json.Marshal(line{time.Now().UnixMilli(), f.point, f.action})
	if err == nil {
		err = appendSynced(h.log, append(text, '\n'))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture: the log cannot be written:", err)
		os.Exit(1)
	}
}

func appendSynced(path string, text []byte) error {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// kill ends the process as a power cut would: nothing deferred runs.
func kill() {
	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Kill()
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "torture: the process cannot be killed:", err)
		os.Exit(1)
	}
	select {}
}

// every reports whether it is this call's turn, which one of n is.
func (h *Harness) every(n int64) bool { return h.turns.Add(1)%n == 0 }
