package bunstore_test

import (
	"testing"

	"github.com/my21staff/my21staff/adapters/bunstore"
)

// What cannot be stored fails the batch, also when what is added after it could be:
// else a write would be lost without a word.
func TestBatchKeepsItsError(t *testing.T) {
	onBoth(t, func(t *testing.T, s *bunstore.Store) {
		if err := s.PutUnfitAndFit(t.Context()); err == nil {
			t.Error("a row that cannot be stored was left out, and nobody was told")
		}
	})
}
