package main

import (
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"time"
)

// profile answers for Go's profiles on a port of its own, below /debug/pprof,
// until it is closed. They show what the program holds in memory, so only an
// address of this machine itself is taken.
func profile(address string, log *slog.Logger) (*http.Server, error) {
	name, _, err := net.SplitHostPort(address)
	if ip := net.ParseIP(name); err != nil || name != "localhost" && (ip == nil || !ip.IsLoopback()) {
		return nil, usage("Profiles are shown to this machine alone: -pprof is an address such as 127.0.0.1:0.")
	}
	ln, err := listen(address, 1)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("/debug/pprof/", pprof.Index)
	mux.HandleFunc("/debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("/debug/pprof/trace", pprof.Trace)
	server := &http.Server{Handler: mux, ReadHeaderTimeout: 5 * time.Second}
	log.Info("profiling", "address", ln.Addr().String())
	go func() {
		if err := server.Serve(ln); !errors.Is(err, http.ErrServerClosed) {
			log.Error("profiles ended", "error", err)
		}
	}()
	return server, nil
}
