package webtest_test

import (
	"testing"

	"github.com/my21staff/my21staff/host/hosttest"
)

func TestSignInByLink(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	s.signIn(t, s.Owner)
}
