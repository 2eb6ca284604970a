package web

import (
	"cmp"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/outbox"
)

// bubble is one message as a conversation shows it.
type bubble struct {
	ID        string
	Day       string // the day, on the first message of one
	Side      string // theirs, mine or middle
	First     bool   // of several of the same author in a row
	Author    string // who of ours wrote it; the contact's name for a quote
	At, AtISO string
	Summary   string // one line, for who quotes it
	Kind      crm.ContentKind
	Forwarded bool
	Edited    bool
	Revoked   bool
	Quote     *quote
	Reactions []reaction
	Tick      tick
	Failure   string // why it failed, in words
	Again     bool   // sending it again makes sense
	Unknown   bool   // nobody knows whether it arrived
	Quotable  bool

	// Where its buttons lead.
	Quoting, Repeating, Token string
	Reacting                  string     // to choose an emoji for it
	React                     *reactForm // one is being chosen

	// What it holds: those of its kind are set.
	Text    []span
	Label   string // what it is, where that is not plain to see
	File    *file
	Place   *place
	Cards   []card
	Header  string
	Footer  string
	Buttons []button
	Lines   []line
}

// reaction is an emoji on a message.
type reaction struct {
	Emoji, Author string
	Ours          bool
}

// reactForm offers emoji to put on a message.
type reactForm struct {
	Action, Token string
	Message       string // its id; empty where a script fills it in
	Emoji         []string
}

// offered are the emoji that WhatsApp offers first.
var offered = []string{"👍", "❤️", "😂", "😮", "😢", "🙏"}

// file is what a message carries; the host passes it on from the provider.
type file struct {
	Address string // empty when the provider has none
	Shape   string // image, sticker, video, audio or document
	Name    string
	Size    string
	Trouble string // why there is no file
	Words   string // what was said, of a voice message
}

// place is a point on the map.
type place struct{ Name, Address, Point, Map string }

// card is a contact card.
type card struct {
	Name  string
	Lines []string // numbers and addresses
}

// button is a choice that the customer was given.
type button struct {
	Title, About string
	Address      string // of a button that opens a page
	Chosen       bool
}

// line is a pair of a label and its value: of an order, a form.
type line struct{ Label, Value string }

// bubbles shows messages, oldest first. A reaction stands on the message it is
// for, if that is among them, and a chosen answer is marked where it was
// offered. What stands further up and some are about is known by its quotes.
func (v *visitor) bubbles(messages []*crm.Message, further map[string]quote, contact string, now time.Time) []bubble {
	t := talk{v: v, contact: contact, now: now, further: further, at: map[string]int{}}
	for _, m := range messages {
		t.add(m)
	}
	return t.bubbles
}

// talk is a conversation in the making.
type talk struct {
	v       *visitor
	contact string
	now     time.Time
	bubbles []bubble
	at      map[string]int   // the bubble of a provider's message id
	further map[string]quote // what is further up, likewise
	day     string
}

func (t *talk) add(m *crm.Message) {
	if r, ok := m.Content.(crm.Reaction); ok && m.Status != crm.Failed {
		if at, here := t.at[r.MessageID]; here {
			t.react(&t.bubbles[at], r, m)
			return
		}
	}
	b := t.bubble(m)
	if day := t.v.day(m.ProviderTime, t.now); day != t.day {
		b.Day, t.day = day, day
	}
	last := len(t.bubbles) - 1
	b.First = b.Day != "" || last < 0 || t.bubbles[last].Side != b.Side || t.bubbles[last].Author != b.Author
	if m.ProviderID != "" {
		t.at[m.ProviderID] = len(t.bubbles)
	}
	t.bubbles = append(t.bubbles, b)
}

// react puts a reaction on a message in the place of the last one of that side: to
// WhatsApp we are one, whoever of us it was.
func (t *talk) react(b *bubble, r crm.Reaction, m *crm.Message) {
	ours := m.Direction == crm.Outbound
	b.Reactions = slices.DeleteFunc(b.Reactions, func(have reaction) bool { return have.Ours == ours })
	if r.Emoji != "" {
		b.Reactions = append(b.Reactions, reaction{r.Emoji, t.author(m), ours})
	}
}

func (t *talk) author(m *crm.Message) string { return t.v.writer(m, t.contact) }

// writer is who wrote a message.
func (v *visitor) writer(m *crm.Message, contact string) string {
	if m.Direction == crm.Inbound {
		return contact
	}
	return v.author(m.Author)
}

// summary is a message in a line.
func (v *visitor) summary(m *crm.Message) string {
	if !m.RevokedAt.IsZero() {
		return v.say("thread.revoked")
	}
	return v.preview(m.Content.Preview())
}

func (t *talk) bubble(m *crm.Message) bubble {
	v := t.v
	b := bubble{
		ID: m.ID.String(), Side: "theirs", Author: t.author(m), At: v.hour(m.ProviderTime), AtISO: iso(m.ProviderTime), Kind: m.Content.Kind(), Summary: v.summary(m),
		Forwarded: m.Forwarded, Edited: !m.EditedAt.IsZero(), Revoked: !m.RevokedAt.IsZero(), Quotable: quotable(m),
	}
	if m.Direction == crm.Outbound {
		b.Side, b.Tick, b.Unknown = "mine", v.tick(m.Status), m.Status == crm.Unknown
	}
	if m.Status == crm.Failed {
		b.Failure, b.Again = v.failure(m.Error), mayRepeat(m)
	}
	if !b.Revoked {
		t.fill(&b, m)
		b.Quote = t.quoted(m)
	}
	return b
}

// quoted shows what a message answers or reacts to, and marks the answer where it
// was offered.
func (t *talk) quoted(m *crm.Message) *quote {
	id := about(m)
	if id == "" {
		return nil
	}
	at, here := t.at[id]
	if !here {
		q, known := t.further[id]
		if !known {
			q.Text = t.v.say("thread.earlier")
		}
		return &q
	}
	asked := &t.bubbles[at]
	if choice, ok := m.Content.(crm.Choice); ok {
		for i := range asked.Buttons {
			asked.Buttons[i].Chosen = asked.Buttons[i].Chosen || asked.Buttons[i].Title == choice.Title
		}
	}
	return &quote{ID: asked.ID, Author: asked.Author, Text: asked.Summary}
}

// fill shows what a message holds.
func (t *talk) fill(b *bubble, m *crm.Message) {
	v := t.v
	switch c := m.Content.(type) {
	case crm.Text:
		b.Text = spans(c.Body)
	case crm.Media:
		b.Text, b.File = spans(c.Caption), v.file(m, c)
	case crm.Location:
		b.Place = placeOf(c)
	case crm.Contacts:
		b.Cards = cardsOf(c)
	case crm.Interactive:
		b.Text, b.Footer = spans(c.Body), c.Footer
		b.Header, b.Buttons = headerOf(c.Header), buttonsOf(c)
	case crm.Choice:
		b.Text, b.Label = spans(cmp.Or(c.Title, c.ID)), v.say("thread.chose")
		if c.Description != "" {
			b.Lines = []line{{"", c.Description}}
		}
	case crm.FlowReply:
		b.Label, b.Text, b.Lines = v.say("thread.form", c.Name), spans(c.Body), answersOf(c.Response)
	case crm.Reaction:
		b.Side, b.Text = "middle", spans(v.reacted(c, b.Author))
		if b.Failure != "" {
			b.Text = spans(v.say("thread.reaction_failed", b.Failure))
		}
	case crm.Order:
		b.Label, b.Text = v.say("thread.order", len(c.Items)), spans(c.Text)
		for _, item := range c.Items {
			b.Lines = append(b.Lines, line{item.Quantity.String() + " × " + item.ProductID, v.money(item.Price, item.Currency)})
		}
	case crm.System:
		b.Side, b.Text = "middle", spans(v.happened(c))
	case crm.FilledTemplate:
		b.Label, b.Text = v.say("thread.template", c.Name), spans(c.Body)
	case crm.Unsupported:
		b.Label = v.say("thread.unsupported", cmp.Or(c.Type, "?"))
	}
}

// happened tells what is no message: in our own words, if we have some.
func (v *visitor) happened(c crm.System) string {
	text := cmp.Or(v.lang.known("system", c.Type), c.Body, v.say("thread.system", c.Type))
	if c.WaID != "" {
		text += ": +" + c.WaID
	}
	return text
}

func (v *visitor) reacted(r crm.Reaction, author string) string {
	if r.Emoji == "" {
		return v.say("thread.unreacted_earlier", author)
	}
	return v.say("thread.reacted_earlier", author, r.Emoji)
}

// shapes are how files are shown; what is not here is a document.
var shapes = map[crm.ContentKind]string{
	crm.KindImage: "image", crm.KindSticker: "sticker", crm.KindVideo: "video", crm.KindAudio: "audio", crm.KindDocument: "document",
}

func (v *visitor) file(m *crm.Message, c crm.Media) *file {
	f := &file{Shape: shapes[c.Type], Name: c.Filename, Words: c.Words}
	if f.Name == "" {
		kind := string(c.Type)
		if c.Voice {
			kind = "voice"
		}
		f.Name = v.lang.word("kind", kind)
	}
	if c.Size > 0 {
		f.Size = v.size(c.Size)
	}
	switch {
	case c.ID != "":
		f.Address = "/api/messages/" + m.ID.String() + "/media"
	case c.Error != "":
		f.Trouble = c.Error
	default:
		f.Trouble = v.say("thread.no_file")
	}
	return f
}

// size is a number of bytes as people read it.
func (v *visitor) size(bytes int64) string {
	for _, unit := range []struct {
		name string
		of   int64
	}{{"GB", 1 << 30}, {"MB", 1 << 20}, {"KB", 1 << 10}} {
		if bytes >= unit.of {
			return strconv.FormatInt((bytes+unit.of/2)/unit.of, 10) + " " + unit.name
		}
	}
	return strconv.FormatInt(bytes, 10) + " B"
}

func placeOf(l crm.Location) *place {
	degrees := func(d float64) string { return strconv.FormatFloat(d, 'f', 6, 64) }
	point := degrees(l.Latitude) + "," + degrees(l.Longitude)
	return &place{
		Name: l.Name, Address: l.Address, Point: fmt.Sprintf("%.5f, %.5f", l.Latitude, l.Longitude),
		Map: "https://www.openstreetmap.org/?mlat=" + degrees(l.Latitude) + "&mlon=" + degrees(l.Longitude) + "#map=16/" + strings.Replace(point, ",", "/", 1),
	}
}

// cardsOf reads contact cards in WhatsApp's form, as far as they can be read.
func cardsOf(c crm.Contacts) []card {
	var given []struct {
		Name struct {
			Formatted string `json:"formatted_name"`
		} `json:"name"`
		Phones []struct {
			Phone string `json:"phone"`
			WaID  string `json:"wa_id"`
		} `json:"phones"`
		Emails []struct{ Email string } `json:"emails"`
		Org    struct{ Company string } `json:"org"`
	}
	if json.Unmarshal(c.Cards, &given) != nil || len(given) == 0 {
		cards := make([]card, 0, len(c.Names))
		for _, name := range c.Names {
			cards = append(cards, card{Name: name})
		}
		return cards
	}
	cards := make([]card, 0, len(given))
	for _, g := range given {
		shown := card{Name: g.Name.Formatted}
		if g.Org.Company != "" {
			shown.Lines = append(shown.Lines, g.Org.Company)
		}
		for _, p := range g.Phones {
			shown.Lines = append(shown.Lines, cmp.Or(p.Phone, p.WaID))
		}
		for _, e := range g.Emails {
			shown.Lines = append(shown.Lines, e.Email)
		}
		cards = append(cards, shown)
	}
	return cards
}

func headerOf(encoded json.RawMessage) string {
	var header struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(encoded, &header) != nil {
		return ""
	}
	return header.Text
}

// buttonsOf lists what an interactive message offers: buttons, the rows of a
// list, or the one link or form behind it.
func buttonsOf(c crm.Interactive) []button {
	var action struct {
		Buttons []struct {
			Reply struct{ Title string } `json:"reply"`
		} `json:"buttons"`
		Sections []struct {
			Rows []struct{ Title, Description string } `json:"rows"`
		} `json:"sections"`
		Parameters struct {
			Text string `json:"display_text"`
			URL  string `json:"url"`
			Flow string `json:"flow_cta"`
		} `json:"parameters"`
	}
	if json.Unmarshal(c.Action, &action) != nil {
		return nil
	}
	var all []button
	for _, b := range action.Buttons {
		all = append(all, button{Title: b.Reply.Title})
	}
	for _, s := range action.Sections {
		for _, r := range s.Rows {
			all = append(all, button{Title: r.Title, About: r.Description})
		}
	}
	if label := cmp.Or(action.Parameters.Text, action.Parameters.Flow); label != "" {
		all = append(all, button{Title: label, Address: webLink(action.Parameters.URL)})
	}
	return all
}

// answersOf lists what was filled into a form, by the names of its fields; a
// response that is no object of plain values is shown as it came.
func answersOf(response string) []line {
	var fields map[string]any
	if json.Unmarshal([]byte(response), &fields) != nil {
		return []line{{"", response}}
	}
	var lines []line
	for name, value := range fields {
		if name == "flow_token" { // ours, for programs
			continue
		}
		lines = append(lines, line{name, fmt.Sprint(value)})
	}
	slices.SortFunc(lines, func(a, b line) int { return strings.Compare(a.Label, b.Label) })
	return lines
}

// failure is why a message was not sent, in the visitor's language: by the rule
// that forbids it, or by what package outbox says of the provider's error, after
// which the catalogue's phrases are named. What nobody knows is told as the provider
// worded it.
func (v *visitor) failure(err *crm.ProviderError) string {
	if err == nil {
		return v.say("thread.no_reason")
	}
	sentence, _, _ := strings.Cut(outbox.Explain(err), givenUp)
	return cmp.Or(v.lang.known("problem", err.Word), v.lang.known("failure", slug(sentence)), v.say("thread.other_failure", err.Error()))
}

// givenUp is what package outbox adds to a sentence when it tried several times.
const givenUp = " Given up after "

// final are the failures that sending the same again cannot mend.
var final = map[int]bool{
	131047: true, 131049: true, 131050: true, 130472: true, 132000: true, 132001: true, 132015: true, 132016: true, 368: true,
}

// mayRepeat reports whether a message that failed may be sent again as it was.
func mayRepeat(m *crm.Message) bool {
	if m.Direction != crm.Outbound || m.Error != nil && final[m.Error.Code] {
		return false
	}
	return crm.CheckContent(m.Content) == nil
}
