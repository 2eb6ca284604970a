package storetest

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
)

var cannedTests = []test{
	{"are listed by shortcut, replaced whole, loaded and deleted", cannedListed},
	{"have a shortcut once in a workspace", cannedUnique},
}

func cannedListed(t *testing.T, w *world) {
	last := copied(w.ours.canned)
	last.ID, last.Shortcut = crm.NewID[crm.CannedReply](w.mint), "zz"
	first := copied(last)
	first.ID, first.Shortcut, first.Body = crm.NewID[crm.CannedReply](w.mint), "a_1", "Halo Kak 🙏\n\"'%"
	everyField(t, "a canned reply", last, nil)
	w.write(t, w.ours.ws, &crm.Changes{CannedReplies: []*crm.CannedReply{copied(last), copied(first)}})
	all := func() []*crm.CannedReply {
		return must[[]*crm.CannedReply](t)(w.store.People().CannedReplies(t.Context(), w.ours.ws))
	}
	same(t, "the canned replies", all(), []*crm.CannedReply{first, w.ours.canned, last})
	loaded := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws, Canned: true}).Canned
	if len(loaded) != 3 {
		t.Errorf("%d canned replies are loaded, want our 3", len(loaded))
	}
	if none := w.loadPeople(t, people.Need{WorkspaceID: w.ours.ws}).Canned; len(none) != 0 {
		t.Errorf("%d canned replies are loaded unasked", len(none))
	}
	last.Shortcut, last.Body, last.UpdatedAt = first.Shortcut, "Anything else?", w.clock.Advance(time.Second)
	w.write(t, w.ours.ws, &crm.Changes{CannedReplies: []*crm.CannedReply{copied(last)}, DeletedCanned: []crm.CannedReplyID{first.ID, w.theirs.canned.ID}})
	same(t, "those that are left, one with the shortcut of another that went", all(), []*crm.CannedReply{last, w.ours.canned})
	if theirs := must[[]*crm.CannedReply](t)(w.store.People().CannedReplies(t.Context(), w.theirs.ws)); len(theirs) != 1 {
		t.Errorf("deleting a foreign canned reply leaves its workspace %d, want its own", len(theirs))
	}
}

func cannedUnique(t *testing.T, w *world) {
	twin := copied(w.ours.canned)
	twin.ID = crm.NewID[crm.CannedReply](w.mint)
	wantCode(t, "a second reply under a shortcut", w.tryWrite(t.Context(), w.ours.ws, &crm.Changes{CannedReplies: []*crm.CannedReply{twin}}), crm.Conflict)
}
