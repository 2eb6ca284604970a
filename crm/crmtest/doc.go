// Package crmtest holds what tests of the domain share: a manual clock, ids
// that repeat, builders, and the way to the test data beside the repository.
// Only tests import it.
package crmtest
