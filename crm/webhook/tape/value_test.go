package tape_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

func parse(t *testing.T, doc string) tape.Value {
	t.Helper()
	var p tape.Parser
	root, err := p.Parse([]byte(doc))
	if err != nil {
		t.Fatalf("Parse(%q) = %v", doc, err)
	}
	return root
}

func TestGet(t *testing.T) {
	t.Parallel()
	cases := []struct{ doc, name, want string }{
		{`{"id":"1","type":"a"}`, "id", `"1"`},
		{`{"id":"1","type":"a"}`, "type", `"a"`},
		{`{"id":"1"}`, "i", ``},
		{`{"id":"1"}`, "idx", ``},
		{`{"a":{"id":1},"id":2}`, "id", `2`}, // not a nested one
		{`{"id":1,"id":2}`, "id", `2`},       // the last counts
		{`{"id":1,"\u0069d":2}`, "id", `2`},  // also spelt otherwise
		{`{"\u0069\u0064":{"x":[1]}}`, "id", `{"x":[1]}`},
		{`{"i\u0000d":1}`, "id", `1`}, // NUL is left out of names too
		{`{"":7}`, "", `7`},
		{`["id",1]`, "id", ``},
		{`"id"`, "id", ``},
		{`{}`, "id", ``},
		{`{"id":null}`, "id", `null`},
	}
	for _, c := range cases {
		if got := string(parse(t, c.doc).Get(c.name).Raw()); got != c.want {
			t.Errorf("%s: Get(%q) = %s, want %s", c.doc, c.name, got, c.want)
		}
	}
}

func TestText(t *testing.T) {
	t.Parallel()
	cases := []struct{ doc, want string }{
		{`""`, ""},
		{`"halo"`, "halo"},
		{`"h\u0061lo"`, "halo"},
		{`"\"\\\/\b\f\n\r\t"`, "\"\\/\b\f\n\r\t"},
		{`"\u00e4\u00F6"`, "äö"},
		{`"\ud83d\ude42!"`, "🙂!"},
		{`"\ud83d"`, "\ufffd"},
		{`"\ude42"`, "\ufffd"},
		{`"\ud83dA"`, "\ufffdA"},
		{`"\ud83d\u0041"`, "\ufffdA"},
		{`"\ud83d\ud83d\ude42"`, "\ufffd🙂"},
		{`"\ud83d\n"`, "\ufffd\n"},
		{`"a\u0000b"`, "ab"},
		{`"\u0000"`, ""},
		{`"\ud83d\u0000\ude42"`, "\ufffd\ufffd"}, // what NUL parted is not joined
		{`"\\u0000"`, `\u0000`},
		{`"\ufffd"`, "\ufffd"},
		{`"🙂"`, "🙂"},
		{`12`, ""}, {`null`, ""}, {`["a"]`, ""},
	}
	for _, c := range cases {
		v := parse(t, c.doc)
		if got := v.Text(); got != c.want {
			t.Errorf("Text of %s = %q, want %q", c.doc, got, c.want)
		}
		if v.Kind() == tape.String && !v.Is(c.want) {
			t.Errorf("Is(%q) of %s = false", c.want, c.doc)
		}
		if v.Is(c.want + "x") {
			t.Errorf("Is(%q) of %s = true", c.want+"x", c.doc)
		}
	}
}

func TestCopy(t *testing.T) {
	t.Parallel()
	cases := []struct{ doc, want string }{
		{` {"a": 1} `, `{"a": 1}`},
		{`"\u00e4\n"`, `"\u00e4\n"`},
		{`["a\u0000b","\\u0000"]`, `["ab","\\u0000"]`},
		{`"\ud83d\ude42"`, `"\ud83d\ude42"`},
		{`"\ud83d"`, `"\ufffd"`},
		{`{"\ud83d\u0000\ude42":"\u0041"}`, `{"\ufffd\ufffd":"\u0041"}`},
	}
	for _, c := range cases {
		if got := string(parse(t, c.doc).Copy()); got != c.want {
			t.Errorf("Copy of %s = %s, want %s", c.doc, got, c.want)
		}
	}
	body := []byte(`{"a":"b"}`)
	var p tape.Parser
	root, err := p.Parse(body)
	if err != nil {
		t.Fatal(err)
	}
	copied, text := root.Copy(), root.Get("a").Text()
	clear(body)
	if string(copied) != `{"a":"b"}` || text != "b" {
		t.Errorf("after the body changed Copy is %q and Text %q: they are not copies", copied, text)
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	cases := []struct {
		doc, word, numeral string
		integer            int64
		isInt, isFloat     bool
	}{
		{`0`, "0", "0", 0, true, true},
		{`-7`, "-7", "-7", -7, true, true},
		{`1689556908129832`, "1689556908129832", "1689556908129832", 1689556908129832, true, true},
		{`9223372036854775807`, "9223372036854775807", "9223372036854775807", 1<<63 - 1, true, true},
		{`9223372036854775808`, "9223372036854775808", "9223372036854775808", 1<<63 - 1, false, true},
		{`1.5`, "1.5", "1.5", 0, false, true},
		{`1e3`, "1e3", "1e3", 0, false, true},
		{`1e999`, "1e999", "1e999", 0, false, false},
		{`"12"`, "12", "12", 12, true, true},
		{`"-6.2"`, "-6.2", "-6.2", 0, false, true},
		{`"12x"`, "12x", "", 0, false, false},
		{`"+12"`, "+12", "", 0, false, false},
		{`"0x1p4"`, "0x1p4", "", 0, false, false},
		{`"NaN"`, "NaN", "", 0, false, false},
		{`"1_0"`, "1_0", "", 0, false, false},
		{`""`, "", "", 0, false, false},
		{`true`, "", "", 0, false, false},
		{`[1]`, "", "", 0, false, false},
	}
	for _, c := range cases {
		v := parse(t, c.doc)
		integer, isInt := v.Int()
		_, isFloat := v.Float()
		if v.Word() != c.word || v.Numeral() != c.numeral || integer != c.integer || isInt != c.isInt || isFloat != c.isFloat {
			t.Errorf("%s reads %q, %q, %d %v, float %v; want %+v", c.doc, v.Word(), v.Numeral(), integer, isInt, isFloat, c)
		}
	}
	if f, _ := parse(t, `"-6.25"`).Float(); f != -6.25 {
		t.Errorf(`Float of "-6.25" = %v`, f)
	}
}

func TestWalk(t *testing.T) {
	t.Parallel()
	var got []string
	var walk func(v tape.Value)
	walk = func(v tape.Value) {
		got = append(got, v.Key()+"="+string(v.Raw()))
		for c := v.First(); c.Kind() != tape.Missing; c = c.Next() {
			walk(c)
		}
	}
	walk(parse(t, `{"a":[1,[],{"b":2}],"c":{},"\u0064":"e"}`))
	want := `={"a":[1,[],{"b":2}],"c":{},"\u0064":"e"} a=[1,[],{"b":2}] =1 =[] ={"b":2} b=2 c={} d="e"`
	if strings.Join(got, " ") != want {
		t.Errorf("walked %q, want %q", got, want)
	}
}

func TestMissing(t *testing.T) {
	t.Parallel()
	root := parse(t, `{"a":[true,null]}`)
	for name, v := range map[string]tape.Value{
		"zero": {}, "absent member": root.Get("b"), "member of a scalar": root.Get("a").First().Get("x"),
		"element of a scalar": root.Get("a").First().First(), "after the last": root.Get("a").First().Next().Next(),
		"after the root": root.Next(), "after nothing": root.Get("b").Next(), "in nothing": root.Get("b").First().Get("c"),
	} {
		if v.Kind() != tape.Missing || v.Present() || v.Text() != "" || v.Word() != "" || v.Raw() != nil || v.Copy() != nil || v.Bool() || v.Is("") || v.Key() != "" {
			t.Errorf("%s is not missing: %s", name, v.Raw())
		}
	}
	last := root.Get("a").First().Next()
	if last.Kind() != tape.Null || last.Present() || !root.Get("a").First().Bool() {
		t.Errorf("[true,null] reads %v and %v", root.Get("a").First().Kind(), last.Kind())
	}
}

func TestReuseAllocatesNothing(t *testing.T) {
	var p tape.Parser
	body := []byte(sample)
	found := true
	allocs := testing.AllocsPerRun(100, func() {
		root, err := p.Parse(body)
		found = found && err == nil && root.Get("entry").First().Get("changes").First().Get("field").Is("messages")
	})
	if allocs != 0 || !found {
		t.Errorf("parsing and walking again takes %v allocations and found its field: %v", allocs, found)
	}
}
