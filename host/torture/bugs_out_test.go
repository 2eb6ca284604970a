//go:build torture

package torture_test

import (
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
)

// What leaves, what readers of the feed are given, what is another workspace's,
// and who is let in.

func keySendsOnce(r *rig) string {
	first, second := r.send("key"), r.send("key")
	r.work()
	return says(first.ID != second.ID || len(r.network.taken) != 1, "one key sent %d messages", len(r.network.taken))
}

func lostAnswerIsNotSentAgain(r *rig) string {
	r.network.lose = 1
	r.send("")
	r.work()
	return says(r.network.most() != 1, "a message whose answer was lost was sent %d times", r.network.most())
}

func abandonedIsNotSentAgain(r *rig) string {
	r.claim() // at its start a host finds nothing
	r.send("")
	if len(r.claim()) != 1 {
		r.t.Fatal("the job is not claimed")
	}
	r.outbox = r.newOutbox() // the host died with it and is started again
	r.work()
	return says(len(r.network.taken) != 0, "a message that a dead host may have sent is sent")
}

func jobIsSentOnce(r *rig) string {
	for range 12 {
		r.send("")
		r.work()
		r.ahead.Add(int64(10 * time.Second)) // its turn by the rate comes
	}
	r.work()
	return says(r.network.most() != 1, "a message was sent %d times", r.network.most())
}

// readerWhileWritingSeesAll reads while somebody writes, until it has found something
// often enough: how many messages that takes is the machine's affair.
func readerWhileWritingSeesAll(r *rig) string {
	const enough = 20
	written := make(chan struct{})
	var writing sync.WaitGroup
	stop := sync.OnceFunc(func() {
		close(written)
		writing.Wait()
	})
	defer stop()
	writing.Go(func() {
		for i := 0; ; i++ {
			select {
			case <-written:
				return
			default:
				r.post(r.ours, text(fmt.Sprint("m", i), i))
			}
		}
	})
	var seen []crm.Fact
	next := int64(0)
	read := func() bool {
		page, err := r.stream.After(r.t.Context(), system(r.ours), next, 64)
		r.must(err)
		found := page.Next > next
		seen, next = append(seen, page.Facts...), page.Next
		return found
	}
	for found := 0; found < enough && (len(seen) == 0 || gaps(seen) == ""); {
		if read() {
			found++
		}
	}
	stop()
	for read() { // the rest
	}
	return gaps(seen)
}

// gaps says where numbers do not follow on.
func gaps(facts []crm.Fact) string {
	for i, f := range facts {
		if f.Seq != int64(i+1) {
			return fmt.Sprintf("the fact %d has the number %d", i+1, f.Seq)
		}
	}
	return says(len(facts) == 0, "there are no facts")
}

func replayBeginsAfterTheLast(r *rig) string {
	r.post(r.ours, text("m1", 0), text("m2", 1), text("m3", 2))
	if _, err := r.stream.After(r.t.Context(), system(r.ours), 0, 64); err != nil {
		r.t.Fatal(err)
	}
	page, err := r.stream.After(r.t.Context(), system(r.ours), 2, 64)
	r.must(err)
	return says(page.Facts[0].Seq != 3, "after 2 comes %d", page.Facts[0].Seq)
}

func factsHaveNoGap(r *rig) string {
	var items []string
	for i := range 20 {
		items = append(items, text(fmt.Sprint("m", i), i))
	}
	r.post(r.ours, items...)
	page, err := r.stream.After(r.t.Context(), system(r.ours), 0, 64)
	r.must(err)
	return gaps(page.Facts)
}

func everyMessageIsAnnounced(r *rig) string {
	r.post(r.ours, text("m1", 0), text("m2", 1), text("m3", 2))
	n := r.received(r.ours)
	return says(n != 3, "of three messages the feed tells of %d", n)
}

// both gives both workspaces a message.
func (r *rig) both() {
	r.post(r.ours, text("m1", 0))
	r.post(r.theirs, text("m2", 1))
}

func listIsOurs(r *rig) string {
	r.both()
	return r.foreign(inbox.ConversationQuery{})
}

func searchIsOurs(r *rig) string {
	r.both()
	if _, err := r.inbox.Conversations(r.t.Context(), system(r.theirs), inbox.ConversationQuery{}); err != nil {
		r.t.Fatal(err)
	}
	return r.foreign(inbox.ConversationQuery{Search: "halo"})
}

// foreign says how many conversations that a query finds are not ours.
func (r *rig) foreign(q inbox.ConversationQuery) string {
	found, err := r.inbox.Conversations(r.t.Context(), system(r.ours), q)
	r.must(err)
	if len(found) == 0 {
		r.t.Error("our own is not found")
	}
	theirs := slices.DeleteFunc(found, func(cv *crm.Conversation) bool { return cv.WorkspaceID == r.ours.WorkspaceID })
	return says(len(theirs) != 0, "%d conversations are another workspace's", len(theirs))
}

func foreignThreadIsNotFound(r *rig) string {
	r.both()
	page, err := r.inbox.Messages(r.t.Context(), system(r.ours), inbox.MessageQuery{ConversationID: r.thread(r.theirs)})
	return says(crm.CodeOf(err) != crm.NotFound, "a foreign conversation shows %d messages, %v", len(page), err)
}

func feedIsOurs(r *rig) string {
	r.both()
	for _, ch := range []*crm.Channel{r.ours, r.theirs} {
		page, err := r.stream.After(r.t.Context(), system(ch), 0, 64)
		r.must(err)
		for _, f := range page.Facts {
			if f.WorkspaceID != ch.WorkspaceID {
				return fmt.Sprintf("the fact %d is another workspace's", f.Seq)
			}
		}
	}
	return ""
}

// refused hands in a request that is to be refused, and says if it is stored.
func (r *rig) refused(request webhook.Request) string {
	err := r.receive(request)
	n := r.count(r.ours, "m1")
	return says(n != 0, "a message that nobody signed is stored; it was answered %v", err)
}

func unsignedIsRefused(r *rig) string {
	return r.refused(webhook.Request{Provider: crm.Meta, Body: body(r.ours, "messages", text("m1", 0))})
}

func othersSecretSignsNothingOfOurs(r *rig) string {
	return r.refused(signed(r.theirs, body(r.ours, "messages", text("m1", 0))))
}

func refusedIsNotStored(r *rig) string {
	request := signed(r.ours, []byte("something else"))
	request.Body = body(r.ours, "messages", text("m1", 0))
	wrong := r.refused(request)
	if err := r.receive(request); crm.CodeOf(err) != crm.Unauthenticated {
		r.t.Errorf("it is answered %v, want that it is refused", err)
	}
	return wrong
}
