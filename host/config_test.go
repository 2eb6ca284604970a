package host_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host"
)

func TestDefaultsAreSafe(t *testing.T) {
	t.Parallel()
	c, _, err := host.Load(host.Sources{})
	if err != nil {
		t.Fatalf("nothing set is refused: %v", err)
	}
	if c.Listen != "127.0.0.1:2121" || c.Database != "" || c.LogFormat != "text" || c.MaxStreams != 10_000 {
		t.Errorf("the defaults are %+v", c)
	}
	if !filepath.IsAbs(c.DataDir) {
		t.Errorf("the data folder is %q, want an absolute path", c.DataDir)
	}
}

func TestFlagWinsOverEnvironmentOverFile(t *testing.T) {
	t.Parallel()
	file := writeFile(t, `{"listen": "127.0.0.1:1", "senders": 3, "max_streams": 7, "trusted_proxies": ["10.0.0.0/8", "192.168.1.1"]}`)
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	flags := host.Flags(fs)
	if err := fs.Parse([]string{"-listen", "127.0.0.1:3"}); err != nil {
		t.Fatal(err)
	}
	c, settings, err := host.Load(host.Sources{
		Flags:   flags,
		Environ: []string{"M21_LISTEN=127.0.0.1:2", "M21_SENDERS=4", "M21_CONFIG=" + file, "HOME=/nowhere", "M21_SHARED=elsewhere", "M21_TEST_POSTGRES=elsewhere", "M21_LOG_LEVEL="},
	})
	if err != nil {
		t.Fatal(err)
	}
	if c.Listen != "127.0.0.1:3" || c.Senders != 4 || c.MaxStreams != 7 || c.RequestTimeout != 15*time.Second {
		t.Errorf("got listen %s, senders %d, max_streams %d, request_timeout %v; want the flag, the environment, the file, the default",
			c.Listen, c.Senders, c.MaxStreams, c.RequestTimeout)
	}
	if len(c.TrustedProxies) != 2 || c.TrustedProxies[1].String() != "192.168.1.1/32" {
		t.Errorf("trusted_proxies = %v", c.TrustedProxies)
	}
	origins := map[string]string{"listen": "flag -listen", "senders": "environment M21_SENDERS", "max_streams": "file " + file, "log_level": "default"}
	for _, s := range settings {
		if want, ok := origins[s.Name]; ok && s.Origin != want {
			t.Errorf("%s is said to come from %q, want %q", s.Name, s.Origin, want)
		}
	}
}

func TestSettingsAreShownWithoutSecrets(t *testing.T) {
	t.Parallel()
	key := base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 32))
	for dsn, want := range map[string]string{
		"postgres://crm:hunter2@db.example.com/crm":          "postgres://crm:xxxxx@db.example.com/crm",
		"postgres://db.example.com/crm?password=hunter2&x=1": "postgres://db.example.com/crm?password=xxxxx&x=1",
		"postgres://%zz:hunter2@db.example.com":              "[secret]",
	} {
		_, settings, err := host.Load(host.Sources{Environ: []string{"M21_DATABASE=" + dsn, "M21_SECRET_KEY=" + key}})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range settings {
			if strings.Contains(s.Value, "hunter2") || strings.Contains(s.Value, key) {
				t.Errorf("%s shows a secret: %s", s.Name, s.Value)
			}
			if s.Name == "database" && s.Value != want {
				t.Errorf("the database %s is shown as %q, want %q", dsn, s.Value, want)
			}
			if s.Name == "secret_key" && s.Value != "[secret]" {
				t.Errorf("the secret key is shown as %q", s.Value)
			}
		}
	}
}

func TestWhatIsWrongIsRefusedWithASentence(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, want string
		src        host.Sources
	}{
		{"unknown variable", "M21_LISTN", host.Sources{Environ: []string{"M21_LISTN=127.0.0.1:1"}}},
		{"variable in small letters", "M21_listen", host.Sources{Environ: []string{"M21_listen=127.0.0.1:1"}}},
		{"unknown key", `"lisen"`, host.Sources{File: writeFile(t, `{"lisen": "x"}`)}},
		{"no JSON", "not a JSON object", host.Sources{File: writeFile(t, `listen = 1`)}},
		{"missing file", "cannot be read", host.Sources{File: filepath.Join(t.TempDir(), "none.json")}},
		{"nested value", "neither a text", host.Sources{File: writeFile(t, `{"listen": {"port": 1}}`)}},
		{"no port", "listen (flag -listen) is not an address", host.Sources{Flags: map[string]string{"listen": "localhost"}}},
		{"no duration", "request_timeout", host.Sources{Flags: map[string]string{"request_timeout": "soon"}}},
		{"endless duration", "request_timeout", host.Sources{Flags: map[string]string{"request_timeout": "100h"}}},
		{"no number", "max_streams", host.Sources{Flags: map[string]string{"max_streams": "many"}}},
		{"unknown word", "log_format", host.Sources{Flags: map[string]string{"log_format": "xml"}}},
		{"unknown level", "log_level", host.Sources{Flags: map[string]string{"log_level": "loud"}}},
		{"other database", "database", host.Sources{Flags: map[string]string{"database": "mysql://localhost"}}},
		{"short key", "secret_key", host.Sources{Flags: map[string]string{"secret_key": "c2hvcnQ="}}},
		{"secret of no edge", "edge_secrets", host.Sources{Flags: map[string]string{"edge_secrets": "c2hvcnQ="}}},
		{"short secret of an edge", "24 to 64 bytes", host.Sources{Environ: []string{"M21_EDGE_SECRETS=whsec_c2hvcnQ="}}},
		{"three secrets of an edge", "more than two", host.Sources{Flags: map[string]string{"edge_secrets": edgeSecret(1) + "," + edgeSecret(2) + "," + edgeSecret(3)}}},
		{"path in public address", "public_url", host.Sources{Flags: map[string]string{"public_url": "https://x.example/crm"}}},
		{"no prefix", "trusted_proxies", host.Sources{Flags: map[string]string{"trusted_proxies": "proxy.example"}}},
		{"public without TLS", "without TLS", host.Sources{Flags: map[string]string{"listen": "0.0.0.0:2121"}}},
		{"public by name", "without TLS", host.Sources{Flags: map[string]string{"listen": "crm.example.com:2121"}}},
		{"all addresses", "without TLS", host.Sources{Flags: map[string]string{"listen": ":2121"}}},
		{"half of TLS", "go together", host.Sources{Flags: map[string]string{"tls_cert": "cert.pem"}}},
	} {
		_, _, err := host.Load(c.src)
		var e *crm.Error
		switch {
		case !errors.As(err, &e) || e.Code != crm.Invalid:
			t.Errorf("%s: got %v, want an error of class invalid", c.name, err)
		case !strings.Contains(e.Msg, c.want) || !strings.HasSuffix(e.Msg, "."):
			t.Errorf("%s: got the sentence %q, want one with %q", c.name, e.Msg, c.want)
		}
	}
}

// edgeSecret returns a secret of an edge.
func edgeSecret(n byte) string {
	return "whsec_" + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{n}, 32))
}

func TestEdgeSecretsAreReadAndNeverShown(t *testing.T) {
	t.Parallel()
	c, settings, err := host.Load(host.Sources{Environ: []string{"M21_EDGE_SECRETS=" + edgeSecret(1) + ", " + edgeSecret(2)}})
	if err != nil || len(c.EdgeSecrets) != 2 || string(c.EdgeSecrets[1]) != edgeSecret(2) {
		t.Fatalf("two secrets are read as %d, %v", len(c.EdgeSecrets), err)
	}
	for _, s := range settings {
		if strings.Contains(s.Value, "whsec_") || s.Name == "edge_secrets" && s.Value != "[secret]" {
			t.Errorf("%s is shown as %s", s.Name, s.Value)
		}
	}
	if c, _, err := host.Load(host.Sources{}); err != nil || len(c.EdgeSecrets) > 0 {
		t.Errorf("by default there are %d secrets of an edge, %v", len(c.EdgeSecrets), err)
	}
}

func TestPublicAddressNeedsTLSOrAProxy(t *testing.T) {
	t.Parallel()
	for _, flags := range []map[string]string{
		{"listen": "0.0.0.0:2121", "trusted_proxies": "10.0.0.1"},
		{"listen": "0.0.0.0:2121", "tls_cert": "cert.pem", "tls_key": "key.pem"},
		{"listen": "[::1]:2121"},
		{"listen": "localhost:2121"},
		{"listen": "127.0.0.53:0"},
	} {
		if _, _, err := host.Load(host.Sources{Flags: flags}); err != nil {
			t.Errorf("%v is refused: %v", flags, err)
		}
	}
}

func TestEverySettingHasHelp(t *testing.T) {
	t.Parallel()
	fs := flag.NewFlagSet("serve", flag.ContinueOnError)
	fs.SetOutput(io.Discard)
	host.Flags(fs)
	count := 0
	fs.VisitAll(func(f *flag.Flag) {
		count++
		if len(f.Usage) < 10 || strings.Contains(f.Name, "_") {
			t.Errorf("-%s has the help %q", f.Name, f.Usage)
		}
	})
	if count < 10 {
		t.Errorf("there are %d settings", count)
	}
}

func TestSecretKeyFileIsMadeOnceAndKeptPrivate(t *testing.T) {
	t.Parallel()
	dir := filepath.Join(t.TempDir(), "data")
	first, err := host.SecretKeys(host.Config{DataDir: dir})
	if err != nil || len(first) != 1 || len(first[0]) != 44 {
		t.Fatalf("the first start has keys %d, %v", len(first), err)
	}
	second, err := host.SecretKeys(host.Config{DataDir: dir})
	if err != nil || second[0] != first[0] {
		t.Fatalf("the second start has another key (%v)", err)
	}
	path := filepath.Join(dir, "secret.key")
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("the key file is %v, %v; want it for its owner alone", info.Mode(), err)
	}
	if err := os.Chmod(path, 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := host.SecretKeys(host.Config{DataDir: dir}); crm.CodeOf(err) != crm.Invalid || !strings.Contains(err.Error(), "chmod 600") {
		t.Errorf("a key file that everybody may read gives %v", err)
	}
}

func TestConfiguredSecretKeysComeFirst(t *testing.T) {
	t.Parallel()
	want := []crm.Secret{crm.Secret(strings.Repeat("a", 32)), crm.Secret(strings.Repeat("b", 32))}
	got, err := host.SecretKeys(host.Config{DataDir: t.TempDir(), SecretKey: want})
	if err != nil || len(got) != 2 || got[0] != want[0] {
		t.Errorf("got %d keys, %v; want the two of the configuration", len(got), err)
	}
}

func writeFile(t *testing.T, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "config.json")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}
