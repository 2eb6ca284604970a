package web

import (
	"bytes"
	"fmt"
	"testing"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// crowded is a page of the inbox as a team has it all day: a full list, fifty
// messages and what is known of the contact.
func crowded() inboxPage {
	v := someone()
	list := listOf("Budi Santoso")
	list.Rows = nil
	for i := range listRows {
		list.Rows = append(list.Rows, v.row(&crm.Conversation{
			ID: crm.ConversationID{15: byte(i)}, ContactName: fmt.Sprint("Budi Santoso ", i), ContactHandle: "+6281200000001", Unread: i % 3, Temperature: crm.Warm,
			LastMessage: crm.LastMessage{ID: crm.MessageID{1}, At: noon.Add(-time.Duration(i) * time.Minute), Preview: "Kak, kapan pendaftaran dibuka?", Direction: crm.Outbound, Status: crm.Read},
		}, listChoice{Status: crm.Open}, "", noon))
	}
	thread := threadOf("Budi Santoso")
	var messages []*crm.Message
	for i := range threadRows {
		messages = append(messages, ours(byte(i), crm.Text{Body: fmt.Sprintf("Baik Kak %d, *pendaftaran* dibuka tanggal 5. Lihat https://example.com/jadwal?n=%d", i, i)}, crm.Read))
	}
	thread.Bubbles = v.bubbles(messages, nil, "Budi Santoso", noon)
	thread.Composer.Templates = nil
	return inboxPage{Frame: outside("Budi Santoso"), List: list, Thread: thread, Panel: panelOf("Budi Santoso")}
}

// BenchmarkInboxPage makes the page that is seen first, the list alone, and the
// one with a conversation open.
func BenchmarkInboxPage(b *testing.B) {
	open := crowded()
	list := inboxPage{Frame: open.Frame, List: open.List}
	for _, page := range []struct {
		name string
		view inboxPage
	}{{"list", list}, {"open", open}} {
		b.Run(page.name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				var ctx fasthttp.RequestCtx
				if err := render(&ctx, indonesian, "inbox", page.view); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// maxFirstPage is how much the first page of the inbox may weigh, all that it
// asks for with it, as it goes over the wire.
const maxFirstPage = 60 << 10

// The page and every file it needs come compressed to less than maxFirstPage.
func TestFirstPageIsLight(t *testing.T) {
	t.Parallel()
	packed := func(body []byte) int {
		var out bytes.Buffer
		w := gzip.NewWriter(&out)
		if _, err := w.Write(body); err != nil {
			t.Fatal(err)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		return out.Len()
	}
	all := packed([]byte(made(t, indonesian, "inbox", crowded())))
	html := all
	for _, a := range assets {
		all += packed(a.body) // those of other pages too: the bound holds all the more
	}
	t.Logf("the page has %d bytes, with all files %d", html, all)
	if all > maxFirstPage {
		t.Errorf("the first page weighs %d bytes in all, more than %d", all, maxFirstPage)
	}
}
