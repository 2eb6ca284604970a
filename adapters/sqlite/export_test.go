package sqlite

import (
	"database/sql"
	"net/url"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// Scrub is what the tests see of a sweep.
var Scrub = scrub

// Checkpoint does what every second does beside a store with a dialect.
func Checkpoint(of bunstore.Dialect, db *sql.DB) { of.(*dialect).checkpoint(db) }

// Pool opens connections to a file as a store does.
func Pool(path string, readOnly bool) (*sql.DB, error) {
	settings := url.Values{}
	if readOnly {
		settings.Set("_query_only", "1")
	}
	return pool(path, settings, 1, nil)
}

// NewDialect returns a store's dialect.
func NewDialect() bunstore.Dialect { return &dialect{} }

// Held returns how many sets of rows are held.
func Held() int {
	_, g := provider()
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.held)
}
