package crm_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// TestIDsGrow: ids of one mint strictly grow as bytes and as text, whatever the
// clock does, and carry their time.
func TestIDsGrow(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("ids grow", prop.ForAll(
		func(steps []int64) string {
			clock := crmtest.NewClock()
			mint := clock.Mint(1)
			last, latest := crm.NewID[crm.Contact](mint), clock.Now()
			for _, ms := range steps {
				now := clock.Advance(time.Duration(ms) * time.Millisecond)
				if now.After(latest) {
					latest = now
				}
				id := crm.NewID[crm.Contact](mint)
				switch {
				case id.Compare(last) <= 0 || id.String() <= last.String():
					return fmt.Sprintf("%s follows %s", id, last)
				case !id.Time().Equal(latest):
					return fmt.Sprintf("%s says %s, made at %s", id, id.Time(), latest)
				}
				last = id
			}
			return ""
		},
		gen.SliceOf(gen.OneGenOf(gen.Int64Range(-5, 5), gen.Const(int64(0)), gen.Int64Range(0, 1e9)))))
	properties.TestingRun(t)
}

// TestIDsOfOneMillisecond makes more ids in a millisecond than its counter has
// numbers.
func TestIDsOfOneMillisecond(t *testing.T) {
	t.Parallel()
	mint := crmtest.NewClock().Mint(1)
	last := crm.NewID[crm.Message](mint)
	for n := range 10_000 {
		id := crm.NewID[crm.Message](mint)
		if id.Compare(last) <= 0 {
			t.Fatalf("id %d, %s, does not follow %s", n, id, last)
		}
		last = id
	}
	if ahead := last.Time().Sub(crmtest.Start); ahead != 2*time.Millisecond {
		t.Errorf("10000 ids in a millisecond borrow %s from the next, want 2ms", ahead)
	}
}

func TestIDsOfManyGoroutines(t *testing.T) {
	t.Parallel()
	mint := crmtest.NewClock().Mint(1)
	var (
		mu   sync.Mutex
		seen = make(map[crm.MessageID]bool)
		wait sync.WaitGroup
	)
	for range 8 {
		wait.Go(func() {
			for range 500 {
				id := crm.NewID[crm.Message](mint)
				mu.Lock()
				seen[id] = true
				mu.Unlock()
			}
		})
	}
	wait.Wait()
	if len(seen) != 4000 {
		t.Errorf("%d different ids of 4000", len(seen))
	}
}

func TestIDIsUUIDv7(t *testing.T) {
	t.Parallel()
	clock := crmtest.NewClock()
	mint := clock.Mint(1)
	for range 100 {
		id := crm.NewID[crm.Tag](mint)
		if version, variant := id[6]>>4, id[8]>>6; version != 7 || variant != 2 {
			t.Fatalf("%s has version %d, variant %b", id, version, variant)
		}
		if !id.Time().Equal(clock.Now()) {
			t.Fatalf("%s was made at %s, want %s", id, id.Time(), clock.Now())
		}
		clock.Advance(time.Hour)
	}
}

// TestIDText: parsing is the inverse of formatting, for every id but the zero
// one, which has no text.
func TestIDText(t *testing.T) {
	t.Parallel()
	properties := gopter.NewProperties(nil)
	properties.Property("parse inverts format", prop.ForAll(
		func(raw []byte) bool {
			id := crm.ContactID(raw)
			parsed, err := crm.ParseID[crm.Contact](id.String())
			var unmarshalled struct{ ID crm.ContactID }
			encoded, _ := json.Marshal(map[string]any{"ID": id})
			return err == nil && parsed == id && len(id.String()) == 36 &&
				json.Unmarshal(encoded, &unmarshalled) == nil && unmarshalled.ID == id
		},
		gen.SliceOfN(16, gen.UInt8()).SuchThat(func(raw []byte) bool { return slices.Max(raw) > 0 })))
	properties.TestingRun(t)
}

func TestParseIDRefuses(t *testing.T) {
	t.Parallel()
	good := "01934a5e-0c00-7000-8000-0000000000ff"
	bad := []string{
		"", "0", strings.Repeat("0", 36), "00000000-0000-0000-0000-000000000000", good[:35], good + "0", " " + good[1:],
		strings.ReplaceAll(good, "-", ""), strings.Replace(good, "f", "g", 1), "{" + good[1:35] + "}", "urn:uuid:" + good,
	}
	for _, dash := range []int{8, 13, 18, 23} {
		bad = append(bad, good[:dash]+"0"+good[dash+1:])
	}
	for _, text := range bad {
		id, err := crm.ParseID[crm.Tag](text)
		if !errors.Is(err, crm.Invalid) || !id.IsZero() {
			t.Errorf("ParseID(%q) = %v, %v, want Invalid", text, id, err)
		}
		unmarshalled := crm.TagID{1}
		if err := unmarshalled.UnmarshalText([]byte(text)); text != "" && (!errors.Is(err, crm.Invalid) || unmarshalled != crm.TagID{1}) {
			t.Errorf("UnmarshalText(%q) = %v, leaving %v, want Invalid and no change", text, err, unmarshalled)
		}
	}
}

func TestZeroID(t *testing.T) {
	t.Parallel()
	var id crm.TagID
	encoded, err := json.Marshal(struct {
		Kept    crm.TagID
		Omitted crm.TagID `json:",omitzero"`
	}{})
	if !id.IsZero() || id.String() != "" || err != nil || string(encoded) != `{"Kept":""}` {
		t.Errorf("the zero id is %q and encodes as %s, %v", id, encoded, err)
	}
	id = crm.TagID{1}
	if err := json.Unmarshal([]byte(`""`), &id); err != nil || !id.IsZero() {
		t.Errorf(`"" is read as %v, %v, want the zero id`, id, err)
	}
}

// noRandomness fails as no random source should.
type noRandomness struct{}

func (noRandomness) Read([]byte) (int, error) { return 0, errors.New("empty") }

func TestNewIDNeedsRandomness(t *testing.T) {
	t.Parallel()
	defer func() {
		if recover() == nil {
			t.Error("NewID without randomness returned an id that may repeat")
		}
	}()
	crm.NewID[crm.Tag](crm.NewMint(crmtest.NewClock().Now, noRandomness{}))
}

func TestMintNow(t *testing.T) {
	t.Parallel()
	jakarta := time.FixedZone("WIB", 7*60*60)
	mint := crm.NewMint(func() time.Time { return time.Date(2026, 11, 2, 15, 0, 0, 123_456_789, jakarta) }, noRandomness{})
	if want := time.Date(2026, 11, 2, 8, 0, 0, 123_000_000, time.UTC); mint.Now() != want {
		t.Errorf("Now() = %v, want whole milliseconds in UTC: %v", mint.Now(), want)
	}
}
