package api_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// The JSON test suite as request bodies. Nothing in it is a message or a note,
// so each is refused, and never as our fault: what is no JSON as bad_json, what
// is JSON by its fields. What a parser may decide for itself is pinned.
func TestJSONTestSuite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contact := w.us("POST", "/api/contacts", `{"name":"Dewi"}`).is(201).text("id")
	files, err := filepath.Glob(filepath.Join(crmtest.Shared(t, "vectors", "JSONTestSuite", "test_parsing"), "*.json"))
	w.must(err)
	if len(files) != 318 {
		t.Fatalf("the suite has %d files, want 318", len(files))
	}
	for _, file := range files {
		body, err := os.ReadFile(file)
		w.must(err)
		name := strings.TrimSuffix(filepath.Base(file), ".json")
		for _, target := range []string{"/api/messages/send", "/api/contacts/" + contact + "/notes"} {
			got := w.us("POST", target, string(body), "Content-Type", "application/json")
			code := got.is(400).text("code")
			refused := code == "bad_json"
			switch name[:2] {
			case "n_":
				if !refused {
					t.Errorf("%s as %s is refused as %s, want bad_json", name, target, code)
				}
			case "y_":
				if refused != holdsNul[name] {
					t.Errorf("%s as %s is refused as %s: %s", name, target, code, got.body)
				}
			case "i_":
				if refused != isNoJSON[name] {
					t.Errorf("%s as %s is refused as %s, which is not what was decided", name, target, code)
				}
			}
		}
	}
}

// holdsNul are good JSON with a character that no text column holds.
var holdsNul = map[string]bool{
	"y_object_escaped_null_in_key": true,
	"y_string_null_escape":         true,
}

// isNoJSON are those of the undecided that are refused as JSON: bytes that are
// no UTF-8 and nesting beyond the bound. Lone surrogates are replaced, and
// numbers too large for a float are numbers until a field wants them.
var isNoJSON = map[string]bool{
	"i_string_UTF-16LE_with_BOM":              true,
	"i_string_UTF-8_invalid_sequence":         true,
	"i_string_UTF8_surrogate_U+D800":          true,
	"i_string_invalid_utf-8":                  true,
	"i_string_iso_latin_1":                    true,
	"i_string_lone_utf8_continuation_byte":    true,
	"i_string_not_in_unicode_range":           true,
	"i_string_overlong_sequence_2_bytes":      true,
	"i_string_overlong_sequence_6_bytes":      true,
	"i_string_overlong_sequence_6_bytes_null": true,
	"i_string_truncated-utf-8":                true,
	"i_string_utf16BE_no_BOM":                 true,
	"i_string_utf16LE_no_BOM":                 true,
	"i_structure_500_nested_arrays":           true,
	"i_structure_UTF-8_BOM_empty_object":      true,
}

func TestBodiesAreBounded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	contact := w.us("POST", "/api/contacts", `{"name":"Dewi"}`).is(201).text("id")
	target := "/api/contacts/" + contact + "/notes"
	note := func(body string) string { return `{"body":"` + body + `"}` }
	w.us("POST", target, note(strings.Repeat("a", 1<<20-11))).fails(400, "bad_body") // read, and too long for a note
	for _, size := range []int{1<<20 - 10, 5 << 20} {                                // raw, because the connection may close while the rest is still written
		large := note(strings.Repeat("a", size))
		got := w.raw(fmt.Sprintf("POST %s HTTP/1.1\r\nHost: api\r\nx-api-key: %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s", target, w.ours.key, len(large), large))
		if !strings.HasPrefix(got, "HTTP/1.1 413 ") {
			t.Errorf("a body of %d bytes is answered %.80q, want 413", len(large), got)
		}
	}
	w.us("POST", target, `{"body":`+strings.Repeat("[", 47)+strings.Repeat("]", 47)+`}`).fails(400, "wrong_type")
	w.us("POST", target, `{"body":`+strings.Repeat("[", 48)+strings.Repeat("]", 48)+`}`).fails(400, "bad_json")
	w.us("POST", target, note(`[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\"[[[[[`)).is(201)
	w.us("POST", target, note(`\\u0000 is four digits`)).is(201)
	w.us("POST", target, note(`\\\u0000`)).fails(400, "bad_json")
	w.us("POST", target, "").fails(415, "unsupported_media_type")
	w.us("POST", target, note("a"), "Content-Type", "text/plain").fails(415, "unsupported_media_type")
	w.us("POST", target, note("a"), "Content-Type", "application/json; charset=utf-8").is(201)
	w.us("POST", target, note("a"), "Content-Type", "application/json;;").fails(415, "unsupported_media_type")
}

func TestEveryFaultIsNamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.us("POST", "/api/contacts", `{"name":7,"phone":null,"tag_ids":["x",1],"fields":{"a":1,"b":null},"colour":"red"}`).is(400)
	want := `[{"code":"wrong_type","field":"name"},{"code":"wrong_type","field":"phone"},{"code":"wrong_type","field":"fields.a"},` +
		`{"code":"bad_value","field":"tag_ids[0]"},{"code":"wrong_type","field":"tag_ids[1]"},{"code":"unknown_field","field":"colour"}]`
	errs := got.list("errors")
	for _, e := range errs {
		delete(e, "detail")
	}
	if encode(t, errs) != want {
		t.Errorf("the faults are %s, want %s", encode(t, errs), want)
	}
	var many strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&many, `,"x%d":1`, i)
	}
	if n := len(w.us("POST", "/api/contacts", `{"name":"a"`+many.String()+`}`).is(400).list("errors")); n != 20 {
		t.Errorf("a thousand unknown fields are named %d times, want 20", n)
	}
}

func TestQueriesAreStrict(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for query, code := range map[string]string{
		"unraed=true":                  "unknown_field",
		"status=open&status=open":      "bad_value",
		"status=OPEN":                  "bad_value",
		"status=%ff":                   "bad_value",
		"q=%00":                        "bad_value",
		"limit=0":                      "bad_value",
		"limit=101":                    "bad_value",
		"limit=1e1":                    "bad_value",
		"unread=yes":                   "bad_value",
		"channel=1":                    "bad_value",
		"assignee=nobody":              "bad_value",
		"cursor=x":                     "bad_cursor",
		"cursor=AQ":                    "bad_cursor",
		"cursor=%F0%9F%98%80":          "bad_cursor",
		strings.Repeat("a=1&", 500):    "unknown_field",
		"%ff=1":                        "unknown_field",
		"limit=9999999999999999999999": "bad_value",
	} {
		w.us("GET", "/api/conversations?"+query, "").fails(400, code)
	}
	w.us("GET", "/api/me?x=1", "").fails(400, "unknown_field")
}
