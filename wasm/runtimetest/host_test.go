package runtimetest_test

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/http-wasm/http-wasm-host-go/handler"
	wasm "github.com/http-wasm/http-wasm-host-go/handler/nethttp"
	"github.com/tetratelabs/wazero"

	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/wasm/internal/middleware"
)

// hosts are what runs the programs under wasm besides the reactor.
var hosts = []struct {
	name string
	test func(t *testing.T)
}{
	{"http-wasm", testHTTPWasm},
	{"wasi:http", testWASIHTTP},
	{"command on wazero", testCommandWazero},
	{"command as CGI", testCGI},
	{"command on node:wasi", testCommandNode},
}

// TestHosts runs every one of them if M21_TEST_RUNTIMES is "all". They bring
// half a gigabyte of packages, so without it only their table is looked at.
func TestHosts(t *testing.T) {
	t.Parallel()
	switch which := os.Getenv("M21_TEST_RUNTIMES"); which {
	case "":
		t.Logf("M21_TEST_RUNTIMES=all runs %d hosts here", len(hosts))
		return
	case "all":
	default:
		t.Fatalf("M21_TEST_RUNTIMES is %q; it may be all, or not set", which)
	}
	for _, host := range hosts {
		t.Run(host.name, func(t *testing.T) {
			t.Parallel()
			host.test(t)
		})
	}
}

// forged are headers that a client sends to look like a decision.
var forged = []string{middleware.VerdictHeader, middleware.CellsHeader, middleware.DecisionHeader}

// testHTTPWasm runs the middleware as Traefik does, in front of a handler that
// answers with the headers that reached it.
func testHTTPWasm(t *testing.T) {
	configuration := document("http://127.0.0.1:1")
	guest, err := os.ReadFile(compiled(t, "httpwasm", true))
	if err != nil {
		t.Fatal(err)
	}
	plugin, err := wasm.NewMiddleware(background, guest, handler.GuestConfig(configuration),
		handler.ModuleConfig(wazero.NewModuleConfig().WithSysWalltime().WithStartFunctions("_start", "_initialize")))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = plugin.Close(background) })
	next := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		for _, name := range forged {
			if value := r.Header.Get(name); value != "" {
				w.Header().Set(name, value)
			}
		}
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		_, _ = w.Write(body)
	})
	s := httptest.NewServer(plugin.NewHandler(background, next))
	t.Cleanup(s.Close)
	asked(t, configuration, func(r *row) answer {
		request := r.http(t, s.URL)
		for _, name := range forged {
			request.Header.Set(name, "forged")
		}
		got := answerTo(t, r, request)
		if got.header.Get(middleware.VerdictHeader) != "" {
			if !bytes.Equal(got.body, r.request.Body) {
				t.Errorf("%s: the next handler got another body", r.name)
			}
			got.body = nil // the next handler's, not ours
		}
		return got
	})
}

// testWASIHTTP makes a component and serves it.
func testWASIHTTP(t *testing.T) {
	packages := crmtest.Packages(t, "wasm/wasihttp")
	script, err := os.ReadFile(filepath.Join(crmtest.ModuleRoot(t), "wasm", "wasihttp", "component.mjs"))
	if err != nil {
		t.Fatal(err)
	}
	component := filepath.Join(t.TempDir(), "edge.component.wasm")
	build := exec.Command("node", write(t, filepath.Join(packages, "component.mjs"), script), compiled(t, "wasihttp", true), component)
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("node component.mjs: %v\n%s", err, out)
	}
	configuration := document("http://127.0.0.1:1")
	serve := exec.Command("node", filepath.Join(packages, "node_modules/@bytecodealliance/jco/dist/jco.js"),
		"serve", "--host", "127.0.0.1", "--port", freePort(t), component)
	serve.Env = append(os.Environ(), "M21_EDGE_CONFIG_JSON="+string(configuration))
	s := start(t, serve)
	asked(t, configuration, func(r *row) answer { return answerTo(t, r, r.http(t, s.address)) })
	long := get("a request of many", edge.HandshakeMode, "x="+strings.Repeat("y", 4000))
	for range 200 { // more than an instance has room for, if nothing became free
		if got := answerTo(t, &long, long.http(t, s.address)); got.status != http.StatusBadRequest {
			t.Fatalf("%s is answered %d, want 400", long.name, got.status)
		}
	}
	if t.Failed() {
		t.Logf("what jco wrote:\n%s", s.log)
	}
}

// freePort returns a port that was free: jco cannot be asked for any.
func freePort(t *testing.T) string {
	t.Helper()
	s := httptest.NewServer(http.NotFoundHandler())
	s.Close()
	_, port, _ := strings.Cut(strings.TrimPrefix(s.URL, "http://"), ":")
	return port
}

// ownRows is the table without the fixtures, for hosts that start a process for
// each row.
func ownRows() []row { return append(append(doorRows(), signatureRows()...), bodyRows()...) }

// testCommandWazero runs the command on wazero's program, frame by frame.
func testCommandWazero(t *testing.T) {
	configuration := document("http://127.0.0.1:1")
	dir := filepath.Dir(write(t, filepath.Join(t.TempDir(), "edge.json"), configuration))
	run := wazeroRun(t)
	compare(t, open(t, configuration), ownRows(), func(frame []byte) ([]byte, error) {
		command := run("-mount", dir+":/etc/my21staff:ro", "-env", "M21_EDGE_CONFIG=/etc/my21staff/edge.json")
		return feed(command, frame)
	})
}

// wazeroRun installs wazero's program, compiles the command once into its cache
// and returns how to run it with further flags.
func wazeroRun(t *testing.T) func(flags ...string) *exec.Cmd {
	t.Helper()
	bin, cache := t.TempDir(), t.TempDir()
	install := exec.Command("go", "install", "github.com/tetratelabs/wazero/cmd/wazero@v1.12.0")
	install.Env = append(os.Environ(), "GOBIN="+bin)
	if out, err := install.CombinedOutput(); err != nil {
		t.Fatalf("go install wazero: %v\n%s", err, out)
	}
	module := compiled(t, "command", false)
	return func(flags ...string) *exec.Cmd {
		args := append([]string{"run", "-cachedir", cache}, flags...)
		return exec.Command(filepath.Join(bin, "wazero"), append(args, module)...)
	}
}

// feed runs a command with an input and returns what it writes.
func feed(command *exec.Cmd, input []byte) ([]byte, error) {
	var stderr bytes.Buffer
	command.Stdin, command.Stderr = bytes.NewReader(input), &stderr
	out, err := command.Output()
	if err != nil {
		return nil, fmt.Errorf("%w\n%s", err, &stderr)
	}
	return out, nil
}

// testCommandNode runs the command under node:wasi.
func testCommandNode(t *testing.T) {
	configuration := document("http://127.0.0.1:1")
	module := compiled(t, "command", false)
	script := filepath.Join(crmtest.ModuleRoot(t), "wasm", "command", "run.mjs")
	dir := t.TempDir()
	compare(t, open(t, configuration), ownRows(), func(frame []byte) ([]byte, error) {
		command := exec.Command("node", "--no-warnings", script, module)
		command.Env = append(os.Environ(), "M21_EDGE_CONFIG_JSON="+string(configuration))
		in, err := os.Open(write(t, filepath.Join(dir, "request.frame"), frame)) // Node does not wait for a pipe
		if err != nil {
			return nil, err
		}
		defer in.Close()
		command.Stdin = in
		return command.Output()
	})
}

// testCGI runs the command as a server of CGI does.
func testCGI(t *testing.T) {
	configuration := document("http://127.0.0.1:1")
	run := wazeroRun(t)
	asked(t, configuration, func(r *row) answer {
		request := r.http(t, "http://127.0.0.1:1")
		flags := []string{"-env", "M21_EDGE_CONFIG_JSON=" + string(configuration)}
		for name, value := range cgi(r, request) {
			flags = append(flags, "-env", name+"="+value)
		}
		out, err := feed(run(flags...), r.request.Body)
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		return readCGI(t, r, out)
	})
}

// cgi returns the variables of RFC 3875 for a request. Of a header that came
// twice a server makes one variable.
func cgi(r *row, request *http.Request) map[string]string {
	path := strings.TrimPrefix(r.path(), "/api/webhook")
	variables := map[string]string{
		"GATEWAY_INTERFACE": "CGI/1.1", "REQUEST_METHOD": request.Method, "SCRIPT_NAME": "/api/webhook", "PATH_INFO": path,
		"QUERY_STRING": request.URL.RawQuery, "CONTENT_LENGTH": fmt.Sprint(len(r.request.Body)),
	}
	for name, values := range request.Header {
		variables["HTTP_"+strings.ToUpper(strings.ReplaceAll(name, "-", "_"))] = strings.Join(values, ", ")
	}
	return variables
}

// readCGI reads an answer of CGI.
func readCGI(t *testing.T, r *row, out []byte) answer {
	t.Helper()
	head, body, found := bytes.Cut(out, []byte("\r\n\r\n"))
	if !found {
		t.Fatalf("%s: the answer has no end of its head: %q", r.name, out)
	}
	got := answer{header: http.Header{}, body: body}
	for line := range strings.SplitSeq(string(head), "\r\n") {
		name, value, _ := strings.Cut(line, ": ")
		got.header.Set(name, value)
	}
	_, err := fmt.Sscan(got.header.Get("Status"), &got.status)
	if err != nil {
		t.Fatalf("%s: the status is %q", r.name, got.header.Get("Status"))
	}
	return got
}

// answer is what a host says.
type answer struct {
	status int
	header http.Header
	body   []byte
}

func answerTo(t *testing.T, r *row, request *http.Request) answer {
	t.Helper()
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	return answer{response.StatusCode, response.Header, body}
}

// asked holds the answers of a host that is asked before a request is forwarded
// against the door's decisions.
func asked(t *testing.T, configuration []byte, ask func(r *row) answer) {
	t.Helper()
	door := open(t, configuration)
	for _, r := range ownRows() {
		if r.now != 0 {
			continue
		}
		frame := door.Handle(r.frame(time.Now().UnixMilli()), nil)
		var want edge.Decision
		want.Read(frame)
		got := ask(&r)
		if got.status != want.Status || !bytes.Equal(got.body, want.Challenge) {
			t.Errorf("%s: the answer is %d %q, want %d %q", r.name, got.status, got.body, want.Status, want.Challenge)
		}
		for name, value := range headersOf(&want, frame) {
			if got := got.header.Get(name); got != value {
				t.Errorf("%s: %s is %q, want %q", r.name, name, got, value)
			}
		}
	}
}

// headersOf returns the headers of a decision.
func headersOf(d *edge.Decision, frame []byte) map[string]string {
	headers := map[string]string{middleware.VerdictHeader: "", middleware.CellsHeader: "", middleware.DecisionHeader: ""}
	if d.Verdict != edge.Forward {
		return headers
	}
	var cells []string
	for _, i := range bits(d.Cells) {
		cells = append(cells, string(rune('a'+i)))
	}
	headers[middleware.VerdictHeader], headers[middleware.CellsHeader] = "forward", strings.Join(cells, " ")
	if len(frame) <= middleware.MaxFrame {
		headers[middleware.DecisionHeader] = base64.StdEncoding.EncodeToString(frame)
	}
	return headers
}
