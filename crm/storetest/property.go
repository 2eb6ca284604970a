package storetest

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/prop"
)

// law fails the test if a property that says what went wrong says anything. The
// seed is fixed: a suite that fails must fail again. Each try costs queries, so
// there are few, and a failure is not shrunk.
func law(t *testing.T, sentence string, tries int, property any, gens ...gopter.Gen) {
	t.Helper()
	parameters := gopter.DefaultTestParametersWithSeed(20261102)
	parameters.MinSuccessfulTests = tries
	result := prop.ForAllNoShrink(property, gens...).Check(parameters)
	if !result.Passed() {
		t.Errorf("%s: %v\n\t%s\n\twith %v", sentence, result.Status, strings.Join(result.Labels, "\n\t"), result.Args)
	}
}

// verdict is a property's answer: what failed, or nothing.
func verdict(err error, got, want any) string {
	if err != nil {
		return err.Error()
	}
	if found := differences(got, want); len(found) > 0 {
		return fmt.Sprintf("the pages are not what was asked for:\n\t%s", strings.Join(found, "\n\t"))
	}
	return ""
}

// contextEnded returns a context that has ended.
func contextEnded(t *testing.T) context.Context {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	return ctx
}
