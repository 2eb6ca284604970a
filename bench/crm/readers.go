package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

// readStreams is the process that reads: arguments address, how many, and the file of
// the lines that say to the host who reads. Streams take them in turn.
//
// It has sockets and one loop that waits for all of them, because it shares the
// processors with the host: a goroutine for each stream would cost as much as the
// host's own work and be counted as the host's.
func readStreams(ctx context.Context, args []string, out io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("readers: address, how many and a file, not %d arguments", len(args))
	}
	n, err := strconv.Atoi(args[1])
	if err != nil {
		return err
	}
	text, err := os.ReadFile(args[2])
	if err != nil {
		return err
	}
	who := strings.Split(string(text), "\n")
	if err := enoughFiles(n + 100); err != nil {
		return err
	}
	r := &readers{want: n, rest: map[int32][]byte{}, at: map[int64][]int64{}, out: json.NewEncoder(out)}
	if r.poll, err = syscall.EpollCreate1(syscall.EPOLL_CLOEXEC); err != nil {
		return err
	}
	if err := r.openAll(args[0], who); err != nil {
		return err
	}
	if err := r.out.Encode(arrival{Open: n}); err != nil {
		return err
	}
	return r.loop(ctx)
}

// readers are all streams.
type readers struct {
	poll int
	want int
	rest map[int32][]byte  // of a socket: the beginning of a line
	at   map[int64][]int64 // when each event came
	out  *json.Encoder
}

// openAll opens the streams, some at once, as many as the host's backlog takes.
func (r *readers) openAll(address string, who []string) error {
	to, err := netip.ParseAddrPort(address)
	if err != nil {
		return err
	}
	const hands = 32
	failed := make([]error, hands)
	var opening sync.WaitGroup
	for hand := range hands {
		opening.Go(func() {
			for i := hand; i < r.want && failed[hand] == nil; i += hands {
				failed[hand] = r.open(to, fmt.Appendf(nil, "GET /api/events HTTP/1.1\r\nHost: %s\r\n%s\r\n\r\n", address, who[i%len(who)]))
			}
		})
	}
	opening.Wait()
	for _, err := range failed {
		if err != nil {
			return err
		}
	}
	return nil
}

// open opens a stream, waits for its greeting, and has the loop wait for more.
func (r *readers) open(to netip.AddrPort, request []byte) error {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return err
	}
	if err := syscall.Connect(fd, &syscall.SockaddrInet4{Port: int(to.Port()), Addr: to.Addr().As4()}); err != nil {
		return err
	}
	if _, err := syscall.Write(fd, request); err != nil {
		return err
	}
	var head []byte
	for part := make([]byte, 2048); !bytes.HasSuffix(head, []byte("\n\n")); {
		n, err := syscall.Read(fd, part)
		if n <= 0 {
			return fmt.Errorf("a stream answers %q and ends, %w", head, err)
		}
		head = append(head, part[:n]...)
	}
	if !bytes.HasPrefix(head, []byte("HTTP/1.1 200 ")) {
		return fmt.Errorf("a stream answers %q", head)
	}
	if err := syscall.SetNonblock(fd, true); err != nil {
		return err
	}
	return syscall.EpollCtl(r.poll, syscall.EPOLL_CTL_ADD, fd, &syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)})
}

// loop reads until ctx ends.
func (r *readers) loop(ctx context.Context) error {
	events, part := make([]syscall.EpollEvent, 256), make([]byte, 64<<10)
	for ctx.Err() == nil {
		n, err := syscall.EpollWait(r.poll, events, 1000)
		if err != nil && err != syscall.EINTR {
			return err
		}
		for _, e := range events[:max(n, 0)] {
			n, err := syscall.Read(int(e.Fd), part)
			if err == syscall.EAGAIN || err == syscall.EINTR {
				continue
			}
			if n <= 0 {
				return fmt.Errorf("a stream ended, %w", err)
			}
			if err := r.take(e.Fd, part[:n], time.Now().UnixNano()); err != nil {
				return err
			}
		}
	}
	return nil
}

// take notes the ids in what a socket brought.
func (r *readers) take(fd int32, text []byte, now int64) error {
	if rest := r.rest[fd]; rest != nil {
		text = append(rest, text...)
		delete(r.rest, fd)
	}
	for {
		line, after, whole := bytes.Cut(text, []byte("\n"))
		if !whole {
			if len(line) > 0 {
				r.rest[fd] = bytes.Clone(line)
			}
			return nil
		}
		if id, is := bytes.CutPrefix(line, []byte("id: ")); is {
			number, err := strconv.ParseInt(string(id), 10, 64)
			if err != nil {
				return err
			}
			if err := r.note(number, now); err != nil {
				return err
			}
		}
		text = after
	}
}

// note says when an event has come to all.
func (r *readers) note(event, now int64) error {
	all := append(r.at[event], now)
	if len(all) < r.want {
		r.at[event] = all
		return nil
	}
	delete(r.at, event)
	slices.Sort(all)
	return r.out.Encode(arrival{Event: event, P50: all[len(all)/2], P99: all[len(all)*99/100], Last: all[len(all)-1]})
}
