// Package samples makes webhook bodies up, in the shapes in which Meta and Kapso
// send them: what dictionaries are made of and measured with. All of it is
// invented; the numbers are examples.
package samples

import (
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"strings"
	"time"
)

// Maker makes bodies; the same seed makes the same ones.
type Maker struct {
	r   *rand.Rand
	now time.Time
}

// New returns a maker for a seed.
func New(seed uint64) *Maker {
	return &Maker{r: rand.New(rand.NewPCG(seed, 21)), now: time.Date(2026, 11, 2, 1, 0, 0, 0, time.UTC)}
}

// shape is a kind of body and how many of a thousand are of it.
type shape struct {
	weight int
	make   func(*Maker) string
}

// Body returns a body as traffic brings them: most are statuses and texts.
func (m *Maker) Body() []byte {
	all, total := shapes(), 0
	for _, s := range all {
		total += s.weight
	}
	n := m.r.IntN(total)
	for _, s := range all {
		if n -= s.weight; n < 0 {
			return []byte(s.make(m))
		}
	}
	return nil // no weight is left over
}

// Each returns one body of each shape, the rare ones first: a dictionary ends
// with what is most often looked for.
func (m *Maker) Each() [][]byte {
	var bodies [][]byte
	for _, s := range shapes() {
		bodies = append(bodies, []byte(s.make(m)))
	}
	return bodies
}

func shapes() []shape {
	return append(append(metaShapes(), kapsoShapes()...), frequentShapes()...)
}

// tick moves the clock on a little and returns the seconds since 1970.
func (m *Maker) tick() int64 {
	m.now = m.now.Add(time.Duration(m.r.IntN(40_000)) * time.Millisecond)
	return m.now.Unix()
}

func (m *Maker) digits(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte('0' + m.r.IntN(10))
	}
	b[0] = byte('1' + m.r.IntN(9))
	return string(b)
}

func (m *Maker) hex(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(m.r.IntN(256))
	}
	return hex.EncodeToString(b)
}

// customer is a number nobody has.
func (m *Maker) customer() string { return fmt.Sprintf("628120000%04d", m.r.IntN(10_000)) }

// Our number, its id and the account.
const (
	ours    = "6281200000100"
	number  = "100000000000001"
	account = "100000000000009"
)

// wamid is a message id as WhatsApp makes them: base64 of the customer's number
// and of a name the client gave.
func (m *Maker) wamid(customer string, inbound bool) string {
	side, name := byte(0x11), strings.ToUpper(m.hex(9))
	if inbound {
		side, name = 0x12, strings.ToUpper("3A"+m.hex(9))
	}
	raw := append([]byte{0x1c, 0x18, byte(len(customer))}, customer...)
	raw = append(raw, 0x15, 0x02, 0x00, side, 0x18, byte(len(name)))
	return "wamid." + base64.StdEncoding.EncodeToString(append(append(raw, name...), 0))
}

func (m *Maker) user() string { return "ID." + m.digits(17) }

func (m *Maker) pick(of ...string) string { return of[m.r.IntN(len(of))] }

func (m *Maker) name() string {
	return m.pick("Ani", "Budi", "Sari", "Dewi", "Agus", "Putri", "Rizky", "Wulan") + m.pick("", " Contoh", " Lestari", " Pratama", " W")
}

// words is what customers and teams write.
func (m *Maker) words() string {
	return m.pick("Halo", "Halo kak", "Selamat pagi", "Selamat siang kak", "Assalamualaikum", "Permisi kak", "Baik kak", "Hi") +
		m.pick("", ", masih ada?", ", mau tanya biaya kuliah di Australia", " terima kasih", ", bisa minta brosurnya?", ", kapan jadwal konsultasinya ya?",
			", saya sudah transfer ya kak", ", untuk beasiswa apakah masih dibuka", ", what are the requirements?", " \\ud83d\\ude4f", ", lokasinya di mana?")
}

// zulu and zone are two of Kapso's formats of a time.
func (m *Maker) zulu() string { return m.now.Format("2006-01-02T15:04:05Z") }
func (m *Maker) zone() string {
	return m.now.In(time.FixedZone("", -3*60*60)).Format(time.RFC3339)
}
