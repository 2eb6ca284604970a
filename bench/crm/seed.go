package main

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"math"
	"math/bits"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/lead"
)

// seeding fills a world. Messages come in the order of time, each in a
// conversation that began before, mostly a recent one, so that the rows of a
// conversation lie as far apart as they do in life. The first conversation is a
// long one.
type seeding struct {
	*world
	r        *rand.Rand
	to       sink
	leads    []scored
	counters []int64 // ingest numbers, by workspace
	byWS     [][]int // conversations begun, by workspace
}

// longThread is how many messages the first conversation has, if there are ten
// times as many.
const longThread = 5000

func (w *world) seed(ctx context.Context, say func(string, ...any)) (err error) {
	s := &seeding{world: w, r: rand.New(rand.NewPCG(21, 2026)), counters: make([]int64, w.shape.Workspaces), byWS: make([][]int, w.shape.Workspaces)}
	w.vocab = newVocabulary(s.r)
	w.threads = make([]thread, 0, w.shape.Conversations)
	if w.kind == "sqlite" {
		s.to, err = newFileSink(w.file())
	} else {
		s.to = newServerSink(ctx, w.superuser)
	}
	if err != nil {
		return err
	}
	if err := s.messages(ctx, say); err != nil {
		return err
	}
	for n := range w.threads {
		if err := s.person(n); err != nil {
			return err
		}
	}
	if err := s.to.close(ctx); err != nil {
		return err
	}
	for i, o := range w.offices {
		id := fmt.Sprintf("'%x'", o.id[:])
		if w.kind == "sqlite" {
			id = "x" + id
		}
		if err := w.exec(ctx, fmt.Sprintf("insert into counters (workspace_id, seq, ingest) values (%s, 0, %d)"+
			" on conflict (workspace_id) do update set ingest = excluded.ingest", id, s.counters[i])); err != nil {
			return err
		}
	}
	return nil
}

// messages makes all messages, and with them the conversations' state.
func (s *seeding) messages(ctx context.Context, say func(string, ...any)) error {
	every := max(1, s.shape.Messages/s.shape.Conversations)
	step := dataEnd.Sub(dataBegin).Milliseconds() / int64(s.shape.Messages)
	long := min(0.1, longThread/float64(s.shape.Messages))
	began, told := time.Now(), time.Now()
	for k := range s.shape.Messages {
		ms := dataBegin.UnixMilli() + int64(k)*max(1, step)
		var n int
		switch {
		case k%every == 0 && len(s.threads) < s.shape.Conversations:
			n = s.begin(ms)
		case s.r.Float64() < long:
			n = 0
		default:
			n = s.choose()
		}
		if err := s.message(k, n, ms); err != nil {
			return err
		}
		if k%4096 == 0 && time.Since(told) > 10*time.Second {
			told = time.Now()
			left := time.Since(began) / time.Duration(k+1) * time.Duration(s.shape.Messages-k)
			say("%s: %d of %d messages, about %s left to make", s.kind, k, s.shape.Messages, left.Round(time.Second))
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
	}
	return nil
}

// begin adds a conversation. The first is the largest workspace's.
func (s *seeding) begin(ms int64) int {
	ws := 0
	if len(s.threads) > 0 {
		ws = s.shape.workspaceOf(s.r.Float64())
	}
	n := len(s.threads)
	t := thread{ws: ws, id: newID(s.r, ms), contact: newID(s.r, ms), began: ms, status: s.pick("resolved", 60, "open", 30, "pending", 7, "snoozed", 3)}
	s.threads = append(s.threads, t)
	s.byWS[ws] = append(s.byWS[ws], n)
	if ws == 0 {
		s.phones = append(s.phones, n)
	}
	return n
}

// choose returns a conversation that goes on: of the last tenth mostly.
func (s *seeding) choose() int {
	have := s.byWS[s.shape.workspaceOf(s.r.Float64())]
	if len(have) == 0 {
		have = s.byWS[0]
	}
	back := int(math.Pow(s.r.Float64(), 4) * float64(len(have)))
	return have[len(have)-1-back]
}

// pick returns a word with a weight of 100.
func (s *seeding) pick(words ...any) string {
	at := s.r.IntN(100)
	for i := 0; ; i += 2 {
		if at -= words[i+1].(int); at < 0 {
			return words[i].(string)
		}
	}
}

func (s *seeding) message(k, n int, ms int64) error {
	t := &s.threads[n]
	o := &s.offices[t.ws]
	id, body := newID(s.r, ms), s.vocab.text(s.r)
	s.counters[t.ws]++
	outbound := t.lastAt > 0 && s.r.IntN(100) < 45
	direction, author, authorID, status := crm.Inbound, "contact", "", "received"
	if outbound {
		direction, author, authorID, status = crm.Outbound, "member", o.members[s.r.IntN(5)].String(), s.pick("read", 70, "delivered", 20, "sent", 7, "failed", 3)
		if t.ws == 0 && len(s.sent) < 100_000 {
			s.sent = append(s.sent, providerID(k))
		}
	}
	content := crm.Content(crm.Text{Body: body})
	if s.r.IntN(10) == 0 {
		content = crm.Media{Type: crm.KindImage, ID: fmt.Sprintf("8%014d", k), MIME: "image/jpeg", SHA256: hex.EncodeToString(id[:]), Caption: body}
	}
	encoded, err := crm.EncodeContent(content)
	if err != nil {
		return err
	}
	t.lastAt, t.lastID, t.ingest, t.outbound, t.preview = ms, id, s.counters[t.ws], outbound, content.Preview()
	if t.unread++; outbound {
		t.unread = 0
	} else {
		t.lastIn = ms
	}
	ws := [16]byte(o.id)
	if err := s.to.document(ws, id, t.id, wordsOf(body), nil); err != nil {
		return err
	}
	return s.to.row("messages", ws, id, t.id, [16]byte(o.channel), t.contact, string(direction), author, authorID, string(content.Kind()), string(encoded),
		providerID(k), status, nil, "", false, ms, s.counters[t.ws], nil, nil, ms)
}

// person writes a conversation and its contact.
func (s *seeding) person(n int) error {
	t := &s.threads[n]
	o := &s.offices[t.ws]
	ws := [16]byte(o.id)
	name, word := s.vocab.name(n)
	if t.ws == 0 && len(word) > len(s.rare) {
		s.rare = word
	}
	c := crm.Contact{ProfileName: name, Identities: []crm.Identity{{Kind: crm.ByPhone, Value: "+" + number(n)}, {Kind: crm.ByWaID, Value: number(n)}},
		Source: crm.Source{Kind: "chat", At: time.UnixMilli(t.began).UTC()}}
	var tags []crm.TagID
	for i, tag := range o.tags {
		if s.r.IntN(2<<i) == 0 { // the first has half of the contacts, the next a quarter ...
			tags = append(tags, tag)
		}
	}
	status := s.pick("new", 60, "contacted", 20, "qualified", 10, "proposal", 5, "won", 3, "lost", 2)
	fields, err := s.fields(ws, t)
	if err != nil {
		return err
	}
	score, temperature, err := s.lead(ws, t)
	if err != nil {
		return err
	}
	marks, err := s.tagged(ws, t, tags, score)
	if err != nil {
		return err
	}
	identities, _ := json.Marshal(c.Identities) // texts always encode
	source, _ := json.Marshal(c.Source)
	folded := strings.ToLower(name) + "\n" + number(n)
	if err := s.to.row("contacts", ws, t.contact, "", name, t.began, "", string(identities), marks, fields, status, string(temperature),
		string(source), false, nil, "", nil, t.began, t.lastAt, folded, c.Source.Kind, strings.ToLower(name), int64(score)); err != nil {
		return err
	}
	for _, id := range c.Identities {
		if err := s.to.row("identities", ws, string(id.Kind), id.Value, t.contact); err != nil {
			return err
		}
	}
	threes, fives := partsOf(folded)
	if err := s.to.document(ws, t.contact, t.contact, threes, fives); err != nil {
		return err
	}
	if err := s.beside(ws, o, t); err != nil {
		return err
	}
	return s.conversation(ws, o, t, "+"+number(n), name, temperature)
}

// tagged writes what a contact's tags are found by, and returns them.
func (s *seeding) tagged(ws [16]byte, t *thread, tags []crm.TagID, score int) (string, error) {
	var marks strings.Builder
	for _, tag := range tags {
		marks.WriteString(hex.EncodeToString(tag[:]) + " ")
		if err := s.to.row("contact_tags", ws, [16]byte(tag), t.contact, t.lastAt, int64(score)); err != nil {
			return "", err
		}
	}
	return marks.String(), nil
}

// cities are what the field city has, the first in half of the contacts, the
// next in a quarter; the last in one of a thousand.
var cities = strings.Fields("Bandung Jakarta Surabaya Medan Semarang Makassar Palembang Denpasar Malang Padang")

// fields writes what the contact's own fields are found by, and returns them.
func (s *seeding) fields(ws [16]byte, t *thread) (string, error) {
	city := min(bits.TrailingZeros(uint(s.r.Uint64())), len(cities)-1)
	values := map[string]string{
		"budget": strconv.Itoa(s.r.IntN(100) * 1_000_000), "city": cities[city],
		"intake": dataEnd.AddDate(0, 0, s.r.IntN(730)).Format(time.DateOnly),
	}
	for _, field := range slices.Sorted(maps.Keys(values)) {
		var ordinal any
		if n, is := filter.Ordinal(values[field]); is {
			ordinal = n
		}
		if err := s.to.row("contact_fields", ws, t.contact, field, filter.Fold(values[field]), ordinal, t.lastAt); err != nil {
			return "", err
		}
	}
	encoded, err := json.Marshal(values)
	return string(encoded), err
}

// said is what leads wrote, from who only greets to who is about to come.
var said = []string{
	"halo kak", "mau kuliah di Australia", "program S2 apa saja", "berapa biaya kuliah", "apa ada beasiswa", "jadwal intake kapan",
	"syaratnya apa saja", "budget saya 300 juta", "paspor dan ijazah sudah ada", "saya mau daftar", "bagaimana cara bayar",
}

// scored is a lead as rules made it.
type scored struct {
	profile     []byte
	total       int
	temperature crm.Temperature
}

// leads are of people who said more and more, often, and just now: one message more
// changes no score, as most do not. A score that becomes another is written in every
// index of a contact and its tags.
func leads() (made []scored) {
	const often = 5
	rules, now, r := lead.Education(), time.Now(), rand.New(rand.NewPCG(21, 2026))
	var profile lead.Profile
	for _, sentence := range said {
		for range often {
			message := lead.Said{ID: crm.MessageID(newID(r, now.UnixMilli())), At: now, Content: crm.Text{Body: sentence}, Asked: now}
			profile.Add(rules.Message(nil, message)...)
		}
		total := lead.Of(&profile, rules, now).Total
		made = append(made, scored{profile.Append(nil), total, rules.Temperature("", total)})
	}
	return made
}

// lead writes what a contact's score is taken from, and returns what it came to:
// few are hot.
func (s *seeding) lead(ws [16]byte, t *thread) (int, crm.Temperature, error) {
	if s.leads == nil {
		s.leads = leads()
	}
	wanted := int(s.r.ExpFloat64() * 20)
	i := slices.IndexFunc(s.leads, func(l scored) bool { return l.total >= wanted })
	if i < 0 {
		i = len(s.leads) - 1
	}
	l := s.leads[i]
	return l.total, l.temperature, s.to.row("leads", ws, t.contact, l.profile, int64(1), int64(l.total), string(l.temperature), t.lastAt)
}

// beside writes notes and tasks, which few contacts have.
func (s *seeding) beside(ws [16]byte, o *office, t *thread) error {
	for range max(0, s.r.IntN(5)-2) {
		if err := s.to.row("notes", ws, newID(s.r, t.began), t.contact, t.id, "member", o.members[0].String(), s.vocab.text(s.r), t.began); err != nil {
			return err
		}
	}
	if s.r.IntN(5) > 0 {
		return nil
	}
	return s.to.row("tasks", ws, newID(s.r, t.began), t.contact, nil, "Telepon kembali", t.lastAt, nil, "member", o.members[0].String(), t.began)
}

func (s *seeding) conversation(ws [16]byte, o *office, t *thread, handle, name string, temperature crm.Temperature) error {
	direction, status := crm.Inbound, "received"
	if t.outbound {
		direction, status = crm.Outbound, "read"
	}
	var assignee [16]byte
	if s.r.IntN(4) > 0 {
		assignee = o.members[s.r.IntN(5)]
	}
	var snoozed any
	if t.status == "snoozed" {
		snoozed = dataEnd.AddDate(100, 0, 0).UnixMilli()
	}
	return s.to.row("conversations", ws, t.id, [16]byte(o.channel), t.contact, t.status, snoozed, assignee, "human", int64(t.unread), t.lastIn, t.began, t.lastAt,
		name, handle, string(temperature), t.lastID, t.lastAt, t.ingest, string(direction), status, t.preview)
}

// wordsOf and partsOf cut texts up as the store does (adapters/bunstore), for
// the plain texts that are made here. That searches find them is seen before
// they are measured.
func wordsOf(body string) []string {
	seen := map[string]bool{}
	var words []string
	for word := range strings.FieldsSeq(body) {
		if !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

func partsOf(lines string) (threes, fives []string) {
	seen := map[string]bool{}
	add := func(parts []string, part string) []string {
		if seen[part] {
			return parts
		}
		seen[part] = true
		return append(parts, part)
	}
	for line := range strings.SplitSeq(lines, "\n") {
		for i := range line {
			threes = add(threes, "t"+hex.EncodeToString([]byte(line[i:min(i+3, len(line))])))
			if i+5 <= len(line) {
				fives = add(fives, "f"+hex.EncodeToString([]byte(line[i:i+5])))
			}
		}
	}
	return threes, fives
}
