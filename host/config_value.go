package host

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"net/url"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge/envelope"
)

// The setters read one value each. Their errors end the sentence "listen is
// ...": "not an address and port".

func setListen(to *string, text string) error {
	_, port, err := net.SplitHostPort(text)
	if err != nil || port == "" {
		return errors.New("not an address and port such as 127.0.0.1:2121")
	}
	if _, err := strconv.ParseUint(port, 10, 16); err != nil {
		return errors.New("not an address with a port from 0 to 65535")
	}
	*to = text
	return nil
}

func setURL(to *string, text string) error {
	if text == "" {
		return nil
	}
	u, err := url.Parse(text)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" || strings.Trim(u.Path, "/") != "" {
		return errors.New("not an address such as https://crm.example.com")
	}
	*to = u.Scheme + "://" + u.Host
	return nil
}

func setPrefixes(to *[]netip.Prefix, text string) error {
	*to = nil
	for _, word := range list(text) {
		prefix, err := netip.ParsePrefix(word)
		if err != nil {
			addr, err := netip.ParseAddr(word)
			if err != nil {
				return fmt.Errorf("not a list of addresses or prefixes (%q)", word)
			}
			prefix = netip.PrefixFrom(addr, addr.BitLen())
		}
		*to = append(*to, prefix.Masked())
	}
	return nil
}

func setDatabase(to *crm.Secret, text string) error {
	if text != "" && !strings.HasPrefix(text, "postgres://") && !strings.HasPrefix(text, "postgresql://") {
		return errors.New("neither empty nor a postgres:// address")
	}
	*to = crm.Secret(text)
	return nil
}

func setPath(to *string, text string) error {
	if text == "" {
		return errors.New("empty")
	}
	absolute, err := filepath.Abs(text)
	if err != nil {
		return err
	}
	*to = absolute
	return nil
}

func setSecretKeys(to *[]crm.Secret, text string) error {
	*to = nil
	for _, word := range list(text) {
		if _, err := chacha.ParseKey(crm.Secret(word)); err != nil {
			return errors.New("not 32 bytes in base64 or hex (openssl rand -base64 32)")
		}
		*to = append(*to, crm.Secret(word))
	}
	return nil
}

func setEdgeSecrets(to *[]crm.Secret, text string) error {
	*to = nil
	for _, word := range list(text) {
		if err := envelope.CheckSecret(word); err != nil {
			return fmt.Errorf("%w (echo whsec_$(openssl rand -base64 32))", err)
		}
		*to = append(*to, crm.Secret(word))
	}
	if len(*to) > envelope.MaxSecrets {
		return errors.New("more than two secrets: the new one and the one before")
	}
	return nil
}

func setWord(to *string, text string, words ...string) error {
	if !slices.Contains(words, text) {
		return fmt.Errorf("none of %s", strings.Join(words, ", "))
	}
	*to = text
	return nil
}

func setLevel(to *slog.Level, text string) error {
	if !slices.Contains([]string{"debug", "info", "warn", "error"}, text) {
		return errors.New("none of debug, info, warn, error")
	}
	return to.UnmarshalText([]byte(text))
}

func setDuration(to *time.Duration, text string, least, most time.Duration) error {
	d, err := time.ParseDuration(text)
	if err != nil || d < least || d > most {
		return fmt.Errorf("not a time from %v to %v, such as 30s", least, most)
	}
	*to = d
	return nil
}

func setInt(to *int, text string, least, most int) error {
	n, err := strconv.Atoi(text)
	if err != nil || n < least || n > most {
		return fmt.Errorf("not a number from %d to %d", least, most)
	}
	*to = n
	return nil
}

// list splits at commas and drops what is empty.
func list(text string) []string {
	var words []string
	for word := range strings.SplitSeq(text, ",") {
		if word = strings.TrimSpace(word); word != "" {
			words = append(words, word)
		}
	}
	return words
}
