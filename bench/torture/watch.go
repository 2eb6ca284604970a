package main

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// watch is what the host and the driver used over time, and how long the
// host's health check took.
type watch struct {
	samples []sample
	mu      sync.Mutex
	checks  []check
}

type sample struct {
	at           int64   // microseconds since 1970
	memory       int64   // resident bytes of the host
	host, driver float64 // seconds of processor time
}

type check struct {
	at   int64
	took time.Duration
}

// watch watches until the driver ends.
func (w *world) watch(ctx context.Context, d *driver) *watch {
	seen := &watch{}
	watching, end := context.WithCancel(ctx)
	var checking sync.WaitGroup
	checking.Go(func() { seen.check(watching, w.hosts[0].address) })
	for d.running() && ctx.Err() == nil {
		seen.sample(w.hosts[0].cmd.Process.Pid, d.cmd.Process.Pid)
		time.Sleep(50 * time.Millisecond)
	}
	end()
	checking.Wait()
	return seen
}

func (s *watch) sample(host, driver int) {
	s.samples = append(s.samples, sample{record.Now(), resident(host), processor(host), processor(driver)})
}

// check asks how the host is, five times a second.
func (s *watch) check(ctx context.Context, address string) {
	client := &http.Client{Timeout: 5 * time.Second}
	for ctx.Err() == nil {
		begin := time.Now()
		response, err := client.Get("http://" + address + "/healthz")
		took := time.Since(begin)
		if err != nil || response.Body.Close() != nil || response.StatusCode != http.StatusOK {
			took = max(took, client.Timeout) // no answer counts as the longest
		}
		s.mu.Lock()
		s.checks = append(s.checks, check{begin.UnixMicro(), took})
		s.mu.Unlock()
		time.Sleep(200 * time.Millisecond)
	}
}

// tell adds to each step what was seen meanwhile.
func (s *watch) tell(f *flood) {
	for i := range f.Steps {
		st := &f.Steps[i]
		var first, last *sample
		for k := range s.samples {
			if at := s.samples[k].at; at < st.Began || at > st.Ended {
				continue
			}
			if first == nil {
				first = &s.samples[k]
			}
			last = &s.samples[k]
			st.Memory = max(st.Memory, last.memory)
		}
		if first != nil && last.at > first.at {
			seconds := float64(last.at-first.at) / 1e6
			st.HostCPU, st.DriverCPU = (last.host-first.host)/seconds, (last.driver-first.driver)/seconds
		}
		for _, c := range s.checks {
			if c.at >= st.Began && c.at <= st.Ended {
				st.Alive = max(st.Alive, c.took)
			}
		}
	}
}

// peak returns the most memory the host had.
func (s *watch) peak() int64 {
	var most int64
	for _, at := range s.samples {
		most = max(most, at.memory)
	}
	return most
}

// resident returns a process's resident bytes; 0 if it has ended.
func resident(pid int) int64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0
	}
	_, rest, _ := strings.Cut(string(text), "VmRSS:")
	fields := strings.Fields(rest)
	if len(fields) == 0 {
		return 0
	}
	kib, _ := strconv.ParseInt(fields[0], 10, 64) // the kernel writes a number
	return kib << 10
}

// ticks is how many of the kernel's ticks a second has, which Linux fixed for
// user space.
const ticks = 100

// processor returns the seconds of processor time a process has used; 0 if it
// has ended.
func processor(pid int) float64 {
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0
	}
	fields := bytes.Fields(text[bytes.LastIndexByte(text, ')')+1:]) // a name may hold anything
	if len(fields) < 13 {
		return 0
	}
	user, _ := strconv.ParseFloat(string(fields[11]), 64)
	system, _ := strconv.ParseFloat(string(fields[12]), 64)
	return (user + system) / ticks
}

// established returns how many of our connections to an address the other side
// still has. Ours do not know: who does not read does not hear of an end.
func established(address string, conns []net.Conn) (int, error) {
	text, err := os.ReadFile("/proc/net/tcp")
	if err != nil {
		return 0, err
	}
	_, port, err := net.SplitHostPort(address)
	if err != nil {
		return 0, err
	}
	ours := map[string]bool{}
	for _, c := range conns {
		ours[strconv.Itoa(c.LocalAddr().(*net.TCPAddr).Port)] = true
	}
	open := 0
	for line := range strings.Lines(string(text)) {
		fields := strings.Fields(line) // number, local address, remote address, state, ...
		if len(fields) > 3 && fields[3] == "01" && portOf(fields[1]) == port && ours[portOf(fields[2])] {
			open++
		}
	}
	return open, nil
}

// portOf returns the port of an address as the kernel lists it, 0100007F:1F90.
func portOf(address string) string {
	_, digits, _ := strings.Cut(address, ":")
	port, err := strconv.ParseUint(digits, 16, 16)
	if err != nil {
		return ""
	}
	return strconv.FormatUint(port, 10)
}
