package edge_test

import (
	"bytes"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

func TestRequestFrames(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	forAll(t, 5000, "a request reads as it was written, and is decided alike", func(m *edgetest.Maker) string {
		c := configs[m.Uint64()%uint64(len(configs))]
		r, now := m.Request(c)
		frame := edge.AppendRequest([]byte("kept"), r, now)
		got, at, ok := edgetest.ReadFrame(frame[4:])
		if !ok || at != now || string(frame[:4]) != "kept" {
			return fmt.Sprintf("the frame reads %v at %d", ok, at)
		}
		want := *r
		for _, part := range []*[]byte{&want.Source, &want.Hub.Value, &want.Signature.Value, &want.Event, &want.Query} {
			*part = (*part)[:min(len(*part), edge.MaxHeader+1)] // longer ones are refused anyway
		}
		if a, b := fmt.Sprintf("%+v", *got), fmt.Sprintf("%+v", want); a != b {
			return fmt.Sprintf("%s\nreads\n%s", b, a)
		}
		d := edge.Decide(c, r, now)
		if a, b := edge.New(c).Handle(frame[4:], nil), edge.AppendDecision(nil, &d); !bytes.Equal(a, b) {
			return fmt.Sprintf("the frame is decided\n%x\nthe request\n%x", a, b)
		}
		return ""
	})
}

// TestFramesThatAreNone cuts, lengthens and changes a frame in every place.
func TestFramesThatAreNone(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.OneCell)
	r := edgetest.Signed(edge.Kapso, "e", []byte(`{}`))
	r.Source, r.Query, r.MACs = []byte("kapso"), []byte("q"), [][32]byte{edgetest.MAC(edgetest.Secret, r.Body)}
	frame := edge.AppendRequest(nil, r, 7)
	door := edge.New(c)
	reason := func(frame []byte) edge.Reason {
		var d edge.Decision
		if !d.Read(door.Handle(frame, nil)) {
			t.Fatalf("the decision of %x is no frame", frame)
		}
		return d.Reason
	}
	if got := reason(frame); got != edge.Routed {
		t.Fatalf("the frame is decided %v", got)
	}
	for n := range len(frame) {
		if got := reason(frame[:n]); got != edge.BadFrame {
			t.Errorf("%d of %d bytes are decided %v", n, len(frame), got)
		}
	}
	if got := reason(append(bytes.Clone(frame), 0)); got != edge.BadFrame {
		t.Errorf("a frame with a byte more is decided %v", got)
	}
	for i := range frame {
		for bit := range 8 {
			other := bytes.Clone(frame)
			other[i] ^= 1 << bit
			_, _, ok := edgetest.ReadFrame(other)
			if got := reason(other); (got == edge.BadFrame) == ok {
				t.Errorf("with bit %d of byte %d changed it is a frame: %v; it is decided %v", bit, i, ok, got)
			}
		}
	}
}

func TestDecisionFrames(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	forAll(t, 5000, "a decision reads as it was written", func(m *edgetest.Maker) string {
		c := configs[m.Uint64()%uint64(len(configs))]
		r, now := m.Request(c)
		d := edge.Decide(c, r, now)
		frame := edge.AppendDecision([]byte("kept"), &d)
		got := edge.Decision{Targets: make([]edge.Target, 3), Events: make([]edge.Event, 3)} // is overwritten
		if !got.Read(frame[4:]) {
			return fmt.Sprintf("%+v is no frame", d)
		}
		if a, b := fmt.Sprintf("%+v", got), fmt.Sprintf("%+v", d); a != b {
			return fmt.Sprintf("%s\nreads\n%s", b, a)
		}
		if n := int(m.Uint64() % uint64(len(frame)-4)); got.Read(frame[4:][:n]) {
			return fmt.Sprintf("%d of %d bytes read as a decision", n, len(frame)-4)
		}
		if got.Read(append(frame[4:], 0)) {
			return "a frame with a byte more reads as a decision"
		}
		return ""
	})
	largest := edge.Decision{
		Verdict: 255, Reason: 255, Status: 65535, Epoch: 1<<32 - 1, Source: 63, Key: 3, MAC: [32]byte{31: 9}, Cells: 1<<64 - 1, Challenge: []byte(strings.Repeat("c", edge.MaxChallenge)),
		Targets: []edge.Target{{Kind: 3, How: 38, ID: []byte(strings.Repeat("i", 256)), Cells: 1 << 63, Events: 1<<32 - 1}},
		Events:  []edge.Event{{Kind: 11, How: 38, PeerKind: 2, Target: edge.None, ID: []byte(strings.Repeat("m", 512)), Peer: []byte(strings.Repeat("p", 256)), Time: -1 << 63, Start: 1, End: 4 << 20, Partition: 1<<64 - 1}},
	}
	var got edge.Decision
	if !got.Read(edge.AppendDecision(nil, &largest)) || !reflect.DeepEqual(got, largest) {
		t.Errorf("%+v\nreads\n%+v", largest, got)
	}
}

// TestDecisionsThatAreNone lets counts and lengths lie.
func TestDecisionsThatAreNone(t *testing.T) {
	t.Parallel()
	d := edge.Decision{Verdict: edge.Forward, Targets: []edge.Target{{ID: []byte("12")}}, Events: []edge.Event{{Target: 0, ID: []byte("34"), Peer: []byte("56")}}}
	frame := edge.AppendDecision(nil, &d)
	for _, tt := range []struct {
		at, value int
		what      string
	}{
		{0, 0, "another version"}, {0, 2, "another version"}, {12, 1, "a challenge that is not there"}, {15, 255, "a challenge of 4 GB"},
		{16, 0, "no target"}, {16, 2, "a target more"}, {19, 255, "a billion targets"}, {20, 0, "no event"}, {20, 2, "an event more"}, {23, 255, "a billion events"},
		{64 + 2, 3, "a longer id"}, {64 + 3, 255, "an id of 65 KB"}, {82 + 4, 1, "the event's target is none"}, {82 + 7, 128, "the event's target is negative"},
		{82 + 32, 3, "a longer message id"}, {82 + 34, 1, "a shorter peer"}, {82 + 35, 255, "a peer of 65 KB"},
	} {
		other := bytes.Clone(frame)
		other[tt.at] = byte(tt.value)
		var got edge.Decision
		if got.Read(other) {
			t.Errorf("%s: the frame reads %+v", tt.what, got)
		}
	}
}
