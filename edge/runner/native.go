package runner

import (
	"context"
	"runtime"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/edge"
)

// Native decides in this process. It is a [Decider].
type Native struct {
	doors atomic.Pointer[doors] // nil: closed
}

// doors are free doors with one configuration. A door that finds no room among
// them is left to the garbage collector.
type doors struct {
	config *edge.Config
	free   chan *edge.Door
}

// largest is the size of body, in bytes, above which a door is not used again:
// it keeps memory of up to eight times the body's, and few are as large.
const largest = 256 << 10

// NewNative returns a decider with a configuration, a document in the form of
// edge.Config. One that is not sound is an error of class crm.Invalid around an
// *edge.ConfigError.
func NewNative(document []byte) (*Native, error) {
	s, err := newDoors(document)
	if err != nil {
		return nil, err
	}
	n := &Native{}
	n.doors.Store(s)
	return n, nil
}

func newDoors(document []byte) (*doors, error) {
	config, err := parse(document)
	if err != nil {
		return nil, err
	}
	return &doors{config, make(chan *edge.Door, runtime.GOMAXPROCS(0))}, nil
}

// Decide decides a request; see [Decider]. It waits for nobody, so ctx does not
// matter.
func (n *Native) Decide(_ context.Context, r *edge.Request, now time.Time, d *Decision) error {
	d.clear()
	s := n.doors.Load()
	if s == nil {
		return closed("decide")
	}
	door := s.take()
	door.Decide(r, now.UnixMilli(), &d.Decision)
	d.own()
	if len(r.Body) <= largest {
		s.give(door)
	}
	return nil
}

func (s *doors) take() *edge.Door {
	select {
	case door := <-s.free:
		return door
	default:
		return edge.New(s.config)
	}
}

func (s *doors) give(door *edge.Door) {
	select {
	case s.free <- door:
	default:
	}
}

// Configure replaces the configuration; see [Decider].
func (n *Native) Configure(document []byte) error {
	s, err := newDoors(document)
	if err != nil {
		return err
	}
	for {
		switch old := n.doors.Load(); {
		case old == nil:
			return closed("configure edge")
		case n.doors.CompareAndSwap(old, s):
			return nil
		}
	}
}

// Close ends the decider; see [Decider]. It never fails.
func (n *Native) Close() error {
	n.doors.Store(nil)
	return nil
}
