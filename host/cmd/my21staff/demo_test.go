package main_test

import (
	"bufio"
	"encoding/json"
	"io"
	"net/http"
	"os/exec"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// demonstration is a demo that runs, and what it printed.
type demonstration struct {
	process
	text             string
	inbox, link, sim string
	key              string
}

// demo starts the demo and returns when it said all it has to say.
func (i *installation) demo() *demonstration {
	i.t.Helper()
	d := &demonstration{process: process{t: i.t, cmd: exec.CommandContext(i.t.Context(), binary, "serve", "--demo")}}
	d.cmd.Env = i.env
	out, err := d.cmd.StdoutPipe()
	if err != nil {
		i.t.Fatal(err)
	}
	if err := d.cmd.Start(); err != nil {
		i.t.Fatal(err)
	}
	i.t.Cleanup(func() { _ = d.cmd.Process.Kill(); _ = d.cmd.Wait() })
	watchdog := time.AfterFunc(time.Minute, func() { _ = d.cmd.Process.Kill() })
	defer watchdog.Stop()
	for lines := bufio.NewScanner(out); lines.Scan() && !strings.Contains(lines.Text(), "Ctrl-C"); {
		d.text += lines.Text() + "\n"
	}
	find := func(pattern string) string {
		found := regexp.MustCompile(pattern).FindStringSubmatch(d.text)
		if found == nil {
			i.t.Fatalf("the demo does not say %s: %s", pattern, d.text)
		}
		return found[1]
	}
	d.inbox, d.link, d.sim, d.key = find(`inbox +(http://\S+)`), find(`sign in +(http://\S+/login\?token=\S+)`), find(`phone +(http://\S+)/\n`), find(`API key +(m21_\S+)`)
	d.url = strings.TrimSuffix(d.inbox, "/inbox")
	return d
}

// get returns the status and body of an answer.
func (d *demonstration) get(address, key string) (int, string) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(d.t.Context(), "GET", address, nil)
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", key)
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		d.t.Fatal(err)
	}
	return response.StatusCode, string(body)
}

// The demo shows something true with no further step, and starts again on what
// it left.
func TestDemoShowsTheProduct(t *testing.T) {
	t.Parallel()
	i := install(t, "")
	first := i.demo()
	var list struct {
		Data []struct {
			Name string `json:"contact_name"`
		}
	}
	status, body := first.get(first.url+"/api/conversations", first.key)
	if err := json.Unmarshal([]byte(body), &list); err != nil || status != 200 || len(list.Data) != 4 {
		t.Errorf("the sample conversations are %d %s (%v)", status, body, err)
	}
	for address, want := range map[string]string{first.link: "Masuk", first.sim + "/": "<html", first.url + "/readyz": "ready"} {
		if status, body := first.get(address, ""); status != 200 || !strings.Contains(body, want) {
			t.Errorf("%s answers %d without %q", address, status, want)
		}
	}
	for _, want := range []string{"curl -H 'x-api-key: " + first.key, "/_sim/messages", "/api/messages/send", "/api/events?after=0"} {
		if !strings.Contains(first.text, want) {
			t.Errorf("the demo does not say how to try %s", want)
		}
	}
	if code := first.end(syscall.SIGTERM); code != 0 {
		t.Errorf("SIGTERM ends the demo with %d", code)
	}
	second := i.demo()
	if status, body := second.get(second.url+"/api/conversations", second.key); status != 200 || strings.Count(body, `"contact_name"`) != 4 {
		t.Errorf("started again the demo shows %d %s", status, body)
	}
	if status, _ := second.get(second.url+"/api/conversations", first.key); status != 401 {
		t.Errorf("the key of the demo before is answered %d", status)
	}
}
