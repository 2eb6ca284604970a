package main

import (
	"context"
	"crypto/tls"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"syscall"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/gateway"
	"github.com/my21staff/my21staff/host/telemetry"
)

func edgeCommand() command {
	return command{
		name: "edge", short: "Stand in front of any number of hosts: verify webhooks, route each number's to its host, answer the rest.",
		long: "The document says who signs, which hosts there are and whose each number is. It is read again on SIGHUP and when it changes; " +
			"one that is refused changes nothing. It holds secrets and must be readable by its owner alone.\n" +
			"A webhook is answered 200 when every host concerned has taken it, else 503: then its provider sends it again.",
		// A gateway has no store, and none of the settings that go with one.
		settings: []string{"listen", "trusted_proxies", "tls_cert", "tls_key", "log_format", "log_level", "shutdown_timeout"},
		flags: func(fs *flag.FlagSet) action {
			g := gate{}
			fs.StringVar(&g.document, "config", "", "the edge's document (JSON); settings are not read from it, but from $M21_CONFIG")
			fs.String("listen", "127.0.0.1:2120", "address and port to answer on (default 127.0.0.1:2120); not loopback only with TLS or trusted-proxies")
			fs.StringVar(&g.engine, "engine", "native", "native, or wasm: decide in the edge module, which has no files and no network, at a third of the speed (default native)")
			fs.StringVar(&g.cache, "cache-dir", "", "folder for the module's compiled code, which makes the next start fast; nobody else may write there")
			fs.BoolVar(&g.check, "check", false, "say what the document says, without secrets, and end")
			return func(ctx context.Context, p *program, in invocation) error {
				switch {
				case len(in.args) > 0:
					return usage("%q is one word too many.", in.args[0])
				case g.document == "":
					return usage("Say which document: -config edge.json.")
				case g.check:
					return g.describe(p)
				}
				return g.serve(ctx, p, in.config)
			}
		},
	}
}

// gate is what the flags say.
type gate struct {
	document, engine, cache string
	check                   bool
}

// describe prints what a document says.
func (g *gate) describe(p *program) error {
	document, err := gateway.ReadDocument(g.document)
	if err != nil {
		return err
	}
	config, err := gateway.Check(document)
	if err != nil {
		return gateway.Refusal(g.document, err)
	}
	fmt.Fprintf(p.stdout, "epoch     %d\n", config.Epoch)
	for i := range config.Sources {
		s := &config.Sources[i]
		speaks := "all numbers that no other lists"
		if len(s.Numbers) > 0 {
			speaks = fmt.Sprintf("%d numbers", len(s.Numbers))
		}
		fmt.Fprintf(p.stdout, "source    %s  %s  %d secrets  %d verify tokens  %s\n", s.Name, s.Provider, len(s.Secrets), len(s.Tokens), speaks)
	}
	for i := range config.Cells {
		c := &config.Cells[i]
		journal := ""
		if i == config.Journal {
			journal = "  journal"
		}
		fmt.Fprintf(p.stdout, "cell      %s  %s  weight %d  %d secrets%s\n", c.Name, c.URL, c.Weight, len(c.Secrets), journal)
	}
	routes, accounts := gateway.Tables(document)
	fmt.Fprintf(p.stdout, "routes    %d numbers, %d accounts by name; every other number by its hash\n", routes, accounts)
	return nil
}

// serve runs the gateway until ctx ends.
func (g *gate) serve(ctx context.Context, p *program, c host.Config) (err error) {
	log := telemetry.Logger(p.stderr, c.LogFormat, c.LogLevel)
	decider, err := g.decider(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, decider.Close()) }()
	gw, err := gateway.New(gateway.Options{Decider: decider, Log: log})
	if err != nil {
		return err
	}
	file, err := gw.Open(g.document)
	if err != nil {
		return err
	}
	ln, err := listenTLS(c)
	if err != nil {
		return err
	}
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	go file.Follow(ctx, hangups)
	log.Info("listening", "address", ln.Addr().String(), "version", p.version, "engine", g.engine)
	return runGateway(ctx, gw, ln, c, log)
}

// runGateway serves until ctx ends, and then lets what is on its way arrive.
func runGateway(ctx context.Context, gw *gateway.Gateway, ln net.Listener, c host.Config, log *slog.Logger) error {
	served := make(chan error, 1)
	go func() { served <- gw.Serve(ln) }()
	var err error
	select {
	case err = <-served:
	case <-ctx.Done():
		log.Info("stopping")
	}
	limit, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	err = errors.Join(err, gw.Close(limit))
	log.Info("stopped")
	return err
}

// waiting is how many requests may wait for an instance of the module: as many
// as the gateway has in work, which is the bound that answers.
const waiting = 8192

// decider starts the engine with the document.
func (g *gate) decider(ctx context.Context) (runner.Decider, error) {
	document, err := gateway.ReadDocument(g.document)
	if err != nil {
		return nil, err
	}
	var decider runner.Decider
	switch g.engine {
	case "native":
		decider, err = runner.NewNative(document)
	case "wasm":
		decider, err = runner.New(ctx, runner.Options{Config: document, CacheDir: g.cache, Waiting: waiting, HostMAC: true})
	default:
		return nil, usage("The engine is native or wasm, not %q.", g.engine)
	}
	var refused *edge.ConfigError
	if errors.As(err, &refused) {
		return nil, gateway.Refusal(g.document, refused)
	}
	return decider, err
}

// listenTLS opens the port, with TLS if a certificate is set.
func listenTLS(c host.Config) (net.Listener, error) {
	ln, err := listen(c.Listen, 1)
	if err != nil || c.TLSCert == "" {
		return ln, err
	}
	pair, err := tls.LoadX509KeyPair(c.TLSCert, c.TLSKey)
	if err != nil {
		return nil, errors.Join(&crm.Error{Op: "listen", Code: crm.Invalid, Msg: "tls_cert and tls_key cannot be used: " + err.Error(), Err: err}, ln.Close())
	}
	return tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12}), nil
}
