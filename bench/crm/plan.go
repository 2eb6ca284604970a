package main

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// planned is what PostgreSQL did for a trip, as far as it grows with the table.
// Rows are counted once for every time they are met.
type planned struct {
	Scanned map[string]int `json:"scanned,omitempty"` // rows of tables that were read from one end to the other, if they are many
	Sorted  int            `json:"sorted"`            // rows of the largest sort
	Read    int            `json:"read"`              // rows that tables were read for
}

// rowsOfAPage is what one page has to read at most: it, and the row that says
// whether there is another.
const rowsOfAPage = crm.PageRows + 1

// String says what is beyond the page in words.
func (p planned) String() string {
	var words []string
	for table, rows := range p.Scanned {
		words = append(words, fmt.Sprintf("scans %d rows of %s", rows, table))
	}
	slices.Sort(words)
	if p.Sorted > rowsOfAPage {
		words = append(words, fmt.Sprintf("sorts %d rows", p.Sorted))
	}
	if p.Read > 2*rowsOfAPage {
		words = append(words, fmt.Sprintf("reads %d rows", p.Read))
	}
	if len(words) == 0 {
		return "indexes"
	}
	return strings.Join(words, ", ")
}

// planNode is a node of a plan that was carried out.
type planNode struct {
	Type    string     `json:"Node Type"`
	Table   string     `json:"Relation Name"`
	Rows    float64    `json:"Actual Rows"`
	Loops   float64    `json:"Actual Loops"`
	Removed float64    `json:"Rows Removed by Filter"`
	Plans   []planNode `json:"Plans"`
}

func (n *planNode) collect(into *planned) {
	met := int((n.Rows + n.Removed) * n.Loops)
	if n.Table != "" && n.Type != "Bitmap Index Scan" {
		into.Read += met
	}
	if n.Type == "Seq Scan" && met > 10*rowsOfAPage {
		into.Scanned[n.Table] += met
	}
	for i := range n.Plans {
		below := &n.Plans[i]
		if strings.Contains(n.Type, "Sort") {
			into.Sorted = max(into.Sorted, int(below.Rows*below.Loops))
		}
		below.collect(into)
	}
}

// plan returns what the database does for a trip, as the product's role and with
// its policies; nothing for the embedded one.
func (d *database) plan(ctx context.Context, t *trip) (planned, error) {
	found := planned{Scanned: map[string]int{}}
	if d.kind == "sqlite" {
		return found, nil
	}
	conn, err := connect(ctx, d.dsn)
	if err != nil {
		return found, err
	}
	defer conn.Close(ctx)
	tx, err := conn.Begin(ctx)
	if err != nil {
		return found, err
	}
	defer tx.Rollback(ctx)
	if _, err := tx.Exec(ctx, "select set_config('my21staff.workspaces', $1, true), set_config('my21staff.search', $2, true), set_config('plan_cache_mode', 'force_custom_plan', true)", t.workspaces, t.search); err != nil {
		return found, err
	}
	for _, s := range t.statements {
		if strings.HasPrefix(s.SQL, "select set_config") {
			continue
		}
		var text string
		if err := tx.QueryRow(ctx, "explain (analyze, format json) "+s.SQL, s.Args...).Scan(&text); err != nil {
			return found, err
		}
		var explained []struct{ Plan planNode }
		if err := json.Unmarshal([]byte(text), &explained); err != nil {
			return found, err
		}
		explained[0].Plan.collect(&found)
	}
	return found, nil
}
