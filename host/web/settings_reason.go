package web

import (
	"cmp"
	"strconv"
	"strings"
)

// because puts the reasons of a delivery's verdict, which are stored in English, into
// the visitor's language: they stand side by side with "; ", each with how often it
// was one, and some name behind ": " what the provider wrote, which stays as it is.
func (v *visitor) because(reasons string) string {
	if reasons == "" {
		return ""
	}
	const groups = "; groups have no inbox" // the one reason with a semicolon of its own
	said := strings.Split(strings.ReplaceAll(reasons, groups, ", groups have no inbox"), "; ")
	for i, reason := range said {
		said[i] = v.oneReason(reason)
	}
	return strings.Join(said, "; ")
}

func (v *visitor) oneReason(reason string) string {
	if n, ok := countIn(reason, "and ", " other reasons"); ok {
		return v.say("settings.other_reasons", n)
	}
	times := ""
	if open := strings.LastIndex(reason, " ("); open >= 0 {
		if n, ok := countIn(reason[open:], " (", " times)"); ok {
			reason, times = reason[:open], " "+v.say("settings.reason_times", n)
		}
	}
	what, named, names := strings.Cut(reason, ": ")
	said := cmp.Or(v.lang.known("webhook_reason", slug(what)), what)
	if names {
		said += ": " + named
	}
	return said + times
}

// countIn returns the one between two pieces of text.
func countIn(text, before, after string) (int, bool) {
	rest, ok := strings.CutPrefix(text, before)
	rest, ends := strings.CutSuffix(rest, after)
	n, err := strconv.Atoi(rest)
	return n, ok && ends && err == nil
}
