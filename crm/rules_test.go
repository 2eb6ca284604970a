package crm_test

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/crmtest"
)

// modulePath is what every import of this module begins with.
const modulePath = "github.com/my21staff/my21staff"

// pure is the standard library as far as it computes and nothing else: no
// clock, no randomness, no files, no net, no log.
var pure = []string{
	"bufio", "bytes", "cmp", "context", "crypto/hmac", "crypto/sha256", "crypto/subtle", "embed",
	"encoding", "encoding/base64", "encoding/binary", "encoding/csv", "encoding/hex", "encoding/json",
	"errors", "fmt", "hash", "hash/...", "html", "io", "iter", "maps", "math", "math/big", "math/bits",
	"net/mail", "net/netip", "net/url", "regexp", "slices", "sort", "strconv", "strings", "sync", "sync/atomic",
	"text/template", "time", "unicode", "unicode/...", "unique",
}

// rule says what the packages of a folder may import. A pattern is a path, or a
// path and "/..." for it and all below it.
type rule struct {
	folder string
	module []string // of this module, without its path
	std    []string // nil: all of it
	others []string // other modules
	reason string
}

const (
	pureReason    = "crm is pure: clock, randomness and I/O are arguments, so that laws can be tested and wasm can run it"
	serviceReason = "services meet through crm's types and the transaction, never by import"
	testReason    = "it is imported by tests only, which a store, not a program, has to pass"
	edgeReason    = "the edge decides at the door from its arguments, natively and in wasm alike"
	wasmReason    = "a wasm main is the edge and nothing else; edge/runner is what executes it"
	adapterReason = "an adapter knows the domain and the one technology it is named after; siblings do not know each other"
	witnessReason = "who bears witness about the product shares no code with it, and so none of its mistakes"
	hostReason    = "host is the program: it may use all of the library, and wasm and bench are not of it"
)

// loads is pure for packages that are compiled for WebAssembly too, where Go's
// compiler loads a number byte by byte unless it is told otherwise.
var loads = slices.Concat(pure, []string{"unsafe"})

var policies = []string{"crm", "crm/access", "crm/phone", "crm/webhook", "crm/lead", "crm/csvio", "crm/filter"}

// rules is the table "The import rule" of STYLE.md. The longest folder that
// fits decides.
var rules = []rule{
	{folder: "crm", std: pure, reason: pureReason},
	{folder: "crm/access", module: []string{"crm"}, std: pure, reason: pureReason},
	{folder: "crm/webhook", module: []string{"crm", "crm/webhook/tape"}, std: pure, reason: pureReason},
	{folder: "crm/webhook/tape", std: loads, reason: pureReason},
	{folder: "crm/lead", module: []string{"crm"}, std: pure, reason: pureReason},
	{folder: "crm/csvio", module: []string{"crm", "crm/phone"}, std: pure, reason: pureReason}, // a row's number is read as everybody's is
	{folder: "crm/filter", module: []string{"crm"}, std: pure, reason: pureReason},
	{folder: "crm/phone", module: []string{"crm"}, std: pure, others: []string{"github.com/nyaruka/phonenumbers"}, reason: pureReason},
	{folder: "crm/inbox", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/people", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/outbox", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/figures", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/feed", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/directory", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/ari", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/booking", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/ticket", module: policies, std: pure, reason: serviceReason},
	{folder: "crm/site", module: policies, std: pure, reason: serviceReason},
	{
		folder: "crm/crmtest", module: []string{"crm", "crm/..."},
		// The seeded random source repeats; os finds the test data, and npm.
		std: slices.Concat(pure, []string{"testing", "math/rand/v2", "os", "os/exec", "path/filepath"}), reason: testReason,
	},
	{
		folder: "crm/storetest", module: []string{"crm", "crm/..."},
		std: slices.Concat(pure, []string{"testing", "math/rand/v2", "os", "reflect"}),
		// Only tests import the suite, so the property tests' module stays out of programs.
		others: []string{"github.com/leanovate/gopter/..."}, reason: testReason,
	},
	{folder: "edge", module: []string{"crm", "crm/webhook", "crm/webhook/tape", "edge/mac", "edge/edgetest"}, std: loads, reason: edgeReason},
	{folder: "edge/mac", std: loads, reason: edgeReason},
	{folder: "edge/envelope", module: []string{"crm"}, std: pure, reason: edgeReason},
	{
		folder: "edge/edgetest", module: []string{"crm", "crm/...", "edge"},
		std:    slices.Concat(pure, []string{"testing", "math/rand/v2"}),
		others: []string{"github.com/leanovate/gopter/..."}, reason: testReason,
	},
	{
		folder: "edge/runner", module: []string{"crm", "crm/...", "edge"},
		others: []string{"github.com/tetratelabs/wazero/...", "github.com/klauspost/compress/zstd"}, reason: edgeReason,
	},
	{folder: "wasm/...", module: []string{"crm", "crm/...", "edge", "wasm/internal/middleware"}, std: slices.Concat(loads, []string{"os", "runtime"}), reason: wasmReason},
	{
		folder: "wasm/internal/...", module: []string{"wasm/internal/..."},
		others: []string{"github.com/tetratelabs/wazero/...", "github.com/klauspost/compress/...", "github.com/molecule-man/go-brrr"},
		reason: "it makes the module and is no part of it",
	},
	{folder: "wasm/internal/middleware", module: []string{"edge"}, std: slices.Concat(loads, []string{"os"}), reason: wasmReason},
	{
		folder: "wasm/runtimetest", module: []string{"crm/...", "edge", "edge/...", "wasm/internal/..."},
		others: []string{"github.com/tetratelabs/wazero/...", "github.com/http-wasm/http-wasm-host-go/..."}, reason: testReason,
	},
	{folder: "adapters/internal/...", module: []string{"crm", "crm/...", "adapters/internal/..."}, reason: adapterReason},
	{folder: "adapters/bunstore/...", module: adapterUse("bunstore"), others: []string{"github.com/uptrace/bun/...", "github.com/klauspost/compress/..."}, reason: adapterReason},
	{folder: "adapters/postgres", module: adapterUse("bunstore"), others: []string{"github.com/uptrace/bun/...", "github.com/jackc/pgx/v5/..."}, reason: adapterReason},
	{folder: "adapters/sqlite", module: adapterUse("bunstore"), others: []string{"github.com/uptrace/bun/...", "modernc.org/libc/...", "modernc.org/sqlite/..."}, reason: adapterReason},
	{folder: "adapters/argon2id", module: adapterUse("argon2id"), others: []string{"golang.org/x/crypto/..."}, reason: adapterReason},
	{folder: "adapters/chacha", module: adapterUse("chacha"), others: []string{"golang.org/x/crypto/..."}, reason: adapterReason},
	{folder: "adapters/zstd/...", module: adapterUse("zstd"), others: []string{"github.com/klauspost/compress/..."}, reason: adapterReason},
	{folder: "adapters/internal/graphtest", module: adapterUse("internal"), reason: testReason},
	{folder: "adapters/sqlite/sqlitetest", module: []string{"adapters/sqlite"}, reason: testReason},
	{folder: "adapters/pgtest", others: []string{"github.com/jackc/pgx/v5/..."}, reason: testReason},
	{folder: "adapters/kapso", module: adapterUse("kapso"), reason: adapterReason},
	{folder: "adapters/meta", module: adapterUse("meta"), reason: adapterReason},
	{
		folder: "host/...", module: []string{"crm", "crm/...", "edge", "edge/...", "adapters/...", "host", "host/..."},
		others: []string{
			"github.com/valyala/fasthttp/...", "github.com/fasthttp/router/...", "github.com/klauspost/compress/...",
			"github.com/VictoriaMetrics/metrics/...", "github.com/golang-jwt/jwt/v5/...", "github.com/MicahParks/keyfunc/v3/...",
			"golang.org/x/crypto/...", "golang.org/x/text/...", // text: which language a browser asks for
		},
		reason: hostReason,
	},
	{
		folder: "host/torture", module: []string{"crm", "crm/...", "adapters/bunstore", "host/api", "host/hook", "host/sse", "host/worker", "host/gather", "host/hosttest", "host/simulator"}, // the last three in its tests
		reason: "it stands between the ports of the torture build, knows nothing but them, and is in no other build",
	},
	{
		folder: "host/webtest", module: []string{"crm", "crm/...", "adapters/pgtest", "host/hosttest", "host/simulator"},
		others: []string{"github.com/chromedp/chromedp/...", "github.com/chromedp/cdproto/..."}, reason: "it sees of the host what a browser sees, and only tests drive one",
	},
	{folder: "bench/record", module: []string{}, others: []string{}, reason: witnessReason},
	{folder: "bench/load", module: []string{"bench/record"}, others: []string{"github.com/HdrHistogram/hdrhistogram-go"}, reason: witnessReason},
	{folder: "bench/check/...", module: []string{"bench/record", "bench/check/..."}, others: []string{"github.com/jackc/pgx/v5/...", "modernc.org/sqlite"}, reason: witnessReason},
	{folder: "bench/torture", module: []string{"bench/record", "bench/check/..."}, others: []string{"github.com/jackc/pgx/v5/..."}, reason: witnessReason},
	{folder: "bench/...", module: []string{"crm/...", "crm", "edge", "edge/...", "adapters/...", "host", "host/...", "bench/..."}, others: []string{"..."}, reason: "bench measures all of it, and nobody imports bench or wasm"},
}

// tortured is the first line of every file that knows of host/torture: what
// breaks the program is in a build of its own.
const tortured = "//go:build torture\n"

// adapterUse is what an adapter may import of this module.
func adapterUse(name string) []string {
	return []string{"crm", "crm/...", "adapters/internal/...", "adapters/" + name + "/..."}
}

// testOnly are the packages that only tests and each other import.
var testOnly = []string{
	"testing", "testing/...", "crm/crmtest", "crm/storetest", "adapters/pgtest", "adapters/sqlite/sqlitetest", "adapters/internal/graphtest",
	"host/hosttest", "host/hosttest/...",
	"edge/edgetest", "wasm/internal/build/buildtest", "wasm/runtimetest",
}

// What a _test file may import beyond its folder's rule: all of the standard
// library, the test packages, and a real store with a real sealer, because a
// double is a real small implementation.
var (
	moduleInTests = []string{"crm", "crm/...", "adapters/pgtest", "adapters/sqlite", "adapters/sqlite/sqlitetest", "adapters/postgres", "adapters/chacha", "adapters/zstd"}
	othersInTests = []string{
		"github.com/leanovate/gopter/...", "github.com/getkin/kin-openapi/...",
		// The edge's tests run its module beside it, unpacked.
		"github.com/tetratelabs/wazero/...", "github.com/klauspost/compress/zstd",
	}
)

// TestImportRule holds every file of the module against its folder's rule. It
// parses them itself: a test that asks the go command is cached and stays green
// after a violation.
func TestImportRule(t *testing.T) {
	t.Parallel()
	root := crmtest.ModuleRoot(t)
	files := 0
	err := filepath.WalkDir(root, func(name string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && name != root && skipped(entry.Name()):
			return filepath.SkipDir
		case entry.IsDir() || filepath.Ext(name) != ".go":
			return nil
		}
		source, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		relative, err := filepath.Rel(root, name)
		if err != nil {
			return err
		}
		files++
		for _, violation := range violations(filepath.ToSlash(relative), source) {
			t.Error(violation)
		}
		return nil
	})
	if err != nil || files < 50 {
		t.Fatalf("read %d Go files, %v; the module has more", files, err)
	}
}

// skipped reports whether a folder holds nothing that the go command builds.
func skipped(folder string) bool {
	return strings.HasPrefix(folder, ".") || strings.HasPrefix(folder, "_") || folder == "testdata" || folder == "node_modules"
}

// violations returns a sentence for each breach of the rule in a file, which is
// named from the module's root.
func violations(name string, source []byte) []string {
	folder := path.Dir(name)
	r, ok := ruleOf(folder)
	if !ok {
		return []string{fmt.Sprintf("%s: the folder %s has no import rule; add one to the table in crm/rules_test.go, as STYLE.md states it", name, folder)}
	}
	set := token.NewFileSet()
	file, err := parser.ParseFile(set, name, source, parser.SkipObjectResolution)
	if err != nil {
		return []string{fmt.Sprintf("%s: %v", name, err)}
	}
	test := strings.HasSuffix(name, "_test.go")
	tagged := strings.HasPrefix(string(source), tortured)
	var found []string
	if folder == "host/torture" && !tagged {
		found = append(found, fmt.Sprintf("%s does not begin with %q: it would be in every build", name, tortured))
	}
	for _, spec := range file.Imports {
		imported, err := strconv.Unquote(spec.Path.Value)
		if err != nil {
			return []string{fmt.Sprintf("%s: %v", name, err)}
		}
		if imported == modulePath+"/host/torture" && !tagged {
			found = append(found, fmt.Sprintf("%s imports %q and does not begin with %q: it would be in every build", set.Position(spec.Pos()), imported, tortured))
		}
		if why := r.forbids(folder, imported, test); why != "" {
			found = append(found, fmt.Sprintf("%s imports %q, %s", set.Position(spec.Pos()), imported, why))
		}
	}
	if r.isPure() && !test {
		for _, use := range ambient(file) {
			found = append(found, fmt.Sprintf("%s uses %s: %s", set.Position(use.at), use.what, pureReason))
		}
	}
	return found
}

// ruleOf returns the rule of a folder: the longest that fits it.
func ruleOf(folder string) (best rule, ok bool) {
	for _, r := range rules {
		if matches(r.folder, folder) && (!ok || len(r.folder) > len(best.folder)) {
			best, ok = r, true
		}
	}
	return best, ok
}

// isPure reports whether the rule is of the pure middle of the house: what
// tests share is not, nor is a main, which asks for the time.
func (r rule) isPure() bool { return r.std != nil && r.reason != testReason && r.reason != wasmReason }

// forbids says why a file of the folder may not import a package, or "" if it
// may.
func (r rule) forbids(folder, imported string, test bool) string {
	inside, ours := strings.CutPrefix(imported, modulePath+"/")
	measures := matches("bench/...", folder) && inside == "adapters/pgtest" // it starts a database of its own, and is linked into nothing
	if !test && !measures && !matchesAny(testOnly, folder) && matchesAny(testOnly, inside) {
		return "which only tests may import: what is linked into a program is not a test's"
	}
	standard := !strings.Contains(strings.SplitN(imported, "/", 2)[0], ".")
	switch {
	case ours && (inside == folder || matchesAny(r.module, inside)):
		return ""
	case ours && test && matchesAny(moduleInTests, inside):
		return ""
	case ours:
		return fmt.Sprintf("but may import of this module only %s: %s", list(r.module), r.reason)
	case standard && (r.std == nil || test || matchesAny(r.std, imported)):
		return ""
	case standard && r.isPure():
		return "which is not on the list of pure packages: " + pureReason
	case standard:
		return "which is not on the list of its packages: " + r.reason
	case matchesAny(r.others, imported) || test && matchesAny(othersInTests, imported):
		return ""
	default:
		return fmt.Sprintf("but may import of other modules only %s: %s", list(r.others), r.reason)
	}
}

func list(patterns []string) string {
	if len(patterns) == 0 {
		return "nothing"
	}
	return strings.Join(patterns, ", ")
}

func matchesAny(patterns []string, name string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool { return matches(pattern, name) })
}

// matches reports whether a path is the pattern's, or below it if the pattern
// ends in "/...". The pattern "..." is all paths.
func matches(pattern, name string) bool {
	folder, below := strings.CutSuffix(pattern, "/...")
	return pattern == "..." || name == folder || below && strings.HasPrefix(name, folder+"/")
}

// use is a thing that a pure package has no business with.
type use struct {
	at   token.Pos
	what string
}

var clock = []string{"Now", "Since", "Until", "Sleep", "After", "AfterFunc", "Tick", "NewTimer", "NewTicker"}

// ambient returns where a file reads the clock, starts a goroutine or runs code
// at import, none of which its imports show.
func ambient(file *ast.File) []use {
	var found []use
	ast.Inspect(file, func(node ast.Node) bool {
		switch n := node.(type) {
		case *ast.GoStmt:
			found = append(found, use{n.Pos(), "a goroutine"})
		case *ast.FuncDecl:
			if n.Recv == nil && n.Name.Name == "init" {
				found = append(found, use{n.Pos(), "func init"})
			}
		case *ast.SelectorExpr:
			if pkg, ok := n.X.(*ast.Ident); ok && pkg.Name == "time" && slices.Contains(clock, n.Sel.Name) {
				found = append(found, use{n.Pos(), "time." + n.Sel.Name})
			}
		}
		return true
	})
	return found
}

// TestImportRuleSees plants violations: a rule that forbids nothing would pass
// the test above.
func TestImportRuleSees(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		file, source string
		want         string // part of the sentence; empty: it is allowed
	}{
		{"crm/x.go", `package crm; import "time"`, ""},
		{"crm/x.go", `package crm; import "os"`, "not on the list of pure packages"},
		{"crm/x.go", `package crm; import "crypto/rand"`, "not on the list of pure packages"},
		{"crm/x.go", `package crm; import "database/sql"`, "not on the list of pure packages"},
		{"crm/x.go", `package crm; import "net/http"`, "not on the list of pure packages"},
		{"crm/x.go", `package crm; import "` + modulePath + `/crm/webhook"`, "only nothing"},
		{"crm/x.go", `package crm; import "github.com/uptrace/bun"`, "of other modules only nothing"},
		{"crm/x.go", `package crm; import "time"; var at = time.Now`, "time.Now"},
		{"crm/x.go", `package crm; func f() { go f() }`, "a goroutine"},
		{"crm/x.go", `package crm; func init() {}`, "func init"},
		{"crm/x_test.go", `package crm_test; import ("testing"; "time"); var at = time.Now; func TestX(*testing.T) { go func() {}() }`, ""},
		{"crm/inbox/x.go", `package inbox; import "` + modulePath + `/crm/people"`, "never by import"},
		{"crm/inbox/x.go", `package inbox; import "` + modulePath + `/crm/webhook"`, ""},
		{"crm/inbox/x.go", `package inbox; import "` + modulePath + `/crm/crmtest"`, "only tests may import"},
		{"crm/inbox/x_test.go", `package inbox_test; import ("testing"; "` + modulePath + `/crm/crmtest"; "` + modulePath + `/adapters/sqlite"; "github.com/leanovate/gopter/gen")`, ""},
		{"crm/inbox/x_test.go", `package inbox_test; import "` + modulePath + `/host"`, "of this module only"},
		{"crm/webhook/tape/x.go", `package tape; import "` + modulePath + `/crm"`, "only nothing"},
		{"crm/phone/x.go", `package phone; import "github.com/nyaruka/phonenumbers"`, ""},
		{"crm/access/x.go", `package access; import "github.com/nyaruka/phonenumbers"`, "of other modules only nothing"},
		{"crm/storetest/x.go", `package storetest; import ("testing"; "github.com/leanovate/gopter"; "` + modulePath + `/crm/feed")`, ""},
		{"crm/storetest/x.go", `package storetest; import "` + modulePath + `/adapters/sqlite"`, "of this module only"},
		{"crm/nobody/x.go", `package nobody`, "has no import rule"},
		{"util/x.go", `package util`, "has no import rule"},
		{"x.go", `package my21staff`, "has no import rule"},
		{"edge/x.go", `package edge; import "` + modulePath + `/crm/inbox"`, "of this module only"},
		{"crm/x.go", `package crm; import "unsafe"`, "not on the list of pure packages"},
		{"edge/x.go", `package edge; import "unsafe"`, ""},
		{"edge/x.go", `package edge; import "time"; var at = time.Now`, "time.Now"},
		{"edge/runner/x.go", `package runner; import "` + modulePath + `/edge/edgetest"`, "only tests may import"},
		{"wasm/command/x.go", `package main; import "time"; var at = time.Now`, ""},
		{"wasm/internal/link/x.go", `package link; import "` + modulePath + `/edge"`, "no part of it"},
		{"wasm/edge/x.go", `package main; import ("os"; "` + modulePath + `/edge")`, ""},
		{"wasm/edge/x.go", `package main; import "` + modulePath + `/edge/runner"`, "of this module only"},
		{"adapters/kapso/x.go", `package kapso; import ("net/http"; "` + modulePath + `/crm/outbox"; "` + modulePath + `/adapters/internal/graph")`, ""},
		{"adapters/kapso/x.go", `package kapso; import "` + modulePath + `/adapters/meta"`, "siblings"},
		{"adapters/sqlite/x.go", `package sqlite; import ("` + modulePath + `/adapters/bunstore"; "modernc.org/sqlite"; "github.com/uptrace/bun/dialect/sqlitedialect")`, ""},
		{"adapters/sqlite/x.go", `package sqlite; import "github.com/jackc/pgx/v5"`, "one technology"},
		{"adapters/sqlite/x.go", `package sqlite; import "testing"`, "only tests may import"},
		{"adapters/postgres/x.go", `package postgres; import "` + modulePath + `/adapters/pgtest"`, "only tests may import"},
		{"adapters/postgres/x_test.go", `package postgres_test; import "` + modulePath + `/adapters/pgtest"`, ""},
		{"adapters/bunstore/x.go", `package bunstore; import "` + modulePath + `/host"`, "of this module only"},
		{"host/api/x.go", `package api; import ("` + modulePath + `/host/sse"; "github.com/valyala/fasthttp"; "net/http")`, ""},
		{"host/x.go", `package host; import "github.com/getkin/kin-openapi/openapi3"`, "of other modules only"},
		{"host/x_test.go", `package host_test; import "github.com/getkin/kin-openapi/openapi3"`, ""},
		{"host/x.go", `package host; import "` + modulePath + `/bench/load"`, "wasm and bench"},
		{"host/x.go", `package host; import "` + modulePath + `/host/torture"`, "in every build"},
		{"host/x.go", tortured + `package host; import "` + modulePath + `/host/torture"`, ""},
		{"host/torture/x.go", `package torture`, "in every build"},
		{"host/torture/x.go", tortured + `package torture; import "` + modulePath + `/adapters/postgres"`, "of this module only"},
		{"host/torture/x_test.go", tortured + `package torture_test; import ("` + modulePath + `/adapters/postgres"; "` + modulePath + `/host/hosttest")`, ""},
		{"bench/crm/x.go", `package main; import "` + modulePath + `/adapters/pgtest"`, ""},
		{"bench/crm/x.go", `package main; import "` + modulePath + `/host/hosttest"`, "only tests may import"},
		{"bench/edge/x.go", `package main; import ("` + modulePath + `/host"; "github.com/valyala/fasthttp")`, ""},
		{"bench/load/x.go", `package main; import ("` + modulePath + `/bench/record"; "github.com/HdrHistogram/hdrhistogram-go")`, ""},
		{"bench/load/x.go", `package main; import "` + modulePath + `/crm/webhook"`, "bears witness"},
		{"bench/check/verdict/x.go", `package verdict; import "` + modulePath + `/crm"`, "bears witness"},
		{"bench/torture/x.go", `package main; import "` + modulePath + `/host"`, "bears witness"},
		{"bench/torture/x.go", `package main; import "github.com/valyala/fasthttp"`, "bears witness"},
	} {
		got := strings.Join(violations(tt.file, []byte(tt.source)), "\n")
		if (tt.want == "") != (got == "") || !strings.Contains(got, tt.want) {
			t.Errorf("%s with %s\ngives %q, want %q in it", tt.file, tt.source, got, tt.want)
		}
	}
}
