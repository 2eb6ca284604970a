package record_test

import (
	"slices"
	"testing"

	"github.com/my21staff/my21staff/bench/record"
)

func TestTracesFindAPupilWhereverItStands(t *testing.T) {
	t.Parallel()
	p := record.Pupil{Run: "0123abcd", Workspace: 3, Round: 12, N: 7}
	want := p.External()
	for _, text := range []string{p.Name(), p.Email(), p.External(), p.Note(), "{\"body\":\"" + p.External() + "\"}"} {
		if got := record.Traces([]byte(text)); !slices.Equal(got, []string{want}) {
			t.Errorf("in %q it finds %q, want %q", text, got, want)
		}
	}
	other := record.Pupil{Run: "0123abcd", Workspace: 3, Round: 1, N: 70007}
	if got := record.Traces([]byte(p.Class() + " and 6281200001234")); !slices.Equal(got, []string{"6281200001234"}) {
		t.Errorf("of a class and a number it finds %q", got)
	}
	if got := record.Traces([]byte(other.Name())); slices.Contains(got, want) {
		t.Errorf("another pupil is taken for it: %q", got)
	}
}
