package lead_test

import (
	"bytes"
	"fmt"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/lead/testdata/profiles"
)

// law holds a property for leads drawn from seeds, by both documents of rules.
// The property returns what is wrong, or "".
func law(t *testing.T, name string, holds func(m profiles.Maker, r *lead.Rules) string) {
	t.Helper()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 1000
	properties := gopter.NewProperties(parameters)
	properties.Property(name, prop.ForAllNoShrink(func(seed uint64) string {
		for _, r := range []*lead.Rules{lead.Education(), lead.Sales()} {
			if wrong := holds(profiles.New(seed), r); wrong != "" {
				return r.Document().Name + ": " + wrong
			}
		}
		return ""
	}, gen.UInt64()))
	properties.TestingRun(t)
}

func profileOf(evidence ...lead.Evidence) *lead.Profile {
	var p lead.Profile
	p.Add(evidence...)
	return &p
}

func TestScoreIsTheSumOfItsParts(t *testing.T) {
	t.Parallel()
	law(t, "0 to 100, the parts sum up to the total and the lines to the parts", func(m profiles.Maker, r *lead.Rules) string {
		p := profileOf(m.Evidence(r, 120)...)
		s := lead.Of(p, r, profiles.Now)
		if lead.Total(p, r, profiles.Now) != s.Total {
			return "the total alone is another than the score's"
		}
		total := 0
		for i, part := range s.Parts {
			sum := 0
			for _, line := range part.Lines {
				sum += line.Points
				if line.Points < 0 != (part.Category == lead.Negative) && line.Points != 0 {
					return "a line has the wrong sign: " + line.Signal
				}
			}
			if sum != part.Points || part.Points > part.Cap || -part.Points > part.Cap || part.Category != lead.Categories[i] {
				return "part " + string(part.Category) + " is not the sum of its lines, or beyond its cap"
			}
			total += part.Points
		}
		if total != s.Total || s.Total < 0 || s.Total > 100 || s.Rules != r.Version() {
			return "the total is not the sum of the parts, or not from 0 to 100"
		}
		return ""
	})
}

func TestOrderDoesNotMatter(t *testing.T) {
	t.Parallel()
	law(t, "the same evidence in any order, any of it again, is the same profile", func(m profiles.Maker, r *lead.Rules) string {
		evidence := m.Evidence(r, 120)
		other := slices.Clone(evidence)
		for range m.IntN(20) {
			if len(evidence) > 0 {
				other = append(other, evidence[m.IntN(len(evidence))])
			}
		}
		m.Shuffle(len(other), func(i, j int) { other[i], other[j] = other[j], other[i] })
		one, two := profileOf(evidence...), profileOf(other...)
		if !one.Equal(two) || !bytes.Equal(one.Append(nil), two.Append(nil)) {
			return "another order made another profile"
		}
		if two.Add(evidence...) {
			return "evidence that was known changed the profile"
		}
		return ""
	})
}

func TestEvidencePullsItsWay(t *testing.T) {
	t.Parallel()
	law(t, "a positive piece never lowers, a negative one never raises", func(m profiles.Maker, r *lead.Rules) string {
		p := profileOf(m.Evidence(r, 60)...)
		signals := r.Document().Signals
		before := lead.Of(p, r, profiles.Now).Total
		for range 20 {
			s := signals[m.IntN(len(signals))]
			p.Add(m.Piece(r, s))
			after := lead.Of(p, r, profiles.Now).Total
			if s.Category == lead.Negative && after > before || s.Category != lead.Negative && after < before {
				return "a piece of " + s.ID + " pulled the wrong way"
			}
			before = after
		}
		return ""
	})
}

func TestDecayNeverRaises(t *testing.T) {
	t.Parallel()
	law(t, "a later score is no higher, nor any part or line of it", func(m profiles.Maker, r *lead.Rules) string {
		p := profileOf(m.Evidence(r, 80)...)
		at := profiles.Now.Add(-100 * 24 * time.Hour)
		before := lead.Of(p, r, at)
		for range 30 {
			at = at.Add(time.Duration(m.Int64N(int64(20 * 24 * time.Hour))))
			after := lead.Of(p, r, at)
			for i, part := range after.Parts {
				if part.Category != lead.Negative && part.Points > before.Parts[i].Points {
					return "time raised " + string(part.Category)
				}
			}
			if after.Total > before.Total {
				return "time raised the total"
			}
			before = after
		}
		return ""
	})
}

// TestFreshScoreStands: what was said a moment ago is worth all of what it is worth.
// Within an hour the shortest half-life of these rules, three days, takes 1 % off:
// less than half a point of any part.
func TestFreshScoreStands(t *testing.T) {
	t.Parallel()
	law(t, "what was just said falls in no part within an hour", func(m profiles.Maker, r *lead.Rules) string {
		var p lead.Profile
		for range 1 + m.IntN(3) {
			said := m.Message(r)
			said.At, said.Asked = profiles.Now, time.Time{}
			p.Add(r.Message(nil, said)...)
		}
		fresh := lead.Of(&p, r, profiles.Now)
		later := lead.Of(&p, r, profiles.Now.Add(time.Duration(m.IntN(3601))*time.Second))
		for i, part := range later.Parts {
			if before := fresh.Parts[i].Points; part.Points != before {
				return fmt.Sprintf("%s fell from %d to %d", part.Category, before, part.Points)
			}
		}
		return ""
	})
}

func TestReplayGivesTheLiveScore(t *testing.T) {
	t.Parallel()
	law(t, "a profile stored after each message is the one that replaying all of them makes", func(m profiles.Maker, r *lead.Rules) string {
		var history []lead.Said
		var stored []byte
		for range m.IntN(40) {
			said := m.Message(r)
			history = append(history, said)
			live, err := lead.Decode(stored)
			if err != nil {
				return err.Error()
			}
			live.Add(r.Message(nil, said)...)
			stored = live.Append(nil)
		}
		var all []lead.Evidence
		for _, said := range history {
			all = r.Message(all, said)
		}
		if replayed := profileOf(all...); len(history) > 0 && !bytes.Equal(replayed.Append(nil), stored) {
			return "the replay made another profile"
		}
		return ""
	})
}

// TestNothingThatCountsIsForgotten compares with a score of all evidence, as the
// definition has it: of each signal the pieces that are worth most.
func TestNothingThatCountsIsForgotten(t *testing.T) {
	t.Parallel()
	law(t, "a profile of bounded size scores as if it had kept everything", func(m profiles.Maker, r *lead.Rules) string {
		evidence := m.Evidence(r, []int{10, 200}[m.IntN(2)])
		got := lead.Of(profileOf(evidence...), r, profiles.Now)
		if want := naive(r, evidence, profiles.Now); math.Abs(float64(got.Total)-want) > 2 { // four parts decay, each is at most half a point off
			return "the score is another than that of all evidence"
		}
		return ""
	})
}

// naive scores by the definition, in floating point.
func naive(r *lead.Rules, evidence []lead.Evidence, now time.Time) float64 {
	doc := r.Document()
	caps := map[lead.Category]int{lead.Fit: doc.Caps.Fit, lead.Intent: doc.Caps.Intent, lead.Engagement: doc.Caps.Engagement, lead.Readiness: doc.Caps.Readiness, lead.Negative: doc.Caps.Negative}
	sums := map[lead.Category]float64{}
	for _, s := range doc.Signals {
		type thing struct {
			ref    lead.Ref
			phrase int
		}
		newest := map[thing]time.Time{}
		for _, e := range evidence {
			if e.Signal() != s.ID {
				continue
			}
			what := thing{ref: e.Ref}
			if e.Ref.Kind == lead.OfContact {
				what.phrase = e.Phrase
			}
			if at, known := newest[what]; !known || e.At.After(at) {
				newest[what] = e.At
			}
		}
		var worth []float64
		for _, at := range newest {
			left := 1.0
			if s.HalfLifeDays > 0 && now.After(at) {
				left = math.Exp2(-now.Sub(at).Hours() / 24 / float64(s.HalfLifeDays))
			}
			worth = append(worth, float64(s.Points)*left)
		}
		slices.SortFunc(worth, func(a, b float64) int { return int(math.Copysign(1, b-a)) })
		for _, w := range worth[:min(len(worth), max(s.Most, 1))] {
			sums[s.Category] += w
		}
	}
	total := 0.0
	for _, category := range lead.Categories {
		sum := min(sums[category], float64(caps[category]))
		if category == lead.Negative {
			sum = -min(sum, total)
		}
		total += sum
	}
	return total
}

func TestProfileIsSmallAndReadsBack(t *testing.T) {
	t.Parallel()
	law(t, "at most MaxProfile bytes, which give the same profile", func(m profiles.Maker, r *lead.Rules) string {
		p := profileOf(m.Evidence(r, 800)...)
		encoded := p.Append(nil)
		if len(encoded) > lead.MaxProfile {
			return "the encoding is too long"
		}
		if back, err := lead.Decode(encoded); err != nil || !back.Equal(p) {
			return "the encoding reads back as another profile"
		}
		return ""
	})
}
