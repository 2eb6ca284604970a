package edge_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// share is a cell and its weight.
type share struct {
	name   string
	weight int
}

// among returns a configuration with the cells, and nothing in its tables.
func among(tb testing.TB, shares ...share) *edge.Config {
	tb.Helper()
	var cells []string
	for _, s := range shares {
		cells = append(cells, fmt.Sprintf(`{"name":%q,"weight":%d}`, s.name, s.weight))
	}
	return parse(tb, `{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["`+edgetest.Secret+`"]}],"cells":[`+strings.Join(cells, ",")+`]}`)
}

// phones returns n phone number ids as Meta gives them out.
func phones(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprint(100000000000000 + i*7919)
	}
	return ids
}

func TestWeights(t *testing.T) {
	t.Parallel()
	ids := phones(100_000)
	for _, shares := range [][]share{
		{{"a", 1}},
		{{"a", 100}, {"b", 100}},
		{{"a", 100}, {"b", 50}},
		{{"a", 1}, {"b", 2}, {"c", 3}, {"d", 4}},
		{{"jakarta", 100}, {"bandung", 100}, {"surabaya", 100}, {"medan", 0}, {"bali", 100}},
		{{"a", 1_000_000}, {"b", 999_999}},
		{{"cell-01", 30}, {"cell-02", 30}, {"cell-03", 30}, {"cell-04", 30}, {"cell-05", 30}, {"cell-06", 30}},
		{{"a", 0}, {"b", 7}, {"c", 0}},
	} {
		c, counts, total := among(t, shares...), map[string]int{}, 0
		for _, id := range ids {
			counts[c.Rendezvous(id)]++
		}
		for _, s := range shares {
			total += s.weight
		}
		for _, s := range shares {
			want := float64(len(ids)) * float64(s.weight) / float64(total)
			if got := float64(counts[s.name]); math.Abs(got-want) > 0.02*want {
				t.Errorf("of %v cell %s has %v of %d numbers, want %.0f within 2 %%", shares, s.name, got, len(ids), want)
			}
		}
	}
	if got := among(t, share{"a", 0}, share{"b", 0}).Rendezvous("1"); got != "" {
		t.Errorf("of two cells without a share %s has a number", got)
	}
}

// TestSmallAndLargeWeights holds a large spread to what chance allows.
func TestSmallAndLargeWeights(t *testing.T) {
	t.Parallel()
	c, ids, small := among(t, share{"large", 1_000_000}, share{"small", 1000}), phones(300_000), 0
	for _, id := range ids {
		if c.Rendezvous(id) == "small" {
			small++
		}
	}
	if small < 220 || small > 380 { // 300 and four and a half deviations
		t.Errorf("a cell with a thousandth of the weight has %d of %d numbers, want about 300", small, len(ids))
	}
}

func TestRendezvousLaws(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 300
	properties := gopter.NewProperties(parameters)
	ids := phones(400)
	law := func(name string, check func(shares []share, added share, r *rand.Rand) string) {
		properties.Property(name, prop.ForAll(func(seed uint64, weights []uint32, weight uint32) string {
			shares := make([]share, len(weights))
			for i, w := range weights {
				shares[i] = share{fmt.Sprintf("cell%d", i), int(w)}
			}
			return check(shares, share{"added", int(weight)}, rand.New(rand.NewPCG(seed, 0)))
		}, gen.UInt64(), gen.SliceOfN(5, gen.UInt32Range(0, 1000)), gen.UInt32Range(0, 1000)))
	}
	law("a cell that is added takes numbers, and none move between the others", func(shares []share, added share, _ *rand.Rand) string {
		before, after := among(t, shares...), among(t, append(slices.Clone(shares), added)...)
		for _, id := range ids {
			if was, is := before.Rendezvous(id), after.Rendezvous(id); was != is && is != added.name {
				return fmt.Sprintf("%s moves from %s to %s", id, was, is)
			}
			if added.weight == 0 && after.Rendezvous(id) == added.name {
				return id + " moves to a cell without a share"
			}
		}
		return ""
	})
	law("a cell that goes loses its numbers, and no other does", func(shares []share, _ share, r *rand.Rand) string {
		gone := r.IntN(len(shares))
		before, after := among(t, shares...), among(t, slices.Delete(slices.Clone(shares), gone, gone+1)...)
		for _, id := range ids {
			if was, is := before.Rendezvous(id), after.Rendezvous(id); was != is && was != shares[gone].name {
				return fmt.Sprintf("%s moves from %s to %s", id, was, is)
			}
		}
		return ""
	})
	law("a cell that weighs more takes numbers, and none move between the others", func(shares []share, added share, r *rand.Rand) string {
		grown, i := slices.Clone(shares), r.IntN(len(shares))
		grown[i].weight += added.weight
		before, after := among(t, shares...), among(t, grown...)
		for _, id := range ids {
			if was, is := before.Rendezvous(id), after.Rendezvous(id); was != is && is != grown[i].name {
				return fmt.Sprintf("%s moves from %s to %s", id, was, is)
			}
		}
		return ""
	})
	law("the order of the cells is of no account", func(shares []share, _ share, r *rand.Rand) string {
		shuffled := slices.Clone(shares)
		r.Shuffle(len(shuffled), func(i, k int) { shuffled[i], shuffled[k] = shuffled[k], shuffled[i] })
		one, other := among(t, shares...), among(t, shuffled...)
		for _, id := range ids {
			if a, b := one.Rendezvous(id), other.Rendezvous(id); a != b {
				return fmt.Sprintf("%s goes to %s, and to %s when the cells are listed otherwise", id, a, b)
			}
		}
		return ""
	})
	properties.TestingRun(t)
}

// TestRendezvousStays pins where numbers go: a deployment that is updated must
// not move them.
func TestRendezvousStays(t *testing.T) {
	t.Parallel()
	c := among(t, share{"a", 100}, share{"b", 50}, share{"c", 25})
	var got strings.Builder
	for _, id := range phones(32) {
		got.WriteString(c.Rendezvous(id))
	}
	if want := "aaaaabcbaabbaabaacacacaaaaaaaaab"; got.String() != want {
		t.Errorf("32 numbers go to %s, want %s", got.String(), want)
	}
}

func TestTableBeatsRendezvous(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.Documents[4]) // a and c weigh nothing, 555000000000001 is c's
	for _, tt := range []struct {
		number string
		how    edge.Reason
		cells  uint64
	}{
		{"555000000000001", edge.ByTable, 1 << 2},
		{"555000000000002", edge.ByRendezvous, 1 << 1},
		{" 555000000000001 ", edge.ByTable, 1 << 2},
	} {
		d := edge.Decide(c, edgetest.Signed(edge.Meta, "", []byte(`{"entry":[{"changes":[{"field":"flows","value":{"metadata":{"phone_number_id":"`+tt.number+`"}}}]}]}`)), 0)
		if len(d.Targets) != 1 || d.Targets[0].How != tt.how || d.Targets[0].Cells != tt.cells || d.Cells != tt.cells {
			t.Errorf("number %q: %+v, want %v to %b", tt.number, d.Targets, tt.how, tt.cells)
		}
	}
}

func TestTable(t *testing.T) {
	t.Parallel()
	// Ids that begin to look in the same slot of 16, and of 4096 too.
	var same []string
	for i := 0; len(same) < 40; i++ {
		if id := fmt.Sprint(i); edge.Slot(id, 4096) == 5 {
			same = append(same, id)
		}
	}
	var table edge.Table
	if _, ok := table.Get("1"); ok {
		t.Error("an empty table has 1")
	}
	for i, id := range same {
		if !table.Put(id, uint32(i)) || table.Put(id, 99) {
			t.Errorf("id %s cannot be put once, or can twice", id)
		}
	}
	for i, id := range same {
		if got, ok := table.Get(id); !ok || got != uint32(i) {
			t.Errorf("id %s has %d, %v; want %d", id, got, ok, i)
		}
		if _, ok := table.Get(id + "x"); ok {
			t.Errorf("the table has %sx, which nobody put there", id)
		}
	}
	for id, want := range map[string]bool{"": false, strings.Repeat("x", 256): true, strings.Repeat("x", 257): false} {
		if table.Put(id, 0) != want {
			t.Errorf("an id of %d bytes is put: %v, want %v", len(id), !want, want)
		}
	}
	if _, ok := table.Get(""); ok {
		t.Error("the table has the empty id")
	}
}

func TestTableIsAMap(t *testing.T) {
	t.Parallel()
	forAll(t, 300, "a table holds what a map holds", func(m *edgetest.Maker) string {
		var table edge.Table
		held := map[string]uint32{}
		for i := range uint32(m.Uint64() % 300) {
			id := fmt.Sprint(m.Uint64() % 200)
			_, there := held[id]
			if table.Put(id, i) == there {
				return fmt.Sprintf("putting %s again: %v", id, !there)
			}
			if !there {
				held[id] = i
			}
		}
		for n := range 200 {
			id := fmt.Sprint(n)
			want, there := held[id]
			if got, ok := table.Get(id); ok != there || ok && got != want {
				return fmt.Sprintf("id %s has %d, %v; want %d, %v", id, got, ok, want, there)
			}
		}
		return ""
	})
}

func TestNegativeLog2(t *testing.T) {
	t.Parallel()
	check := func(x uint64) string {
		got, unit := edge.NegativeLog2(x)
		want := 64 - math.Log2(float64(x))
		if x > 1<<63 { // where the logarithm is near 0, and a float near 1
			want = -math.Log1p(-float64(-x)/(1<<64)) / math.Ln2
		}
		if math.Abs(got-want) > 2*unit || got <= 0 {
			return fmt.Sprintf("-log2(%d/2^64) = %.12f, want %.12f", x, got, want)
		}
		return ""
	}
	for _, x := range []uint64{1, 2, 3, 1<<32 - 1, 1 << 32, 1<<63 - 1, 1 << 63, 1<<63 + 1, 1<<64 - 2, 1<<64 - 1} {
		if why := check(x); why != "" {
			t.Error(why)
		}
	}
	if zero, _ := edge.NegativeLog2(0); zero < 64 {
		t.Errorf("-log2(0) = %v, want no less than of 1", zero)
	}
	forAll(t, 2000, "it is the logarithm, and does not rise", func(m *edgetest.Maker) string {
		a, b := 1+m.Uint64()>>(1+m.Uint64()%63), 1+m.Uint64()>>(1+m.Uint64()%63)
		a, b = min(a, b), max(a, b)
		high, _ := edge.NegativeLog2(a)
		if low, _ := edge.NegativeLog2(b); low > high {
			return fmt.Sprintf("it is %v at %d and %v at %d", high, a, low, b)
		}
		return check(a) + check(b)
	})
}
