package edge_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// TestModuleCollectsGarbage: a module that is configured again and again takes
// no more memory for it.
func TestModuleCollectsGarbage(t *testing.T) {
	t.Parallel()
	g := openShipped(t)
	var routes []string
	for i := range 2000 {
		routes = append(routes, fmt.Sprintf(`"%d":"a"`, 100000000000000+i))
	}
	document := fmt.Appendf(nil, `{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["a secret"]}],"cells":[{"name":"a"}],"routes":{%s}}`, strings.Join(routes, ","))
	var size uint32
	for i := range 60 {
		if answer, err := g.Configure(document); err != nil || answer[0] != 0 {
			t.Fatalf("configured %d times: %q, %v", i, answer, err)
		}
		if i == 10 {
			size = g.module.Memory().Size()
		}
	}
	if now := g.module.Memory().Size(); now > size {
		t.Errorf("the memory grew from %d to %d bytes", size, now)
	}
}

// TestModuleStaysQuick: a body that makes the heap grow leaves nothing behind
// that slows later ones down, as a collection that has begun and does not end
// does: twice the time. Two instances take turns, and the least times count.
func TestModuleStaysQuick(t *testing.T) {
	t.Parallel()
	frame := func(size int) []byte {
		return edge.AppendRequest(nil, edgetest.Signed(edge.Meta, "", body(size)), 0)
	}
	fresh, used := openShipped(t), openShipped(t)
	for _, g := range []*guest{fresh, used} {
		if answer, err := g.Configure([]byte(edgetest.OneCell)); err != nil || answer[0] != 0 {
			t.Fatal(answer, err)
		}
	}
	for _, size := range []int{64 << 10, 1 << 20, 2 << 20, 3 << 20, 3 << 20} {
		if _, err := used.Handle(frame(size)); err != nil {
			t.Fatal(err)
		}
	}
	small := frame(1536)
	batch := func(g *guest) time.Duration {
		start := time.Now()
		for range 50 {
			if _, err := g.Handle(small); err != nil {
				t.Fatal(err)
			}
		}
		return time.Since(start)
	}
	var times [2][]time.Duration
	for range 200 {
		for i, g := range []*guest{fresh, used} {
			times[i] = append(times[i], batch(g))
		}
	}
	if before, after := slices.Min(times[0]), slices.Min(times[1]); after > before*5/4 {
		t.Errorf("50 bodies take %v, and %v after a large one", before, after)
	}
}
