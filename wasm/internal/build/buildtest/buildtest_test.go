package buildtest_test

import (
	"testing"

	"github.com/my21staff/my21staff/wasm/internal/build/buildtest"
)

// TestGuest: the module answers as Calls says before any step.
func TestGuest(t *testing.T) {
	t.Parallel()
	buildtest.Agree(t, buildtest.Guest(t).Encode(), "_initialize")
}
