package api_test

import (
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

func TestFileGoesUpAndIsSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	file := string(bytes.Repeat([]byte{0xff, 0xd8, 0, 1}, 1<<19)) // 2 MiB, more than any other body may have
	target := "/api/media?filename=brosur.pdf&channel=" + w.ours.channel.ID.String()
	media := w.us("POST", target, file, "Content-Type", "application/pdf").is(201)
	kept := w.shelf.files[media.text("id")]
	if string(kept.body) != file || kept.kind != "application/pdf" || kept.name != "brosur.pdf" {
		t.Errorf("the provider got %q of type %q with %d bytes", kept.name, kept.kind, len(kept.body))
	}
	sent := w.us("POST", "/api/messages/send", fmt.Sprintf(`{"to":"+6281200000001","type":"document","document":{"id":%q,"filename":"brosur.pdf"}}`, media.text("id"))).is(201)
	got := w.us("GET", sent.text("media_url"), "")
	if got.status != 200 || got.body != file {
		t.Errorf("the file comes back with %d and %d bytes", got.status, len(got.body))
	}
}

func TestUploadIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	channel := "/api/media?channel=" + w.ours.channel.ID.String()
	w.us("POST", "/api/media", "x", "Content-Type", "image/png").fails(400, "bad_value")
	w.us("POST", "/api/media?channel=x", "x", "Content-Type", "image/png").fails(400, "bad_value")
	w.us("POST", channel, "x", "Content-Type", "not a type").fails(415, "unsupported_media_type")
	w.us("POST", "/api/media?channel="+w.theirs.channel.ID.String(), "x", "Content-Type", "image/png").fails(404, "not_found")
	w.us("POST", channel, "x", "Content-Type", "image/png", "Content-Length", "1").is(201)

	for head, want := range map[string]string{
		"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n":              "HTTP/1.1 411 ",
		"Content-Length: 105906176\r\n\r\n" + strings.Repeat("x", 1<<20): "HTTP/1.1 413 ",
	} {
		got := w.raw("POST " + channel + " HTTP/1.1\r\nHost: api\r\nx-api-key: " + w.ours.key + "\r\nContent-Type: image/png\r\nConnection: close\r\n" + head + "\r\n")
		if !strings.HasPrefix(got, want) {
			t.Errorf("%.30q is answered %.80q, want %s", head, got, want)
		}
	}
}

// raw sends bytes and returns the first that come back. The server may answer,
// and close the connection, before it has read them all.
func (w *world) raw(text string) string {
	w.tb.Helper()
	conn, err := w.dial()
	w.must(err)
	defer conn.Close()
	_, _ = io.WriteString(conn, text)
	answer := make([]byte, 80)
	n, err := io.ReadFull(conn, answer)
	w.must(err)
	return string(answer[:n])
}

// picture is a Kapso webhook with a media message.
func (w *world) picture(id, kind, mime, filename string) object {
	return object{
		"message": object{
			"id": "wamid." + id, "timestamp": fmt.Sprint(w.clock.Now().Unix()), "type": kind, "from": "6281200000001",
			kind:    object{"id": id, "mime_type": mime, "filename": filename},
			"kapso": object{"direction": "inbound", "status": "received", "media_url": "https://files.example.com/secret"},
		},
		"conversation":    object{"id": "c", "phone_number": "+6281200000001", "phone_number_id": w.ours.channel.PhoneNumberID},
		"phone_number_id": w.ours.channel.PhoneNumberID,
	}
}

// A stranger's file must never run in our pages.
func TestStrangersFileIsHarmless(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for i, c := range []struct{ kind, mime, filename, wantType, wantDisposition string }{
		{"image", "image/jpeg", "", "image/jpeg", "inline"},
		{"audio", "audio/ogg; codecs=opus", "", "audio/ogg", "inline"},
		{"document", "text/html", "a.html", "application/octet-stream", `attachment; filename=a.html`},
		{"document", "image/svg+xml", "a.svg", "application/octet-stream", `attachment; filename=a.svg`},
		{"document", "application/pdf", "rincian biaya.pdf", "application/pdf", `attachment; filename="rincian biaya.pdf"`},
		{"document", "text/html\r\nSet-Cookie: a=b", "../../é\r\nX: y\".exe", "application/octet-stream", `attachment; filename*=utf-8''.._.._%C3%A9__X%3A%20y%22.exe`},
	} {
		id := fmt.Sprintf("700000%d", i)
		w.shelf.files[id] = shelved{channel: w.ours.channel.ID, kind: c.mime, body: []byte("<script>")}
		w.receive(w.ours, w.picture(id, c.kind, c.mime, c.filename))
		w.clock.Advance(crm.ServiceWindow / 100)
		message := w.us("GET", "/api/conversations/"+w.conversation(w.ours).text("id")+"/messages", "").is(200).list("data")[0]
		if strings.Contains(encode(t, message), "files.example.com") {
			t.Errorf("the message shows the provider's address: %v", message)
		}
		got := w.us("GET", message.text("media_url"), "")
		if got.status != 200 || got.body != "<script>" {
			t.Errorf("the file is answered %d %q", got.status, got.body)
		}
		for header, want := range map[string]string{
			"Content-Type": c.wantType, "Content-Disposition": c.wantDisposition, "X-Content-Type-Options": "nosniff",
			"Content-Security-Policy": "default-src 'none'; sandbox", "Set-Cookie": "", "X": "",
		} {
			if value := got.header.Get(header); value != want {
				t.Errorf("a file of type %q is answered with %s: %q, want %q", c.mime, header, value, want)
			}
		}
	}
}

func TestMessageWithoutFile(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	last := w.conversation(w.ours).object("last_message").text("id")
	w.us("GET", "/api/messages/"+last+"/media", "").fails(404, "not_found")
	w.receive(w.ours, w.picture("7999", "image", "image/jpeg", ""))
	w.us("GET", "/api/messages/"+w.conversation(w.ours).object("last_message").text("id")+"/media", "").fails(404, "not_found") // the provider dropped it
}
