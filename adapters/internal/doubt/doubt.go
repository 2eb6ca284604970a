// Package doubt lets the tests of the stores doubt what these hold in memory.
package doubt

// Held, when a test's main function sets it, makes stores ask the database for what they
// hold all the same, and panic if it has something else.
var Held bool
