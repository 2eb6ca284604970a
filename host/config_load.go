package host

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// envPrefix begins the name of every variable of ours.
const envPrefix = "M21_"

// foreign reports whether a variable with our prefix is not a setting: it is
// read by the project's tests.
func foreign(name string) bool {
	return name == "M21_SHARED" || strings.HasPrefix(name, "M21_TEST_") || seams{}.Reads(name)
}

// Sources is where values come from. A flag wins over the environment, the
// environment over the file, the file over the default.
type Sources struct {
	Flags   map[string]string // what was given, by the key's name
	Environ []string          // "NAME=value", as os.Environ returns it
	File    string            // a JSON object; empty: $M21_CONFIG, else none
}

// Setting is one key with its value as it may be shown and where that came
// from.
type Setting struct {
	Name, Value, Origin, Help string
}

// Load reads and checks the configuration. A key that nobody knows, a value
// that does not fit and settings that together are unsafe are crm.Invalid with
// a sentence.
func Load(src Sources) (Config, []Setting, error) {
	values, err := layered(src)
	if err != nil {
		return Config{}, nil, err
	}
	var config Config
	var settings []Setting
	for _, k := range keys() {
		v := values[k.name]
		if err := k.set(&config, v.text); err != nil {
			return Config{}, nil, refuse("%s (%s) is %v.", k.name, v.origin, err)
		}
		settings = append(settings, Setting{Name: k.name, Value: shown(k.kind, v.text), Origin: v.origin, Help: k.help})
	}
	if err := config.check(); err != nil {
		return Config{}, nil, err
	}
	return config, settings, nil
}

// Flags registers keys as flags, those named or else all, but for flags that are
// there already. What is given ends up in the map, for Sources.Flags.
func Flags(fs *flag.FlagSet, only ...string) map[string]string {
	given := map[string]string{}
	for _, k := range keys() {
		if fs.Lookup(flagName(k.name)) != nil || len(only) > 0 && !slices.Contains(only, k.name) {
			continue
		}
		usage := k.help
		if k.def != "" {
			usage += fmt.Sprintf(" (default %s)", k.def)
		}
		fs.Func(flagName(k.name), usage, func(text string) error {
			given[k.name] = text
			return nil
		})
	}
	return given
}

// refuse returns an Invalid error with a sentence.
func refuse(format string, args ...any) error {
	return &crm.Error{Op: "load configuration", Code: crm.Invalid, Msg: fmt.Sprintf(format, args...)}
}

// value is a text and where it was set.
type value struct{ text, origin string }

// layered lays the sources over the defaults.
func layered(src Sources) (map[string]value, error) {
	values := map[string]value{}
	for _, k := range keys() {
		values[k.name] = value{k.def, "default"}
	}
	env, err := readEnv(src.Environ)
	if err != nil {
		return nil, err
	}
	path := src.File
	if path == "" {
		path = env["config"]
	}
	delete(env, "config")
	file, err := readFile(path)
	if err != nil {
		return nil, err
	}
	for name, text := range file {
		values[name] = value{text, "file " + path}
	}
	for name, text := range env {
		values[name] = value{text, "environment " + envName(name)}
	}
	for name, text := range src.Flags {
		values[name] = value{text, "flag -" + flagName(name)}
	}
	return values, nil
}

// readEnv returns the keys set in the environment, and "config" for the path
// of the file. An empty variable counts as not set.
func readEnv(environ []string) (map[string]string, error) {
	set := map[string]string{}
	for _, line := range environ {
		name, text, _ := strings.Cut(line, "=")
		if !strings.HasPrefix(name, envPrefix) || text == "" {
			continue
		}
		known := strings.ToLower(strings.TrimPrefix(name, envPrefix))
		switch {
		case isKey(known) && envName(known) == name, name == "M21_CONFIG":
			set[known] = text
		case !foreign(name):
			return nil, refuse("There is no setting %s in the environment; \"my21staff config\" lists them.", name)
		}
	}
	return set, nil
}

// readFile returns the keys set in the file. Values are texts, numbers,
// truth values or lists of texts.
func readFile(path string) (map[string]string, error) {
	if path == "" {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, refuse("The configuration file cannot be read: %v.", err)
	}
	var raw map[string]json.RawMessage
	if err := json.Unmarshal(data, &raw); err != nil {
		return nil, refuse("The configuration file %s is not a JSON object: %v.", path, err)
	}
	set := map[string]string{}
	for name, encoded := range raw {
		if !isKey(name) {
			return nil, refuse("There is no setting %q (file %s); \"my21staff config\" lists them.", name, path)
		}
		text, ok := fileText(encoded)
		if !ok {
			return nil, refuse("%s (file %s) is neither a text, a number nor a list of texts.", name, path)
		}
		set[name] = text
	}
	return set, nil
}

// fileText returns a JSON value as a flag would spell it.
func fileText(encoded json.RawMessage) (string, bool) {
	var text string
	var texts []string
	switch {
	case json.Unmarshal(encoded, &text) == nil:
		return text, true
	case json.Unmarshal(encoded, &texts) == nil:
		return strings.Join(texts, ","), true
	default:
		return string(encoded), !bytes.ContainsAny(encoded[:1], "{[")
	}
}

func isKey(name string) bool {
	return slices.ContainsFunc(keys(), func(k key) bool { return k.name == name })
}

func flagName(name string) string { return strings.ReplaceAll(name, "_", "-") }
func envName(name string) string  { return envPrefix + strings.ToUpper(name) }

// shown returns a value without what must not be seen.
func shown(kind visibility, text string) string {
	if text == "" || kind == public {
		return text
	}
	if u, err := url.Parse(text); kind == dsn && err == nil {
		query := u.Query()
		if query.Has("password") {
			query.Set("password", "xxxxx")
			u.RawQuery = query.Encode()
		}
		return u.Redacted()
	}
	return "[secret]"
}

// check refuses settings that do not go together.
func (c *Config) check() error {
	if (c.TLSCert == "") != (c.TLSKey == "") {
		return refuse("tls_cert and tls_key go together: set both or neither.")
	}
	if !c.loopback() && c.TLSCert == "" && len(c.TrustedProxies) == 0 {
		return refuse("listen is %s, which others can reach, without TLS: keys and messages would travel in clear. "+
			"Set tls_cert and tls_key, or trusted_proxies to the address of the TLS proxy in front, or listen on 127.0.0.1.", c.Listen)
	}
	return nil
}

// loopback reports whether only this machine reaches the address.
func (c *Config) loopback() bool {
	name, _, err := net.SplitHostPort(c.Listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(name)
	return name == "localhost" || ip != nil && ip.IsLoopback()
}
