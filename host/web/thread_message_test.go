package web

import (
	"encoding/json"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
)

var noon = time.Date(2026, 11, 2, 5, 0, 0, 0, time.UTC) // in Jakarta

// someone is a visitor in English.
func someone() *visitor {
	zone := time.FixedZone("WIB", 7*60*60)
	return &visitor{lang: english, zone: zone, members: map[string]string{"m1": "Dewi"}, workspace: &crm.Workspace{}}
}

// said is a message of the customer, ours one of the team.
func said(id byte, content crm.Content) *crm.Message {
	return &crm.Message{ID: crm.MessageID{15: id}, Direction: crm.Inbound, Content: content, ProviderID: "w" + string('0'+rune(id)), ProviderTime: noon, Status: crm.Received}
}

func ours(id byte, content crm.Content, status crm.MessageStatus) *crm.Message {
	m := said(id, content)
	m.Direction, m.Author, m.Status = crm.Outbound, crm.Actor{Kind: crm.ByMember, ID: "m1"}, status
	return m
}

func TestReactionsStandOnTheirMessage(t *testing.T) {
	t.Parallel()
	messages := []*crm.Message{
		ours(1, crm.Text{Body: "Halo"}, crm.Read),
		said(2, crm.Reaction{MessageID: "w1", Emoji: "👍"}),
		ours(3, crm.Reaction{MessageID: "w1", Emoji: "❤️"}, crm.Sent),
		said(4, crm.Reaction{MessageID: "w1", Emoji: "😂"}),
		said(5, crm.Reaction{MessageID: "elsewhere", Emoji: "🙏"}),
		ours(6, crm.Reaction{MessageID: "w1", Emoji: ""}, crm.Sent),
		ours(7, crm.Reaction{MessageID: "w1", Emoji: "🔥"}, crm.Failed),
	}
	shown := someone().bubbles(messages, nil, "Budi", noon)
	if len(shown) != 3 {
		t.Fatalf("%d messages are shown, want the text, the reaction to one that is not here, and the one that failed", len(shown))
	}
	if want := []reaction{{"😂", "Budi", false}}; !reflect.DeepEqual(shown[0].Reactions, want) {
		t.Errorf("the message has the reactions %v, want %v: the last of each author", shown[0].Reactions, want)
	}
	if shown[1].Side != "middle" || !strings.Contains(shown[1].Text[0].Text, "🙏") {
		t.Errorf("a reaction to a message that is not here is shown as %+v", shown[1])
	}
	if shown[2].Failure == "" || strings.Contains(shown[2].Text[0].Text, "🔥") {
		t.Errorf("a reaction that failed does not say so: %+v", shown[2])
	}
	// To WhatsApp the team is one: what a colleague says takes the place of it.
	colleague := ours(8, crm.Reaction{MessageID: "w1", Emoji: "🙏"}, crm.Sent)
	colleague.Author.ID = "m2"
	shown = someone().bubbles(append(messages[:3:3], colleague), nil, "Budi", noon)
	if got := shown[0].Reactions; len(got) != 2 || got[0].Emoji != "👍" || got[1].Emoji != "🙏" {
		t.Errorf("after two of us reacted the message has the reactions %v", got)
	}
}

func TestQuotesAndAnswers(t *testing.T) {
	t.Parallel()
	asked := ours(1, crm.Interactive{Type: "button", Body: "When?", Header: json.RawMessage(`{"type":"text","text":"Visit"}`),
		Action: json.RawMessage(`{"buttons":[{"reply":{"id":"a","title":"Monday"}},{"reply":{"id":"b","title":"Tuesday"}}]}`)}, crm.Read)
	answer := said(2, crm.Choice{Source: "button", ID: "b", Title: "Tuesday"})
	answer.ReplyTo = "w1"
	lost := said(3, crm.Text{Body: "and this?"})
	lost.ReplyTo = "long ago"
	shown := someone().bubbles([]*crm.Message{asked, answer, lost}, nil, "Budi", noon)
	if want := []button{{Title: "Monday"}, {Title: "Tuesday", Chosen: true}}; !reflect.DeepEqual(shown[0].Buttons, want) || shown[0].Header != "Visit" {
		t.Errorf("the question is %+v, want the buttons %v", shown[0], want)
	}
	if q := shown[1].Quote; q == nil || q.ID != shown[0].ID || q.Author != "Dewi" || q.Text != "When?" {
		t.Errorf("the answer quotes %+v", q)
	}
	if q := shown[2].Quote; q == nil || q.ID != "" || q.Text == "" {
		t.Errorf("an answer to a message that is not here quotes %+v", q)
	}
}

func TestDaysAndRuns(t *testing.T) {
	t.Parallel()
	messages := []*crm.Message{said(1, crm.Text{Body: "a"}), said(2, crm.Text{Body: "b"}), ours(3, crm.Text{Body: "c"}, crm.Sent), ours(4, crm.Text{Body: "d"}, crm.Sent)}
	for i, before := range []time.Duration{72, 24, 24, 0} {
		messages[i].ProviderTime = noon.Add(-before * time.Hour)
	}
	messages[2].ProviderTime = noon.Add(-18*time.Hour - time.Minute) // before midnight in Jakarta
	var days []string
	var first []bool
	for _, b := range someone().bubbles(messages, nil, "Budi", noon) {
		days, first = append(days, b.Day), append(first, b.First)
	}
	if want := []string{"30 Oct", "Yesterday", "", "Today"}; !reflect.DeepEqual(days, want) {
		t.Errorf("the days are %q, want %q", days, want)
	}
	if want := []bool{true, true, true, true}; !reflect.DeepEqual(first, want) {
		t.Errorf("the first of a run are %v, want %v", first, want)
	}
}

func TestWhatFailedAndWhatMayBeSentAgain(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		content crm.Content
		err     *crm.ProviderError
		says    string
		again   bool
	}{
		{crm.Text{Body: "x"}, nil, "did not say why", true},
		{crm.Text{Body: "x"}, &crm.ProviderError{Code: 131056}, "Too many messages", true},
		{crm.Text{Body: "x"}, &crm.ProviderError{Code: 131047}, "24 hours", false},
		{crm.Text{Body: "x"}, &crm.ProviderError{Code: 999999, Title: "Odd"}, "999999: Odd", true},
		{crm.Media{Type: crm.KindImage}, nil, "did not say why", false}, // there is nothing to send
		{crm.Media{Type: crm.KindImage, ID: "1"}, &crm.ProviderError{Code: 131053}, "type and size", true},
	} {
		m := ours(1, c.content, crm.Failed)
		m.Error = c.err
		b := someone().bubbles([]*crm.Message{m}, nil, "Budi", noon)[0]
		if b.Quotable {
			t.Errorf("%+v, which nobody got, can be quoted and reacted to", c.content)
		}
		if !strings.Contains(b.Failure, c.says) || b.Again != c.again {
			t.Errorf("%+v failing with %+v says %q and may be sent again: %t, want %q and %t", c.content, c.err, b.Failure, b.Again, c.says, c.again)
		}
	}
	if b := someone().bubbles([]*crm.Message{ours(1, crm.Text{Body: "x"}, crm.Unknown)}, nil, "Budi", noon)[0]; !b.Unknown || b.Again {
		t.Errorf("of an unknown outcome the page says %+v", b)
	}
}

// Every kind of content shows something of what it holds, and nothing of one that
// was taken back.
func TestEveryKindShowsWhatItHolds(t *testing.T) {
	t.Parallel()
	for kind, content := range map[string]crm.Content{
		"text": crm.Text{Body: "MARK"}, "image": crm.Media{Type: crm.KindImage, ID: "1", Caption: "MARK"},
		"document": crm.Media{Type: crm.KindDocument, ID: "1", Filename: "MARK", Size: 2 << 20}, "lost": crm.Media{Type: crm.KindVideo, Error: "MARK"},
		"voice": crm.Media{Type: crm.KindAudio, ID: "1", Voice: true, Words: "MARK"}, "location": crm.Location{Name: "MARK", Latitude: -6.2},
		"contacts": crm.Contacts{Cards: json.RawMessage(`[{"name":{"formatted_name":"MARK"},"phones":[{"phone":"+62 812 0000 0001"}]}]`)},
		"names":    crm.Contacts{Names: []string{"MARK"}, Cards: json.RawMessage(`{}`)},
		"list":     crm.Interactive{Type: "list", Body: "x", Action: json.RawMessage(`{"sections":[{"rows":[{"title":"MARK"}]}]}`)},
		"link":     crm.Interactive{Type: "cta_url", Body: "x", Action: json.RawMessage(`{"parameters":{"display_text":"MARK","url":"https://example.com"}}`)},
		"choice":   crm.Choice{Title: "MARK"}, "form": crm.FlowReply{Name: "f", Response: `{"city":"MARK","flow_token":"secret"}`}, "odd form": crm.FlowReply{Response: "MARK"},
		"order":  crm.Order{Items: []crm.OrderItem{{ProductID: "MARK", Quantity: "1", Price: "5", Currency: "IDR"}}},
		"system": crm.System{Type: "user_changed_number", WaID: "MARK"}, "odd system": crm.System{Type: "x", Body: "MARK"}, "other system": crm.System{Type: "MARK"},
		"template": crm.FilledTemplate{Name: "n", Body: "MARK"}, "unsupported": crm.Unsupported{Type: "MARK"}, "reaction": crm.Reaction{MessageID: "x", Emoji: "MARK"},
	} {
		v := someone()
		page := func(m *crm.Message) string {
			return made(t, english, "inbox", inboxPage{Thread: &threadView{Bubbles: v.bubbles([]*crm.Message{m}, nil, "Budi", noon)}})
		}
		m := said(1, content)
		if text := page(m); !strings.Contains(text, "MARK") || strings.Contains(text, "secret") {
			t.Errorf("a message of kind %s does not show what it holds, or a token", kind)
		}
		m.RevokedAt = noon
		if strings.Contains(page(m), "MARK") {
			t.Errorf("a message of kind %s shows what was taken back", kind)
		}
	}
}

func TestPreviewsSpeakTheVisitorsLanguage(t *testing.T) {
	t.Parallel()
	v := someone()
	v.lang = indonesian
	for text, want := range map[string]string{
		"Halo": "Halo", "[image] di kampus": "Foto: di kampus", "[voice message]": "Pesan suara", "[location] Jakarta": "Lokasi: Jakarta",
		"[call]": "Pelanggan menelepon", "[call] saya": "[call] saya", "[order of 2] Terima kasih": "Pesanan: Terima kasih",
		"[taken back]": "Pesan ini ditarik oleh pengirimnya", "[penting] baca ini": "[penting] baca ini", "[": "[", "": "",
	} {
		if got := v.preview(text); got != want {
			t.Errorf("the preview %q is shown as %q, want %q", text, got, want)
		}
	}
	for _, content := range []crm.Content{crm.Media{Type: crm.KindImage}, crm.Media{Type: crm.KindAudio, Voice: true}, crm.Location{}, crm.Contacts{}, crm.FlowReply{}, crm.Unsupported{}} {
		if got := v.preview(content.Preview()); strings.HasPrefix(got, "[") {
			t.Errorf("the preview %q stays as it is", got)
		}
	}
}
