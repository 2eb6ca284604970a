package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

// reader reads a document into a configuration and keeps the first error.
type reader struct {
	config *Config
	err    *ConfigError
}

func (r *reader) fail(field, problem string) {
	if r.err == nil {
		r.err = &ConfigError{field, problem}
	}
}

// entries calls read for each member of an object, in the document's order.
func (r *reader) entries(path string, v tape.Value, read func(name, field string, v tape.Value)) {
	if v.Kind() != tape.Object {
		r.fail(path, "is no object")
		return
	}
	for m := v.First(); m.Kind() != tape.Missing && r.err == nil; m = m.Next() {
		name := m.Key()
		field := name
		if field == "" {
			field = `""`
		}
		if path != "" {
			field = path + "." + field
		}
		read(name, field, m)
	}
}

// members is entries for an object whose names are known: read reports whether
// it knows one. A name that comes twice is an error too.
func (r *reader) members(path string, v tape.Value, read func(name, field string, v tape.Value) bool) {
	var seen []string
	r.entries(path, v, func(name, field string, v tape.Value) {
		if has(seen, name) {
			r.fail(field, "comes twice")
		}
		seen = append(seen, name)
		if !read(name, field, v) {
			r.fail(field, "is not known")
		}
	})
}

// elements calls read for each element of an array.
func (r *reader) elements(path string, v tape.Value, most int, read func(field string, v tape.Value)) {
	if v.Kind() != tape.Array {
		r.fail(path, "is no list")
		return
	}
	n := 0
	for e := v.First(); e.Kind() != tape.Missing && r.err == nil; e = e.Next() {
		if n == most {
			r.fail(path, "has more than "+itoa(most)+" elements")
			return
		}
		read(path+"["+itoa(n)+"]", e)
		n++
	}
}

// text reads a text that is not empty.
func (r *reader) text(field string, v tape.Value) string {
	text := v.Text()
	if text == "" {
		r.fail(field, "is no text, or an empty one")
	}
	return text
}

// texts reads a list of texts, none of them twice.
func (r *reader) texts(path string, v tape.Value, most int) []string {
	var texts []string
	r.elements(path, v, most, func(field string, v tape.Value) {
		text := r.text(field, v)
		if has(texts, text) {
			r.fail(field, "comes twice")
		}
		texts = append(texts, text)
	})
	return texts
}

// number reads a whole number from least to most.
func (r *reader) number(field string, v tape.Value, least, most int64) int64 {
	n, ok := wholeNumber(v.Raw())
	if v.Kind() != tape.Number || !ok || n < least || n > most {
		r.fail(field, "is no whole number from "+itoa(int(least))+" to "+itoa(int(most)))
	}
	return n
}

// time reads a time in RFC 3339, in milliseconds.
func (r *reader) time(field string, v tape.Value) int64 {
	t, ok := rfc3339([]byte(v.Text()))
	if !ok {
		r.fail(field, "is no time such as 2026-12-01T00:00:00Z")
	}
	return t
}

func has(texts []string, text string) bool {
	for _, t := range texts {
		if t == text {
			return true
		}
	}
	return false
}

// itoa writes a number; strconv is not worth its size here.
func itoa(n int) string {
	var digits [20]byte
	i := len(digits)
	negative := n < 0
	if negative {
		n = -n
	}
	for i--; ; i-- {
		digits[i] = byte('0' + n%10)
		if n /= 10; n == 0 {
			break
		}
	}
	if negative {
		i--
		digits[i] = '-'
	}
	return string(digits[i:])
}

// wholeNumber reads digits with an optional minus, at most 18 of them.
func wholeNumber(b []byte) (int64, bool) {
	negative := len(b) > 0 && b[0] == '-'
	if negative {
		b = b[1:]
	}
	if len(b) == 0 || len(b) > 18 {
		return 0, false
	}
	var n int64
	for _, c := range b {
		if c-'0' > 9 {
			return 0, false
		}
		n = n*10 + int64(c-'0')
	}
	if negative {
		n = -n
	}
	return n, true
}
