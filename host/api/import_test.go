package api_test

import (
	"bytes"
	"fmt"
	"mime/multipart"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

const contactsFile = "Nama;No. HP;Label;Kota\r\nBudi;0812-0000-0001;VIP;Medan\r\nSari;6,28E+12;;Bandung\r\n=Tono;081200000003;;\r\n"

// upload uploads a file as it is.
func (w *world) upload(target, file string) reply {
	w.tb.Helper()
	return w.us("POST", target, file, "Content-Type", "text/csv")
}

// turn does what the host's worker does.
func (w *world) turn() {
	w.tb.Helper()
	if _, err := w.api.Imports.Turn(w.tb.Context()); err != nil {
		w.tb.Fatal(err)
	}
}

func TestImport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	up := w.upload("/api/imports?filename=kontak.csv", contactsFile).is(201)
	if up.text("state") != "ready" || up.text("delimiter") != ";" || up["rows"] != 3.0 || fmt.Sprint(up["mapping"]) != "[name phone tags field:Kota]" || up.text("filename") != "kontak.csv" {
		t.Errorf("the upload is %v", up)
	}
	if rows := up.list("preview"); len(rows) != 3 || fmt.Sprint(rows[0]["cells"]) != "[Budi 0812-0000-0001 VIP Medan]" || rows[2]["line"] != 4.0 {
		t.Errorf("the preview is %v", rows)
	}
	if bad := up.list("problems"); len(bad) != 1 || bad[0]["line"] != 3.0 || bad[0].text("column") != "No. HP" || bad[0].text("code") != "phone_rounded" || !strings.Contains(bad[0].text("alasan"), "Excel menyingkat") {
		t.Errorf("the problems are %v", bad)
	}
	target := "/api/imports/" + up.text("id")
	dry := w.us("POST", target+"/start", `{"dry_run":true}`).is(200)
	if dry.text("state") != "running" || dry["dry_run"] != true {
		t.Errorf("started it is %v", dry)
	}
	w.turn()
	if done := w.us("GET", target, "").is(200); done.text("state") != "done" || done.object("done")["created"] != 2.0 || done.object("done")["failed"] != 1.0 {
		t.Errorf("the dry run is %v", done)
	}
	if list := w.us("GET", "/api/contacts", "").is(200).list("data"); len(list) != 0 {
		t.Errorf("a dry run made %d contacts", len(list))
	}
	w.us("POST", target+"/start", `{"mapping":["name","phone","tags"],"policy":"overwrite"}`).is(200)
	w.turn()
	done := w.us("GET", target, "").is(200)
	if done.text("state") != "done" || done.object("done")["created"] != 2.0 || done.text("ended_at") == "" || done.text("policy") != "overwrite" {
		t.Errorf("the import is %v", done)
	}
	budi := w.us("GET", "/api/contacts/by-phone?phone=081200000001", "").is(200)
	if budi.text("name") != "Budi" || budi.object("source").text("kind") != "import" || len(budi.object("fields")) != 0 || budi.list("tags")[0].text("name") != "VIP" {
		t.Errorf("the contact is %v", budi)
	}
	errors := w.us("GET", target+"/errors", "")
	if errors.status != 200 || !strings.Contains(errors.body, `Sari;"6,28E+12";;Bandung;3;No. HP;phone_rounded;`) || errors.header.Get("Content-Disposition") != "attachment; filename=errors.csv" {
		t.Errorf("the errors are %d %q %q", errors.status, errors.body, errors.header)
	}
	w.us("POST", target+"/start", `{}`).fails(409, "import_done")
	if again := w.us("POST", target+"/cancel", "").is(200); again.text("state") != "done" {
		t.Errorf("cancelled after its end it is %v", again)
	}
	w.clock.Advance(time.Second)
	w.upload("/api/imports", contactsFile).is(201)
	first := w.us("GET", "/api/imports?limit=1", "").is(200)
	second := w.us("GET", "/api/imports?limit=1&cursor="+first.text("next"), "").is(200)
	if second.list("data")[0].text("id") != up.text("id") || second["next"] != nil {
		t.Errorf("the pages are %v and %v", first, second)
	}
}

func TestImportAsAForm(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	w.must(form.WriteField("note", "hello"))
	part, err := form.CreatePart(textproto.MIMEHeader{"Content-Disposition": {`form-data; name="file"; filename="kontak.csv"`}, "Content-Type": {"text/csv"}})
	w.must(err)
	_, err = part.Write([]byte(contactsFile))
	w.must(err)
	w.must(form.Close())
	up := w.us("POST", "/api/imports", body.String(), "Content-Type", form.FormDataContentType()).is(201)
	if up["rows"] != 3.0 || up.text("filename") != "kontak.csv" || up["size"] != float64(len(contactsFile)) {
		t.Errorf("the upload is %v", up)
	}
	empty := "--b\r\nContent-Disposition: form-data; name=\"note\"\r\n\r\nx\r\n--b--\r\n"
	w.us("POST", "/api/imports", empty, "Content-Type", "multipart/form-data; boundary=b").fails(400, "no_file")
	half := "--b\r\nContent-Disposition: form-data; name=\"f\"; filename=\"a\"\r\n\r\nhp\r\n081200000001\r\n"
	w.us("POST", "/api/imports", half, "Content-Type", "multipart/form-data; boundary=b").fails(400, "broken_body")
}

func TestUploadOfContactsIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.upload("/api/imports", "nama,hp\n").fails(400, "bad_file")
	w.us("POST", "/api/imports", `{"a":1}`).fails(415, "unsupported_media_type")
	w.upload("/api/imports?delimiter=ab", contactsFile).fails(400, "bad_delimiter")
	w.upload("/api/imports?header=perhaps", contactsFile).fails(400, "bad_value")
	if up := w.upload("/api/imports?header=false&delimiter=,", contactsFile).is(201); up["header"] != false || up.text("delimiter") != "," || up["rows"] != 4.0 {
		t.Errorf("what the query says is not what is done: %v", up)
	}
	w.do(w.key(w.ours, "read"), "POST", "/api/imports", contactsFile, "Content-Type", "text/csv").fails(403, "forbidden")
	got := w.raw("POST /api/imports HTTP/1.1\r\nHost: api\r\nx-api-key: " + w.ours.key + "\r\nContent-Type: text/csv\r\nConnection: close\r\nContent-Length: 99999999\r\n\r\n" + strings.Repeat("x", 1<<20))
	if !strings.HasPrefix(got, "HTTP/1.1 413 ") {
		t.Errorf("a file of 100 MB is answered %.80q, want 413", got)
	}
	target := "/api/imports/" + w.upload("/api/imports", contactsFile).is(201).text("id") + "/start"
	w.us("POST", target, `{"policy":"merge"}`).fails(400, "bad_value")
	w.us("POST", target, `{"mapping":["name"]}`).fails(400, "bad_mapping")
	w.us("POST", target, `{"mapping":["name","phones"]}`).fails(400, "bad_mapping")
	w.us("POST", target, `{"map":["name","phone"]}`).fails(400, "unknown_field")
}

func TestExport(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var file strings.Builder
	file.WriteString("nama,hp,status,Kota\n")
	for i := range 1200 {
		fmt.Fprintf(&file, "=Nama %d,08120000%04d,%s,Medan\n", i, i, []string{"new", "won"}[i%2])
	}
	up := w.upload("/api/imports", file.String()).is(201)
	w.us("POST", "/api/imports/"+up.text("id")+"/start", `{}`).is(200)
	w.turn()
	all := w.us("GET", "/api/contacts/export?delimiter=;", "")
	if lines := strings.Split(strings.TrimSpace(all.body), "\r\n"); all.status != 200 || len(lines) != 1201 || !strings.HasSuffix(lines[0], ";Kota") || !strings.Contains(lines[1], ";'=Nama ") {
		t.Errorf("the export is %d with %d lines: %.300q", all.status, len(lines), all.body)
	}
	if won := w.us("GET", "/api/contacts/export?lead_status=won&q=nama", ""); strings.Count(won.body, "\r\n") != 601 {
		t.Errorf("a filtered export has %d lines, want 601", strings.Count(won.body, "\r\n"))
	}
	w.us("GET", "/api/contacts/export?delimiter=x", "").fails(400, "bad_value")
	w.us("GET", "/api/contacts/export?tag=x", "").fails(400, "bad_value")
	w.us("GET", "/api/contacts/export?limit=1", "").fails(400, "unknown_field")
	// What was exported changes nothing, and another workspace sees none of it.
	again := w.upload("/api/imports", all.body).is(201)
	w.us("POST", "/api/imports/"+again.text("id")+"/start", `{"policy":"overwrite"}`).is(200)
	w.turn()
	if done := w.us("GET", "/api/imports/"+again.text("id"), "").is(200).object("done"); done["unchanged"] != 1200.0 {
		t.Errorf("the export imported again is %v", done)
	}
	if theirs := w.do(w.theirs.key, "GET", "/api/contacts/export", ""); strings.Count(theirs.body, "\r\n") != 1 {
		t.Errorf("the other workspace's export is %.200q", theirs.body)
	}
}
