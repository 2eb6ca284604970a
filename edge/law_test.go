package edge_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/bits"
	"slices"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// forAll holds a law against n makers. The law returns how it is broken, or "".
func forAll(t *testing.T, n int, name string, law func(m *edgetest.Maker) string) {
	t.Helper()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = n
	properties := gopter.NewProperties(parameters)
	properties.Property(name, prop.ForAllNoShrink(func(seed uint64) string { return law(edgetest.New(seed)) }, gen.UInt64()))
	properties.TestingRun(t)
}

// complaints gathers what a check of the test's own says.
type complaints struct {
	testing.TB
	text string
}

func (c *complaints) Errorf(format string, args ...any) {
	c.text += fmt.Sprintf(format, args...) + "\n"
}

func TestGeneratedEventsAreTheHostsFacts(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.OneCell)
	forAll(t, 6000, "what Meta sends reads the same at both ends", func(m *edgetest.Maker) string {
		found := &complaints{TB: t}
		compareFacts(found, c, edge.Meta, "", m.MetaBody())
		return found.text
	})
	forAll(t, 6000, "what Kapso sends reads the same at both ends", func(m *edgetest.Maker) string {
		found := &complaints{TB: t}
		event, body := m.KapsoBody()
		compareFacts(found, c, edge.Kapso, event, body)
		return found.text
	})
	forAll(t, 3000, "what was damaged reads the same at both ends", func(m *edgetest.Maker) string {
		found := &complaints{TB: t}
		event, body := m.KapsoBody()
		compareFacts(found, c, edge.Kapso, event, m.Spoil(body))
		compareFacts(found, c, edge.Meta, "", m.Spoil(m.MetaBody()))
		compareFacts(found, c, edge.Meta, "", m.Document())
		return found.text
	})
}

// TestMomentsAreTheHosts reads times at the bounds, which are seldom met at
// random, at both ends.
func TestMomentsAreTheHosts(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.OneCell)
	for _, moment := range edgetest.Moments {
		forms := []string{fmt.Sprintf("%q", moment), moment}
		if moment != "" { // its first character escaped
			forms = append(forms, fmt.Sprintf(`"\u00%02x%s"`, moment[0], moment[1:]))
		}
		for _, value := range forms {
			body := `{"entry":[{"id":"1","changes":[{"field":"automatic_events","value":{"automatic_events":[{"id":"1","timestamp":` + value + `}]}}]}]}`
			compareFacts(t, c, edge.Meta, "", []byte(body))
		}
	}
}

// TestPersonsAreTheHosts reads who somebody is, in every spelling, at both ends.
func TestPersonsAreTheHosts(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.OneCell)
	ids := []string{
		`"6281200000001"`, `6281200000001`, `"+62 812"`, `" 62\u00a0"`, `"12345678901234567890"`, `"123456789012345678901"`, `""`, `null`, `"ID.1"`, `"US.ENT.506847293015824"`,
		`"ID.aZ9"`, `"ID."`, `"ID"`, `"I.1"`, `"IDN.1"`, `"id.1"`, `"I1.1"`, `"[D.1"`, `"ID.1-2"`, `"ID.1:"`, `"ID./"`, `"ID.\u00e9"`, `".ID.1"`, `"@sari"`, `" ID.1 "`, `true`, `{}`,
	}
	for _, number := range ids {
		for _, user := range ids {
			item := `"id":"1","from":` + number + `,"from_user_id":` + user
			for _, contacts := range []string{``, `{"wa_id":"629"}`, `{"user_id":"ID.1","wa_id":"629"}`, `{"profile":{"name":"x"}},{"user_id":"ID.1","wa_id":"629"}`, `{"user_id":` + user + `},{"wa_id":` + number + `,"user_id":"ID.8"}`} {
				body := `{"entry":[{"changes":[{"field":"messages","value":{"contacts":[` + contacts + `],"messages":[{` + item + `,"type":"text","text":{"body":"x"}}]}}]}]}`
				compareFacts(t, c, edge.Meta, "", []byte(body))
			}
			compareFacts(t, c, edge.Kapso, "whatsapp.message.received", []byte(`{"message":{`+item+`,"type":"text","text":{"body":"x"}}}`))
		}
	}
}

func TestSplitting(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	forAll(t, 12000, "splitting loses nothing and invents nothing", func(m *edgetest.Maker) string {
		c := configs[m.Uint64()%uint64(len(configs))]
		r, now := m.Request(c)
		d := edge.Decide(c, r, now)
		if why := unsound(c, r, &d); why != "" {
			return fmt.Sprintf("%s\n%+v\n%q", why, d, r.Body)
		}
		return ""
	})
	forAll(t, 200, "each number has its message and one cell, the same as in a body of its own", func(m *edgetest.Maker) string {
		c, n := configs[[]int{0, 4, 6}[m.Uint64()%3]], 2+int(m.Uint64()%80)
		d := edge.Decide(c, edgetest.Signed(edge.Meta, "", m.Many(n)), 0)
		if len(d.Targets) != n || len(d.Events) != n || d.Reason != edge.Routed {
			return fmt.Sprintf("%d numbers give %d targets and %d events: %v", n, len(d.Targets), len(d.Events), d.Reason)
		}
		for i, e := range d.Events {
			name := fmt.Sprintf("n%d", i)
			target := d.Targets[e.Target]
			if string(e.ID) != name || string(target.ID) != name || target.Events != 1 || bits.OnesCount64(target.Cells) != 1 {
				return fmt.Sprintf("event %d is %q of %q with cells %b", i, e.ID, target.ID, target.Cells)
			}
			alone := edge.Decide(c, edgetest.Signed(edge.Meta, "", []byte(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"`+name+`"}}}]}]}`)), 0)
			if alone.Cells != target.Cells {
				return fmt.Sprintf("%s goes to %b among others and to %b alone", name, target.Cells, alone.Cells)
			}
		}
		return ""
	})
}

// unsound says what contradicts itself in a decision; "" if nothing does.
func unsound(c *edge.Config, r *edge.Request, d *edge.Decision) string {
	if d.Epoch != c.Epoch {
		return "it has another configuration's epoch"
	}
	if d.Verdict != edge.Forward && d.Cells != 0 || d.Verdict == edge.Forward && (d.Cells == 0 || bits.Len64(d.Cells) > len(c.Cells)) {
		return fmt.Sprintf("%v has cells %b", d.Verdict, d.Cells)
	}
	if d.Verdict == edge.Refuse {
		return unclean(d)
	}
	if d.Reason != edge.Routed && d.Reason != edge.NothingWanted {
		if len(d.Events)+len(d.Targets) > 0 {
			return fmt.Sprintf("%v has events", d.Reason)
		}
		return ""
	}
	counts, cells := make([]int, len(d.Targets)), uint64(0)
	var spans [][2]int
	for _, e := range d.Events {
		spans = append(spans, [2]int{e.Start, e.End})
		if e.Start < 0 || e.Start >= e.End || e.End > len(r.Body) || !json.Valid(r.Body[e.Start:e.End]) {
			return fmt.Sprintf("an event stands at %d:%d", e.Start, e.End)
		}
		if (e.Target == edge.None) != (e.How == edge.Dropped) || (len(e.Peer) == 0) != (e.PeerKind == edge.ByNothing) {
			return fmt.Sprintf("an event has target %d because %v, and peer %q by %d", e.Target, e.How, e.Peer, e.PeerKind)
		}
		if e.Target == edge.None {
			continue
		}
		t := d.Targets[e.Target]
		counts[e.Target]++
		cells |= t.Cells
		if e.How != t.How {
			return fmt.Sprintf("an event goes %v and its target %v", e.How, t.How)
		}
		number := []byte(nil)
		if t.Kind == edge.OfNumber {
			number = t.ID
		}
		h := fnv.New64a()
		h.Write(append(append(bytes.Clone(number), 0xff), e.Peer...))
		if want := splitMix(h.Sum64()); e.Partition != want {
			return fmt.Sprintf("the partition of %q and %q is %x, want %x", number, e.Peer, e.Partition, want)
		}
	}
	slices.SortFunc(spans, func(a, b [2]int) int { return a[0] - b[0] })
	for i := range spans[:max(len(spans)-1, 0)] {
		if spans[i][1] > spans[i+1][0] {
			return fmt.Sprintf("two events share bytes: %v and %v", spans[i], spans[i+1])
		}
	}
	for i, t := range d.Targets {
		if why := unsoundTarget(c, &t, counts[i]); why != "" {
			return why
		}
		for _, other := range d.Targets[:i] {
			if other.Kind == t.Kind && bytes.Equal(other.ID, t.ID) {
				return fmt.Sprintf("%q is a target twice", t.ID)
			}
		}
	}
	if cells != d.Cells {
		return fmt.Sprintf("the events' cells are %b, the decision's %b", cells, d.Cells)
	}
	return ""
}

func unsoundTarget(c *edge.Config, t *edge.Target, events int) string {
	n := bits.OnesCount64(t.Cells)
	switch {
	case events != t.Events || events == 0:
		return fmt.Sprintf("%q has %d events and says %d", t.ID, events, t.Events)
	case t.How == edge.Foreign && n != 0, t.How != edge.Foreign && t.Kind != edge.OfAccount && n != 1, t.Kind == edge.OfAccount && n == 0:
		return fmt.Sprintf("%q goes to %d cells because %v", t.ID, n, t.How)
	case t.Kind == edge.Nobody && (t.Cells != 1<<c.Journal || len(t.ID) > 0), t.Kind != edge.Nobody && len(t.ID) == 0:
		return fmt.Sprintf("%q is nobody and goes to %b", t.ID, t.Cells)
	}
	return ""
}

// unclean says what a refusal gives away; "" if nothing.
func unclean(d *edge.Decision) string {
	if d.Verdict != edge.Refuse || d.Status < 400 || d.Cells != 0 || len(d.Events) > 0 || len(d.Targets) > 0 || len(d.Challenge) > 0 ||
		d.MAC != [32]byte{} || d.Source != edge.None || d.Key != edge.None {
		return fmt.Sprintf("the refusal has a part of a decision: %+v", *d)
	}
	return ""
}

func TestForgedIsRefused(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	refused := func(c *edge.Config, r *edge.Request, want edge.Reason) string {
		d := edge.Decide(c, r, edgetest.Now)
		if why := unclean(&d); why != "" || d.Status != 401 || d.Reason != want {
			return fmt.Sprintf("%d %v, want %v; %s", d.Status, d.Reason, want, why)
		}
		return ""
	}
	for i, c := range configs {
		for _, p := range []edge.Provider{edge.Meta, edge.Kapso} {
			if i == len(configs)-1 && p == edge.Meta {
				continue // it has no source
			}
			forAll(t, 300, "a body or signature with one bit changed is refused", func(m *edgetest.Maker) string {
				r := &edge.Request{Provider: p, Method: edge.Post, Body: []byte(`{"entry":[{"id":"900000000000001","changes":[{"field":"messages"}]}]}`)}
				c.Keys(r, edgetest.Now, func(source, key int) bool {
					edgetest.Sign(r, c.Sources[source].Secrets[key].Value)
					return false
				})
				if d := edge.Decide(c, r, edgetest.Now); d.Verdict == edge.Refuse {
					return fmt.Sprintf("the request itself is refused: %v", d.Reason)
				}
				body, hub, own := bytes.Clone(r.Body), bytes.Clone(r.Hub.Value), bytes.Clone(r.Signature.Value)
				bit := int(m.Uint64() % uint64(8*len(body)))
				r.Body[bit/8] ^= 1 << (bit % 8)
				if why := refused(c, r, edge.SignatureWrong); why != "" {
					return why
				}
				copy(r.Body, body)
				header := &r.Hub
				if p == edge.Kapso {
					header = &r.Signature
				}
				digits := header.Value[len(header.Value)-64:]
				digits[m.Uint64()%64] = "0123456789abcdef"[m.Uint64()%16]
				if !bytes.Equal(r.Hub.Value, hub) || !bytes.Equal(r.Signature.Value, own) {
					if why := refused(c, r, edge.SignatureWrong); why != "" {
						return why
					}
				}
				for i := range digits {
					digits[i] = "0123456789abcdef"[m.Uint64()%16]
				}
				return refused(c, r, edge.SignatureWrong)
			})
		}
	}
}

// TestSignaturesAreTheHosts lets both ends judge every form of header, and
// secrets that come and go.
func TestSignaturesAreTheHosts(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	forAll(t, 20000, "a signature is taken exactly if the host takes it", func(m *edgetest.Maker) string {
		c := configs[m.Uint64()%uint64(len(configs))]
		r, now := m.Request(c)
		r.Method, r.MACs = edge.Post, nil
		var secrets []crm.Secret
		var keys [][2]int
		for s, source := range c.Sources {
			for k, secret := range source.Secrets {
				started, ended := now >= secret.NotBefore, secret.NotAfter != 0 && now >= secret.NotAfter
				if source.Provider == r.Provider && (len(r.Source) == 0 || string(r.Source) == source.Name) && started && !ended {
					secrets, keys = append(secrets, crm.Secret(secret.Value)), append(keys, [2]int{s, k})
				}
			}
		}
		i, err := webhook.Verify(webhook.Request{
			Provider: crm.Provider(r.Provider.String()), Hub: repeat(r.Hub), Signature: repeat(r.Signature), Body: r.Body,
		}, secrets)
		d := edge.Decide(c, r, now)
		switch {
		case d.Reason == edge.UnknownSource || d.Reason == edge.HeaderTooLong || d.Reason == edge.BodyTooLarge:
			return ""
		case (err == nil) != (d.Verdict != edge.Refuse):
			return fmt.Sprintf("the host says %v, the edge %v %v: %q %q", err, d.Verdict, d.Reason, r.Hub, r.Signature)
		case err == nil && (keys[i] != [2]int{d.Source, d.Key} || d.MAC != edgetest.MAC(string(secrets[i]), r.Body)):
			return fmt.Sprintf("the host says key %v, the edge %d of source %d", keys[i], d.Key, d.Source)
		}
		return ""
	})
}

// repeat returns a header as a server hands it over.
func repeat(h edge.Header) []string { return slices.Repeat([]string{string(h.Value)}, int(h.Count)) }

// TestDecidingIsStateless puts the same frames through one door in two orders,
// with other configurations in between, and through doors of their own.
func TestDecidingIsStateless(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	var reused edge.Door
	reused.Reserve(64 << 10)
	forAll(t, 400, "what was decided before changes nothing", func(m *edgetest.Maker) string {
		type decided struct {
			config *edge.Config
			frame  []byte
			want   []byte
		}
		var all []decided
		for range 12 {
			c := configs[m.Uint64()%uint64(len(configs))]
			frame := m.Frame(c)
			all = append(all, decided{c, frame, edge.New(c).Handle(frame, nil)})
		}
		for _, order := range [][]int{{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {7, 3, 11, 0, 5, 5, 9, 1, 10, 2, 8, 4, 6}} {
			for _, i := range order {
				reused.Configure(all[i].config)
				if got := reused.Handle(all[i].frame, nil); !bytes.Equal(got, all[i].want) {
					return fmt.Sprintf("a used door says\n%x\na new one\n%x", got, all[i].want)
				}
			}
		}
		return ""
	})
}

// splitMix is the finaliser of SplitMix64.
func splitMix(h uint64) uint64 {
	h ^= h >> 30
	h *= 0xbf58476d1ce4e5b9
	h ^= h >> 27
	h *= 0x94d049bb133111eb
	return h ^ h>>31
}

// TestPartitions holds the partitions of many conversations apart, and those of
// one together.
func TestPartitions(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.OneCell)
	partition := func(number, from string) uint64 {
		d := edge.Decide(c, edgetest.Signed(edge.Meta, "", []byte(`{"entry":[{"changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"`+
			number+`"},"messages":[{"id":"x","from":"`+from+`"}]}}]}]}`)), 0)
		return d.Events[0].Partition
	}
	seen := map[uint64]string{}
	for i := range 60 {
		for k := range 60 {
			number, from := fmt.Sprint(100+i), fmt.Sprintf("62%d", k)
			p := partition(number, from)
			if other, taken := seen[p]; taken {
				t.Errorf("%s of %s has the partition of %s", from, number, other)
			}
			seen[p] = from + " of " + number
			if again := partition(number, "+"+from[:1]+" ("+from[1:]+")"); again != p {
				t.Errorf("%s of %s has partition %x when it is spelt otherwise, want %x", from, number, again, p)
			}
		}
	}
	if partition("12", "3") == partition("1", "23") {
		t.Error("where the number ends and the peer begins does not count")
	}
	for bit := range 64 {
		ones := 0
		for p := range seen {
			ones += int(p >> bit & 1)
		}
		if ones < len(seen)*2/5 || ones > len(seen)*3/5 {
			t.Errorf("bit %d is set in %d of %d partitions", bit, ones, len(seen))
		}
	}
}
