package api_test

import (
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/host/api"
)

// TestTimesAreWrittenAsTheirLayout: a time is RFC 3339 in UTC with three digits
// of a second, cut and not rounded, in whatever zone it is handed in.
func TestTimesAreWrittenAsTheirLayout(t *testing.T) {
	t.Parallel()
	zones := []*time.Location{time.UTC, time.FixedZone("", 7*60*60), time.FixedZone("", -9*60*60-30*60)}
	properties := gopter.NewProperties(nil)
	properties.Property("as by the layout", prop.ForAll(func(seconds, nanos int64, zone int) bool {
		at := time.Unix(seconds, nanos).In(zones[zone])
		text, err := api.StampText(at)
		return err == nil && text == at.UTC().Format("2006-01-02T15:04:05.000Z")
	}, gen.Int64Range(-62_167_219_200, 253_402_300_799), gen.Int64Range(0, 999_999_999), gen.IntRange(0, len(zones)-1)))
	properties.TestingRun(t)
	for _, at := range []time.Time{time.Date(10_000, 1, 1, 0, 0, 0, 0, time.UTC), time.Date(-1, 1, 1, 0, 0, 0, 0, time.UTC)} {
		if text, err := api.StampText(at); err == nil {
			t.Errorf("%v is written %s, want an error", at, text)
		}
	}
}
