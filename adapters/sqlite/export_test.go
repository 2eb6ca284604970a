package sqlite

// What the tests see of a sweep.
var (
	Sweep = sweep
	Scrub = scrub
)
