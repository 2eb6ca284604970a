package main_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
)

// binary is the program, built once for all tests.
var binary string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "my21staff-test-")
	if err == nil {
		binary = filepath.Join(dir, "my21staff")
		var out []byte
		if out, err = exec.Command("go", "build", "-ldflags", "-X main.version=v0.0.0-test", "-o", binary, ".").CombinedOutput(); err != nil {
			err = fmt.Errorf("%w: %s", err, out)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "the program cannot be built:", err)
		os.Exit(1)
	}
	code := m.Run()
	_ = os.RemoveAll(dir)
	os.Exit(code)
}

// installation is a place where the program keeps its data.
type installation struct {
	t       *testing.T
	env     []string
	program string
}

func install(t *testing.T, dsn string) *installation {
	t.Helper()
	return &installation{t: t, program: binary, env: []string{"HOME=" + t.TempDir(), "M21_DATA_DIR=" + t.TempDir(), "M21_DATABASE=" + dsn, "M21_LISTEN=127.0.0.1:0"}}
}

// result is what a command left.
type result struct {
	code        int
	out, errors string
}

// run runs a command to its end.
func (i *installation) run(args ...string) result {
	i.t.Helper()
	cmd := exec.CommandContext(i.t.Context(), i.program, args...)
	cmd.Env = i.env
	var out, errors bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errors
	err := cmd.Run()
	if cmd.ProcessState == nil {
		i.t.Fatal(err)
	}
	return result{cmd.ProcessState.ExitCode(), out.String(), errors.String()}
}

// must runs a command that has to succeed and returns the first group of a
// pattern in what it printed.
func (i *installation) must(pattern string, args ...string) string {
	i.t.Helper()
	r := i.run(args...)
	found := regexp.MustCompile(pattern).FindStringSubmatch(r.out)
	if r.code != 0 || found == nil {
		i.t.Fatalf("my21staff %s ends with %d: %s%s; want %s", strings.Join(args, " "), r.code, r.out, r.errors, pattern)
	}
	return found[len(found)-1]
}

// onBoth runs a test with the embedded database and with PostgreSQL.
func onBoth(t *testing.T, test func(t *testing.T, i *installation)) {
	t.Parallel()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, install(t, ""))
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, install(t, pgtest.DSN(t)))
	})
}

func TestCommandLineIsUnderstoodOrExplained(t *testing.T) {
	t.Parallel()
	i := install(t, "")
	for _, c := range []struct {
		args string
		code int
		want string // in what is printed, either way
	}{
		{"", 2, "serve"},
		{"help", 0, "serve"},
		{"-h", 0, "serve"},
		{"help key", 0, "create"},
		{"key -h", 0, "revoke"},
		{"key create -h", 0, "-scopes"},
		{"help serve", 0, "-listen"},
		{"version", 0, "my21staff v0.0.0-test (go1."},
		{"config", 0, "environment M21_LISTEN"},
		{"config -listen 127.0.0.1:5", 0, "flag -listen"},
		{"config -config /missing.json", 2, "cannot be read"},
		{"config -log-level loud", 2, "log_level"},
		{"nothing", 2, `no command "nothing"`},
		{"key nothing", 2, `no command "nothing"`},
		{"serve -nothing", 2, "-nothing"},
		{"serve now", 2, `"now" is one word too many`},
		{"serve -listen 0.0.0.0:1", 2, "without TLS"},
		{"serve -pprof 0.0.0.0:0", 2, "this machine alone"},
		{"serve -pprof example.com:0", 2, "this machine alone"},
		{"serve -pprof 127.0.0.1", 2, "this machine alone"},
		{"migrate sideways", 2, "up, down N or status"},
		{"migrate down", 2, "up, down N or status"},
		{"migrate down x", 2, "not \"x\""},
		{"workspace signin", 3, "workspace create"},
		{"workspace signin extra", 2, "too many"},
		{"key revoke", 3, "workspace create"},
		{"channel set", 2, "needs -id"},
		{"replay -id x", 2, "not an id"},
		{"simulate -sim-listen 127.0.0.1:0", 3, "base-url"},
	} {
		r := i.run(strings.Fields(c.args)...)
		if r.code != c.code || !strings.Contains(r.out+r.errors, c.want) {
			t.Errorf("my21staff %s ends with %d: %s%s; want %d and %q", c.args, r.code, r.out, r.errors, c.code, c.want)
		}
		if c.code != 0 && r.errors == "" {
			t.Errorf("my21staff %s fails without a word on the error output", c.args)
		}
	}
}

// The life of an installation by the command line.
func TestCommandsFurnishAnInstallation(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		i.must(`the schema is at [0-9]{14}`, "migrate")
		workspace := i.must(`workspace  (\S+)  Contoh Study`, "workspace", "create", "-name", "Contoh Study", "-owner", "Owner", "-email", "owner@example.com")
		i.must(workspace+`  Contoh Study  Asia/Jakarta`, "workspace", "list")
		i.must(`sign in    http://127.0.0.1:0/login\?token=\S{43}`, "workspace", "signin")

		secret := filepath.Join(t.TempDir(), "secret")
		if err := os.WriteFile(secret, []byte("from-a-file\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		channel := i.must(`channel  (\S+)  \+62 812 0000 0100`, "channel", "add", "-provider", "kapso", "-phone-number-id", "555000000000001",
			"-number", "+62 812 0000 0100", "-name", "Sales", "-token", "@"+secret, "-webhook-secret", "first-secret")
		i.must(channel+`  kapso +555000000000001 +\+62 812 0000 0100 +Sales +1 +on`, "channel", "list", "-workspace", "contoh study")
		i.must(`channel  `+channel, "channel", "set", "-id", channel, "-webhook-secret", "first-secret,second-secret", "-off")
		i.must(channel+`.* Sales +2 +off since`, "channel", "list")
		if r := i.run("channel", "add", "-provider", "kapso", "-phone-number-id", "555000000000001", "-number", "+62 812 0000 0100"); r.code != 4 {
			t.Errorf("a number connected twice ends with %d: %s", r.code, r.errors)
		}
		if r := i.run("channel", "set", "-id", workspace); r.code != 3 {
			t.Errorf("a channel that is not there ends with %d: %s", r.code, r.errors)
		}

		key := i.must(`id   (\S+)`, "key", "create", "-name", "tests", "-scopes", "read,messages:send", "-expires", "1h")
		i.must(key+`  tests  m21_\S{8}\.\.\.  messages:send,read  good until`, "key", "list")
		i.must(`revoked`, "key", "revoke", "-id", key)
		i.must(key+`.*revoked 20`, "key", "list")
		if r := i.run("key", "create", "-name", "x", "-scopes", "everything"); r.code != 2 {
			t.Errorf("a scope that is none ends with %d: %s", r.code, r.errors)
		}

		if again := i.must(`workspace  (\S+)`, "workspace", "create", "-name", "Second", "-owner", "O", "-email", "o@example.com"); again == workspace {
			t.Error("two workspaces have one id")
		}
		if r := i.run("key", "list"); r.code != 2 || !strings.Contains(r.errors, "-workspace") {
			t.Errorf("with two workspaces \"key list\" ends with %d: %s", r.code, r.errors)
		}
		i.must(`0 requests`, "replay")
		i.must(`the schema is at empty`, "migrate", "down", "1000")
		i.must(`the schema is at empty`, "migrate", "status")
		i.must(`the schema is at [0-9]{14}`, "migrate", "up")
	})
}

// process is a host that runs.
type process struct {
	t   *testing.T
	cmd *exec.Cmd
	url string
}

// serve starts the host and returns when it listens.
func (i *installation) serve(args ...string) *process {
	i.t.Helper()
	return i.listening(exec.CommandContext(i.t.Context(), i.program, append([]string{"serve"}, args...)...))
}

// listening starts a program that says where it listens and returns when it
// does.
func (i *installation) listening(cmd *exec.Cmd) *process {
	i.t.Helper()
	p := &process{t: i.t, cmd: cmd}
	p.cmd.Env = i.env
	reader, writer, err := os.Pipe()
	if err != nil {
		i.t.Fatal(err)
	}
	p.cmd.Stderr = writer
	if err := p.cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	_ = writer.Close()
	listening := make(chan string, 1)
	go watch(reader, listening)
	select {
	case address, ok := <-listening:
		if !ok {
			i.t.Fatal("the host ended before it listened")
		}
		p.url = "http://" + address
	case <-time.After(30 * time.Second):
		i.t.Fatal("the host does not listen after 30 seconds")
	}
	i.t.Cleanup(func() { _ = p.cmd.Process.Kill(); _ = p.cmd.Wait() })
	return p
}

var listeningPattern = regexp.MustCompile(`msg=listening address=(\S+)`)

// watch finds the address in the log and drops the rest.
func watch(log *os.File, listening chan<- string) {
	defer close(listening)
	defer log.Close()
	var seen []byte
	chunk := make([]byte, 4096)
	for found := false; ; {
		n, err := log.Read(chunk)
		if !found {
			seen = append(seen, chunk[:n]...)
			if address := listeningPattern.FindSubmatch(seen); address != nil {
				listening <- string(address[1])
				found = true
			}
		}
		if err != nil {
			return
		}
	}
}

// end sends a signal and returns the exit code, -1 for a process that was
// killed.
func (p *process) end(signal syscall.Signal) int {
	p.t.Helper()
	if err := p.cmd.Process.Signal(signal); err != nil {
		p.t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	ended := make(chan struct{})
	go func() { _ = p.cmd.Wait(); close(ended) }()
	select {
	case <-ended:
		return p.cmd.ProcessState.ExitCode()
	case <-ctx.Done():
		p.t.Fatalf("the host does not end within 20 seconds of %v", signal)
		return 0
	}
}

// TestProfiles: they are shown at the address that was asked for, beside the host.
func TestProfiles(t *testing.T) {
	t.Parallel()
	probe, err := net.Listen("tcp", "127.0.0.1:0") // a port that is free
	if err != nil {
		t.Fatal(err)
	}
	address := probe.Addr().String()
	if err := probe.Close(); err != nil {
		t.Fatal(err)
	}
	host := install(t, "").serve("-pprof", address)
	for url, want := range map[string]int{
		"http://" + address + "/debug/pprof/heap": 200, "http://" + address + "/debug/pprof/profile?seconds=1": 200,
		"http://" + address + "/healthz": 404, host.url + "/debug/pprof/heap": 404,
	} {
		response, err := http.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		if err := response.Body.Close(); err != nil || response.StatusCode != want {
			t.Errorf("%s answers %d, %v, want %d", url, response.StatusCode, err, want)
		}
	}
}

func TestTakenPortIsSaid(t *testing.T) {
	t.Parallel()
	first := install(t, "").serve()
	r := install(t, "").run("serve", "-listen", strings.TrimPrefix(first.url, "http://"))
	if r.code != 4 || !strings.Contains(r.errors, "is taken by another program") {
		t.Errorf("a taken port ends with %d: %s", r.code, r.errors)
	}
	if code := first.end(syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM ends the host with %d", code)
	}
}
