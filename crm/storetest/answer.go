package storetest

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// answerTests are about the answers kept for an Idempotency-Key.
var answerTests = []test{
	{"is loaded by its key", answerLoad},
	{"is never replaced by another", answerTaken},
}

func answerLoad(t *testing.T, w *world) {
	long := w.ours.answer
	long.Key = strings.Repeat("k", 255)
	w.write(t, w.ours.ws, &crm.Changes{Answers: []crm.Answer{long}})
	for _, want := range []crm.Answer{w.ours.answer, long} {
		got := w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Answer: want.Key}).Answer
		same(t, "an answer by key", got, &want)
	}
	for _, key := range []string{"", "order-9", "ORDER-1", "order-1 "} {
		if got := w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Answer: key}).Answer; got != nil {
			t.Errorf("the key %q finds the answer of %q", key, got.Key)
		}
	}
}

// answerTaken keeps two requests that race under one key from both writing
// their message: the second to commit must run again, and find the first's.
func answerTaken(t *testing.T, w *world) {
	second := w.ours.answer
	second.MessageID, second.Request = crm.NewID[crm.Message](w.mint), [32]byte{2}
	err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Answers: []crm.Answer{second}})
	wantCode(t, "a second answer under a key", err, crm.Conflict)
	same(t, "the answer", w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Answer: second.Key}).Answer, &w.ours.answer)
}
