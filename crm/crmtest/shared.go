package crmtest

import (
	"os"
	"path/filepath"
	"testing"
)

// Shared returns the path of test data that is kept beside the repository, not
// in it: fixtures and public test vectors. The folder is $M21_SHARED, by
// default the folder "shared" beside the checkout. Without it the test fails
// when CI is set and is skipped otherwise.
func Shared(tb testing.TB, elem ...string) string {
	tb.Helper()
	root := os.Getenv("M21_SHARED")
	if root == "" {
		root = filepath.Join(ModuleRoot(tb), "..", "shared")
	}
	path := filepath.Join(append([]string{root}, elem...)...)
	if _, err := os.Stat(path); err == nil {
		return path
	}
	if os.Getenv("CI") != "" {
		tb.Fatalf("%s is missing: set M21_SHARED to the folder with the fixtures and vectors", path)
	}
	tb.Skipf("SKIPPED, NOT TESTED: %s is missing; set M21_SHARED to the folder with the fixtures and vectors", path)
	return ""
}

// ModuleRoot returns the folder of go.mod above the test's working directory.
func ModuleRoot(tb testing.TB) string {
	tb.Helper()
	dir, err := os.Getwd()
	if err != nil {
		tb.Fatal(err)
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			return dir
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			tb.Fatal("no go.mod above the test")
		}
		dir = parent
	}
}
