package tape_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// accepts is the oracle: what the package promises to accept.
func accepts(doc []byte) bool {
	return json.Valid(doc) && utf8.Valid(doc) && depth(doc) <= tape.MaxDepth && len(doc) <= tape.MaxSize
}

// depth returns the most arrays and objects open at once in a valid document.
func depth(doc []byte) int {
	most, open := 0, 0
	decoder := json.NewDecoder(bytes.NewReader(doc))
	for {
		token, err := decoder.Token()
		if err != nil {
			return most
		}
		switch token {
		case json.Delim('{'), json.Delim('['):
			open++
			most = max(most, open)
		case json.Delim('}'), json.Delim(']'):
			open--
		}
	}
}

// tree builds what encoding/json would from a value, and counts the nodes.
func tree(v tape.Value, nodes *int) any {
	*nodes++
	switch v.Kind() {
	case tape.Array:
		list := []any{}
		for e := v.First(); e.Kind() != tape.Missing; e = e.Next() {
			list = append(list, tree(e, nodes))
		}
		return list
	case tape.Object:
		object := map[string]any{}
		for m := v.First(); m.Kind() != tape.Missing; m = m.Next() {
			*nodes++
			object[m.Key()] = tree(m, nodes)
		}
		return object
	case tape.String:
		return v.Text()
	case tape.Number:
		return json.Number(v.Word())
	case tape.True, tape.False:
		return v.Bool()
	}
	return nil
}

// expected builds the same with encoding/json, NUL left out.
func expected(doc []byte) any {
	decoder := json.NewDecoder(bytes.NewReader(doc))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return err
	}
	return withoutNUL(value)
}

func withoutNUL(value any) any {
	switch v := value.(type) {
	case string:
		return strings.ReplaceAll(v, "\x00", "")
	case []any:
		for i := range v {
			v[i] = withoutNUL(v[i])
		}
	case map[string]any:
		for key, member := range v {
			if bare := strings.ReplaceAll(key, "\x00", ""); bare != key {
				return nil // two keys may have become one: not comparable
			}
			v[key] = withoutNUL(member)
		}
	}
	return value
}

// check holds one document against the oracle and returns what is wrong.
func check(p *tape.Parser, doc []byte) error {
	root, err := p.Parse(doc)
	if (err == nil) != accepts(doc) {
		return fmt.Errorf("Parse(%.200q) = %v, the oracle accepts it: %v", doc, err, accepts(doc))
	}
	var refusal *tape.Error
	switch {
	case err != nil && !errors.As(err, &refusal):
		return fmt.Errorf("Parse(%.200q) = %T, want *tape.Error", doc, err)
	case err != nil && (refusal.Offset < 0 || refusal.Offset > len(doc)):
		return fmt.Errorf("Parse(%.200q) points at byte %d of %d", doc, refusal.Offset, len(doc))
	case err != nil:
		return nil
	}
	nodes := 0
	got, want := tree(root, &nodes), expected(doc)
	switch {
	case !bytes.Contains(doc, []byte(`\u0000`)) && !reflect.DeepEqual(got, want):
		return fmt.Errorf("Parse(%.200q) reads %v, encoding/json %v", doc, got, want)
	case nodes > (len(doc)+1)/2:
		return fmt.Errorf("Parse(%.200q) has %d nodes in %d bytes, want at most half", doc, nodes, len(doc))
	}
	return checkCopies(p, doc)
}

// checkCopies holds Raw and Copy against the document.
func checkCopies(p *tape.Parser, doc []byte) error {
	root, err := p.Parse(doc)
	if err != nil {
		return err
	}
	if raw := root.Raw(); !bytes.Equal(raw, bytes.Trim(doc, " \t\r\n")) {
		return fmt.Errorf("Raw of %.200q = %.200q", doc, raw)
	}
	var again tape.Parser
	copied, err := again.Parse(root.Copy())
	if err != nil {
		return fmt.Errorf("Copy of %.200q = %.200q: %w", doc, root.Copy(), err)
	}
	var n int
	if got, want := tree(copied, &n), tree(root, &n); !reflect.DeepEqual(got, want) {
		return fmt.Errorf("Copy of %.200q reads %v, want %v", doc, got, want)
	}
	return nil
}

func TestAcceptsWhatTheOracleAccepts(t *testing.T) {
	t.Parallel()
	nest := func(n int) string { return strings.Repeat("[", n) + strings.Repeat("]", n) }
	objects := func(n int) string { return strings.Repeat(`{"a":`, n) + "0" + strings.Repeat("}", n) }
	docs := []string{
		``, ` `, `{}`, `[]`, ` [ ] `, `{ }`, `null`, `true`, `false`, `nul`, `truE`, `nulll`, `"`, `""`, `"a`, `"a"`, `"a" "b"`,
		`[1,2,3]`, `[1,2,]`, `[,1]`, `[1 2]`, `[1`, `1]`, `{"a":1}`, `{"a":1,}`, `{"a"}`, `{"a":}`, `{a:1}`, `{"a":1 "b":2}`, `{"a":1,"b":2}`, `{1:2}`, `{"a":1]`, `[1}`, `{"a",1}`, `{,}`,
		`0`, `-0`, `-`, `00`, `01`, `1.`, `.1`, `1.0`, `1e`, `1e5`, `1E+5`, `1e-`, `1e-5`, `0e0`, `-1.25e-7`, `+1`, `0x10`, `1.e1`, `Infinity`, `NaN`, `1 `,
		`"\n"`, `"\x"`, `"\u0041"`, `"\u004"`, `"\u00zz"`, `"\`, `"\"`, `"\\"`, `"\/"`, `"\ud83d\ude42"`, `"\ud83d"`, `"\ude42\ud83d"`, `"\u0000"`,
		"\"\n\"", "\"\x00\"", "\"\x1f\"", "\"\x7f\"", "\"é\"", "\"\xff\"", "\"\xc3\"", "\"\xed\xa0\x80\"", "\"aaaaaaaa\xff\"", "\"aaaaaaaa\\n\xff\"", "\xef\xbb\xbf{}", "{\"\xff\":1}",
		"\f[]", "\v[]", "[]\x00", "\u00a0[]", "[1]\n\n", "\t{\r\n\"a\" : [ 1 , 2 ] }",
		`"12345678"`, `"1234567\"8"`, `"1234567\\"`, `"12345678123456781234567812345678"`,
		nest(47), nest(48), nest(49), nest(50), objects(47), objects(48), objects(49), nest(48) + "]", "[" + nest(47) + "," + nest(47) + "]", "[" + nest(48) + "]",
		strings.Repeat("[", 100000), strings.Repeat(`{"a":`, 100000),
		`{"a":1,"a":2}`, `{"\u0061":1}`, `{"a":{"b":[{"c":null}]},"d":"\ud83d\ude42"}`,
	}
	var p tape.Parser
	for _, doc := range docs {
		if err := check(&p, []byte(doc)); err != nil {
			t.Error(err)
		}
	}
}

func TestProblems(t *testing.T) {
	t.Parallel()
	cases := []struct {
		doc     string
		problem tape.Problem
		offset  int
	}{
		{`{"a":x}`, tape.Syntax, 5},
		{`{"a":1`, tape.Syntax, 6},
		{"[\"ok\",\"\xff\"]", tape.Encoding, 6},
		{strings.Repeat("[", 49), tape.TooDeep, 48},
		{strings.Repeat(" ", tape.MaxSize) + "1", tape.TooLarge, tape.MaxSize},
	}
	for _, c := range cases {
		var p tape.Parser
		_, err := p.Parse([]byte(c.doc))
		var refusal *tape.Error
		if !errors.As(err, &refusal) || refusal.Problem != c.problem || refusal.Offset != c.offset {
			t.Errorf("Parse(%.30q) = %v, want %v at byte %d", c.doc, err, c.problem, c.offset)
		}
	}
	atBound := strings.Repeat(" ", tape.MaxSize-1) + "1"
	var p tape.Parser
	if _, err := p.Parse([]byte(atBound)); err != nil {
		t.Errorf("Parse of %d bytes = %v, want it accepted", len(atBound), err)
	}
}

func FuzzTape(f *testing.F) {
	for _, seed := range []string{sample, `{"a":[1,-2.5e+3,true,false,null,"\ud83d\ude42\u0000\/"],"a":{}}`, `{"abcdefghi":{"\u0069d":1,"\u00e9\"\/\\":[]},"abcdefghxabcdefgh":2}`, "\"\xff\"", strings.Repeat("[", 49), ` [ ] `} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, doc []byte) {
		p := tape.Parser{Names: names}
		if err := check(&p, doc); err != nil {
			t.Error(err)
		}
		if root, why, _ := p.Scan(doc); why == 0 {
			if differ := sameAt(&p, doc, tape.Document, root); differ != "" {
				t.Errorf("%q: %s", doc, differ)
			}
		}
	})
}
