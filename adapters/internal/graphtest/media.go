package graphtest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

// testMarkRead compares with the published client.
func testMarkRead(t *testing.T, p Provider) {
	calls := published(t)
	base, seen := p.serve(t, always(http.StatusOK, `{"success":true}`))
	client := p.New(base, nil, patience)
	for call, typing := range map[string]bool{"markRead": false, "markRead+typing": true} {
		if err := client.MarkRead(t.Context(), p.Channel(), "wamid.IN1", typing); err != nil {
			t.Errorf("%s: %v", call, err)
		}
		same(t, call, (<-seen).JSON(t), value(t, calls[string(p.Name)+":"+call].Body))
	}
	base, _ = p.serve(t, always(http.StatusTooManyRequests, `{"error":"Rate limit exceeded"}`))
	if err := p.New(base, nil, patience).MarkRead(t.Context(), p.Channel(), "wamid.IN1", false); !errors.Is(err, crm.Limited) {
		t.Errorf("MarkRead under a limit = %v, want Limited", err)
	}
}

// part is one part of a form.
type part struct{ name, file, kind, body string }

// parts reads a multipart body.
func parts(t *testing.T, contentType string, body []byte) []part {
	t.Helper()
	_, parameters, err := mime.ParseMediaType(contentType)
	if err != nil {
		t.Fatalf("content type %q: %v", contentType, err)
	}
	var found []part
	form := multipart.NewReader(bytes.NewReader(body), parameters["boundary"])
	for {
		next, err := form.NextRawPart()
		if errors.Is(err, io.EOF) {
			return found
		}
		if err != nil {
			t.Fatalf("read form: %v", err)
		}
		text, err := io.ReadAll(next)
		if err != nil {
			t.Fatalf("read form: %v", err)
		}
		found = append(found, part{next.FormName(), next.FileName(), next.Header.Get("Content-Type"), string(text)})
	}
}

// testUpload compares the form with the published client's, which it must equal
// but for the boundary.
func testUpload(t *testing.T, p Provider) {
	want := published(t)[string(p.Name)+":media.upload"]
	text, _ := value(t, want.Body).(string)
	boundary, _, _ := strings.Cut(text, "\r\n")
	base, seen := p.serve(t, always(http.StatusOK, string(want.Replied.Body)))
	client := p.New(base, nil, patience)
	for name, size := range map[string]int64{"a known size": 3, "an unknown size": -1} {
		body := &closing{Reader: strings.NewReader("\x01\x02\x03")}
		id, err := client.Upload(t.Context(), p.Channel(), crm.File{Name: "p.jpg", MIME: "image/jpeg", Size: size, Body: body})
		if err != nil || id != "1037543291543636" {
			t.Fatalf("%s: Upload = %q, %v", name, id, err)
		}
		got := <-seen
		same(t, name, parts(t, got.Header.Get("Content-Type"), got.Body), parts(t, "multipart/form-data; boundary="+strings.TrimPrefix(boundary, "--"), []byte(text)))
		if got.Path != currentVersion(want.Path) || got.Header.Get(p.Header) != p.Value {
			t.Errorf("%s: path %s, headers %v", name, got.Path, got.Header)
		}
		if !body.closed {
			t.Errorf("%s: the file was not closed", name)
		}
	}
}

// closing is a body that knows whether it was closed.
type closing struct {
	io.Reader
	closed bool
}

// Close implements io.Closer.
func (c *closing) Close() error { c.closed = true; return nil }

// hasty is a transport that answers before it has read the body, and keeps the
// body, as net/http may.
type hasty struct{ body io.Reader }

// RoundTrip implements http.RoundTripper.
func (h *hasty) RoundTrip(r *http.Request) (*http.Response, error) {
	h.body = r.Body
	answer := httptest.NewRecorder()
	always(http.StatusBadRequest, `{"error":{"message":"no","code":100}}`)(answer, r)
	return answer.Result(), nil
}

// testUploadRefused refuses a file before all of it was read: what is read after
// Upload returned may be somebody else's memory.
func testUploadRefused(t *testing.T, p Provider) {
	transport := new(hasty)
	file := strings.NewReader("%PDF")
	_, err := p.New("http://provider.invalid", &http.Client{Transport: transport}, patience).
		Upload(t.Context(), p.Channel(), crm.File{Name: "a.pdf", MIME: "application/pdf", Size: 4, Body: io.NopCloser(file)})
	if crm.CodeOf(err) != crm.Invalid {
		t.Errorf("Upload = %v, want Invalid", err)
	}
	if _, err := io.Copy(io.Discard, transport.body); err == nil || file.Len() != 4 {
		t.Errorf("after Upload %d bytes of the file were read, %v", 4-file.Len(), err)
	}
}

// endless is a file without end.
type endless struct{}

// Read implements io.Reader.
func (endless) Read(p []byte) (int, error) { return len(p), nil }

func testUploadErrors(t *testing.T, p Provider) {
	upload := func(size int64, file io.Reader, answer http.HandlerFunc) error {
		base, _ := p.serve(t, answer)
		body := &closing{Reader: file}
		_, err := p.New(base, nil, patience).Upload(t.Context(), p.Channel(), crm.File{Name: "a\"b\r\n.pdf", MIME: "application/pdf", Size: size, Body: body})
		if !body.closed {
			t.Error("a failed upload did not close the file")
		}
		return err
	}
	drained := func(w http.ResponseWriter, r *http.Request) {
		_, _ = io.Copy(io.Discard, r.Body) // until the client gives up
		always(http.StatusOK, `{"id":"1"}`)(w, r)
	}
	small := func() io.Reader { return strings.NewReader("%PDF") }
	for _, tt := range []struct {
		name string
		err  error
		want crm.Code
	}{
		{"said to be too large", upload(100<<20+1, small(), drained), crm.TooLarge},
		{"found to be too large", upload(-1, endless{}, drained), crm.TooLarge},
		{"not of a kind Meta takes", upload(4, small(), always(400, `{"error":{"message":"Param file must be a file with a supported type","code":100}}`)), crm.Invalid},
		{"too large for the provider", upload(4, small(), always(413, "")), crm.TooLarge},
		{"with a token that expired", upload(4, small(), always(401, `{"error":{"message":"expired","code":190}}`)), crm.Refused},
		{"while the provider is down", upload(4, small(), always(503, "")), crm.Unavailable},
		{"answered with no id", upload(4, small(), always(200, `{}`)), crm.Unavailable},
	} {
		if crm.CodeOf(tt.err) != tt.want {
			t.Errorf("a file %s: %v, want %s", tt.name, tt.err, tt.want)
		}
		silent(t, tt.name, tt.err)
	}
}

// testDownload fetches a file in its two steps.
func testDownload(t *testing.T, p Provider) {
	want := published(t)[string(p.Name)+":media.get"]
	var base string
	base, seen := p.serve(t, func(w http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/blob/1") {
			always(http.StatusOK, "bytes", "Content-Type", "image/png")(w, r)
			return
		}
		answer := strings.ReplaceAll(string(want.Replied.Body), "http://127.0.0.1:41907", base)
		always(http.StatusOK, answer)(w, r)
	})
	file, err := p.New(base, nil, patience).Download(t.Context(), p.Channel(), "1037543291543636")
	if err != nil {
		t.Fatalf("Download = %v", err)
	}
	body, err := io.ReadAll(file.Body)
	if err != nil || string(body) != "bytes" || file.MIME != "image/jpeg" || file.Size != 5 {
		t.Errorf("file %q of %s, %d bytes, %v", body, file.MIME, file.Size, err)
	}
	if err := file.Body.Close(); err != nil {
		t.Errorf("close = %v", err)
	}
	asked := <-seen
	if asked.Path != currentVersion(want.Path) || asked.Query.Get("phone_number_id") != Number || asked.Header.Get(p.Header) != p.Value {
		t.Errorf("asked %s?%v with %v", asked.Path, asked.Query, asked.Header)
	}
}

// testDownloadCredentials checks who gets the token: the provider's own host,
// never another one, and never the end of a redirect.
func testDownloadCredentials(t *testing.T, p Provider) {
	var own string
	foreign, strangers := p.serve(t, always(http.StatusOK, "bytes"))
	targets := map[string]string{"1": "/file", "2": foreign + "/file", "3": "/away", "4": "/around"}
	own, seen := p.serve(t, func(w http.ResponseWriter, r *http.Request) {
		switch last := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]; last {
		case "file":
			always(http.StatusOK, "bytes")(w, r)
		case "away":
			always(http.StatusFound, "", "Location", foreign+"/file")(w, r)
		case "around":
			always(http.StatusTemporaryRedirect, "", "Location", own+"/file")(w, r)
		default:
			target := targets[last]
			if strings.HasPrefix(target, "/") {
				target = own + target
			}
			always(http.StatusOK, fmt.Sprintf(`{"url":%q}`, target))(w, r)
		}
	})
	client := p.New(own, nil, patience)
	for id, want := range map[string][]string{
		"1": {"with", "with"}, "2": {"with", "stranger without"}, "3": {"with", "with", "stranger without"}, "4": {"with", "with", "without"},
	} {
		file, err := client.Download(t.Context(), p.Channel(), id)
		if err != nil {
			t.Errorf("Download(%s) = %v", id, err)
			continue
		}
		_ = file.Body.Close() // nothing of it is wanted
		var got []string
		for len(seen) > 0 {
			got = append(got, p.credentials(<-seen))
		}
		for len(strangers) > 0 {
			got = append(got, "stranger "+p.credentials(<-strangers))
		}
		same(t, "credentials on the way to "+targets[id], got, want)
	}
}

// credentials says whether a request had any.
func (p Provider) credentials(e exchange) string {
	for _, values := range e.Header {
		if strings.Contains(strings.Join(values, " "), string(Token)) {
			return "with"
		}
	}
	return "without"
}

func testDownloadErrors(t *testing.T, p Provider) {
	download := func(status int, body string, file http.HandlerFunc) (*crm.File, error) {
		server := httptest.NewServer(file)
		t.Cleanup(server.Close)
		base, _ := p.serve(t, always(status, strings.ReplaceAll(body, "FILE", server.URL)))
		return p.New(base, nil, patience).Download(t.Context(), p.Channel(), "1037543291543636")
	}
	here := `{"url":"FILE/1"}`
	var hops atomic.Int32
	around := func(w http.ResponseWriter, r *http.Request) {
		hops.Add(1)
		always(http.StatusFound, "", "Location", "/again")(w, r)
	}
	for _, tt := range []struct {
		name   string
		status int
		body   string
		file   http.HandlerFunc
		want   crm.Code
	}{
		{"an id that is gone", 400, `{"error":{"message":"Object with ID '1037543291543636' does not exist","code":100,"error_subcode":33}}`, nil, crm.NotFound},
		{"an id nobody knows", 404, ``, nil, crm.NotFound},
		{"an answer without an address", 200, `{}`, nil, crm.Unavailable},
		{"an answer that is no JSON", 200, `<html>`, nil, crm.Unavailable},
		{"an address of another kind", 200, `{"url":"file:///etc/hosts"}`, nil, crm.Unavailable},
		{"an address that has expired", 200, here, always(404, ""), crm.NotFound},
		{"an address that answers nothing", 200, here, always(204, ""), crm.Unavailable},
		{"a file said to be too large", 200, here, always(200, "", "Content-Length", fmt.Sprint(100<<20+1)), crm.TooLarge},
		{"redirects without end", 200, here, around, crm.Unavailable},
		{"a redirect to nowhere", 200, here, always(302, ""), crm.Unavailable},
	} {
		file, err := download(tt.status, tt.body, tt.file)
		if crm.CodeOf(err) != tt.want || file != nil {
			t.Errorf("%s: Download = %v, %v, want %s", tt.name, file, err, tt.want)
		}
		silent(t, tt.name, err)
	}
	if hops.Load() > 6 {
		t.Errorf("%d redirects were followed, want at most 5", hops.Load()-1)
	}

	file, err := download(200, here, func(w http.ResponseWriter, _ *http.Request) { _, _ = io.Copy(w, endless{}) })
	if err != nil {
		t.Fatalf("Download of an endless file = %v, want its beginning", err)
	}
	if n, err := io.Copy(io.Discard, file.Body); n != 100<<20 || !errors.Is(err, crm.TooLarge) {
		t.Errorf("an endless file gave %d bytes and %v, want 100 MiB and TooLarge", n, err)
	}
	if err := errors.Join(file.Body.Close(), file.Body.Close()); err != nil {
		t.Errorf("closing twice = %v", err)
	}
	if _, err := file.Body.Read(make([]byte, 1)); err == nil {
		t.Error("a closed body can be read")
	}
}
