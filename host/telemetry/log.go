package telemetry

import (
	"io"
	"log/slog"
	"regexp"
	"strings"
)

// Logger returns a logger that writes lines of the format ("json" or "text")
// and masks phone numbers in messages, texts and errors.
func Logger(w io.Writer, format string, level slog.Level) *slog.Logger {
	options := &slog.HandlerOptions{Level: level, ReplaceAttr: maskAttr}
	if format == "json" {
		return slog.New(slog.NewJSONHandler(w, options))
	}
	return slog.New(slog.NewTextHandler(w, options))
}

func maskAttr(_ []string, a slog.Attr) slog.Attr {
	switch a.Value.Kind() {
	case slog.KindString:
		return slog.String(a.Key, Mask(a.Value.String()))
	case slog.KindAny:
		if err, ok := a.Value.Any().(error); ok {
			return slog.String(a.Key, Mask(err.Error()))
		}
	}
	return a
}

// A phone number is seven digits or more, as E.164 or as people write it. What
// touches a letter, a hyphen before or an underscore is part of an id. A wamid
// holds a number in base64 and goes as a whole.
var (
	number = regexp.MustCompile(`(^|[^0-9A-Za-z_.:-])(\+?[0-9](?:[ -]?[0-9]){6,14})($|[^0-9A-Za-z_-])`)
	wamid  = regexp.MustCompile(`wamid\.[A-Za-z0-9+/=_-]+`)
)

// Mask returns text with all but the last two digits of each phone number and
// all of each provider message id hidden.
func Mask(text string) string {
	if strings.Contains(text, "wamid.") {
		text = wamid.ReplaceAllString(text, "wamid.[masked]")
	}
	if !manyDigits(text) {
		return text
	}
	return number.ReplaceAllStringFunc(text, func(found string) string {
		part := number.FindStringSubmatch(found)
		digits := part[2]
		return part[1] + strings.Repeat("*", len(digits)-2) + digits[len(digits)-2:] + part[3]
	})
}

// manyDigits reports whether seven digits stand together, as in every number
// that is masked. Most texts have none, and to look is cheaper than the pattern.
func manyDigits(text string) bool {
	digits, apart := 0, false
	for i := range len(text) {
		switch c := text[i]; {
		case c >= '0' && c <= '9':
			if digits, apart = digits+1, false; digits == 7 {
				return true
			}
		case (c == ' ' || c == '-') && !apart:
			apart = true
		default:
			digits, apart = 0, false
		}
	}
	return false
}
