package edge_test

import (
	"fmt"
	"net/url"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

func TestHandshake(t *testing.T) {
	t.Parallel()
	c := parse(t, edgetest.Documents[1]) // tokens "tok" and "t k+%"; of Kapso's source "tok"
	for _, tt := range []struct {
		query     string
		provider  edge.Provider
		source    string
		reason    edge.Reason
		by        int
		challenge string
	}{
		{"hub.mode=subscribe&hub.verify_token=tok&hub.challenge=1158201444", edge.Meta, "", edge.HandshakeDone, 0, "1158201444"},
		{"hub.challenge=1&hub.verify_token=tok&hub.mode=subscribe", edge.Kapso, "", edge.HandshakeDone, 1, "1"},
		{"hub.mode=subscribe&hub.verify_token=tok", edge.Meta, "app", edge.HandshakeDone, 0, ""},
		{"hub.mode=subscribe&hub.verify_token=t+k%2B%25&hub.challenge=a+b%20c%2B", edge.Meta, "", edge.HandshakeDone, 0, "a b c+"},
		{"hub.mode=subscribe&hub.verify_token=t+k%2b%&hub.challenge=%", edge.Meta, "", edge.HandshakeDone, 0, "%"},
		{"%68ub.mode=%73ubscribe&hub%2Everify_token=%74ok&hub.challenge=%3Cb%3E%00%ff", edge.Meta, "", edge.HandshakeDone, 0, "<b>\x00\xff"},
		{"&&x=1&hub.mode=subscribe&&hub.verify_token=tok&hub.challenge=%zz%1", edge.Meta, "", edge.HandshakeDone, 0, "%zz%1"},
		{"hub.mode=subscribe&hub.mode=x&hub.verify_token=tok&hub.verify_token=x&hub.challenge=1&hub.challenge=2", edge.Meta, "", edge.HandshakeDone, 0, "1"},
		{"hub.mode=x&hub.mode=subscribe&hub.verify_token=tok", edge.Meta, "", edge.HandshakeMode, edge.None, ""},
		{"hub.mode=subscribe&hub.verify_token=x&hub.verify_token=tok", edge.Meta, "", edge.HandshakeToken, edge.None, ""},
		{"hub.mode&hub.mode=subscribe&hub.verify_token=tok", edge.Meta, "", edge.HandshakeMode, edge.None, ""},
		{"hub.mode=subscribe&hub.verify_token=uok", edge.Meta, "", edge.HandshakeToken, edge.None, ""},
		{"hub.mode=subscribe&hub.verify_token=toK", edge.Meta, "", edge.HandshakeToken, edge.None, ""},
		{"hub.mode=subscribe&hub.verify_token=", edge.Meta, "", edge.HandshakeToken, edge.None, ""},
		{"hub.mode=subscribe&hub.verify_token=t+k%2B%25", edge.Kapso, "", edge.HandshakeToken, edge.None, ""},
		{"Hub.mode=subscribe&hub.verify_token=tok", edge.Meta, "", edge.HandshakeMode, edge.None, ""},
		{"hub.mode=subscribe;hub.verify_token=tok", edge.Meta, "", edge.HandshakeMode, edge.None, ""},
		{"hub.mode=subscribe&hub.verify_token=tok&hub.challenge=" + strings.Repeat("%31", 1024), edge.Meta, "", edge.HandshakeDone, 0, strings.Repeat("1", 1024)},
		{"hub.mode=subscribe&hub.verify_token=tok&hub.challenge=" + strings.Repeat("%31", 1025), edge.Meta, "", edge.HandshakeChallenge, edge.None, ""},
		{"", edge.Meta, "", edge.HandshakeMode, edge.None, ""},
	} {
		d := edge.Decide(c, &edge.Request{Provider: tt.provider, Method: edge.Get, Source: []byte(tt.source), Query: []byte(tt.query)}, 0)
		if d.Reason != tt.reason || d.Source != tt.by || string(d.Challenge) != tt.challenge || (d.Verdict == edge.Answer) != (tt.reason == edge.HandshakeDone) || d.Cells != 0 {
			t.Errorf("%.120s: %v %v by source %d with %.40q; want %v by %d with %.40q", tt.query, d.Verdict, d.Reason, d.Source, d.Challenge, tt.reason, tt.by, tt.challenge)
		}
	}
}

// TestHandshakesAreTheHosts lets both ends answer generated queries.
func TestHandshakesAreTheHosts(t *testing.T) {
	t.Parallel()
	configs := edgetest.Configs(t)
	answered := 0
	forAll(t, 10000, "a handshake is answered as the host answers it", func(m *edgetest.Maker) string {
		c := configs[m.Uint64()%uint64(len(configs))]
		source := c.Sources[m.Uint64()%uint64(len(c.Sources))]
		query := m.Query(source.Tokens)
		if len(query) > edge.MaxHeader {
			return ""
		}
		d := edge.Decide(c, &edge.Request{Provider: source.Provider, Method: edge.Get, Source: []byte(source.Name), Query: query}, 0)
		h := webhook.Handshake{Mode: argument(query, "hub.mode"), Token: argument(query, "hub.verify_token"), Challenge: argument(query, "hub.challenge")}
		var tokens []crm.Secret
		for _, token := range source.Tokens {
			tokens = append(tokens, crm.Secret(token))
		}
		challenge, err := h.Answer(tokens)
		if (err == nil) != (d.Verdict == edge.Answer) || challenge != string(d.Challenge) {
			return fmt.Sprintf("%s: the host answers %q, %v; the edge %v %q", query, challenge, err, d.Reason, d.Challenge)
		}
		if err == nil {
			answered++
		}
		return ""
	})
	if answered < 300 {
		t.Errorf("only %d handshakes were answered", answered)
	}
}

// argument returns the first value of a name in a query, written for this test.
func argument(query []byte, name string) string {
	for pair := range strings.SplitSeq(string(query), "&") {
		key, value, _ := strings.Cut(pair, "=")
		if pair != "" && unescaped(key) == name {
			return unescaped(value)
		}
	}
	return ""
}

// unescaped decodes a part of a query; percent signs that start no escape are
// first written as escapes of themselves.
func unescaped(text string) string {
	var sound strings.Builder
	for i := range len(text) {
		sound.WriteByte(text[i])
		if text[i] == '%' && (i+2 >= len(text) || strings.Trim(text[i+1:i+3], "0123456789abcdefABCDEF") != "") {
			sound.WriteString("25")
		}
	}
	decoded, err := url.QueryUnescape(sound.String())
	if err != nil {
		return err.Error()
	}
	return decoded
}
