package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"net"
	"strconv"
	"syscall"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/telemetry"
)

func serveCommand() command {
	return command{
		name: "serve", short: "Answer requests until SIGTERM or Ctrl-C; a second one ends at once.",
		long: "With -demo it also makes a sample workspace and starts a WhatsApp simulator beside it, and prints how to look at both.",
		flags: func(fs *flag.FlagSet) action {
			demo := fs.Bool("demo", false, "a sample workspace and a simulator")
			profiles := fs.String("pprof", "", "address of this machine (127.0.0.1:0) at which Go's profiles are shown")
			return func(ctx context.Context, p *program, in invocation) error {
				if len(in.args) > 0 {
					return usage("%q is one word too many.", in.args[0])
				}
				tuneMemory()
				if *profiles != "" {
					server, err := profile(*profiles, telemetry.Logger(p.stderr, in.config.LogFormat, in.config.LogLevel))
					if err != nil {
						return err
					}
					defer server.Close()
				}
				if *demo {
					return serveDemo(ctx, p, in)
				}
				return serve(ctx, p, in.config)
			}
		},
	}
}

func serve(ctx context.Context, p *program, c host.Config) error {
	ln, err := listen(c.Listen, 1)
	if err != nil {
		return err
	}
	log := telemetry.Logger(p.stderr, c.LogFormat, c.LogLevel)
	h, err := host.Open(ctx, c, p.version, log)
	if err != nil {
		return errors.Join(err, ln.Close())
	}
	log.Info("listening", "address", ln.Addr().String(), "version", p.version)
	return h.Run(ctx, ln)
}

// listen opens a port. When it is taken it tries the following ones, as many as
// tries allows.
func listen(address string, tries int) (net.Listener, error) {
	name, first, err := net.SplitHostPort(address)
	if err != nil {
		return nil, usage("%s is no address and port.", address)
	}
	port, err := strconv.Atoi(first)
	if err != nil {
		return nil, usage("%s is no address and port.", address)
	}
	for try := range tries {
		ln, err := net.Listen("tcp", net.JoinHostPort(name, strconv.Itoa(port+try)))
		if err == nil {
			return ln, nil
		}
		if !errors.Is(err, syscall.EADDRINUSE) {
			return nil, &crm.Error{Op: "listen", Code: crm.Unavailable, Msg: fmt.Sprintf("%s cannot be listened on.", address), Err: err}
		}
	}
	return nil, &crm.Error{Op: "listen", Code: crm.Conflict,
		Msg: fmt.Sprintf("%s is taken by another program. Stop that one, or choose another address with -listen.", address)}
}
