package edge

import "github.com/my21staff/my21staff/crm/webhook/tape"

func (r *reader) sources(list tape.Value) {
	r.elements("sources", list, MaxSources, func(path string, v tape.Value) {
		s := r.source(path, v)
		for i := range r.config.Sources {
			if r.config.Sources[i].Name == s.Name {
				r.fail(path+".name", "is another source's too")
			}
		}
		for i, number := range s.Numbers {
			if !r.config.speakers.put(number, uint32(len(r.config.Sources))) {
				r.fail(path+".numbers["+itoa(i)+"]", "is no phone number id, or another source's too")
			}
		}
		r.config.Sources = append(r.config.Sources, s)
	})
	if len(r.config.Sources) == 0 {
		r.fail("sources", "is empty: nobody could sign")
	}
}

func (r *reader) source(path string, v tape.Value) Source {
	var s Source
	r.members(path, v, func(name, field string, v tape.Value) bool {
		switch name {
		case "name":
			s.Name = r.word(field, v)
		case "provider":
			if s.Provider = ProviderOf(v.Text()); s.Provider == 0 {
				r.fail(field, "is neither meta nor kapso")
			}
		case "secrets":
			r.secrets(&s, field, v)
		case "verify_tokens":
			s.Tokens = r.texts(field, v, MaxSecrets)
		case "numbers":
			s.Numbers = r.texts(field, v, 1<<16)
		default:
			return false
		}
		return true
	})
	switch {
	case s.Name == "":
		r.fail(path+".name", "is missing")
	case s.Provider == 0:
		r.fail(path+".provider", "is missing")
	case len(s.Secrets) == 0:
		r.fail(path+".secrets", "is missing or empty: nothing is taken unsigned")
	}
	return s
}

func (r *reader) secrets(s *Source, path string, v tape.Value) {
	r.elements(path, v, MaxSecrets, func(field string, v tape.Value) {
		s.Secrets = append(s.Secrets, r.secret(field, v))
	})
	for i := range s.Secrets { // more become active only when one begins
		at, active := s.Secrets[i].NotBefore, 0
		for k := range s.Secrets {
			if s.Secrets[k].active(at) {
				active++
			}
		}
		if active > MaxActive {
			r.fail(path, "has more than "+itoa(MaxActive)+" active at once")
		}
	}
}

// secret reads a text, or an object with times.
func (r *reader) secret(path string, v tape.Value) Secret {
	if v.Kind() == tape.String {
		return Secret{Value: r.text(path, v)}
	}
	var s Secret
	ends := false
	r.members(path, v, func(name, field string, v tape.Value) bool {
		switch name {
		case "secret":
			s.Value = r.text(field, v)
		case "not_before":
			s.NotBefore = r.time(field, v)
		case "not_after":
			s.NotAfter, ends = r.time(field, v), true
		default:
			return false
		}
		return true
	})
	if s.Value == "" {
		r.fail(path+".secret", "is missing")
	}
	if ends && s.NotAfter <= max(s.NotBefore, 0) { // 0 would be for ever
		r.fail(path+".not_after", "is not after not_before")
	}
	return s
}

// word reads a name that may stand in an address, in a header and in a metric.
func (r *reader) word(field string, v tape.Value) string {
	name := r.text(field, v)
	if !isWord(name) {
		r.fail(field, "has other characters than a-z, 0-9, - and _, or more than 64")
	}
	return name
}

func isWord(name string) bool {
	for i := range len(name) {
		c := name[i]
		if c-'a' > 25 && c-'0' > 9 && c != '-' && c != '_' {
			return false
		}
	}
	return len(name) > 0 && len(name) <= 64
}

// isEnvelopeSecret reports whether a text has the form of a Standard Webhooks
// secret: 24 to 64 bytes in base64 behind "whsec_".
func isEnvelopeSecret(text string) bool {
	code, found := cutPrefix(text, "whsec_")
	if !found || len(code)%4 != 0 {
		return false
	}
	for range 2 { // at most two bytes are missing in the last four characters
		if len(code) > 0 && code[len(code)-1] == '=' {
			code = code[:len(code)-1]
		}
	}
	for i := range len(code) {
		c := code[i]
		if c-'a' > 25 && c-'A' > 25 && c-'0' > 9 && c != '+' && c != '/' {
			return false
		}
	}
	size := len(code) * 3 / 4
	return size >= 24 && size <= 64
}

func cutPrefix(text, prefix string) (string, bool) {
	if len(text) < len(prefix) || text[:len(prefix)] != prefix {
		return text, false
	}
	return text[len(prefix):], true
}

// printable reports whether a text is printable ASCII without spaces.
func printable(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}
