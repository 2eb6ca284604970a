package envelope_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge/envelope"
)

// maker makes random parts.
type maker struct{ *rand.Rand }

func (m maker) text() string {
	pool := []rune("aZ09 \"\\/\n\r\t{}[],:<>&é\u2028🙂\x00\x7f")
	runes := make([]rune, m.Intn(12))
	for i := range runes {
		runes[i] = pool[m.Intn(len(pool))]
	}
	return string(runes)
}

func (m maker) names() []string {
	var names []string
	for range m.Intn(4) {
		names = append(names, m.text())
	}
	return names
}

// body returns any bytes, among them some that look like the end of a part.
func (m maker) body() []byte {
	b := make([]byte, m.Intn(60))
	m.Read(b)
	if m.Intn(3) == 0 {
		b = append(b, "\n{\"provider\":\"meta\",\"size\":0}\n\n"...)
	}
	return b
}

func (m maker) parts() []envelope.Part {
	parts := make([]envelope.Part, 1+m.Intn(4))
	for i := range parts {
		parts[i] = envelope.Part{
			Provider: []string{"meta", "kapso"}[m.Intn(2)], Event: m.text(), Hub: m.text(), Signature: m.text(),
			Numbers: m.names(), Accounts: m.names(), Rest: m.Intn(2) == 0, Epoch: m.Uint32(), Body: m.body(),
		}
	}
	return parts
}

// laws holds what is said of envelopes made from a seed.
func laws(t *testing.T, all map[string]func(m maker) string) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 500
	properties := gopter.NewProperties(parameters)
	for name, law := range all {
		properties.Property(name, prop.ForAll(func(seed int64) string { return law(maker{rand.New(rand.NewSource(seed))}) }, gen.Int64()))
	}
	properties.TestingRun(t)
}

// seal seals at the start of the tests' time.
func seal(parts []envelope.Part, secrets ...string) envelope.Sealed {
	h, err := envelope.Seal(envelope.Key(parts), crmtest.Start, secrets, parts)
	if err != nil {
		panic(err)
	}
	return h
}

func TestLaws(t *testing.T) {
	laws(t, map[string]func(m maker) string{
		"what was sealed is what is opened": func(m maker) string {
			want := m.parts()
			got, err := envelope.Open(seal(want, first), []string{first}, crmtest.Start)
			if err != nil || !reflect.DeepEqual(got, want) {
				return fmt.Sprintf("%+v came out as %+v, %v", want, got, err)
			}
			return ""
		},
		"a byte that was changed is refused": func(m maker) string {
			h := seal(m.parts(), first)
			what := m.change(&h)
			if _, err := envelope.Open(h, []string{first}, crmtest.Start); crm.CodeOf(err) != crm.Unauthenticated {
				return fmt.Sprintf("after a change of the %s: %v", what, err)
			}
			return ""
		},
		"only what is less than five minutes away is opened": func(m maker) string {
			age := time.Duration(m.Int63n(int64(20*time.Minute))) - 10*time.Minute
			_, err := envelope.Open(seal(m.parts(), first), []string{first}, crmtest.Start.Add(age))
			if good := age.Abs() < 5*time.Minute; good != (err == nil) {
				return fmt.Sprintf("at the age of %v: %v", age, err)
			}
			return ""
		},
		"one common secret is enough": func(m maker) string {
			pool := []string{first, second, third}
			ours, theirs := m.pick(pool), m.pick(pool)
			_, err := envelope.Open(seal(m.parts(), theirs...), ours, crmtest.Start)
			if common := meet(ours, theirs); common != (err == nil) || !common && crm.CodeOf(err) != crm.Unauthenticated {
				return fmt.Sprintf("signed with %d, opened with %d, of which some are common is %v: %v", len(theirs), len(ours), common, err)
			}
			return ""
		},
	})
}

// change replaces a byte of the envelope by another and returns where.
func (m maker) change(h *envelope.Sealed) string {
	other := func(text string) string {
		b := []byte(text)
		b[m.Intn(len(b))] ^= byte(1 + m.Intn(255))
		return string(b)
	}
	switch m.Intn(4) {
	case 0:
		h.ID = other(h.ID)
		return "id"
	case 1:
		h.Timestamp = other(h.Timestamp)
		return "time"
	case 2:
		h.Signature = other(h.Signature)
		return "signature"
	default:
		h.Payload = []byte(other(string(h.Payload)))
		return "payload"
	}
}

// pick returns one or two of a pool.
func (m maker) pick(pool []string) []string {
	order := m.Perm(len(pool))
	picked := []string{pool[order[0]]}
	if m.Intn(2) == 0 {
		picked = append(picked, pool[order[1]])
	}
	return picked
}

func meet(a, b []string) bool {
	for _, text := range a {
		if strings.Contains(strings.Join(b, " "), text) {
			return true
		}
	}
	return false
}
