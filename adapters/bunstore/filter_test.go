package bunstore_test

import (
	"context"
	"database/sql"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/bunstore"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// TestFilterTexts collects the SQL of every condition there is and of many
// expressions of them: it is made of the texts in the golden and a few words
// that join them, whatever is asked for.
func TestFilterTexts(t *testing.T) {
	t.Parallel()
	texts := bunstore.FilterTexts()
	golden, err := os.ReadFile("testdata/filter.sql")
	if got := strings.Join(texts, ";\n") + ";\n"; err != nil || got != string(golden) {
		t.Errorf("the texts of filters are not those of testdata/filter.sql (%v):\n%s", err, got)
	}
	if bad := bunstore.FilterHoles(); len(bad) > 0 {
		t.Errorf("the arguments of %v do not fit their texts", bad)
	}
	schema := filter.NewSchema([]*crm.Field{
		{Key: "a", Type: crm.TextField}, {Key: "b'; drop table contacts; --?", Type: crm.NumberField}, {Key: "c", Type: crm.DateField},
		{Key: "d", Type: crm.BoolField}, {Key: "e", Type: crm.ChoiceField, Choices: []string{"'x", "?"}},
	})
	conditions := conditionsOf(schema)
	random := rand.New(rand.NewPCG(1, 2))
	used := map[string]bool{}
	for i := range len(conditions) + 2000 {
		expression := joined(random, conditions, 1)
		if i < len(conditions) {
			expression = conditions[i]
		}
		e, err := filter.Decode([]byte(expression), schema)
		if err != nil {
			t.Fatalf("%s: %v", expression, err)
		}
		q := bunstore.FilterSQL(e.Resolve(filter.Context{Now: time.Unix(1e9, 0), Me: crm.MemberID{7}}))
		if strings.Count(q.SQL, "?") != len(q.Args) {
			t.Fatalf("%s has %d arguments: %s", expression, len(q.Args), q.SQL)
		}
		if rest := spell(q.SQL, texts, used); rest != "" {
			t.Fatalf("%s becomes SQL that has a text of its own: %q", expression, rest)
		}
	}
	for _, text := range texts {
		if !used[text] {
			t.Errorf("no condition becomes %q", text)
		}
	}
}

// spell takes the known texts off the beginning of a condition, and returns what
// is left of it.
func spell(sql string, texts []string, used map[string]bool) string {
	longest := slices.SortedFunc(slices.Values(texts), func(a, b string) int { return len(b) - len(a) })
	for sql != "" {
		at := slices.IndexFunc(longest, func(text string) bool { return strings.HasPrefix(sql, text) })
		if at >= 0 {
			used[longest[at]] = true
			sql = sql[len(longest[at]):]
			continue
		}
		before := sql
		for _, word := range []string{" and ", " or ", "not ", "(", ")"} {
			if rest, found := strings.CutPrefix(sql, word); found {
				sql = rest
				break
			}
		}
		if sql == before {
			return sql
		}
	}
	return ""
}

// conditionsOf are conditions of every operator on every field.
func conditionsOf(schema *filter.Schema) (all []string) {
	values := map[filter.Type]string{
		filter.Text: `"a' or 1=1 --?"`, filter.Identity: `"'); drop table contacts; --"`, filter.Word: `"$1?"`, filter.Number: `-7.5`,
		filter.Date: `"2026-11-02"`, filter.Moment: `"2026-11-02"`, filter.Bool: `true`, filter.Member: `"me"`,
		filter.Tag: `"00000000-0000-0000-0000-000000000001"`,
	}
	for _, f := range schema.Fields() {
		one := values[f.Type]
		if f.Choices != nil {
			one = fmt.Sprintf("%q", f.Choices[0])
		}
		for _, op := range filter.Operators[f.Type] {
			value := `,"value":` + one
			switch op {
			case filter.IsSet, filter.IsNotSet:
				value = ""
			case filter.AnyOf, filter.NoneOf, filter.AllOf, filter.Between:
				value = `,"value":[` + one + `,` + one + `]`
			case filter.InLast, filter.NotInLast, filter.InNext:
				value = `,"value":{"days":3}`
			}
			all = append(all, fmt.Sprintf(`{"field":%q,"op":%q%s}`, f.Name, op, value))
		}
	}
	return all
}

// joined makes a random expression.
func joined(random *rand.Rand, conditions []string, depth int) string {
	if depth > filter.MaxDepth || random.IntN(3) == 0 {
		return conditions[random.IntN(len(conditions))]
	}
	parts := make([]string, 1+random.IntN(3))
	for i := range parts {
		parts[i] = joined(random, conditions, depth+1)
	}
	return fmt.Sprintf(`{%q:[%s]}`, []string{"and", "or"}[random.IntN(2)], strings.Join(parts, ","))
}

// TestFiltersArePlannedAnew: PostgreSQL plans a filtered list for its values. For
// any value it would take the average one, and gather half of all contacts to
// show fifty.
func TestFiltersArePlannedAnew(t *testing.T) {
	onBoth(t, func(t *testing.T, store *bunstore.Store) {
		c, _ := settle(t, store)
		ctx, stats := bunstore.WithStats(t.Context())
		var plan bunstore.Plan
		stats.Trace = func(ctx context.Context, _ bunstore.Statement) { plan = bunstore.ScopeOf(ctx).Plan }
		test := filter.Test{Kind: filter.Something, Place: filter.InName}
		if _, err := store.People().Contacts(ctx, c.Workspace.ID, people.ContactQuery{Filter: &test, Limit: 1}); err != nil {
			t.Fatal(err)
		}
		if plan != bunstore.Anew || stats.Trips() != 1 {
			t.Errorf("a filtered list is planned %q in %d trips", plan, stats.Trips())
		}
		if !store.Dialect().MigrationTypes().Postgres {
			return
		}
		for plan, want := range map[bunstore.Plan]string{bunstore.Usually: "auto", bunstore.InOrder: "force_generic_plan", bunstore.Anew: "force_custom_plan"} {
			var mode string
			err := store.Look(t.Context(), bunstore.Scope{Installation: true, Plan: plan},
				bunstore.Statement{SQL: "select current_setting($1)", Args: []any{"plan_cache_mode"}}, func(rows *sql.Rows) error { return rows.Scan(&mode) })
			if err != nil || mode != want {
				t.Errorf("what is planned %q has the mode %q, %v, want %q", plan, mode, err, want)
			}
		}
	})
}
