package webhook_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/webhook"
)

// envelope puts messages into Meta's envelope.
func envelope(messages ...string) []byte {
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"messages","value":{` +
		`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"messages":[` + strings.Join(messages, ",") + `]}}]}]}`)
}

// hello is one message with the id.
func hello(id string) string {
	return `{"id":"` + id + `","from":"6281200000001","timestamp":"1790000000","type":"text","text":{"body":"halo"}}`
}

func hellos(n int) []string {
	messages := make([]string, n)
	for i := range messages {
		messages[i] = hello(fmt.Sprintf("wamid.%d", i))
	}
	return messages
}

func TestBounds(t *testing.T) {
	t.Parallel()
	pad := func(n int) []byte { return append(envelope(hello("wamid.1")), bytes.Repeat([]byte{' '}, n)...) }
	small := len(envelope(hello("wamid.1")))
	// The envelope opens 8 arrays and objects around what a message nests.
	nest := func(n int) []byte {
		return envelope(`{"id":"wamid.1","type":"x","x":` + strings.Repeat("[", n) + strings.Repeat("]", n) + `}`)
	}
	cases := []struct {
		name     string
		provider crm.Provider
		body     []byte
		want     crm.Code
	}{
		{"4 MiB", crm.Meta, pad(4<<20 - small), ""},
		{"4 MiB and a byte", crm.Meta, pad(4<<20 - small + 1), crm.TooLarge},
		{"depth 48", crm.Meta, nest(48 - 8), ""},
		{"depth 49", crm.Meta, nest(49 - 8), crm.Invalid},
		{"depth 49, Kapso", crm.Kapso, []byte(strings.Repeat("[", 49) + strings.Repeat("]", 49)), crm.Invalid},
		{"4,096 updates", crm.Meta, envelope(hellos(4096)...), ""},
		{"4,097 updates", crm.Meta, envelope(hellos(4097)...), crm.TooLarge},
		{"4,097 nulls", crm.Kapso, []byte(`{"batch":true,"data":[` + strings.Repeat("null,", 4096) + `null]}`), crm.TooLarge},
		{"empty", crm.Meta, nil, crm.Invalid},
		{"not JSON", crm.Kapso, []byte(`{"a":`), crm.Invalid},
		{"not UTF-8", crm.Meta, envelope("\"\xff\""), crm.Invalid},
		{"a provider nobody knows", "sms", envelope(), crm.Invalid},
	}
	for _, c := range cases {
		facts, err := webhook.Decode(c.provider, "", c.body)
		if crm.CodeOf(err) != c.want || (err == nil) != (len(facts) > 0) {
			t.Errorf("%s: Decode = %d facts, %v; want class %q", c.name, len(facts), err, c.want)
		}
		var e *crm.Error
		if err != nil && (!errors.As(err, &e) || e.Msg == "") {
			t.Errorf("%s: the error %v has no sentence", c.name, err)
		}
	}
	for _, body := range [][]byte{nil, []byte("{"), bytes.Repeat([]byte(" "), webhook.MaxBody+1)} {
		want := crm.Invalid
		if len(body) > webhook.MaxBody {
			want = crm.TooLarge
		}
		if _, err := webhook.DecodeListed("1", body); !errors.Is(err, want) {
			t.Errorf("DecodeListed of %d bytes = %v, want %v", len(body), err, want)
		}
	}
}

// TestOwnership holds the promise that strings are copies and Raw is not.
func TestOwnership(t *testing.T) {
	t.Parallel()
	for _, own := range ownFiles(t) {
		want, err := own.decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range want {
			if !within(own.body, f.Raw) {
				t.Errorf("%s: Raw is not a slice of the body: %.60q", own.name, f.Raw)
			}
		}
		shown := describeContents(want)
		clear(own.body)
		if got := describeContents(want); got != shown {
			t.Errorf("%s: changing the body changes the facts to\n%s", own.name, got)
		}
	}
}

// within reports whether part is a slice of body's memory.
func within(body, part []byte) bool {
	if len(part) == 0 || cap(part) != len(part) {
		return false // a larger capacity would let an append write into the body
	}
	for i := range body {
		if &body[i] == &part[0] {
			return i+len(part) <= len(body)
		}
	}
	return false
}

// describeContents writes all of the facts but Raw.
func describeContents(facts []webhook.Fact) string {
	var b strings.Builder
	for _, f := range facts {
		f.Raw = nil
		encoded, err := json.Marshal(f)
		fmt.Fprintf(&b, "%s %v\n", encoded, err)
	}
	return b.String()
}

// TestContentsCanBeKept encodes every content of the own payloads as the store
// does and reads it back.
func TestContentsCanBeKept(t *testing.T) {
	t.Parallel()
	seen := map[crm.ContentKind]bool{}
	for _, own := range ownFiles(t) {
		facts, err := own.decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facts {
			if f.Message == nil {
				continue
			}
			content := f.Message.Content
			seen[content.Kind()] = true
			first, err := crm.EncodeContent(content)
			if err != nil {
				t.Errorf("%s: EncodeContent(%+v) = %v", own.name, content, err)
				continue
			}
			again, err := crm.DecodeContent(content.Kind(), first)
			second, encodeErr := crm.EncodeContent(again)
			if err != nil || encodeErr != nil || !bytes.Equal(first, second) {
				t.Errorf("%s: %s comes back as %s, %v, %v", own.name, first, second, err, encodeErr)
			}
			if bytes.Contains(first, []byte(`\u0000`)) || bytes.Contains(first, []byte(`\ud83d`)) {
				t.Errorf("%s: %s holds what PostgreSQL refuses", own.name, first)
			}
		}
	}
	for _, kind := range []crm.ContentKind{crm.KindText, crm.KindImage, crm.KindVideo, crm.KindAudio, crm.KindDocument, crm.KindSticker, crm.KindLocation, crm.KindContacts,
		crm.KindInteractive, crm.KindChoice, crm.KindFlowReply, crm.KindReaction, crm.KindOrder, crm.KindSystem, crm.KindTemplate, crm.KindUnsupported} {
		if !seen[kind] {
			t.Errorf("no payload in testdata/own holds %s", kind)
		}
	}
}

// pinned is what becomes of the files that a JSON parser may accept or refuse:
// numbers are never converted, so their size does not matter; half surrogates
// become U+FFFD; what is not UTF-8 is refused, and so is a byte order mark.
var pinned = map[string]bool{
	"i_number_double_huge_neg_exp.json":                   true,
	"i_number_huge_exp.json":                              true,
	"i_number_neg_int_huge_exp.json":                      true,
	"i_number_pos_double_huge_exp.json":                   true,
	"i_number_real_neg_overflow.json":                     true,
	"i_number_real_pos_overflow.json":                     true,
	"i_number_real_underflow.json":                        true,
	"i_number_too_big_neg_int.json":                       true,
	"i_number_too_big_pos_int.json":                       true,
	"i_number_very_big_negative_int.json":                 true,
	"i_object_key_lone_2nd_surrogate.json":                true,
	"i_string_1st_surrogate_but_2nd_missing.json":         true,
	"i_string_1st_valid_surrogate_2nd_invalid.json":       true,
	"i_string_UTF-16LE_with_BOM.json":                     false,
	"i_string_UTF-8_invalid_sequence.json":                false,
	"i_string_UTF8_surrogate_U+D800.json":                 false,
	"i_string_incomplete_surrogate_and_escape_valid.json": true,
	"i_string_incomplete_surrogate_pair.json":             true,
	"i_string_incomplete_surrogates_escape_valid.json":    true,
	"i_string_invalid_lonely_surrogate.json":              true,
	"i_string_invalid_surrogate.json":                     true,
	"i_string_invalid_utf-8.json":                         false,
	"i_string_inverted_surrogates_U+1D11E.json":           true,
	"i_string_iso_latin_1.json":                           false,
	"i_string_lone_second_surrogate.json":                 true,
	"i_string_lone_utf8_continuation_byte.json":           false,
	"i_string_not_in_unicode_range.json":                  false,
	"i_string_overlong_sequence_2_bytes.json":             false,
	"i_string_overlong_sequence_6_bytes.json":             false,
	"i_string_overlong_sequence_6_bytes_null.json":        false,
	"i_string_truncated-utf-8.json":                       false,
	"i_string_utf16BE_no_BOM.json":                        false,
	"i_string_utf16LE_no_BOM.json":                        false,
	"i_structure_500_nested_arrays.json":                  false,
	"i_structure_UTF-8_BOM_empty_object.json":             false,
}

// TestJSONTestSuite puts every file of the suite through both entries: y_ is
// accepted, n_ refused, i_ as pinned above.
func TestJSONTestSuite(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(crmtest.Shared(t, "vectors", "JSONTestSuite", "test_parsing"), "*.json"))
	if err != nil || len(files) != 318 {
		t.Fatalf("found %d files, %v; want 318", len(files), err)
	}
	ran := map[byte]int{}
	for _, file := range files {
		base := filepath.Base(file)
		want, known := pinned[base]
		if base[0] == 'i' && !known {
			t.Errorf("%s is not pinned", base)
		}
		want = want || base[0] == 'y'
		ran[base[0]]++
		for _, provider := range []crm.Provider{crm.Meta, crm.Kapso} {
			facts, err := webhook.Decode(provider, "", read(t, file))
			accepted := err == nil && len(facts) > 0
			if accepted != want || !want && !errors.Is(err, crm.Invalid) {
				t.Errorf("%s, %s: Decode = %d facts, %v; want accepted: %v", base, provider, len(facts), err, want)
			}
		}
	}
	if ran['y'] != 95 || ran['n'] != 188 || ran['i'] != len(pinned) {
		t.Errorf("ran %d y_, %d n_, %d i_ files; want 95, 188, %d", ran['y'], ran['n'], ran['i'], len(pinned))
	}
}

// TestNaughtyStrings sends each of the Big List of Naughty Strings through
// every text of a webhook and wants it back code point for code point.
func TestNaughtyStrings(t *testing.T) {
	t.Parallel()
	var list []string
	load(t, &list, "vectors", "blns", "blns.json")
	for _, naughty := range list {
		for _, texts := range []map[string]string{metaTexts(t, naughty), kapsoTexts(t, naughty)} {
			for place, got := range texts {
				if want := strings.ReplaceAll(naughty, "\x00", ""); got != want {
					t.Errorf("%s of %q = %q", place, naughty, got)
				}
			}
		}
	}
	if len(list) < 500 {
		t.Errorf("ran %d strings, want more than 500", len(list))
	}
}

// metaTexts sends text in every place of Meta's webhooks and returns what was
// read there.
func metaTexts(t *testing.T, text string) map[string]string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	say := func(template string) string { return strings.ReplaceAll(template, "$", string(quoted)) }
	body := say(`{"object":"whatsapp_business_account","entry":[{"changes":[{"field":"messages","value":{
		"contacts":[{"wa_id":"1","profile":{"name":$}},{"wa_id":"2"}],"messages":[
		{"id":"a","from":"1","type":"text","text":{"body":$}},
		{"id":"b","from":"1","type":"document","document":{"caption":$,"filename":$}},
		{"id":"c","from":"1","type":"location","location":{"latitude":1,"longitude":2,"name":$,"address":$}},
		{"id":"d","from":"1","type":"interactive","interactive":{"type":"list_reply","list_reply":{"id":$,"title":$,"description":$}}},
		{"id":"e","from":"1","type":"contacts","contacts":[{"name":{"formatted_name":$}},{"name":{"formatted_name":"x"}}]},
		{"id":"f","from":"1","type":"button","button":{"payload":$,"text":$}},
		{"id":"g","from":"1","type":"reaction","reaction":{"message_id":"m","emoji":$}}]}}]}]}`)
	facts, err := webhook.Decode(crm.Meta, "", []byte(body))
	if err != nil || len(facts) != 7 {
		t.Fatalf("Decode with %q = %d facts, %v", text, len(facts), err)
	}
	document, _ := facts[1].Message.Content.(crm.Media)
	place, _ := facts[2].Message.Content.(crm.Location)
	chosen, _ := facts[3].Message.Content.(crm.Choice)
	contacts, _ := facts[4].Message.Content.(crm.Contacts)
	button, _ := facts[5].Message.Content.(crm.Choice)
	emoji, _ := facts[6].Message.Content.(crm.Reaction)
	words, _ := facts[0].Message.Content.(crm.Text)
	read := map[string]string{
		"profile name": facts[0].Peer.Name, "body": words.Body, "caption": document.Caption, "file name": document.Filename,
		"place": place.Name, "address": place.Address, "choice id": chosen.ID, "choice title": chosen.Title,
		"choice description": chosen.Description, "payload": button.ID, "button": button.Title, "emoji": emoji.Emoji,
	}
	if names := contacts.Names; len(names) == 2 { // a card without a name has none in the list
		read["card"] = names[0]
	}
	return read
}

// kapsoTexts is metaTexts for Kapso.
func kapsoTexts(t *testing.T, text string) map[string]string {
	t.Helper()
	quoted, err := json.Marshal(text)
	if err != nil {
		t.Fatal(err)
	}
	body := strings.ReplaceAll(`{"message":{"id":"a","from":"1","type":"audio","audio":{"caption":$},"kapso":{"transcript":{"text":$},"media_data":{"filename":$}}},
		"conversation":{"contact_name":$}}`, "$", string(quoted))
	facts, err := webhook.Decode(crm.Kapso, "whatsapp.message.received", []byte(body))
	if err != nil || len(facts) != 1 {
		t.Fatalf("Decode with %q = %d facts, %v", text, len(facts), err)
	}
	audio, _ := facts[0].Message.Content.(crm.Media)
	return map[string]string{"caption": audio.Caption, "transcript": audio.Words, "file name": audio.Filename, "contact name": facts[0].Peer.Name}
}

// TestKapsoProseIsNobodysWords looks for Kapso's sentences about a message in
// everything that is read of the own payloads.
func TestKapsoProseIsNobodysWords(t *testing.T) {
	t.Parallel()
	const prose = "PROSE BY KAPSO"
	for _, own := range ownFiles(t) {
		if !bytes.Contains(own.body, []byte(`"kapso"`)) {
			continue
		}
		own.body = bytes.ReplaceAll(own.body, []byte(`"direction":`), []byte(`"content": "`+prose+`", "direction":`))
		facts, err := own.decode()
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range facts {
			if f.Message == nil || f.Message.Content.Kind() == crm.KindUnsupported {
				continue // which keeps the bytes, and shows none of them
			}
			if shown := describeContents([]webhook.Fact{f}); strings.Contains(shown, prose) {
				t.Errorf("%s: Kapso's sentence became content: %s", own.name, shown)
			}
		}
	}
}
