package edgetest

import (
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/edge"
)

// Secret signs for the sources of most documents.
const Secret = "test_app_secret_0123456789abcdef"

// OneCell is the smallest document: a source of each provider and a cell.
const OneCell = `{"version":1,"epoch":3,"sources":[
	{"name":"app","provider":"meta","secrets":["` + Secret + `"]},
	{"name":"kapso","provider":"kapso","secrets":["` + Secret + `"]}],
	"cells":[{"name":"a"}]}`

// Now is a time at which most of the documents' secrets are active:
// 2026-12-01T00:00:00Z.
const Now = 1796083200000

// Documents are configurations that differ in what decides.
var Documents = []string{
	OneCell,
	// Tables, weights, a journal, a kind that nobody wants, and few events.
	`{"version":1,"epoch":7,"sources":[
		{"name":"app","provider":"meta","verify_tokens":["tok","t k+%"],"secrets":["` + Secret + `","second"]},
		{"name":"jakarta","provider":"kapso","verify_tokens":["tok"],"secrets":["` + Secret + `"]}],
		"cells":[{"name":"a","url":"https://a.example.com","weight":100},{"name":"b","weight":50},{"name":"c","weight":1}],
		"routes":{"555000000000001":"a","555000000000002":"b","555000000000003":"c"},
		"accounts":{"900000000000001":["a","b"],"900000000000002":["c"]},"journal":"b","drop":["call","status"],"limits":{"events":5}}`,
	// Sources that speak for their own numbers alone.
	`{"version":1,"epoch":4294967295,"sources":[
		{"name":"one","provider":"meta","secrets":["first"],"numbers":["555000000000001","555000000000002"],"verify_tokens":["one"]},
		{"name":"two","provider":"meta","secrets":["first","second"],"numbers":["555000000000003"],"verify_tokens":["two","one"]},
		{"name":"rest","provider":"meta","secrets":["third"]},
		{"name":"k1","provider":"kapso","secrets":["first"],"numbers":["555000000000004"]},
		{"name":"k2","provider":"kapso","secrets":["fourth"]}],
		"cells":[{"name":"a"},{"name":"b"}]}`,
	// Secrets that come and go.
	`{"version":1,"sources":[
		{"name":"app","provider":"meta","secrets":[
			{"secret":"old","not_after":"2026-12-01T00:00:00Z"},
			{"secret":"new","not_before":"2026-11-30T23:59:59.999Z"},
			{"secret":"next","not_before":"2026-12-01T07:00:00.001+07:00","not_after":"2026-12-02T00:00:00Z"},
			{"secret":"last","not_before":"2030-01-01T00:00:00Z"}]},
		{"name":"kapso","provider":"kapso","secrets":[{"secret":"only","not_before":"2026-12-01T00:00:00Z","not_after":"2026-12-01T00:00:00.001Z"}]}],
		"cells":[{"name":"a"},{"name":"b"},{"name":"c"}]}`,
	// Cells that have only what the tables give them, and one that has the rest.
	`{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["` + Secret + `"]},{"name":"k","provider":"kapso","secrets":["` + Secret + `"]}],
		"cells":[{"name":"a","weight":0},{"name":"b","weight":1000000},{"name":"c","weight":0}],"routes":{"555000000000001":"c"},"journal":"c"}`,
	// No cell has a share.
	`{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["` + Secret + `"]},{"name":"k","provider":"kapso","secrets":["` + Secret + `"]}],
		"cells":[{"name":"a","weight":0},{"name":"b","weight":0}],"routes":{"555000000000001":"a"},"accounts":{"900000000000003":["b"]},"journal":"b"}`,
	// As many cells as there may be.
	`{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["` + Secret + `"]},{"name":"k","provider":"kapso","secrets":["` + Secret + `"]}],
		"cells":[` + cells(edge.MaxCells) + `],"accounts":{"900000000000001":["c0","c63"]},"journal":"c63"}`,
	// Little room.
	`{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["` + Secret + `"]},{"name":"k","provider":"kapso","secrets":["` + Secret + `"]}],
		"cells":[{"name":"a"},{"name":"b"}],"limits":{"body":700,"events":1}}`,
	// Nobody wants anything but messages.
	`{"version":1,"sources":[{"name":"app","provider":"meta","secrets":["` + Secret + `"]},{"name":"k","provider":"kapso","secrets":["` + Secret + `"]}],
		"cells":[{"name":"a"},{"name":"b"}],"drop":["status","amendment","preference","identity","contact","template","account","call","other","unreadable"]}`,
	// A provider that has no source, and the document's names in escapes.
	` { "\u0076ersion" : 1 , "sources":[{"na\u006de":"k","provider":"kap\u0073o","secrets":["\u0000` + Secret + `\ud83d\ude42"],"verify_tokens":["é"]}],
		"cells":[{"name":"\u0063ell"},{"name":"b","weight":250}],"routes":{"\u0035":"b"}}`,
}

func cells(n int) string {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprintf(`{"name":"c%d","weight":%d}`, i, i+1)
	}
	return strings.Join(names, ",")
}

// Configs returns the configurations of Documents.
func Configs(tb testing.TB) []*edge.Config {
	tb.Helper()
	configs := make([]*edge.Config, len(Documents))
	for i, document := range Documents {
		c, err := edge.Parse([]byte(document))
		if err != nil {
			tb.Fatalf("document %d: %v", i, err)
		}
		configs[i] = c
	}
	return configs
}
