package main

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/my21staff/my21staff/bench/record"
)

// world is one installation under test: a database, hosts on it, and the plan
// the driver and the checker know it by.
type world struct {
	*programs
	dir      string
	data     string // the host's data folder
	dsn      string // what the host is told; empty: SQLite
	look     string // what the checker reads
	plan     *record.Plan
	hosts    []*host
	extra    []string // environment of the commands that furnish it
	faultLog string
}

// size is how large an installation is made.
type size struct{ workspaces, hosts int }

// newWorld makes an installation on a database and its plan; no host runs yet.
func newWorld(ctx context.Context, p *programs, dir, data, dsn, look string, s size, env []string) (*world, error) {
	w := &world{programs: p, dir: dir, data: data, dsn: dsn, look: look, extra: env, faultLog: filepath.Join(dir, "faults.jsonl")}
	if look == "" {
		w.look = filepath.Join(data, "my21staff.db")
	}
	ports, err := freePorts(s.hosts + 1)
	if err != nil {
		return nil, err
	}
	var run [4]byte
	_, _ = rand.Read(run[:]) // never fails
	w.plan = &record.Plan{Run: hex.EncodeToString(run[:]), Provider: ports[0]}
	for i := range s.hosts {
		w.plan.Hosts = append(w.plan.Hosts, "http://"+ports[1+i])
		w.hosts = append(w.hosts, &host{world: w, n: i, address: ports[1+i]})
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	for i := range s.workspaces {
		if err := w.furnish(ctx, i); err != nil {
			return nil, err
		}
	}
	return w, w.plan.Save(w.planFile())
}

func (w *world) planFile() string { return filepath.Join(w.dir, "plan.json") }

// env is a host's environment.
func (w *world) env(more ...string) []string {
	env := []string{"HOME=" + w.dir, "PATH=" + os.Getenv("PATH"), "M21_DATA_DIR=" + w.data, "M21_DATABASE=" + w.dsn, "M21_LOG_LEVEL=warn"}
	if len(more) > 0 { // only a host built for torture knows it
		env = append(env, "M21_TORTURE_LOG="+w.faultLog)
	}
	return append(env, more...)
}

// furnish makes a workspace with a number of each provider. Every second
// workspace shares its Meta app, and so its secret, with those before it.
func (w *world) furnish(ctx context.Context, i int) error {
	name := fmt.Sprintf("W%d", i)
	ws := record.Workspace{Name: name}
	var err error
	if ws.ID, err = w.say(ctx, `workspace  (\S+)`, "workspace", "create", "-name", name, "-owner", "Owner", "-email", fmt.Sprintf("owner%d@example.com", i)); err != nil {
		return err
	}
	if ws.Key, err = w.say(ctx, `key  (m21_\S+)`, "key", "create", "-workspace", name, "-name", "torture", "-scopes", "admin"); err != nil {
		return err
	}
	for k, provider := range []string{"meta", "kapso"} {
		n := record.Number{
			Provider: provider, ID: fmt.Sprintf("5550000%d%07d", k, i), Display: fmt.Sprintf("62812000%d%03d", k+1, i),
			Secret: fmt.Sprintf("app-secret-of-%s-%d", provider, i%2),
		}
		if provider == "kapso" {
			n.Secret = fmt.Sprintf("webhook-secret-of-%d", i)
		}
		if n.ChannelID, err = w.say(ctx, `channel  (\S+)`, "channel", "add", "-workspace", name, "-provider", provider, "-phone-number-id", n.ID,
			"-number", "+"+n.Display, "-base-url", "http://"+w.plan.Provider, "-token", "token-of-a-test", "-webhook-secret", n.Secret); err != nil {
			return err
		}
		ws.Numbers = append(ws.Numbers, n)
	}
	w.plan.Workspaces = append(w.plan.Workspaces, ws)
	return nil
}

// say runs one of the program's commands and returns the first group of a
// pattern in what it printed.
func (w *world) say(ctx context.Context, pattern string, args ...string) (string, error) {
	out, err := call(ctx, w.env(w.extra...), w.host, args...)
	if err != nil {
		return "", err
	}
	found := regexp.MustCompile(pattern).FindStringSubmatch(out)
	if found == nil {
		return "", fmt.Errorf("my21staff %s printed %q", strings.Join(args, " "), out)
	}
	return found[1], nil
}

// freePorts returns addresses nobody listens on, below the ports that systems
// give to outgoing connections: one of those could be taken while its host is
// down.
func freePorts(n int) ([]string, error) {
	var all []string
	for range 1000 {
		if len(all) == n {
			return all, nil
		}
		address := "127.0.0.1:" + strconv.Itoa(20_000+mathrand.IntN(12_000))
		ln, err := net.Listen("tcp", address)
		if err != nil {
			continue
		}
		defer ln.Close() // all are held until each is different
		all = append(all, address)
	}
	return nil, errors.New("there are no free ports")
}
