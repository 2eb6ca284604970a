package storetest

import (
	"context"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

var jobTests = []test{
	{"is claimed with all that an attempt needs", jobClaimed},
	{"is leased: nobody else gets it while the lease runs", jobLeased},
	{"whose lease ran out is claimed again, as abandoned", jobAbandoned},
	{"that was put off waits until it is due", jobPutOff},
	{"never lowers the status of its message", jobStatus},
	{"is the oldest of its lane, due or not", jobLane},
	{"of a paused channel is passed over", jobPaused},
	{"whose turn comes later is put off until then", jobTurn},
	{"is claimed by one of many claimers", jobRace},
	{"is loaded with its message, conversation, contact and channel", jobLoad},
	{"is loaded with others, and shares with them what is one", jobsLoad},
	{"is gone when it is done", jobDone},
	{"is gone when its message is settled, and nobody holds it", jobSettled},
	{"counts among those that wait", jobDepth},
}

const lease = time.Minute

// claim claims jobs at the world's time.
func (w *world) claim(t *testing.T, limit int) []outbox.Claim {
	t.Helper()
	claims, putOff, err := w.store.Outbox().Claim(t.Context(), w.claiming(limit))
	if err != nil || putOff != 0 {
		t.Fatalf("Claim puts %d off, %v, want none", putOff, err)
	}
	return claims
}

// claiming is a claim of what is due at the world's time.
func (w *world) claiming(limit int) outbox.Claiming {
	return outbox.Claiming{Now: w.clock.Now(), Lease: lease, Limit: limit}
}

// claimOurs claims all that is due and returns the claims of our workspace.
func (w *world) claimOurs(t *testing.T) []outbox.Claim {
	t.Helper()
	return slices.DeleteFunc(w.claim(t, all), func(c outbox.Claim) bool { return c.Job.WorkspaceID != w.ours.ws })
}

// queue stores a new thread with n messages that wait to be sent, in the order
// of their jobs.
func (w *world) queue(t *testing.T, c *tenant, n int) (*crm.Conversation, []*crm.Job) {
	t.Helper()
	_, cv, _ := w.newThread(t, c, nil)
	changes := &crm.Changes{Conversations: []*crm.Conversation{cv}}
	for range n {
		m, job := c.Outbound(cv, "halo")
		changes.Messages, changes.Jobs = append(changes.Messages, m), append(changes.Jobs, job)
	}
	w.write(t, c.ws, changes)
	return cv, changes.Jobs
}

func jobClaimed(t *testing.T, w *world) {
	claims := w.claimOurs(t)
	if len(claims) != 1 {
		t.Fatalf("%d of our jobs are claimed, want one", len(claims))
	}
	job, message := copied(w.ours.job), copied(w.ours.reply)
	job.Attempt, job.LockedUntil, message.Status = 1, w.clock.Now().Add(lease), crm.Sending
	same(t, "the claim", claims[0], outbox.Claim{
		Job: job, Message: message, Conversation: w.ours.conversation, Contact: w.ours.contact, Channel: w.ours.Channel,
	})
	same(t, "the message while it is sent", w.message(t, message.ID), message)
	same(t, "the job while it is done", w.loadJob(t, job, "").Job, job)
}

func jobLeased(t *testing.T, w *world) {
	if claims := w.claim(t, 1); len(claims) != 1 {
		t.Fatalf("Claim with a limit of 1 returns %d jobs", len(claims))
	}
	if claims := w.claim(t, all); len(claims) != 1 {
		t.Fatalf("a second Claim returns %d jobs, want the one that is left", len(claims))
	}
	w.clock.Advance(lease - time.Millisecond)
	if claims := w.claim(t, all); len(claims) != 0 {
		t.Errorf("%d jobs are claimed again while their lease runs", len(claims))
	}
}

func jobAbandoned(t *testing.T, w *world) {
	w.claim(t, all)
	for attempt := 2; attempt < 4; attempt++ {
		w.clock.Advance(lease + time.Millisecond)
		claims := w.claimOurs(t)
		if len(claims) != 1 || !claims[0].Abandoned || claims[0].Job.Attempt != attempt {
			t.Fatalf("after the lease ran out: %+v, want an abandoned job at attempt %d", claims, attempt)
		}
	}
}

func jobPutOff(t *testing.T, w *world) {
	job := w.claimOurs(t)[0].Job
	job.LockedUntil, job.RunAt, job.LastError = time.Time{}, w.clock.Now().Add(time.Hour), "429"
	w.write(t, w.ours.ws, &crm.Changes{Jobs: []*crm.Job{copied(job)}})
	w.clock.Advance(time.Hour - time.Millisecond)
	if claims := w.claimOurs(t); len(claims) != 0 {
		t.Errorf("a job is claimed a millisecond before it is due")
	}
	w.clock.Advance(time.Millisecond)
	claims := w.claimOurs(t)
	if len(claims) != 1 || claims[0].Abandoned || claims[0].Job.Attempt != 2 || claims[0].Job.LastError != "429" {
		t.Errorf("when it is due: %+v, want the job at attempt 2, not abandoned", claims)
	}
}

func jobStatus(t *testing.T, w *world) {
	w.claim(t, all)
	message := w.message(t, w.ours.reply.ID)
	message.Status, message.ProviderID = crm.Delivered, "wamid.echo" // a status came before the answer did
	w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{message}})
	w.clock.Advance(lease + time.Millisecond)
	claims := w.claimOurs(t)
	if len(claims) != 1 || claims[0].Message.Status != crm.Delivered {
		t.Errorf("the claim of a delivered message: %+v, want it delivered", claims)
	}
	if got := w.message(t, message.ID).Status; got != crm.Delivered {
		t.Errorf("a claim turned a delivered message to %s", got)
	}
}

func jobLane(t *testing.T, w *world) {
	w.claim(t, all) // what the world begins with
	_, jobs := w.queue(t, w.ours, 3)
	for i, want := range jobs {
		if i == 1 { // put off: the one behind it waits all the same
			want.RunAt = w.clock.Now().Add(lease / 4)
			w.write(t, w.ours.ws, &crm.Changes{Jobs: []*crm.Job{copied(want)}})
			if claims := w.claimOurs(t); len(claims) != 0 {
				t.Fatalf("a job is claimed although an older one of its lane waits")
			}
			w.clock.Advance(lease / 4)
		}
		claims := w.claimOurs(t)
		if len(claims) != 1 || claims[0].Job.ID != want.ID {
			t.Fatalf("claim %d of a lane is %+v, want its oldest job alone", i+1, claims)
		}
		if again := w.claimOurs(t); len(again) != 0 {
			t.Fatalf("a job is claimed although an older one of its lane is under way")
		}
		w.write(t, w.ours.ws, &crm.Changes{DoneJobs: []*crm.Job{claims[0].Job}})
	}
	if claims := w.claimOurs(t); len(claims) != 0 {
		t.Errorf("%d jobs are left in the lane", len(claims))
	}
}

// jobSettled tells of the first of three messages, which somebody claimed who is no
// more: the next can leave at once. Others' jobs stay.
func jobSettled(t *testing.T, w *world) {
	w.claim(t, all) // what the world begins with
	_, other := w.queue(t, w.ours, 1)
	_, jobs := w.queue(t, w.ours, 3)
	settled := func(job *crm.Job) *crm.Changes {
		return &crm.Changes{Settled: []*crm.Message{{WorkspaceID: job.WorkspaceID, ID: job.Subject, ConversationID: job.Lane}}}
	}
	ids := func(claims []outbox.Claim) []crm.JobID {
		var ids []crm.JobID
		for _, c := range claims {
			ids = append(ids, c.Job.ID)
		}
		return sorted(ids)
	}
	same(t, "what is claimed at first", ids(w.claimOurs(t)), sorted([]crm.JobID{other[0].ID, jobs[0].ID}))
	w.write(t, w.ours.ws, settled(jobs[0]))
	same(t, "what is claimed when the first is settled", ids(w.claimOurs(t)), []crm.JobID{jobs[1].ID})
	w.write(t, w.ours.ws, settled(jobs[2])) // before it was its turn
	w.write(t, w.ours.ws, settled(jobs[2])) // and again
	w.clock.Advance(lease + time.Millisecond)
	same(t, "what is claimed when the leases are over", ids(w.claimOurs(t)), sorted([]crm.JobID{w.ours.job.ID, other[0].ID, jobs[1].ID}))
}

func jobPaused(t *testing.T, w *world) {
	_, other := w.queue(t, w.ours, 1)
	channel := w.ours.NewChannel()
	if err := w.store.Directory().SaveChannel(t.Context(), channel); err != nil {
		t.Fatal(err)
	}
	elsewhere := w.ours.Conversation(w.ours.contact)
	elsewhere.ChannelID = channel.ID
	m, job := w.ours.Outbound(elsewhere, "dari nomor lain")
	w.write(t, w.ours.ws, &crm.Changes{Conversations: []*crm.Conversation{elsewhere}, Messages: []*crm.Message{m}, Jobs: []*crm.Job{job}})
	w.pause(t, "the provider refuses our key")
	claims := w.claimOurs(t)
	if len(claims) != 1 || claims[0].Job.ID != job.ID {
		t.Errorf("with one of two channels paused: %+v, want the job of the other", claims)
	}
	w.pause(t, "")
	claims = w.claimOurs(t)
	got := []crm.JobID{}
	for _, claim := range claims {
		got = append(got, claim.Job.ID)
	}
	same(t, "the jobs after the pause", sorted(got), sorted([]crm.JobID{w.ours.job.ID, other[0].ID}))
}

// pause stops our channel, or lets it go on for an empty reason.
func (w *world) pause(t *testing.T, reason string) {
	t.Helper()
	err := w.store.Outbox().Update(t.Context(), w.ours.ws, func(ctx context.Context, tx outbox.Tx) error {
		states, err := tx.Load(ctx, outbox.Ask{Job: w.ours.job})
		if err != nil {
			return err
		}
		states[0].Channel.PausedReason = reason
		return tx.Write(ctx, &crm.Changes{Channels: []*crm.Channel{states[0].Channel}})
	})
	if err != nil {
		t.Fatal(err)
	}
}

// jobTurn lets one of two leave in a second and the other now; one whose lease ran
// out has no turn, or nobody would be told that it was abandoned.
func jobTurn(t *testing.T, w *world) {
	w.claim(t, all) // what the world begins with
	_, later := w.queue(t, w.ours, 1)
	_, now := w.queue(t, w.ours, 1)
	turns := map[crm.JobID]time.Time{later[0].ID: w.clock.Now().Add(time.Second), now[0].ID: w.clock.Now()}
	claim := func(limit int) (ids []crm.JobID, putOff int) {
		t.Helper()
		c := w.claiming(limit)
		c.Turn = func(job *crm.Job) time.Time { return turns[job.ID] }
		claims, putOff, err := w.store.Outbox().Claim(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		for _, claim := range claims {
			ids = append(ids, claim.Job.ID)
		}
		return ids, putOff
	}
	if ids, putOff := claim(1); len(ids) != 1 || ids[0] != now[0].ID || putOff != 1 {
		t.Fatalf("claimed are %v and %d put off, want %v and one", ids, putOff, now[0].ID)
	}
	want := copied(later[0])
	want.RunAt = turns[want.ID]
	same(t, "the job that was put off", w.loadJob(t, later[0], "").Job, want)
	if got := w.message(t, crm.MessageID(want.Subject)).Status; got != crm.Queued {
		t.Errorf("its message is %s, want queued", got)
	}
	w.clock.Advance(time.Second - time.Millisecond)
	if ids, putOff := claim(all); len(ids)+putOff != 0 {
		t.Errorf("before its turn %v are claimed and %d put off", ids, putOff)
	}
	w.clock.Advance(time.Millisecond)
	if ids, putOff := claim(all); len(ids) != 1 || ids[0] != want.ID || putOff != 0 {
		t.Errorf("at its turn %v are claimed and %d put off, want %v alone", ids, putOff, want.ID)
	}
	w.clock.Advance(lease + time.Millisecond)
	turns[want.ID] = w.clock.Now().Add(time.Hour)
	if ids, _ := claim(all); !slices.Contains(ids, want.ID) {
		t.Error("a job that was abandoned waits for a turn")
	}
}

func jobRace(t *testing.T, w *world) {
	want := map[crm.JobID]bool{w.ours.job.ID: true, w.theirs.job.ID: true}
	for i := range 40 {
		_, jobs := w.queue(t, []*tenant{w.ours, w.theirs}[i%2], 1)
		want[jobs[0].ID] = true
	}
	var mu sync.Mutex
	times := make(map[crm.JobID]int)
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute) // a job that is never handed out must not keep us for ever
	defer cancel()
	race(t, func(int) error {
		for {
			claims, _, err := w.store.Outbox().Claim(ctx, w.claiming(3))
			if err != nil {
				return err
			}
			mu.Lock()
			for _, claim := range claims {
				times[claim.Job.ID]++
			}
			done := len(times) == len(want) // passing over rows another has locked, a claimer may find none
			mu.Unlock()
			if len(claims) == 0 && done {
				return nil
			}
		}
	})
	for id := range want {
		if times[id] != 1 {
			t.Errorf("job %v was claimed %d times, want once", id, times[id])
		}
	}
}

func jobLoad(t *testing.T, w *world) {
	ours := w.ours
	want := &outbox.State{Job: ours.job, Message: ours.reply, Conversation: ours.conversation, Contact: ours.contact, Channel: ours.Channel}
	same(t, "a job loaded", w.loadJob(t, ours.job, ""), want)
	want.Statuses, want.Amendments = []crm.StatusReport{ours.status}, []crm.Amendment{ours.amendment}
	same(t, "a job loaded with the reports of a provider id", w.loadJob(t, ours.job, ours.status.ProviderID), want)
}

// jobsLoad loads two jobs of one conversation, one that is gone and one of another
// conversation, of which one has a provider's id.
func jobsLoad(t *testing.T, w *world) {
	cv, queued := w.queue(t, w.ours, 2)
	gone := copied(queued[0])
	gone.ID, gone.Subject = crm.NewID[crm.Job](w.mint), crm.NewID[crm.Message](w.mint)
	var states []*outbox.State
	err := w.store.Outbox().Update(t.Context(), w.ours.ws, func(ctx context.Context, tx outbox.Tx) (err error) {
		states, err = tx.Load(ctx, outbox.Ask{Job: queued[1]}, outbox.Ask{Job: gone}, outbox.Ask{Job: w.ours.job, ProviderID: w.ours.status.ProviderID}, outbox.Ask{Job: queued[0]})
		return err
	})
	if err != nil || len(states) != 4 {
		t.Fatalf("Load = %d states, %v, want four", len(states), err)
	}
	same(t, "a job that is gone", states[1], &outbox.State{})
	same(t, "the job with a provider's id", states[2], &outbox.State{Job: w.ours.job, Message: w.ours.reply, Conversation: w.ours.conversation,
		Contact: w.ours.contact, Channel: w.ours.Channel, Statuses: []crm.StatusReport{w.ours.status}, Amendments: []crm.Amendment{w.ours.amendment}})
	same(t, "the jobs of one conversation", []*crm.Job{states[0].Job, states[3].Job}, []*crm.Job{queued[1], queued[0]})
	if states[0].Message.ID != crm.MessageID(queued[1].Subject) || states[3].Message.ID != crm.MessageID(queued[0].Subject) {
		t.Error("the jobs have each other's messages")
	}
	if states[0].Conversation != states[3].Conversation || states[0].Contact != states[3].Contact || states[0].Channel != states[2].Channel || states[0].Conversation.ID != cv.ID {
		t.Error("what the states have in common is not one object")
	}
	if len(states[0].Statuses)+len(states[0].Amendments) != 0 {
		t.Error("a job without a provider's id has the reports of another")
	}
}

func jobDone(t *testing.T, w *world) {
	sent := copied(w.ours.reply)
	sent.Status, sent.ProviderID = crm.Sent, "wamid.sent"
	for range 2 { // settling it twice does nothing twice
		w.write(t, w.ours.ws, &crm.Changes{Messages: []*crm.Message{copied(sent)}, DoneJobs: []*crm.Job{w.ours.job}})
	}
	if state := w.loadJob(t, w.ours.job, ""); state.Job != nil {
		t.Errorf("a done job is loaded: %+v", state.Job)
	}
	if claims := w.claimOurs(t); len(claims) != 0 {
		t.Errorf("a done job is claimed")
	}
	same(t, "its message", w.message(t, sent.ID), sent)
}

func jobDepth(t *testing.T, w *world) {
	depth := func() (int, time.Time) {
		waiting, oldest, err := w.store.Outbox().Depth(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return waiting, oldest
	}
	begun := w.clock.Now()
	w.clock.Advance(time.Hour)
	w.queue(t, w.ours, 3)
	if waiting, oldest := depth(); waiting != 5 || !oldest.Equal(begun) {
		t.Errorf("Depth = %d since %v, want 5 since %v", waiting, oldest, begun)
	}
	for {
		claims := w.claim(t, all)
		if len(claims) == 0 {
			break
		}
		for _, claim := range claims {
			w.write(t, claim.Job.WorkspaceID, &crm.Changes{DoneJobs: []*crm.Job{claim.Job}})
		}
	}
	if waiting, oldest := depth(); waiting != 0 || !oldest.IsZero() {
		t.Errorf("Depth of an empty outbox = %d since %v, want 0 since never", waiting, oldest)
	}
}
