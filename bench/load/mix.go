package main

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// shares are how many of a thousand requests are of each kind; what is left are
// messages that come alone.
type shares struct {
	again   int // the same bytes once more
	rewrap  int // a known message in another body
	batch   int
	status  int // of messages we did not send
	twin    int // the wamid of a message of another number
	forged  int
	crossed int
	send    int
	image   int // of a thousand messages
	abandon int // of a thousand, how many the provider gives up after a refusal
}

// delivery is a request that is sent until it is settled.
type delivery struct {
	line    record.Line // as it is defined in the journal
	request []byte
	again   bool
	tried   bool // in a flood
}

// mix makes the traffic. next is for one goroutine; wrote and statuses for any.
type mix struct {
	plan    *record.Plan
	shares  shares
	peers   int // different customers of a number
	size    int // of a batch, at most
	padding string
	began   int64 // seconds
	rnd     *rand.Rand
	recent  []*delivery // what is sent again
	known   []record.Item
	twins   map[string]bool // number and wamid

	mu      sync.Mutex
	ids     int64 // of deliveries
	numbers int64 // of messages
	writers []record.Item
}

func newMix(p *record.Plan, s shares, peers, size, padding int, seed uint64) *mix {
	words := "halo kak saya mau tanya jadwal konsultasi untuk kuliah di luar negeri terima kasih "
	for len(words) < padding {
		words += words
	}
	return &mix{
		plan: p, shares: s, peers: peers, size: size, padding: words[:padding], began: time.Now().Unix() - 900,
		twins: map[string]bool{}, rnd: rand.New(rand.NewPCG(seed, 21)),
	}
}

const kept = 256

// next returns the next request.
func (m *mix) next() *delivery {
	dice := m.rnd.IntN(1000)
	for _, c := range []struct {
		share int
		make  func() *delivery
	}{
		{m.shares.again, m.repeat}, {m.shares.rewrap, m.rewrapped}, {m.shares.batch, m.batch}, {m.shares.status, m.status},
		{m.shares.twin, m.twin}, {m.shares.forged, m.forged}, {m.shares.crossed, m.crossed}, {m.shares.send, m.send},
	} {
		if dice < c.share {
			if d := c.make(); d != nil {
				return d
			}
			break
		}
		dice -= c.share
	}
	return m.remember(m.webhook([]record.Item{m.message(m.anyNumber())}))
}

// place is a number and its workspace.
type place struct {
	workspace int
	number    *record.Number
}

func (m *mix) anyNumber() place {
	w := m.rnd.IntN(len(m.plan.Workspaces))
	numbers := m.plan.Workspaces[w].Numbers
	return place{w, &numbers[m.rnd.IntN(len(numbers))]}
}

// message returns a new message, mostly a text. Times have whole seconds and often the same
// one, so that order is not decided by them alone.
func (m *mix) message(at place) record.Item {
	n := m.number()
	when := m.began + m.rnd.Int64N(600)
	if m.rnd.IntN(3) == 0 {
		when -= when % 60
	}
	item := record.Item{
		Kind: record.Message, Workspace: at.workspace, Number: at.number.ID, ID: fmt.Sprintf("wamid.%s.%d", m.plan.Run, n),
		Peer: peer(m.rnd.IntN(m.peers)), At: when,
		Text: record.Tag{Run: m.plan.Run, Workspace: at.workspace, N: n}.String() + " " + m.padding,
	}
	if m.rnd.IntN(1000) < m.shares.image {
		item.Media = fmt.Sprintf("media-%s-%d", m.plan.Run, n)
	}
	if m.known = append(m.known, item); len(m.known) > kept {
		m.known = m.known[1:]
	}
	return item
}

func peer(i int) string { return fmt.Sprintf("628120000%04d", i) }

func (m *mix) number() int64 {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.numbers++
	return m.numbers
}

// webhook makes a delivery of items of one provider, signed with the secret of
// the first one's number.
func (m *mix) webhook(items []record.Item) *delivery {
	_, number, _ := m.plan.Number(items[0].Number)
	return m.signed(record.Webhook, number, number.Secret, items, nil)
}

func (m *mix) signed(kind string, number *record.Number, secret string, items []record.Item, opaque map[string]string) *delivery {
	var header []string
	var body []byte
	if number.Provider == "kapso" {
		var event string
		event, body = kapsoBody(items, opaque)
		header = append(header, "X-Webhook-Event", event, "X-Webhook-Payload-Version", "v2", "X-Idempotency-Key", fmt.Sprint(rand.Uint64()))
		if len(items) > 1 {
			header = append(header, "X-Webhook-Batch", "true", "X-Batch-Size", fmt.Sprint(len(items)))
		}
	} else {
		body = metaBody(m.plan, items, opaque)
	}
	if secret != "" {
		name, value := sign(number.Provider, secret, body)
		header = append(header, name, value)
	}
	sum := sha256.Sum256(body)
	return m.define(record.Line{
		Kind: kind, Provider: number.Provider, SHA: hex.EncodeToString(sum[:]), Size: len(body), Items: items,
	}, post("/api/webhook/"+number.Provider, header, body))
}

func (m *mix) define(line record.Line, request []byte) *delivery {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.ids++
	line.T, line.D, line.At = record.Defined, m.ids, record.Now()
	line.Abandoned = rand.IntN(1000) < m.shares.abandon
	return &delivery{line: line, request: request}
}

// remember keeps a delivery to be sent again.
func (m *mix) remember(d *delivery) *delivery {
	if m.recent = append(m.recent, d); len(m.recent) > kept {
		m.recent = m.recent[1:]
	}
	return d
}

// repeat sends bytes again that may still be under way, mostly the newest.
func (m *mix) repeat() *delivery {
	if len(m.recent) == 0 {
		return nil
	}
	d := *m.recent[len(m.recent)-1-min(m.rnd.IntN(len(m.recent)), m.rnd.IntN(len(m.recent)))]
	d.again = true
	return &d
}

// rewrapped sends a known message in another body, beside a new one.
func (m *mix) rewrapped() *delivery {
	if len(m.known) == 0 {
		return nil
	}
	old := m.known[len(m.known)-1-min(m.rnd.IntN(len(m.known)), m.rnd.IntN(len(m.known)))]
	w, number, _ := m.plan.Number(old.Number)
	items := []record.Item{old, m.message(place{w, number})}
	m.rnd.Shuffle(len(items), func(i, k int) { items[i], items[k] = items[k], items[i] })
	return m.webhook(items)
}

// batch sends many messages at once. One of Meta holds those of every number
// that its app signs for, and sometimes one that cannot be read.
func (m *mix) batch() *delivery {
	first := m.anyNumber()
	var all []place
	for w := range m.plan.Workspaces {
		for i := range m.plan.Workspaces[w].Numbers {
			if n := &m.plan.Workspaces[w].Numbers[i]; n.Provider == first.number.Provider && n.Secret == first.number.Secret {
				all = append(all, place{w, n})
			}
		}
	}
	if m.rnd.IntN(2) == 0 {
		all = []place{first}
	}
	items := make([]record.Item, 2+m.rnd.IntN(max(m.size-1, 1)))
	for i := range items {
		items[i] = m.message(all[m.rnd.IntN(len(all))])
	}
	if first.number.Provider == "meta" && m.rnd.IntN(3) == 0 {
		bad := m.message(all[0])
		bad.Kind, bad.ID = record.Bad, ""
		m.known = m.known[:len(m.known)-1]
		i := m.rnd.IntN(len(items))
		items = append(items[:i], append([]record.Item{bad}, items[i:]...)...)
	}
	return m.remember(m.webhook(items))
}

// status reports on messages that another program sent: they wait.
func (m *mix) status() *delivery {
	at := m.anyNumber()
	if at.number.Provider != "meta" {
		return nil
	}
	id := fmt.Sprintf("wamid.%s.else%d", m.plan.Run, m.rnd.IntN(10_000))
	word := []string{"sent", "delivered", "read"}[m.rnd.IntN(3)]
	return m.remember(m.webhook([]record.Item{{
		Kind: record.Status, Workspace: at.workspace, Number: at.number.ID, ID: id, Peer: peer(m.rnd.IntN(m.peers)), At: m.began, Status: word,
	}}))
}

// flood makes a request with so many new messages of one number, which is never
// sent again after the run's end.
func (m *mix) flood(messages int) *delivery {
	at := m.anyNumber()
	items := make([]record.Item, messages)
	for i := range items {
		items[i] = m.message(at)
	}
	d := m.webhook(items)
	d.line.Abandoned = true
	return d
}

// twin sends a message under the wamid of one of another number.
func (m *mix) twin() *delivery {
	at := m.anyNumber()
	if len(m.known) == 0 {
		return nil
	}
	other := m.known[m.rnd.IntN(len(m.known))]
	if key := at.number.ID + other.ID; other.Number == at.number.ID || m.twins[key] {
		return nil
	} else {
		m.twins[key] = true
	}
	item := m.message(at)
	item.ID = other.ID
	m.known = m.known[:len(m.known)-1]
	return m.remember(m.webhook([]record.Item{item}))
}

// forged is a message that nobody signed, or that was signed with a wrong
// secret.
func (m *mix) forged() *delivery {
	at := m.anyNumber()
	item := m.message(at)
	m.known = m.known[:len(m.known)-1]
	secret := ""
	if m.rnd.IntN(2) == 0 {
		secret = "not-the-secret-of-anybody"
	}
	return m.signed(record.Forged, at.number, secret, []record.Item{item}, nil)
}

// crossed is a message for a number, signed with the secret of another.
func (m *mix) crossed() *delivery {
	at, other := m.anyNumber(), m.anyNumber()
	if at.number.Provider != other.number.Provider || at.number.Secret == other.number.Secret {
		return nil
	}
	item := m.message(at)
	m.known = m.known[:len(m.known)-1]
	return m.signed(record.Crossed, at.number, other.number.Secret, []record.Item{item}, nil)
}

// wrote notes that a customer wrote: now we may write back.
func (m *mix) wrote(items []record.Item) {
	m.mu.Lock()
	defer m.mu.Unlock()
	for _, item := range items {
		if item.Kind != record.Message {
			continue
		}
		if len(m.writers) < 4096 {
			m.writers = append(m.writers, item)
		} else {
			m.writers[rand.IntN(len(m.writers))] = item
		}
	}
}

// send writes back to a customer through the API.
func (m *mix) send() *delivery {
	m.mu.Lock()
	if len(m.writers) == 0 {
		m.mu.Unlock()
		return nil
	}
	to := m.writers[rand.IntN(len(m.writers))]
	m.mu.Unlock()
	w, number, _ := m.plan.Number(to.Number)
	tag := record.Tag{Run: m.plan.Run, Workspace: w, Sent: true, N: m.number()}
	body, _ := json.Marshal(map[string]any{ // texts can be written
		"to": "+" + to.Peer, "channel_id": number.ChannelID, "type": "text", "text": map[string]string{"body": tag.String()},
	})
	key := fmt.Sprintf("%s-%d", m.plan.Run, tag.N)
	d := m.define(record.Line{
		Kind: record.Send, Key: key,
		Items: []record.Item{{Kind: record.Message, Workspace: w, Number: number.ID, Peer: to.Peer, Text: tag.String()}},
	}, post("/api/messages/send", []string{"X-Api-Key", m.plan.Workspaces[w].Key, "Idempotency-Key", key}, body))
	return m.remember(d)
}

// statuses reports on a message the provider accepted.
func (m *mix) statuses(number *record.Number, items []record.Item, opaque string) *delivery {
	if items[0].ID == "" {
		return nil
	}
	d := m.signed(record.Webhook, number, number.Secret, items, map[string]string{items[0].ID: opaque})
	d.line.Abandoned = false
	return d
}
