package main_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// section is what the README says under one heading.
type section struct {
	title  string
	blocks []string // commands, which are indented by four spaces
	code   []string // Go, which is fenced
}

// readme reads the README by its headings; what stands under a ### belongs to
// it and not to the ## above.
func readme(t *testing.T) []section {
	t.Helper()
	text, err := os.ReadFile("../../../README.md")
	if err != nil {
		t.Fatal(err)
	}
	sections := []section{{}}
	var block []string
	fenced := false
	for line := range strings.Lines(string(text)) {
		last := &sections[len(sections)-1]
		if fenced {
			if line == "```\n" {
				last.code, block, fenced = append(last.code, strings.Join(block, "")), nil, false
			} else {
				block = append(block, line)
			}
			continue
		}
		if command, ok := strings.CutPrefix(line, "    "); ok {
			block = append(block, command)
			continue
		}
		if block != nil && line != "\n" {
			last.blocks, block = append(last.blocks, strings.Join(block, "")), nil
		}
		if line == "```go\n" {
			fenced = true
		}
		if title := strings.TrimLeft(line, "#"); title != line {
			sections = append(sections, section{title: strings.TrimSpace(title)})
		}
	}
	return sections
}

// free returns an address nobody listens on.
func free(t *testing.T) string {
	t.Helper()
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	return ln.Addr().String()
}

// paste runs commands of the README in one shell, as who pastes them does, and
// returns what it printed. What is started in the background listens before the
// next line runs, what never ends is ended after two seconds, and the program is
// the one of the tests.
func (i *installation) paste(commands string, replace ...string) string {
	i.t.Helper()
	replace = append(replace, "make build\n", "\n", ".build/my21staff", i.program, "curl -N", "timeout 2 curl -sSN", "curl ", "curl -sS ")
	commands = strings.NewReplacer(replace...).Replace(commands)
	commands = regexp.MustCompile(`(?m)^.* -listen (\S+) &`).ReplaceAllString(commands, "$0\nlistens $1\n")
	commands = "trap 'kill $(jobs -p) 2>/dev/null; wait' EXIT\n" +
		"listens() { for _ in $(seq 600); do curl -s -o /dev/null http://$1 && return; sleep 0.1; done; echo nobody listens on $1 >&2; exit 1; }\n" + commands
	shell := exec.CommandContext(i.t.Context(), "bash", "-uo", "pipefail", "-c", commands)
	shell.Dir = i.t.TempDir()
	shell.Env = append(append([]string{}, i.env...), "PATH="+os.Getenv("PATH"))
	shell.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	shell.Cancel = func() error { return syscall.Kill(-shell.Process.Pid, syscall.SIGKILL) }
	var out bytes.Buffer
	shell.Stdout, shell.Stderr = &out, &out
	watchdog := time.AfterFunc(2*time.Minute, func() { _ = shell.Cancel() })
	defer watchdog.Stop()
	if err := shell.Run(); err != nil {
		i.t.Errorf("the shell ends with %v", err)
	}
	return out.String()
}

// The README's commands do what it says they do.
func TestReadmeCommandsRun(t *testing.T) {
	t.Parallel()
	under := map[string]string{}
	for _, s := range readme(t) {
		under[s.title] = strings.Join(s.blocks, "\nsleep 1\n")
	}
	host, edge := free(t), free(t)
	// Providers tell the time of a message in seconds: who pastes is slower than one.
	for _, c := range []struct {
		title, commands string
		demo            bool
		replace         []string
		want            []string // patterns in what is printed, in this order
	}{
		{"The same with curl", "sleep 1\n" + under["The same with curl"], true, nil, []string{
			`"contact_name":"Ibu Contoh"`, `Halo, masih ada`, `(?m)^data: `, `"score":`, `"status":"queued"`,
		}},
		{"A gateway in front of hosts", under["A gateway in front of hosts"], false,
			[]string{"127.0.0.1:2121", host, "127.0.0.1:2120", edge, "edge -config edge.json &", "edge -config edge.json -listen " + edge + " &"}, []string{
				`cell      a`, `(?m)^42$`, `HTTP/1.1 200`, `Halo kak`, `HTTP/1.1 401`,
			}},
		{"Contacts from a spreadsheet, and back", under["Contacts from a spreadsheet, and back"] + under["Erasing a contact"], false,
			[]string{"127.0.0.1:2121", free(t)}, []string{
				`dry run`, `6,28E`, `"state":"`, `6,28E`, `Budi`, `erased`,
			}},
		{"Running the host", strings.TrimSpace(under["Running the host"]) + " -listen " + free(t) + " & kill %1\n", false, nil, []string{
			`workspace  \S+  Toko Contoh`, `-phone-number-id`, `m21_`,
		}},
	} {
		t.Run(c.title, func(t *testing.T) {
			t.Parallel()
			i := install(t, "")
			if c.demo {
				d := i.demo()
				c.replace = append(c.replace, "http://127.0.0.1:2121", d.url, "http://127.0.0.1:2122", d.sim, "m21_...", d.key)
			}
			out := i.paste(c.commands, c.replace...)
			rest := out
			for _, want := range c.want {
				found := regexp.MustCompile(want).FindStringIndex(rest)
				if found == nil {
					t.Fatalf("the commands under %q do not print %s where they should:\n%s", c.title, want, out)
				}
				rest = rest[found[1]:]
			}
		})
		delete(under, c.title)
	}
	delete(under, "Erasing a contact")
	for title, commands := range under {
		// make run is TestDemoShowsTheProduct, make test and make wasm are CI's.
		if commands != "" && title != "Two commands" && title != "In other runtimes" && title != "In your own Go program" {
			t.Errorf("nobody runs the commands under %q:\n%s", title, commands)
		}
	}
}

// The README's Go is what the examples run.
func TestReadmeCodeIsRun(t *testing.T) {
	t.Parallel()
	var examples string
	for _, file := range []string{"crm/inbox/example_test.go", "edge/example_test.go"} {
		text, err := os.ReadFile("../../../" + file)
		if err != nil {
			t.Fatal(err)
		}
		examples += regexp.MustCompile(`(?m)^\t`).ReplaceAllString(string(text), "")
	}
	seen := 0
	for _, s := range readme(t) {
		for _, code := range s.code {
			if seen++; !strings.Contains(examples, strings.TrimSpace(code)) {
				t.Errorf("the code under %q is in no example:\n%s", s.title, code)
			}
		}
	}
	if seen != 2 {
		t.Error(fmt.Sprint("the README has ", seen, " pieces of Go"))
	}
}
