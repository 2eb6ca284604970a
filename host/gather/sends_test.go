package gather_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/gather"
	"github.com/my21staff/my21staff/host/telemetry"
)

// outbox prepares as the inbox does; its commits take a second and end as told.
type outbox struct {
	*inbox.Service
	commits []string // of each, whose orders it held, in order
	end     func(commit int) error
}

func newOutbox() *outbox {
	return &outbox{Service: newDesk().Service, end: func(int) error { return nil }}
}

// CommitSends implements gather.Outbox.
func (o *outbox) CommitSends(_ context.Context, orders []*inbox.Order) []inbox.SendResult {
	whose := ""
	for _, order := range orders {
		whose += string(order.Workspace()[15])
	}
	o.commits = append(o.commits, whose)
	n := len(o.commits)
	time.Sleep(time.Second)
	results := make([]inbox.SendResult, len(orders))
	for i := range results {
		if results[i].Err = o.end(n); results[i].Err == nil {
			results[i].Sent = &inbox.Sent{Message: &crm.Message{WorkspaceID: orders[i].Workspace()}}
		}
	}
	return results
}

// Explain implements gather.Outbox.
func (o *outbox) Explain(_ context.Context, order *inbox.Order, err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("explained to %c: %w", order.Workspace()[15], err)
}

// sending has sends come one after the other, each of the workspace of a letter,
// and returns what each was told when all are done.
func sending(ctx context.Context, s *gather.Sends, whose string) []string {
	told := make([]string, len(whose))
	var all sync.WaitGroup
	for i := range whose {
		all.Go(func() {
			sent, err := s.Send(ctx, access.System(crm.WorkspaceID{15: whose[i]}), inbox.SendCommand{To: "+6281200000001", Content: crm.Text{Body: "hi"}})
			switch {
			case err != nil:
				told[i] = string(crm.CodeOf(err))
				if strings.HasPrefix(err.Error(), "explained to "+whose[i:i+1]) {
					told[i] += ", explained"
				}
			default:
				told[i] = string(sent.Message.WorkspaceID[15])
			}
		})
		synctest.Wait()
	}
	all.Wait()
	return told
}

func TestSendsThatWaitShareACommit(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := newOutbox()
		s := gather.NewSends(out, telemetry.New(), gather.Options{})
		if got := strings.Join(sending(t.Context(), s, "1111223"), ""); got != "1111223" {
			t.Errorf("seven sends are told %s", got)
		}
		if got := strings.Join(out.commits, " "); got != "1 123121" {
			t.Errorf("the commits hold %q, want the first alone and the others together, in turn", got)
		}
		if n := s.Waiting(); n != 0 {
			t.Errorf("%d sends still wait", n)
		}
	})
}

func TestEachSendIsToldWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := newOutbox()
		out.end = func(commit int) error {
			switch commit {
			case 1:
				return crm.Refused
			case 2:
				panic("broken")
			}
			return nil
		}
		metrics := telemetry.New()
		s := gather.NewSends(out, metrics, gather.Options{Batch: 2, Queue: 16})
		got := fmt.Sprintf("%q", sending(t.Context(), s, "11111"))
		if want := `["refused, explained" "internal, explained" "internal, explained" "1" "1"]`; got != want {
			t.Errorf("five sends are told %s, want %s", got, want)
		}
		got = fmt.Sprintf("%q", sending(t.Context(), s, "1111112"))
		if want := `["1" "1" "1" "1" "1" "unavailable" "2"]`; got != want {
			t.Errorf("when a workspace may let four wait its six are told, and another's, %s, want %s", got, want)
		}
		_, err := s.Send(t.Context(), access.Principal{}, inbox.SendCommand{})
		if !errors.Is(err, crm.Unauthenticated) {
			t.Errorf("nobody is told %v", err)
		}
		if _, err := s.Send(t.Context(), access.System(crm.WorkspaceID{1}), inbox.SendCommand{}); !errors.Is(err, crm.Invalid) || len(out.commits) != 7 {
			t.Errorf("a command that says nothing is told %v, and there were %d commits", err, len(out.commits))
		}
		var text strings.Builder
		metrics.Write(&text)
		for _, want := range []string{`m21_panics_total{where="commit sends"} 1`, "m21_send_commit_messages_count 7", "m21_send_commit_messages_sum 11"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the metrics lack %s", want)
			}
		}
	})
}

// Who gives up while it waits has sent nothing; who gives up while it is committed
// is told what became of it.
func TestSendsThatGiveUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		out := newOutbox()
		s := gather.NewSends(out, telemetry.New(), gather.Options{})
		ctx, cancel := context.WithTimeout(t.Context(), time.Second/2)
		defer cancel()
		got := fmt.Sprintf("%q", sending(ctx, s, "12"))
		if want := `["1" "unavailable, explained"]`; got != want || len(out.commits) != 1 {
			t.Errorf("two who give up after half a second are told %s, and %d commits were made", got, len(out.commits))
		}
	})
}

// TestRefusedSendsAreCounted: an outbox to which more is sent than it can store stays
// overloaded while it has to refuse.
func TestRefusedSendsAreCounted(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := gather.NewSends(newOutbox(), telemetry.New(), gather.Options{})
		var all sync.WaitGroup
		var refused []int64 // of each second's sends
		all.Go(func() { sending(t.Context(), s, "1") })
		time.Sleep(time.Second / 2) // so that they come while a commit runs
		for range 4 {
			var no atomic.Int64
			for range 300 {
				all.Go(func() {
					if _, err := s.Send(t.Context(), access.System(crm.WorkspaceID{15: '1'}), inbox.SendCommand{To: "+6281200000001", Content: crm.Text{Body: "hi"}}); err != nil {
						no.Add(1)
					}
				})
			}
			synctest.Wait()
			refused = append(refused, no.Load())
			time.Sleep(time.Second)
		}
		all.Wait()
		if got := fmt.Sprint(refused); got != "[0 0 44 44]" {
			t.Errorf("of 300 sends a second %v are refused, want none until the host is overloaded, and then what there is no room for", refused)
		}
	})
}
