package restructure_test

import (
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestPerf(t *testing.T) {
	dir := os.Getenv("PERFDIR")
	if dir == "" {
		t.SkipNow()
	}
	bin, _ := os.ReadFile(dir + "/scan.wasm")
	r := newReactor(t, rewritten(t, bin))
	maps, _ := os.ReadFile("/proc/self/maps")
	mem, _ := os.Open("/proc/self/mem")
	for _, l := range strings.Split(string(maps), "\n") {
		f := strings.Fields(l)
		if len(f) == 5 && strings.HasPrefix(f[1], "r-x") {
			ab := strings.Split(f[0], "-")
			a, _ := strconv.ParseUint(ab[0], 16, 64)
			b, _ := strconv.ParseUint(ab[1], 16, 64)
			buf := make([]byte, b-a)
			mem.ReadAt(buf, int64(a))
			os.WriteFile(fmt.Sprintf("%s/jit-%x.bin", dir, a), buf, 0o644)
		}
	}
	if os.Getenv("PERFLOOP") != "" {
		body := webhook
		if os.Getenv("BODY") == "strs" {
			body = `[` + strings.Repeat(`"ab",`, 500) + `[]]`
		}
		for began := time.Now(); time.Since(began) < 4*time.Second; {
			r.parse(t, body, 1000)
		}
		return
	}
	line := ""
	for _, x := range []struct{ name, body string }{{"1.5KB", webhook}, {"keys", `{` + strings.Repeat(`"abcde":"",`, 200) + `"a":"b"}`}, {"long", `"` + strings.Repeat("abcdefgh", 1000) + `"`}, {"arr", `[` + strings.Repeat("[],", 500) + `[]]`}, {"strs", `[` + strings.Repeat(`"ab",`, 500) + `[]]`}, {"nums", `[` + strings.Repeat(`12345,`, 500) + `[]]`}, {"esc", `"` + strings.Repeat("\\n\\/aaaaaa", 500) + `"`}} {
		best := time.Hour
		r.parse(t, x.body, 10)
		for range 300 {
			b := time.Now()
			r.parse(t, x.body, 20)
			best = min(best, time.Since(b)/20)
		}
		line += fmt.Sprintf("%s=%d ", x.name, best.Nanoseconds())
	}
	fmt.Println("PERF", line)
}
