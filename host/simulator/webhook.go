package simulator

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// hook is a Webhook at work.
type hook struct {
	id string
	Webhook
	active  bool
	headers map[string]string // Kapso: sent along
}

// delivering is what faults do to one delivery.
type delivering struct {
	wrongSignature bool
	fill           int // bytes the body is filled up to
	times          int // delivered so often; 0: once
}

// and joins what befalls two updates of one delivery.
func (d delivering) and(other delivering) delivering {
	return delivering{d.wrongSignature || other.wrongSignature, max(d.fill, other.fill), max(d.times, other.times)}
}

const (
	gatherFor       = 250 * time.Millisecond
	bigBody         = 3 << 20
	metaBatch       = 1000
	kapsoBatchMax   = 100
	kapsoBatchUsual = 50
	kapsoOrder      = 30 * time.Second // so long Kapso keeps a conversation's order
)

// defaultEvents are what a Kapso webhook gets that names no events.
var defaultEvents = []string{
	"whatsapp.message.received", "whatsapp.message.sent", "whatsapp.message.delivered", "whatsapp.message.read", "whatsapp.message.failed",
	"whatsapp.contact.identity_changed", "whatsapp.contact.marketing_preference_changed",
}

// wants reports whether a hook is told of an update.
func (h *hook) wants(u *update) bool {
	switch {
	case !h.active || h.URL == "":
		return false
	case h.Kind == KindMeta:
		return u.field != ""
	case len(h.Events) == 0:
		return slices.Contains(defaultEvents, u.event)
	}
	return slices.Contains(h.Events, u.event)
}

// emit tells the number's webhooks of an update. s.mu is held.
func (s *Simulator) emit(u *update) {
	if s.closed {
		return
	}
	if u.chat != nil {
		u.lane, u.sequence = u.chat.customer.UserID, u.chat.sequence
	}
	for _, h := range u.number.hooks {
		if h.wants(u) {
			s.enqueue(h, u)
		}
	}
}

// enqueue sends an update on its way to one hook, through the faults.
func (s *Simulator) enqueue(h *hook, u *update) {
	at, due := u.place(), time.Now()
	if u.status != "" {
		if s.strike(at, FaultDrop) != nil {
			return
		}
		if late := s.strike(at, FaultLate); late != nil {
			due = due.Add(late.wait(time.Second))
		}
	}
	j, putOff := s.gather(h, u, at, due)
	switch {
	case j == nil:
		s.queue.push(&job{hook: h, lane: h.id + u.lane, due: due, updates: []*update{u}, faults: s.befall(at)})
	case j.mode == scattered: // each by itself, later
		s.queue.join(j, putOff)
	default:
		j.faults = s.befall(at)
		s.queue.join(j, putOff)
	}
}

// befall lets the faults strike that befall a delivery.
func (s *Simulator) befall(at place) delivering {
	d := delivering{wrongSignature: s.strike(at, FaultSignature) != nil}
	if big := s.strike(at, FaultBig); big != nil {
		d.fill = cmp.Or(big.Bytes, bigBody)
	}
	if repeated := s.strike(at, FaultDuplicate); repeated != nil {
		d.times = cmp.Or(repeated.N, 2)
	}
	return d
}

// gather returns a job that collects updates with others, nil if the update
// leaves alone: the faults that collect, and Kapso's buffer.
func (s *Simulator) gather(h *hook, u *update, at place, due time.Time) (j *job, putOff bool) {
	received := u.event == "whatsapp.message.received"
	if h.Kind == KindMeta || received {
		if f := s.strike(at, FaultBatch, FaultReorder); f != nil {
			j = &job{hook: h, updates: []*update{u}, window: f.wait(gatherFor), limit: cmp.Or(f.N, metaBatch), mode: together}
			if f.Kind == FaultReorder {
				j.mode, j.limit = scattered, cmp.Or(f.N, 2)
			}
			j.gather = fmt.Sprint("gathered ", j.mode, h.id)
			if h.Kind == KindMeta { // one app, one address: its numbers share a batch
				j.gather = fmt.Sprint("gathered ", j.mode, h.URL, string(h.Secret))
			}
		}
	}
	if j == nil && h.Kind == KindKapso && received && h.Buffer > 0 {
		j = &job{hook: h, updates: []*update{u}, window: s.scaled(h.Buffer), limit: cmp.Or(h.BufferSize, kapsoBatchUsual)}
		j.gather = h.id + " buffered " + u.lane
		putOff = true
	}
	if j == nil {
		return nil, false
	}
	if h.Kind == KindKapso && j.mode == together {
		j.batch = true
		j.limit = min(j.limit, kapsoBatchMax)
		j.gather += u.lane
	}
	s.seq++
	j.lane = j.gather + strconv.FormatInt(s.seq, 10)
	j.due = due.Add(j.window)
	return j, putOff
}

// dispatch hands due jobs to the workers until the simulator closes.
func (s *Simulator) dispatch() {
	timer := time.NewTimer(time.Hour)
	defer timer.Stop()
	for {
		w, wait := s.queue.next(time.Now())
		if w.job != nil {
			select {
			case s.jobs <- w:
			case <-s.stop:
				return
			}
			continue
		}
		timer.Reset(wait)
		select {
		case <-s.queue.wake:
		case <-timer.C:
		case <-s.stop:
			return
		}
	}
}

// work delivers jobs until the simulator closes.
func (s *Simulator) work() {
	for {
		select {
		case w := <-s.jobs:
			s.deliver(w)
		case <-s.stop:
			return
		}
	}
}

// deliver makes one attempt, and plans the next if it fails.
func (s *Simulator) deliver(w work) {
	j := w.job
	if j.mode == scattered {
		s.scatter(w)
		return
	}
	if j.packet == nil {
		s.prepare(j)
	}
	status, err := s.post(j.hook, j.packet)
	s.mu.Lock()
	wait, more := retryAfter(j.packet.provider, j.packet.attempts+1)
	ok := s.settle(j.packet, status, err, s.scaled(wait), more)
	s.mu.Unlock()
	switch {
	case ok:
		s.queue.done(w)
	case more:
		wait, held := s.scaled(wait), s.scaled(kapsoOrder)
		now := time.Now()
		hold := j.packet.provider == crm.Kapso && now.Add(wait).Before(j.packet.first.Add(held))
		s.queue.again(w, now.Add(wait), hold)
	default:
		s.giveUp(w)
	}
}

// prepare makes a job's packet, and its repeats if a fault wants them.
func (s *Simulator) prepare(j *job) {
	s.mu.Lock()
	key, now := uuid(s.sending), s.now()
	s.mu.Unlock()
	made := pack(j, key, now)
	all := []*job{j}
	for range j.faults.times - 1 {
		repeat := *j
		repeat.seq, repeat.gather = 0, ""
		all = append(all, &repeat)
	}
	s.mu.Lock()
	s.seal(made, all...)
	s.mu.Unlock()
	s.queue.push(all[1:]...)
}

// giveUp drops a delivery that failed for good. Kapso tries the messages of a
// batch once more, each by itself.
func (s *Simulator) giveUp(w work) {
	j := w.job
	s.queue.done(w)
	s.log.Warn("webhook given up", "number", j.packet.record.Number, "key", j.packet.record.Key, "updates", len(j.updates))
	if j.hook.Kind != KindKapso || !j.batch {
		return
	}
	for _, u := range j.updates {
		s.queue.push(&job{hook: j.hook, lane: j.hook.id + u.lane, due: time.Now(), updates: []*update{u}})
	}
}

// scatter makes a delivery of each gathered update, in another order.
func (s *Simulator) scatter(w work) {
	order := slices.Clone(w.job.updates)
	now := time.Now()
	jobs := make([]*job, 0, len(order))
	s.mu.Lock()
	s.sending.Shuffle(len(order), func(i, k int) { order[i], order[k] = order[k], order[i] })
	if slices.Equal(order, w.job.updates) {
		slices.Reverse(order)
	}
	for _, u := range order {
		at := u.place()
		at.drawn = s.sending
		jobs = append(jobs, &job{hook: w.job.hook, lane: w.job.lane + " scattered", due: now, updates: []*update{u}, faults: s.befall(at)})
	}
	s.mu.Unlock()
	s.queue.push(jobs...)
	s.queue.done(w)
}

// retryAfter is how long a provider waits after so many failed attempts, and
// whether it tries again: Kapso after 10, 40 and 90 seconds; Meta at once, then
// after 5 seconds, twice as long each time up to an hour, for seven days.
func retryAfter(p crm.Provider, attempts int) (time.Duration, bool) {
	if p == crm.Kapso {
		waits := []time.Duration{10 * time.Second, 40 * time.Second, 90 * time.Second}
		if attempts > len(waits) {
			return 0, false
		}
		return waits[attempts-1], true
	}
	if attempts == 1 {
		return 0, true
	}
	wait, total := 5*time.Second, 5*time.Second
	for range attempts - 2 {
		wait = min(2*wait, time.Hour)
		total += wait
	}
	return wait, total <= 7*24*time.Hour
}

// scaled is a provider's wait, as long as the simulator waits.
func (s *Simulator) scaled(d time.Duration) time.Duration {
	return time.Duration(float64(d) * s.scale)
}

// SetWebhook changes where a number's webhooks go, and for Meta performs the
// handshake, whose failure leaves the webhook as it was.
func (s *Simulator) SetWebhook(p crm.Provider, number string, w Webhook) error {
	s.mu.Lock()
	n, err := s.find(p, number)
	if err != nil {
		s.mu.Unlock()
		return err
	}
	if w.Kind == "" || n.Provider == crm.Meta {
		w.Kind = n.hooks[0].Kind
	}
	s.mu.Unlock()
	if n.Provider == crm.Meta && w.URL != "" {
		if err := s.handshakeWith(w); err != nil {
			return fmt.Errorf("set webhook: %w", err)
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	changed := &hook{id: n.hooks[0].id, Webhook: w, active: true}
	n.hooks = append([]*hook{changed}, n.hooks[1:]...)
	return nil
}
