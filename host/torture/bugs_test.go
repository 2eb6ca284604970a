//go:build torture

package torture_test

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/torture"
)

// scenarios do, for each bug, what it goes wrong at, and say what is wrong; a
// program without the bug does nothing wrong in it.
var scenarios = map[string]func(r *rig) string{
	"ack-before-commit":       ackedIsStored,
	"ack-in-goroutine":        ackedIsStored,
	"queue-dropped":           stopKeepsWhatWasAcked,
	"swallow-error":           everyAckedIsStored,
	"cache-before-commit":     everyAckedIsStored,
	"check-then-insert":       sameAtOnceIsOne,
	"dedup-cache":             sameMuchLaterIsOne,
	"dedup-without-workspace": sameIDInTwoWorkspacesIsTwo,
	"duplicate-announced":     repeatIsNotAnnounced,
	"batch-stops":             badItemHarmsNoOther,
	"half-batch":              wholeBatchIsStored,
	"status-last-wins":        statusOnlyRises,
	"order-by-arrival":        orderIsTheProviders,
	"page-by-arrival":         pageIsInOrder,
	"cursor-ties":             pagesJoin,
	"body-reencoded":          bodiesAreAsTheyCame,
	"body-shared":             bodiesAreAsTheyCame,
	"id-padded":               idsAreAsTheyCame,
	"echo-ignored":            echoSettlesUnknown,
	"send-without-key":        keySendsOnce,
	"resend-after-reset":      lostAnswerIsNotSentAgain,
	"resend-abandoned":        abandonedIsNotSentAgain,
	"claimed-twice":           jobIsSentOnce,
	"subscribe-after-replay":  readerWhileWritingSeesAll,
	"replay-skips-one":        replayBeginsAfterTheLast,
	"replay-repeats-one":      replayBeginsAfterTheLast,
	"slow-reader-dropped":     factsHaveNoGap,
	"numbers-before-commit":   factsHaveNoGap,
	"one-event-per-commit":    everyMessageIsAnnounced,
	"leak-list":               listIsOurs,
	"leak-thread":             foreignThreadIsNotFound,
	"leak-search":             searchIsOurs,
	"leak-feed":               feedIsOurs,
	"signature-optional":      unsignedIsRefused,
	"signature-of-any":        othersSecretSignsNothingOfOurs,
	"refused-and-stored":      refusedIsNotStored,
	"erase-keeps-messages":    erasedLeavesNoMessage,
	"erase-keeps-bodies":      erasedLeavesNoBody,
	"erase-keeps-remains":     erasedLeavesNothingInTheFile,
	"rescore-ends-early":      rescoreScoresAll,
	"import-doubles-row":      rowIsOneContact,
	"import-repeats-notes":    sameFileNotesNothing,
	"bulk-leaves-out":         bulkChangesAll,
	"figures-drift":           figuresAreWhatIsThere,
}

// TestBugsAreWrong runs each bug's scenario with the bug, which must show, and
// without, which must not.
func TestBugsAreWrong(t *testing.T) {
	t.Parallel()
	for _, bug := range torture.Listed().Bugs {
		scenario := scenarios[bug.Name]
		if scenario == nil {
			t.Errorf("the bug %s has no scenario that shows it", bug.Name)
			continue
		}
		onBoth(t, bug.Name, func(t *testing.T, database, dsn string) {
			shows := bug.On == "" || bug.On == database
			if wrong := scenario(newRig(t, dsn, torture.BugVar+"="+bug.Name)); (wrong != "") != shows {
				t.Errorf("on %s with the bug it finds %q, and is to find something: %t", database, wrong, shows)
			}
		})
		onBoth(t, bug.Name+" not planted", func(t *testing.T, _, dsn string) {
			if wrong := scenario(newRig(t, dsn)); wrong != "" {
				t.Errorf("without the bug %s", wrong)
			}
		})
	}
}

func onBoth(t *testing.T, name string, test func(t *testing.T, database, dsn string)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		t.Run("sqlite", func(t *testing.T) { t.Parallel(); test(t, "sqlite", "") })
		t.Run("postgres", func(t *testing.T) { t.Parallel(); test(t, "postgres", pgtest.DSN(t)) })
	})
}

// says returns the sentence if something is wrong.
func says(wrong bool, format string, args ...any) string {
	if !wrong {
		return ""
	}
	return fmt.Sprintf(format, args...)
}

// ackedIsStored asks more than once: what is late by milliseconds may be there
// when the question arrives.
func ackedIsStored(r *rig) string {
	late := 0
	for i := range 10 {
		id := fmt.Sprint("m", i)
		r.post(r.ours, text(id, i))
		if r.count(r.ours, id) == 1 {
			continue
		}
		late++
		hosttest.Until(r.t, "the message is stored at last", func() bool { return r.count(r.ours, id) == 1 })
	}
	return says(late > 0, "%d messages that were answered are not stored yet", late)
}

func stopKeepsWhatWasAcked(r *rig) string {
	r.post(r.ours, text("m1", 0))
	r.must(r.h.At("close.midDrain"))
	if r.count(r.ours, "m1") == 1 {
		return ""
	}
	time.Sleep(300 * time.Millisecond) // that something never happens cannot be awaited
	return says(r.count(r.ours, "m1") == 0, "a message that was answered is gone")
}

func everyAckedIsStored(r *rig) string {
	for i := range 30 {
		request := signed(r.ours, body(r.ours, "messages", text(fmt.Sprint("m", i), i)))
		if err := r.receive(request); err != nil { // the provider tries again
			err = r.receive(request)
			r.must(err)
		}
	}
	n := len(r.messages(r.ours))
	return says(n != 30, "of 30 messages %d are stored", n)
}

// sameAtOnceIsOne tries often: a busy machine may let the six in one after the other.
func sameAtOnceIsOne(r *rig) string {
	r.post(r.ours, text("before", 0)) // contact and conversation are there
	for round := range 10 {
		id := fmt.Sprint("m", round)
		var running sync.WaitGroup
		for i := range 6 {
			running.Go(func() {
				item := strings.Replace(text(id, 1), `{"from"`, `{`+strings.Repeat(" ", i)+`"from"`, 1)
				_ = r.receive(signed(r.ours, body(r.ours, "messages", item)))
			})
		}
		running.Wait()
		if n := r.count(r.ours, id); n != 1 {
			return fmt.Sprintf("a message that came six times at once is stored %d times", n)
		}
	}
	return ""
}

func sameMuchLaterIsOne(r *rig) string {
	r.post(r.ours, text("m1", 0))
	for i := range 70 {
		r.post(r.ours, text(fmt.Sprint("other", i), 1+i))
	}
	r.post(r.ours, text("m1", 0))
	n := r.count(r.ours, "m1")
	return says(n != 1, "a message that came again after 70 others is stored %d times", n)
}

func sameIDInTwoWorkspacesIsTwo(r *rig) string {
	r.post(r.ours, text("m1", 0))
	r.post(r.theirs, text("m1", 0))
	n := r.count(r.theirs, "m1")
	return says(r.count(r.ours, "m1") != 1 || n != 1, "an id that two workspaces have is stored %d times in the second", n)
}

func repeatIsNotAnnounced(r *rig) string {
	r.post(r.ours, text("m1", 0))
	r.post(r.ours, again(text("m1", 0)))
	n := r.received(r.ours)
	return says(n != 1, "a message that came twice is announced %d times", n)
}

func badItemHarmsNoOther(r *rig) string {
	r.post(r.ours, text("m1", 0), `"bad"`, text("m2", 1))
	got := ids(r.messages(r.ours))
	return says(!slices.Equal(got, []string{"m2", "m1"}), "of two messages with a bad item between %v are stored", got)
}

func wholeBatchIsStored(r *rig) string {
	r.post(r.ours, text("m1", 0), text("m2", 1))
	got := ids(r.messages(r.ours))
	return says(len(got) != 2, "of a batch of two %v are stored", got)
}

func statusOnlyRises(r *rig) string {
	m := r.send("")
	r.work()
	r.report(m, "read")
	r.report(m, "delivered")
	got := r.status(m.ID)
	return says(got != crm.Read, "after read came delivered the message is %s", got)
}

func orderIsTheProviders(r *rig) string {
	r.post(r.ours, text("late", 50))
	r.post(r.ours, text("early", 0))
	got := ids(r.messages(r.ours))
	return says(!slices.Equal(got, []string{"late", "early"}), "the order is %v", got)
}

func pageIsInOrder(r *rig) string {
	for second, id := range map[int]string{0: "early", 20: "middle", 50: "late"} {
		r.post(r.ours, text("first "+id, second+1))
		r.post(r.ours, text(id, second))
	}
	page, err := r.inbox.Messages(r.t.Context(), system(r.ours), inbox.MessageQuery{ConversationID: r.thread(r.ours)})
	r.must(err)
	return says(!slices.Equal(ids(page), []string{"first late", "late", "first middle", "middle", "first early", "early"}), "the page is %v", ids(page))
}

func pagesJoin(r *rig) string {
	r.post(r.ours, text("m1", 0), text("m2", 0), text("m3", 0))
	q := inbox.MessageQuery{ConversationID: r.thread(r.ours), Limit: 2}
	first, err := r.inbox.Messages(r.t.Context(), system(r.ours), q)
	r.must(err)
	q.After = inbox.MessageCursor{At: first[1].ProviderTime, Ingest: first[1].Ingest}
	second, err := r.inbox.Messages(r.t.Context(), system(r.ours), q)
	r.must(err)
	return says(len(first)+len(second) != 3, "three messages of a second are on pages of %d and %d", len(first), len(second))
}

func bodiesAreAsTheyCame(r *rig) string {
	for i := range 15 {
		r.post(r.ours, text(fmt.Sprint("m", i), i))
	}
	journal := r.store.Inbox()
	rows, err := journal.Deliveries(r.t.Context(), r.ours.WorkspaceID, inbox.DeliveryQuery{Limit: 100})
	r.must(err)
	wrong := len(rows) - 15
	for _, row := range rows {
		d, err := journal.Delivery(r.t.Context(), r.ours.WorkspaceID, row.ID)
		r.must(err)
		if d.Key != crm.DeliveryKey(d.Body, nil) {
			wrong++
		}
	}
	return says(wrong != 0, "%d of %d bodies are not as they came", wrong, len(rows))
}

func idsAreAsTheyCame(r *rig) string {
	r.post(r.ours, text("wamid.1", 0), text("wamid.22", 1))
	r.post(r.ours, again(text("wamid.1", 0)))
	got := ids(r.messages(r.ours))
	if len(got) != 2 {
		r.t.Errorf("stored are %v", got)
	}
	return says(!slices.Equal(got, []string{"wamid.22", "wamid.1"}), "stored are %v", got)
}

func echoSettlesUnknown(r *rig) string {
	r.network.lose = 1
	m := r.send("")
	r.work()
	if got := r.status(m.ID); got != crm.Unknown {
		r.t.Fatalf("after the answer was lost the message is %s", got)
	}
	r.report(m, "delivered")
	got := r.status(m.ID)
	return says(got != crm.Delivered, "after its report the message is %s", got)
}
