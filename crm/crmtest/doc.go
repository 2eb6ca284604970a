// Package crmtest holds what tests of the domain share: a manual clock, ids
// that repeat, builders, the way to the test data beside the repository, and to
// the npm packages that tests run. Only tests import it.
package crmtest
