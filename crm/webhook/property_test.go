package webhook_test

import (
	"fmt"
	"math/rand"
	"reflect"
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode/utf16"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// maker makes random updates: the JSON a provider would send, and the fact it
// is to become.
type maker struct{ r *rand.Rand }

// text returns random words, with everything JSON can escape but NUL.
func (m maker) text() string {
	pool := []rune("aZ 09\"\\/\b\f\n\r\t<>&'é€\u2028\ufffd🙂\U0010ffff\x01\x7f")
	runes := make([]rune, m.r.Intn(20))
	for i := range runes {
		runes[i] = pool[m.r.Intn(len(pool))]
	}
	return string(runes)
}

// quote writes text as JSON in one of the ways it may be written.
func (m maker) quote(text string) string {
	short := map[rune]string{'"': `\"`, '\\': `\\`, '/': `\/`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		must := r < ' ' || r == '"' || r == '\\'
		switch escape, has := short[r]; {
		case has && m.r.Intn(2) == 0:
			b.WriteString(escape)
		case must || m.r.Intn(4) == 0:
			for _, unit := range utf16.Encode([]rune{r}) {
				fmt.Fprintf(&b, []string{`\u%04x`, `\u%04X`}[m.r.Intn(2)], unit)
			}
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// moment returns a random second and one of the forms it is sent in.
func (m maker) moment() (time.Time, string) {
	t := time.Unix(1+m.r.Int63n(4102444799), 0).UTC()
	forms := []string{
		strconv.FormatInt(t.Unix(), 10), `"` + strconv.FormatInt(t.Unix(), 10) + `"`,
		`"` + t.Format(time.RFC3339) + `"`, `"` + t.In(time.FixedZone("", 7*3600)).Format("2006-01-02T15:04:05.000000Z07:00") + `"`,
	}
	return t, forms[m.r.Intn(len(forms))]
}

// item is one item of one of Meta's lists.
type item struct {
	list string // "messages" or "statuses"
	json string
	want webhook.Fact
}

func (m maker) item() item {
	id, number := fmt.Sprintf("wamid.%d", m.r.Int63()), fmt.Sprintf("62812%08d", m.r.Intn(1e8))
	at, stamp := m.moment()
	want := webhook.Fact{
		Provider: crm.Meta, Event: "messages", PhoneNumberID: "100000000000001", AccountID: "900000000000001",
		ProviderID: id, Peer: webhook.Peer{WaID: number}, Time: at,
	}
	if m.r.Intn(3) == 0 {
		return m.status(want, stamp)
	}
	want.Kind, want.Direction, want.Origin = webhook.Message, crm.Inbound, webhook.Live
	want.Message = &webhook.MessagePart{}
	part := ""
	if text := m.text(); m.r.Intn(2) == 0 {
		want.Message.Content = crm.Text{Body: text}
		part = `"type":"text","text":{"body":` + m.quote(text) + `}`
	} else {
		kind := []crm.ContentKind{crm.KindImage, crm.KindVideo, crm.KindAudio, crm.KindDocument, crm.KindSticker}[m.r.Intn(5)]
		media := crm.Media{Type: kind, ID: m.text(), MIME: m.text(), SHA256: m.text(), Caption: text, Filename: m.text(), Voice: m.r.Intn(2) == 0, Size: m.r.Int63n(1e6)}
		want.Message.Content = media
		part = fmt.Sprintf(`"type":%q,%q:{"id":%s,"mime_type":%s,"sha256":%s,"caption":%s,"filename":%s,"voice":%v,"file_size":%d}`,
			kind, kind, m.quote(media.ID), m.quote(media.MIME), m.quote(media.SHA256), m.quote(text), m.quote(media.Filename), media.Voice, media.Size)
	}
	if m.r.Intn(3) == 0 {
		want.Message.ReplyTo, want.Message.Forwarded = "wamid.before", true
		part += `,"context":{"id":"wamid.before","forwarded":true}`
	}
	text := fmt.Sprintf(`{"from":%q,"id":%q,"timestamp":%s,%s}`, number, id, stamp, part)
	want.Raw = []byte(text)
	return item{"messages", text, want}
}

func (m maker) status(want webhook.Fact, stamp string) item {
	words := []crm.MessageStatus{crm.Sent, crm.Delivered, crm.Read, crm.Played, crm.Failed}
	status := words[m.r.Intn(len(words))]
	want.Kind, want.Direction = webhook.Status, crm.Outbound
	want.Status = &webhook.StatusPart{Status: status, Word: string(status), Opaque: m.text()}
	more := ""
	if status == crm.Failed {
		title, code := "t"+m.text(), m.r.Intn(200000)
		want.Status.Error = &crm.ProviderError{Code: code, Title: title}
		more = fmt.Sprintf(`,"errors":[{"code":%d,"title":%s}]`, code, m.quote(title))
	} else if m.r.Intn(2) == 0 {
		category := m.text()
		want.Status.Pricing = &crm.Pricing{Billable: true, Category: category}
		more = `,"pricing":{"billable":true,"category":` + m.quote(category) + `}`
	}
	text := fmt.Sprintf(`{"id":%q,"status":%q,"timestamp":%s,"recipient_id":%q,"biz_opaque_callback_data":%s%s}`,
		want.ProviderID, status, stamp, want.Peer.WaID, m.quote(want.Status.Opaque), more)
	want.Raw = []byte(text)
	return item{"statuses", text, want}
}

// metaBody puts updates into one body and returns the facts in the order they
// are to come: messages before statuses.
func metaBody(updates []item) ([]byte, []webhook.Fact) {
	lists := map[string][]string{}
	facts := map[string][]webhook.Fact{}
	for _, u := range updates {
		lists[u.list] = append(lists[u.list], u.json)
		facts[u.list] = append(facts[u.list], u.want)
	}
	body := fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"messages","value":{`+
		`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"messages":[%s],"statuses":[%s]}}]}]}`,
		strings.Join(lists["messages"], ","), strings.Join(lists["statuses"], ","))
	return []byte(body), append(facts["messages"], facts["statuses"]...)
}

// same says how two lists of facts differ; "" if they do not.
func same(got, want []webhook.Fact) string {
	if len(got) != len(want) {
		return fmt.Sprintf("%d facts, want %d", len(got), len(want))
	}
	for i := range got {
		if !reflect.DeepEqual(got[i], want[i]) {
			return fmt.Sprintf("fact %d is\n%swant\n%s", i, describeContents(got[i:i+1]), describeContents(want[i:i+1]))
		}
	}
	return ""
}

func decoded(provider crm.Provider, body []byte) []webhook.Fact {
	facts, err := webhook.Decode(provider, "whatsapp.message.received", body)
	if err != nil {
		return []webhook.Fact{{Problem: err.Error()}}
	}
	return facts
}

// broken are items that have not the form of a message.
var broken = []string{
	`null`, `7`, `"x"`, `[]`, `{}`, `{"id":""}`, `{"id":"wamid.x"}`, `{"from":"62","type":"text","text":{"body":"no id"}}`,
	`{"id":"wamid.x","type":"text","text":"x"}`, `{"id":"wamid.x","type":"location","location":{"latitude":"x"}}`, `{"id":["wamid.x"],"type":"text"}`,
}

func TestProperties(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 1000
	properties := gopter.NewProperties(parameters)
	properties.Property("decoding is the inverse of encoding", prop.ForAll(func(seed int64, n int) string {
		body, want := metaBody(items(seed, n))
		return same(decoded(crm.Meta, body), want)
	}, gen.Int64(), gen.IntRange(1, 8)))

	properties.Property("a batch is its items one after another", prop.ForAll(func(seed int64, n int) string {
		batch := items(seed, n)
		var singly []webhook.Fact
		for _, list := range []string{"messages", "statuses"} {
			for _, u := range batch {
				if u.list == list {
					body, _ := metaBody([]item{u})
					singly = append(singly, decoded(crm.Meta, body)...)
				}
			}
		}
		body, _ := metaBody(batch)
		return same(decoded(crm.Meta, body), singly)
	}, gen.Int64(), gen.IntRange(1, 8)))

	properties.Property("a Kapso batch is its events one after another", prop.ForAll(func(seed int64, n int) string {
		var events []string
		var singly []webhook.Fact
		for _, u := range items(seed, n) {
			event := `{"message":` + u.json + `,"conversation":{"phone_number":"+62 812 0000 0001"},"phone_number_id":"1"}`
			events = append(events, event)
			singly = append(singly, decoded(crm.Kapso, []byte(event))...)
		}
		return same(decoded(crm.Kapso, []byte(`{"batch":true,"data":[`+strings.Join(events, ",")+`]}`)), singly)
	}, gen.Int64(), gen.IntRange(1, 8)))

	properties.Property("one broken item leaves the others", prop.ForAll(func(seed int64, n int, bad int) string {
		batch := items(seed, n)
		_, want := metaBody(batch)
		at := rand.New(rand.NewSource(seed)).Intn(n + 1)
		spoilt := append(append(append([]item{}, batch[:at]...), item{list: "messages", json: broken[bad]}), batch[at:]...)
		body, _ := metaBody(spoilt)
		var rest []webhook.Fact
		unreadable := 0
		for _, f := range decoded(crm.Meta, body) {
			if f.Kind != webhook.Unreadable {
				rest = append(rest, f)
			} else if unreadable++; string(f.Raw) != broken[bad] || f.Problem == "" {
				return fmt.Sprintf("the unreadable fact has %q, %q", f.Raw, f.Problem)
			}
		}
		if unreadable != 1 {
			return fmt.Sprintf("%d unreadable facts, want 1", unreadable)
		}
		return same(rest, want)
	}, gen.Int64(), gen.IntRange(1, 8), gen.IntRange(0, len(broken)-1)))
	properties.TestingRun(t)
}

// items makes n random items.
func items(seed int64, n int) []item {
	m := maker{rand.New(rand.NewSource(seed))}
	list := make([]item, n)
	for i := range list {
		list[i] = m.item()
	}
	return list
}
