package edgetest

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"

	"github.com/my21staff/my21staff/edge"
)

// MAC returns the HMAC-SHA256 of a body.
func MAC(secret string, body []byte) (mac [32]byte) {
	h := hmac.New(sha256.New, []byte(secret))
	h.Write(body)
	return [32]byte(h.Sum(nil))
}

// Sign gives a request the header that its provider would send.
func Sign(r *edge.Request, secret string) {
	mac := MAC(secret, r.Body)
	digits := hex.EncodeToString(mac[:])
	if r.Provider == edge.Kapso {
		r.Hub, r.Signature = edge.Header{}, edge.Header{Value: []byte(digits), Count: 1}
	} else {
		r.Hub, r.Signature = edge.Header{Value: []byte("sha256=" + digits), Count: 1}, edge.Header{}
	}
}

// Signed returns a request as the provider would send it to a source whose
// secret is Secret.
func Signed(p edge.Provider, event string, body []byte) *edge.Request {
	r := &edge.Request{Provider: p, Method: edge.Post, Event: []byte(event), Body: body}
	Sign(r, Secret)
	return r
}

// Request returns a request for a configuration, nearly always one that it
// takes, and when it comes.
func (m *Maker) Request(c *edge.Config) (r *edge.Request, now int64) {
	source := &c.Sources[m.r.IntN(len(c.Sources))]
	r = &edge.Request{Provider: source.Provider, Method: edge.Post}
	if m.oneIn(40) {
		r.Provider = edge.Provider(m.r.IntN(4))
	}
	r.Source = m.sourceName(source.Name)
	now = Now + pick[int64](m, 0, 0, 0, -1, 1, 2, -86400_000, 86400_000, -Now, -Now-1, 110000000000, 1<<62)
	if m.oneIn(16) {
		r.Method = pick(m, edge.Get, edge.Get, edge.Get, edge.Other, edge.Method(200))
		r.Query = m.Query(source.Tokens)
	}
	r.Event, r.Body = m.content(r.Provider)
	m.sign(r, source.Secrets[m.r.IntN(len(source.Secrets))].Value)
	if m.oneIn(8) {
		m.addMACs(c, r, now)
	}
	return r, now
}

func (m *Maker) sourceName(name string) []byte {
	switch m.r.IntN(16) {
	case 0:
		return []byte(pick(m, "nobody", "App", "app ", "app\x00", strings.Repeat("a", 64), strings.Repeat("a", edge.MaxHeader+9)))
	case 1, 2, 3:
		return []byte(name)
	}
	return nil
}

// content returns a body for a provider and its event.
func (m *Maker) content(p edge.Provider) (event, body []byte) {
	var header string
	switch n := m.r.IntN(40); {
	case n == 0:
		body = m.Document()
	case n == 1 && m.oneIn(10):
		body = m.Many(m.between(2, 60))
	case n == 2:
		body = m.Spoil(m.Document())
	case p == edge.Kapso && n < 38 || p != edge.Kapso && n > 37:
		header, body = m.KapsoBody()
	default:
		body = m.MetaBody()
	}
	if m.oneIn(5) {
		body = m.Spoil(body)
	}
	if m.oneIn(100) {
		header = pick(m, "\xff", "é", strings.Repeat("e", edge.MaxHeader), strings.Repeat("e", edge.MaxHeader+1), strings.Repeat("e", edge.MaxHeader+2))
	}
	return []byte(header), body
}

// sign signs a request with a secret, nearly always rightly.
func (m *Maker) sign(r *edge.Request, secret string) {
	Sign(r, secret)
	header := &r.Hub
	if r.Provider == edge.Kapso {
		header = &r.Signature
		switch m.r.IntN(12) {
		case 0: // Meta's header alone
			r.Hub = edge.Header{Value: append([]byte("sha256="), header.Value...), Count: 1}
			*header, header = edge.Header{}, &r.Hub
		case 1:
			r.Hub = m.header(append([]byte("sha256="), header.Value...), true)
		}
	}
	if m.oneIn(10) {
		*header = m.header(header.Value, m.oneIn(8))
	}
}

// header returns one that is not quite the value.
func (m *Maker) header(value []byte, good bool) edge.Header {
	text := string(value)
	if good {
		return edge.Header{Value: []byte(pick(m, " ", "\t", "", " \t ") + text + pick(m, " ", "\t", "")), Count: 1}
	}
	digits := strings.TrimPrefix(text, "sha256=")
	at := len(text) - 1 - m.r.IntN(len(digits))
	return pick(m,
		edge.Header{}, edge.Header{Value: value}, edge.Header{Count: 1}, edge.Header{Value: value, Count: 2}, edge.Header{Value: value, Count: 255},
		once(strings.ToUpper(text)), once(strings.Replace(text, digits, strings.ToUpper(digits), 1)), once(text[:at]+strings.ToUpper(text[at:])),
		once(digits), once("sha256="+text), once("sha1="+digits[:40]), once("SHA256="+digits), once("sha256= "+digits), once("sha256:"+digits),
		once(text[:at]), once(text[1:]), once(text+"0"), once(text+"\n"), once("\u00a0"+text), once(text+","+text), once(text+"\x00"), once("\v"+text),
		once(text[:at]+pick(m, "0", "7", "9", "a", "f", "g", "A", "F", "G", "/", ":", "@", "`", "\x00", "\xff")+text[at+1:]), once(strings.Repeat("0", len(digits))), once(strings.Repeat("f", len(digits))),
		once(text+strings.Repeat(" ", edge.MaxHeader-len(text))), once(text+strings.Repeat(" ", edge.MaxHeader+1-len(text))), once(strings.Repeat(" ", edge.MaxHeader+5)),
	)
}

func once(text string) edge.Header { return edge.Header{Value: []byte(text), Count: 1} }

// addMACs adds what a host has computed already: for each key, for some, or
// something else.
func (m *Maker) addMACs(c *edge.Config, r *edge.Request, now int64) {
	c.Keys(r, now, func(source, key int) bool {
		r.MACs = append(r.MACs, MAC(c.Sources[source].Secrets[key].Value, r.Body))
		return true
	})
	switch m.r.IntN(8) {
	case 0:
		r.MACs = r.MACs[:m.r.IntN(len(r.MACs)+1)]
	case 1:
		r.MACs = append(r.MACs, [32]byte{1})
	case 2:
		for i := range r.MACs {
			r.MACs[i][m.r.IntN(32)] ^= 1
		}
	}
}

// Query returns the query of a handshake with one of the tokens, or nearly.
func (m *Maker) Query(tokens []string) []byte {
	token := "none"
	if len(tokens) > 0 {
		token = tokens[m.r.IntN(len(tokens))]
	}
	pairs := []string{
		"hub.mode=" + m.escaped(pick(m, "subscribe", "subscribe", "subscribe", "subscribe", "subscribe", "unsubscribe", "Subscribe", "")),
		"hub.verify_token=" + m.escaped(pick(m, token, token, token, token, token, token+" ", "", strings.ToUpper(token))),
		"hub.challenge=" + m.escaped(pick(m, "1158201444", "1158201444", "a b+c%&=é", "", strings.Repeat("1", pick(m, 1023, 1024, 1025, 3000)), "<script>\x00")),
	}
	if m.oneIn(4) {
		pairs = append(pairs, pick(m, "", "x", "=", "x=1", "hub.mode", "hub.mode=subscribe", "hub.mode=x", "hub.challenge=2", "hub.verify_token="+m.escaped(token),
			"%", "%4", "%zz=1", "a;b=1", "hub.mode=%", "hub.challenge=%1", "hub.challenge=%zz+%"))
	}
	m.r.Shuffle(len(pairs), func(i, k int) { pairs[i], pairs[k] = pairs[k], pairs[i] })
	if m.oneIn(12) {
		pairs = pairs[1:]
	}
	query := strings.Join(pairs, "&")
	if m.oneIn(16) {
		query = string(m.Spoil([]byte(query)))
	}
	return []byte(query)
}

// escaped writes a text for a query in one of the ways.
func (m *Maker) escaped(text string) string {
	switch m.r.IntN(4) {
	case 0:
		return strings.ReplaceAll(url.QueryEscape(text), "+", "%20")
	case 1:
		var all strings.Builder
		for i := range len(text) {
			fmt.Fprintf(&all, pick(m, "%%%02x", "%%%02X"), text[i])
		}
		return all.String()
	case 2:
		if strings.ContainsAny(text, "&=%+ ") {
			return text
		}
	}
	return url.QueryEscape(text)
}
