package edge_test

import (
	"fmt"
	"strings"
	"testing"
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
