package web

import (
	"go/ast"
	"strings"
	"testing"
)

// journalReasons are those that package inbox writes into its journal.
func journalReasons(t *testing.T) []string {
	t.Helper()
	var all []string
	for _, call := range nodes[*ast.CallExpr](t, "crm/inbox") {
		if nameOf(call.Fun) != "problem" {
			continue
		}
		said := call.Args[0]
		if sum, ok := said.(*ast.BinaryExpr); ok { // with what the provider wrote behind it
			said = sum.X
		}
		all = append(all, strings.TrimSuffix(literal(said), ": "))
	}
	for _, set := range nodes[*ast.AssignStmt](t, "crm/inbox") {
		if nameOf(set.Lhs[0]) == "reason" && literal(set.Rhs[0]) != "" {
			all = append(all, literal(set.Rhs[0]))
		}
	}
	if len(all) < 14 {
		t.Errorf("only %d reasons are found", len(all))
	}
	return all
}

// Why a delivery was not applied is said in the visitor's language.
func TestJournalReasonsAreTranslated(t *testing.T) {
	t.Parallel()
	v := someone()
	v.lang = indonesian
	for _, reason := range journalReasons(t) {
		if v.because(reason) == reason {
			t.Errorf("webhook_reason.json has no phrase %q for %q", slug(reason), reason)
		}
	}
	for reasons, want := range map[string]string{
		"":                             "",
		"no channel with this number":  "tidak ada kanal dengan nomor ini",
		"unheard of":                   "unheard of",
		"unheard of (many times)":      "unheard of (many times)",
		"could not be read: no (2) id": "tidak bisa dibaca: no (2) id",
		"a status with an unknown word: lost (3 times); and 2 other reasons":             "status dengan kata yang tidak dikenal: lost (3 kali); dan 2 alasan lain",
		"a group's message; groups have no inbox (2 times); the channel is switched off": "pesan grup; grup tidak punya kotak masuk (2 kali); kanalnya dimatikan",
	} {
		if got := v.because(reasons); got != want {
			t.Errorf("because(%q) = %q, want %q", reasons, got, want)
		}
	}
}
