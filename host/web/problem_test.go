package web

import (
	"go/ast"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
)

// refusing are the functions that make an error of a field's name, and what the
// error's reason has before that.
var refusing = map[string]string{"invalid": "bad_", "CheckText": "bad_", "badField": "bad_", "length": "", "unfit": ""}

// reasons are the words with which the services, and the pages themselves, say why
// not.
func reasons(t *testing.T) (all []string) {
	t.Helper()
	for _, folder := range []string{"crm", "crm/directory", "crm/inbox", "crm/people", "crm/csvio", "crm/figures", "crm/filter", "host/web", "host/auth"} {
		for _, call := range nodes[*ast.CallExpr](t, folder) {
			before, known := refusing[nameOf(call.Fun)]
			if known && len(call.Args) > 1 && literal(call.Args[0]) != "" {
				all = append(all, before+literal(call.Args[0]))
			}
		}
		for _, made := range nodes[*ast.CompositeLit](t, folder) {
			if nameOf(made.Type) != "Error" {
				continue
			}
			for _, field := range made.Elts {
				if pair, ok := field.(*ast.KeyValueExpr); ok && nameOf(pair.Key) == "Reason" {
					all = append(all, literal(pair.Value))
				}
			}
		}
	}
	all = append(all, crm.WindowClosed, crm.WindowNever, crm.OptedOut, crm.ContactBlocked, crm.ChannelDisabled, crm.NoAddress)
	slices.Sort(all)
	return slices.DeleteFunc(slices.Compact(all), func(reason string) bool { return reason == "" })
}

// programsOnly are the reasons that no form of a page can meet: what is sent by the
// API alone, and what went wrong within, of which the class's sentence is shown.
var programsOnly = []string{
	"interactive.", "contacts", "contacts.", "template.", "location.", "bad_mode", "bad_external_id", "bad_to", "bad_type", "bad_user_id", "bad_wa_id", "bad_other_id",
	"bad_idempotency_key", "idempotency_key_reused", "bad_position", "bad_policy", "panic", "corrupt", "bad_filter", "no_view", "bad_channel_id", "bad_status",
	"bad_reply_to", "bad_snoozed_until", "bad_limit", "taken",
}

// Whatever a form may be refused for is said in the visitor's language.
func TestEveryReasonIsTranslated(t *testing.T) {
	t.Parallel()
	all := reasons(t)
	if len(all) < 60 {
		t.Errorf("only %d reasons are found", len(all))
	}
	for _, reason := range all {
		_, known := catalogue["problem."+reason]
		exempt := slices.ContainsFunc(programsOnly, func(of string) bool {
			return of == reason || strings.HasSuffix(of, ".") && strings.HasPrefix(reason, of)
		})
		if known == exempt {
			t.Errorf("the reason %q has a phrase: %t; it is for programs only: %t", reason, known, exempt)
		}
	}
}

// sentences are those with which package outbox says why a message was not sent.
func sentences(t *testing.T) map[string]bool {
	t.Helper()
	all := map[string]bool{}
	for _, made := range nodes[*ast.CompositeLit](t, "crm/outbox") {
		for _, part := range made.Elts {
			if pair, ok := part.(*ast.KeyValueExpr); ok && nameOf(pair.Key) == "meaning" {
				all[literal(pair.Value)] = true
			}
		}
		if list, ok := made.Type.(*ast.ArrayType); ok && nameOf(list.Elt) == "row" {
			for _, line := range made.Elts {
				parts := line.(*ast.CompositeLit).Elts
				all[literal(parts[len(parts)-1])] = true
			}
		}
	}
	for _, call := range nodes[*ast.CallExpr](t, "crm/outbox") {
		if nameOf(call.Fun) == "rejection" && literal(call.Args[1]) != "" {
			all[literal(call.Args[1])] = true
		}
	}
	return all
}

// Whatever a message failed for is said in the visitor's language.
func TestEveryFailureIsTranslated(t *testing.T) {
	t.Parallel()
	all := sentences(t)
	if len(all) < 50 {
		t.Errorf("only %d sentences are found in package outbox", len(all))
	}
	for sentence := range all {
		if catalogue["failure."+slug(sentence)].En != sentence {
			t.Errorf("failure.json has no phrase %q for the sentence %q", slug(sentence), sentence)
		}
	}
	for key, p := range catalogue {
		if strings.HasPrefix(key, "failure.") && !all[p.En] {
			t.Errorf("nothing says what the phrase %q translates", key)
		}
	}
	v := someone()
	v.lang = indonesian
	for _, err := range []crm.ProviderError{
		{Code: 131026, Title: "Message Undeliverable"}, {Code: 133005, Title: "Two step"}, {Code: 200, Title: "API"}, {Word: "insufficient_credits"},
		{Word: crm.WindowClosed, Title: "The 24 hours are over."}, {Word: "expired", Title: "The message waited for more than a day and was not sent."},
		{Word: "http_502", Title: "WhatsApp's provider had a problem. Given up after 40 attempts."},
		{Word: "unreachable", Title: "WhatsApp's provider could not be reached. Given up after 3 attempts."},
	} {
		if said := v.failure(&err); strings.Contains(said, v.say("thread.other_failure", "")) || strings.Contains(said, err.Title) && err.Title != "" {
			t.Errorf("a message that failed with %v is explained as %q", &err, said)
		}
	}
	if said := v.failure(&crm.ProviderError{Code: 999999, Title: "Something new"}); said != v.say("thread.other_failure", "999999: Something new") {
		t.Errorf("a failure that nobody knows is explained as %q", said)
	}
}

// Whatever reason is stored in English is shown in the visitor's language.
func TestEveryStoredReasonIsTranslated(t *testing.T) {
	t.Parallel()
	all := map[string]bool{}
	for _, folder := range []string{"crm/people", "crm/inbox", "crm/outbox"} {
		for _, call := range nodes[*ast.CallExpr](t, folder) {
			if nameOf(call.Fun) == "giveUp" {
				all[literal(call.Args[len(call.Args)-1])] = true
			}
		}
		for _, set := range nodes[*ast.AssignStmt](t, folder) {
			for i, to := range set.Lhs {
				if nameOf(to) == "Reason" && len(set.Rhs) == len(set.Lhs) {
					all[literal(set.Rhs[i])] = true
				}
			}
		}
		for _, made := range nodes[*ast.CompositeLit](t, folder) {
			for _, part := range made.Elts {
				if pair, ok := part.(*ast.KeyValueExpr); ok && nameOf(made.Type) == "OptOut" && nameOf(pair.Key) == "Reason" {
					all[literal(pair.Value)] = true
				}
			}
		}
	}
	delete(all, "")
	if len(all) < 5 {
		t.Errorf("only the stored reasons %v are found", all)
	}
	v := someone()
	v.lang = indonesian
	for reason := range all {
		if v.stored(reason) == reason {
			t.Errorf("stored_reason.json has no phrase %q for %q", slug(reason), reason)
		}
	}
	if got := v.stored("STOP"); got != "STOP" {
		t.Errorf("the word that a customer wrote is shown as %q", got)
	}
}
