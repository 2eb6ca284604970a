package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// spent is the processor time that each program of a measurement has had, and the
// commits the host has made. Where programs share the processors with others it is
// the figure that tells most: it changes far less than a rate does.
type spent struct {
	driver, host, server time.Duration
	commits, facts       float64
}

// spent returns what was spent so far.
func (in *ingestion) spent() spent {
	s := spent{driver: processorTime("self"), host: in.host.cpu(), server: in.world.serverCPU()}
	s.commits, s.facts = in.host.commits()
	return s
}

// cost is what a message took of each program, in microseconds of processor time,
// and how many shared a commit.
type cost struct {
	Driver float64 `json:"driver_us"`
	Host   float64 `json:"host_us"`
	Server float64 `json:"server_us"`
	Commit float64 `json:"messages_in_a_commit"`
}

func (s spent) plus(o spent) spent {
	return spent{s.driver + o.driver, s.host + o.host, s.server + o.server, s.commits + o.commits, s.facts + o.facts}
}

func (s spent) minus(o spent) spent {
	return spent{s.driver - o.driver, s.host - o.host, s.server - o.server, s.commits - o.commits, s.facts - o.facts}
}

// per returns what each of so many messages cost.
func (s spent) per(messages int) *cost {
	us := func(d time.Duration) float64 { return float64(d.Microseconds()) / float64(max(1, messages)) }
	return &cost{us(s.driver), us(s.host), us(s.server), s.facts / max(1, s.commits)}
}

func (c *cost) String() string {
	return fmt.Sprintf("driver %.0f, host %.0f, server %.0f us of a processor, %.0f in a commit", c.Driver, c.Host, c.Server, c.Commit)
}

// processorTime returns what a process has had, in ticks of 10 ms: 0 for one that
// is not there, and on a system that does not say.
func processorTime(pid string) time.Duration {
	fields := statOf(pid)
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseInt(fields[11], 10, 64)
	system, _ := strconv.ParseInt(fields[12], 10, 64)
	return time.Duration(user+system) * 10 * time.Millisecond
}

// statOf returns what Linux says of a process after its name, which may hold
// anything (proc(5), stat from the third field on).
func statOf(pid string) []string {
	text, _ := os.ReadFile(filepath.Join("/proc", pid, "stat"))
	_, after, _ := strings.Cut(string(text), ") ")
	return strings.Fields(after)
}

// serverCPU returns what the database server's processes have had that still run:
// a pool's connections stay.
func (d *database) serverCPU() (all time.Duration) {
	if d.server == nil || d.server.Pid() == 0 {
		return 0
	}
	root := strconv.Itoa(d.server.Pid())
	processes, _ := filepath.Glob("/proc/[0-9]*")
	for _, path := range processes {
		pid := filepath.Base(path)
		if stat := statOf(pid); pid == root || len(stat) > 1 && stat[1] == root {
			all += processorTime(pid)
		}
	}
	return all
}

var (
	commitCount = regexp.MustCompile(`(?m)^m21_(?:commit_facts|send_commit_messages)_count (\S+)`)
	commitSum   = regexp.MustCompile(`(?m)^m21_(?:commit_facts|send_commit_messages)_sum (\S+)`)
)

// commits returns how many commits of webhooks and of sends the host says it has
// made, and of how many facts and messages.
func (p *process) commits() (n, facts float64) {
	response, err := http.Get("http://" + p.address + "/metrics")
	if err != nil {
		return 0, 0
	}
	defer response.Body.Close()
	text, _ := io.ReadAll(response.Body)
	number := func(line *regexp.Regexp) (n float64) {
		for _, found := range line.FindAllSubmatch(text, -1) {
			kind, _ := strconv.ParseFloat(string(found[1]), 64)
			n += kind
		}
		return n
	}
	return number(commitCount), number(commitSum)
}
