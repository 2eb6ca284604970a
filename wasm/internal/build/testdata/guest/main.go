// Guest is a module that does what the runtime of Go can get wrong once its
// functions and tables were rewritten: it grows its stack, collects garbage,
// panics and recovers, unwinds, switches goroutines, and finds types by
// reflection. Each export answers with a digest of what it saw, which must be
// the same for the module as the linker wrote it and after every build step.
package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strings"
	"sync"
	"unsafe"
)

//go:wasmimport edge_kernel sha256_blocks
//go:noescape
func sha256Blocks(state, data unsafe.Pointer, blocks uint32)

// buffer is brought to its size by guest_warm.
var buffer []byte

// started is set before main.main, by the initialisation alone.
var started = map[string]int{"initialised": 1}

func init() { started["init"]++ }

func main() {}

//go:wasmexport guest_warm
func warm() {
	buffer = make([]byte, 100_000)
	started["warm"]++
	runtime.GC()
}

//go:wasmexport guest_buffer
func buffered() uint32 { return uint32(cap(buffer)) }

//go:wasmexport guest_started
func starts() uint32 {
	return uint32(started["init"]*100 + started["warm"]*10 + started["initialised"])
}

//go:wasmexport guest_hash
func hash(n uint32) uint64 {
	data := make([]byte, 64*n)
	for i := range data {
		data[i] = byte(i * 7)
	}
	state := [8]uint32{0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19}
	sha256Blocks(unsafe.Pointer(&state), unsafe.Pointer(unsafe.SliceData(data)), n)
	return digest(fmt.Sprintf("%x", state))
}

//go:wasmexport guest_maps
func inMaps(n uint32) uint64 {
	m := map[string][]int{}
	for i := range int(n) {
		key := fmt.Sprintf("key %d", i%97)
		m[key] = append(m[key], i)
		if i%5 == 0 {
			delete(m, key)
		}
	}
	return digest(fmt.Sprint(slices.Sorted(maps.Keys(m)), m["key 7"]))
}

//go:wasmexport guest_text
func text(n uint32) uint64 {
	var b strings.Builder
	for i := range int(n) {
		fmt.Fprintf(&b, "%d %q %v %5.2f|", i, strings.Repeat("ä", i%4), i%2 == 0, float64(i)/3)
	}
	fields := strings.FieldsFunc(b.String(), func(r rune) bool { return r == '|' })
	return digest(strings.ToUpper(strings.Join(fields, ";")))
}

//go:wasmexport guest_garbage
func garbage(n uint32) uint64 {
	type node struct {
		next *node
		text string
	}
	var kept *node
	for i := range int(n) {
		kept = &node{kept, fmt.Sprint("node ", i)}
		_ = make([]byte, 4096)
		if i%64 == 0 {
			runtime.GC()
		}
	}
	seen := []string{fmt.Sprint(runtime.NumGoroutine())}
	for at := kept; at != nil; at = at.next {
		seen = append(seen, at.text)
	}
	return digest(strings.Join(seen, ","))
}

//go:wasmexport guest_recursion
func recursion(n uint32) uint64 {
	var root int
	return uint64(descend(int(n), &root, []*int{&root}) + root)
}

// descend keeps pointers into the stack in every frame, so that a stack that
// grows must find and change them.
func descend(depth int, above *int, path []*int) int {
	mine := depth
	if depth == 0 {
		if len(path) > 0 {
			runtime.GC()
		}
		return 1
	}
	*above += depth & 3
	below := descend(depth-1, &mine, append(path[:len(path):len(path)][:1:1], &mine))
	return below + mine + *path[0]&1
}

//go:wasmexport guest_panics
func panics(n uint32) uint64 {
	var seen []string
	for i := range int(n) {
		seen = append(seen, recovered(func() { fail(i) }))
	}
	return digest(strings.Join(seen, "\n"))
}

type shape interface{ area() int }

type square struct{ side int }

func (s square) area() int { return s.side * s.side }

var nowhere *square

// shapes are called by the interface's method table.
var shapes = []shape{square{3}, nowhere}

func fail(i int) {
	defer func() {
		if i%8 == 6 {
			panic(fmt.Errorf("replaced %v", recover()))
		}
	}()
	var none []int
	var thing any = "text"
	switch i % 8 {
	case 0:
		_ = none[i]
	case 1:
		_ = thing.(shape)
	case 2:
		_ = nowhere.side
	case 3:
		panic(errors.New("own"))
	case 4:
		_ = 1 / len(none)
	case 5:
		deepPanic(1000)
	case 7:
		shapes[shapes[0].area()-8].area()
	default:
		panic("first")
	}
}

func deepPanic(depth int) {
	defer func() { depth-- }()
	if depth == 0 {
		panic("from the deep")
	}
	deepPanic(depth - 1)
}

func recovered(f func()) (text string) {
	defer func() {
		// The text names the method, which a build step may take out.
		if text = fmt.Sprint(recover()); strings.Contains(text, "called using nil") {
			text = "method of nil"
		}
	}()
	f()
	return "no panic"
}

// guest_callers counts frames; their names are not part of the answer.
//
//go:wasmexport guest_callers
func callers(n uint32) uint64 {
	if n > 0 {
		return callers(n - 1)
	}
	var counters [100]uintptr
	frames := runtime.CallersFrames(counters[:runtime.Callers(0, counters[:])])
	count := uint64(0)
	for more := true; more; count++ {
		_, more = frames.Next()
	}
	return count
}

// guest_names counts the frames whose functions have a name of their own, on a
// stack with inlined functions.
//
//go:wasmexport guest_names
func names() uint64 {
	count := uint64(0)
	frames := runtime.CallersFrames(seen())
	for more := true; more; {
		var f runtime.Frame
		f, more = frames.Next()
		if f.Function != "runtime.(*T).f" && f.Function != "go.(*T).f" {
			count++
		}
	}
	return count
}

// seen keeps the functions below apart from names, so that the last call that
// is inlined into onStack is on the stack.
//
//go:noinline
func seen() []uintptr { return onStack(100) }

func onStack(n int) []uintptr { return callersOf(make([]uintptr, n)) }

func callersOf(counters []uintptr) []uintptr { return counters[:runtime.Callers(0, counters)] }

// guest_dies ends in a panic that nobody recovers from.
//
//go:wasmexport guest_dies
func dies(n uint32) uint64 {
	deepPanic(int(n))
	return 0
}

//go:wasmexport guest_reflect
func reflects(n uint32) uint64 {
	type person struct {
		Name string         `json:"name"`
		Tags []string       `json:"tags"`
		More map[string]any `json:"more"`
	}
	var out []string
	for i := range int(n) {
		in := person{fmt.Sprint("p", i), []string{"a", "b"}, map[string]any{"n": float64(i), "s": "x"}}
		b, err := json.Marshal(in)
		var back person
		err = errors.Join(err, json.Unmarshal(b, &back))
		out = append(out, string(b), fmt.Sprint(err, reflect.DeepEqual(in, back)))
	}
	var s shape = square{int(n)}
	method := reflect.ValueOf(s).MethodByName("String")
	double := reflect.MakeFunc(reflect.TypeOf(func(int) int { return 0 }), func(args []reflect.Value) []reflect.Value {
		runtime.GC()
		return []reflect.Value{reflect.ValueOf(int(args[0].Int() * 2))}
	}).Interface().(func(int) int)
	bound := reflect.ValueOf(&list{3}).MethodByName("Sum").Interface().(func(int) int)
	return digest(fmt.Sprint(out, method.IsValid(), s.area(), double(21), bound(4)))
}

type list []int

// Sum is called by its name only.
func (l *list) Sum(more int) int { return (*l)[0] + more }

//go:wasmexport guest_goroutines
func goroutines(n uint32) uint64 {
	results := make(chan int)
	var group sync.WaitGroup
	for i := range int(n) {
		group.Go(func() {
			_ = recursion(uint32(i))
			results <- i * i
		})
	}
	go func() {
		group.Wait()
		close(results)
	}()
	sum := 0
	for r := range results {
		sum += r
	}
	return digest(fmt.Sprint(sum))
}

// digest is FNV-1a.
func digest(s string) uint64 {
	h := uint64(14695981039346656037)
	for i := range len(s) {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return h
}
