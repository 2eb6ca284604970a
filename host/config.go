package host

import (
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Config is all that can be set of a host. [Load] fills and checks it; the
// table below names every key.
type Config struct {
	Listen         string         // address and port
	PublicURL      string         // how people reach the host, without a slash at the end; empty: from the request
	TrustedProxies []netip.Prefix // whose X-Forwarded-For and -Proto are believed
	TLSCert        string         // path of a PEM file; with TLSKey
	TLSKey         string

	Database  crm.Secret   // DSN; empty: SQLite in DataDir
	DataDir   string       // made if missing
	CacheKB   int          // of SQLite's file in memory; 0: as much as a host needs. No setting: a command beside a host needs less
	SecretKey []crm.Secret // what seals secrets, newest first; empty: the file in DataDir

	EdgeSecrets []crm.Secret // what an edge signs its envelopes with, newest first; empty: none is taken

	LogFormat string // "json" or "text"
	LogLevel  slog.Level

	RequestTimeout  time.Duration // what a request may take
	ShutdownTimeout time.Duration // what a stop may take
	MaxRequests     int           // in work at once; beyond: 503
	MaxStreams      int           // open event streams; beyond: 503
	Senders         int           // send attempts at once

	JournalDays int // how long webhook requests are kept; 0: for ever
	FeedDays    int // how long the feed's facts are kept; 0: for ever

	ReconcileEvery time.Duration // how often Kapso's list is asked for what no webhook brought

	Edge string // "native" or "wasm": what decides about webhooks before the host does; "off"
}

// URL returns the address people reach the host at, without a slash at the end.
func (c Config) URL() string {
	if c.PublicURL != "" {
		return c.PublicURL
	}
	if c.TLSCert != "" {
		return "https://" + c.Listen
	}
	return "http://" + c.Listen
}

// key is one thing that can be set: as a flag (-data-dir), in the environment
// (M21_DATA_DIR) and in the file ("data_dir").
type key struct {
	name string
	def  string
	help string
	kind visibility
	set  func(c *Config, text string) error
}

// visibility says how much of a value may be shown.
type visibility int

const (
	public visibility = iota
	secret            // never shown
	dsn               // shown without its password
)

// maxDays is more than anybody means.
const maxDays = 36_500

// keys is the one list of what can be set, in the order it is printed.
func keys() []key {
	return []key{
		{"listen", "127.0.0.1:2121", "address and port to answer on; not loopback only with TLS or trusted_proxies", public,
			func(c *Config, t string) error { return setListen(&c.Listen, t) }},
		{"public_url", "", "how people reach the host (https://crm.example.com), for links; empty: what the browser asked for", public,
			func(c *Config, t string) error { return setURL(&c.PublicURL, t) }},
		{"trusted_proxies", "", "addresses or prefixes of proxies whose X-Forwarded headers are believed, with commas", public,
			func(c *Config, t string) error { return setPrefixes(&c.TrustedProxies, t) }},
		{"tls_cert", "", "PEM file with the certificate chain; with tls_key", public,
			func(c *Config, t string) error { c.TLSCert = t; return nil }},
		{"tls_key", "", "PEM file with the certificate's key", public,
			func(c *Config, t string) error { c.TLSKey = t; return nil }},
		{"database", "", "postgres:// DSN; empty: SQLite in the data folder", dsn,
			func(c *Config, t string) error { return setDatabase(&c.Database, t) }},
		{"data_dir", defaultDataDir(), "folder for the embedded database and the secret key", public,
			func(c *Config, t string) error { return setPath(&c.DataDir, t) }},
		{"secret_key", "", "32 bytes in base64 or hex that seal stored secrets, newest first with commas; empty: secret.key in the data folder, made at the first start", secret,
			func(c *Config, t string) error { return setSecretKeys(&c.SecretKey, t) }},
		{"edge_secrets", "", "one or two secrets (whsec_...) that an edge in front signs its envelopes with, newest first with commas; empty: the providers' own requests alone are taken", secret,
			func(c *Config, t string) error { return setEdgeSecrets(&c.EdgeSecrets, t) }},
		{"log_format", "text", "text or json", public,
			func(c *Config, t string) error { return setWord(&c.LogFormat, t, "text", "json") }},
		{"log_level", "info", "debug, info, warn or error", public,
			func(c *Config, t string) error { return setLevel(&c.LogLevel, t) }},
		{"request_timeout", "15s", "what a request may take", public,
			func(c *Config, t string) error { return setDuration(&c.RequestTimeout, t, time.Second, 5*time.Minute) }},
		{"shutdown_timeout", "10s", "what a stop may take before it is cut short", public,
			func(c *Config, t string) error { return setDuration(&c.ShutdownTimeout, t, time.Second, 5*time.Minute) }},
		{"max_requests", "512", "requests in work at once; beyond: 503", public,
			func(c *Config, t string) error { return setInt(&c.MaxRequests, t, 1, 100_000) }},
		{"max_streams", "10000", "open event streams; beyond: 503", public,
			func(c *Config, t string) error { return setInt(&c.MaxStreams, t, 1, 1_000_000) }},
		{"senders", "16", "send attempts at once", public,
			func(c *Config, t string) error { return setInt(&c.Senders, t, 1, 1000) }},
		{"journal_days", "90", "for how many days webhook requests are kept, to be looked at and replayed; 0: for ever", public,
			func(c *Config, t string) error { return setInt(&c.JournalDays, t, 0, maxDays) }},
		{"feed_days", "30", "for how many days events are kept for those who read on from one; 0: for ever", public,
			func(c *Config, t string) error { return setInt(&c.FeedDays, t, 0, maxDays) }},
		{"reconcile_every", "1m", "how often Kapso's message list is asked for what no webhook brought", public,
			func(c *Config, t string) error { return setDuration(&c.ReconcileEvery, t, time.Second, 24*time.Hour) }},
		{"edge", "off", "refuse webhooks that nobody signed before the host sees them: native, wasm or off", public,
			func(c *Config, t string) error { return setWord(&c.Edge, t, "off", "native", "wasm") }},
	}
}

// defaultDataDir follows the XDG base directory specification; without a home
// it is a folder beside the caller.
func defaultDataDir() string {
	if base := os.Getenv("XDG_DATA_HOME"); filepath.IsAbs(base) {
		return filepath.Join(base, "my21staff")
	}
	home, err := os.UserHomeDir()
	if err != nil {
		return "my21staff-data"
	}
	return filepath.Join(home, ".local", "share", "my21staff")
}
