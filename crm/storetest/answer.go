package storetest

import (
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
)

// answerTests are about the answers kept for an Idempotency-Key.
var answerTests = []test{
	{"is loaded by its key", answerLoad},
	{"is loaded with others", answersLoad},
	{"is never replaced by another", answerTaken},
}

func answerLoad(t *testing.T, w *world) {
	long := w.ours.answer
	long.Key = strings.Repeat("k", 255)
	w.write(t, w.ours.ws, &crm.Changes{Answers: []crm.Answer{long}})
	for _, want := range []crm.Answer{w.ours.answer, long} {
		same(t, "an answer by key", w.answers(t, want.Key), []*crm.Answer{&want})
	}
	for _, key := range []string{"", "order-9", "ORDER-1", "order-1 "} {
		if got := w.answers(t, key); len(got) > 0 {
			t.Errorf("the key %q finds the answer of %q", key, got[0].Key)
		}
	}
}

func answersLoad(t *testing.T, w *world) {
	second := w.ours.answer
	second.Key = "order-2"
	w.write(t, w.ours.ws, &crm.Changes{Answers: []crm.Answer{second}})
	got := w.answers(t, second.Key, "order-3", w.ours.answer.Key, second.Key)
	slices.SortFunc(got, func(a, b *crm.Answer) int { return strings.Compare(a.Key, b.Key) })
	same(t, "answers by their keys", got, []*crm.Answer{&w.ours.answer, &second})
}

// answers loads what was answered under keys of our workspace.
func (w *world) answers(t *testing.T, keys ...string) []*crm.Answer {
	t.Helper()
	return w.load(t, inbox.Need{WorkspaceID: w.ours.ws, Answers: keys}).Answers
}

// answerTaken keeps two requests that race under one key from both writing
// their message: the second to commit must run again, and find the first's.
func answerTaken(t *testing.T, w *world) {
	second := w.ours.answer
	second.MessageID, second.Request = crm.NewID[crm.Message](w.mint), [32]byte{2}
	err := w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{Answers: []crm.Answer{second}})
	wantCode(t, "a second answer under a key", err, crm.Conflict)
	same(t, "the answer", w.answers(t, second.Key), []*crm.Answer{&w.ours.answer})
}
