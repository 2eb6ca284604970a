package edge

// MaxChallenge bounds what a handshake echoes, in bytes.
const MaxChallenge = 1 << 10

// handshake answers the GET with which Meta tests an address.
func (d *Door) handshake(r *Request) (Reason, int) {
	var mode, token, challenge []byte
	for rest := r.Query; len(rest) > 0; {
		var pair []byte
		if pair, rest = split(rest, '&'); len(pair) == 0 {
			continue
		}
		name, value := split(pair, '=')
		var to *[]byte
		switch string(d.unescape(name)) {
		case "hub.mode":
			to = &mode
		case "hub.verify_token":
			to = &token
		case "hub.challenge":
			to = &challenge
		}
		if to != nil && *to == nil { // of several the first counts
			*to = d.unescape(value)
		}
	}
	switch {
	case string(mode) != "subscribe":
		return HandshakeMode, 400
	case len(challenge) > MaxChallenge:
		return HandshakeChallenge, 400
	}
	for i := range d.config.Sources {
		if s := &d.config.Sources[i]; s.serves(r) && s.knows(token) {
			d.out.Source, d.out.Challenge = i, challenge
			return HandshakeDone, 200
		}
	}
	return HandshakeToken, 403
}

// knows reports whether a token is one of the source's, in a time that tells
// nothing but its length.
func (s *Source) knows(token []byte) bool {
	known := false
	for _, t := range s.Tokens {
		if len(t) != len(token) {
			continue
		}
		var difference byte
		for i := range token {
			difference |= token[i] ^ t[i]
		}
		known = known || difference == 0
	}
	return known
}

// split cuts b at the first separator.
func split(b []byte, separator byte) (before, after []byte) {
	for i, c := range b {
		if c == separator {
			return b[:i], b[i+1:]
		}
	}
	return b, nil
}

// unescape decodes a name or value of a query. A percent sign that starts no
// escape stands for itself, as it does for the host.
func (d *Door) unescape(b []byte) []byte {
	start := len(d.text)
	for i := 0; i < len(b); i++ {
		c := b[i]
		switch {
		case c == '+':
			c = ' '
		case c == '%' && i+2 < len(b) && hex(b[i+1])|hex(b[i+2]) <= 15:
			c = hex(b[i+1])<<4 | hex(b[i+2])
			i += 2
		}
		d.text = append(d.text, c)
	}
	return d.text[start:len(d.text):len(d.text)]
}

// hex returns the value of a hexadecimal digit, or more than 15.
func hex(c byte) byte {
	switch {
	case c-'0' <= 9:
		return c - '0'
	case c|0x20-'a' <= 5:
		return c | 0x20 - 'a' + 10
	}
	return 0xff
}
