package sse_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/sse"
)

func TestTypingIsHeardByTheWorkspaceAndNotKept(t *testing.T) {
	t.Parallel()
	r := start(t, sse.Options{Shards: 1})
	other := crm.WorkspaceID{2}
	writer := crm.Actor{Kind: crm.ByMember, ID: "dewi"}
	r.dir.set("writer", &access.Principal{WorkspaceID: workspace, Actor: writer, Scopes: []string{access.ScopeWrite}})
	r.dir.set("other", &access.Principal{WorkspaceID: other, Scopes: []string{access.ScopeRead}})
	r.feed.add(workspace, 3)
	mine, same, theirs := r.connect(t, "good", ""), r.connect(t, "writer", ""), r.connect(t, "other", "")
	r.feed.add(workspace, 1)
	for _, rd := range []*reader{mine, same} { // they are served from here on
		if e, _ := rd.fact(); e.id != 4 {
			t.Fatalf("the stream begins with %+v, want the fact 4", e)
		}
	}
	conversation := crm.ConversationID{7}
	say := func(key, id string) int {
		t.Helper()
		req, err := http.NewRequestWithContext(t.Context(), "POST", "http://"+r.addr+"/"+id, nil)
		if err != nil {
			t.Fatal(err)
		}
		req.Header.Set("X-Api-Key", key)
		answer, err := http.DefaultClient.Do(req)
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		return answer.StatusCode
	}
	for _, c := range []struct {
		key, id string
		want    int
	}{{"good", conversation.String(), 403}, {"nobody", conversation.String(), 401}, {"writer", "nothing", 404}, {"writer", conversation.String(), 204}} {
		if got := say(c.key, c.id); got != c.want {
			t.Errorf("typing in %s with the key %s answers %d, want %d", c.id, c.key, got, c.want)
		}
	}
	for whose, rd := range map[string]*reader{"a colleague's": mine, "the writer's": same} {
		e, _ := rd.fact()
		if e.kind != "typing" || e.id != 0 || !strings.Contains(e.data, `"actor":{"kind":"member","id":"dewi"}`) || !strings.Contains(e.data, conversation.String()) {
			t.Errorf("%s stream has %+v, want that somebody types, without a number", whose, e)
		}
	}
	r.feed.add(other, 1)
	if e, _ := theirs.fact(); e.kind != "message.received" {
		t.Errorf("another workspace's stream has %+v", e)
	}
	r.feed.add(workspace, 1)
	if e, _ := mine.fact(); e.id != 5 {
		t.Errorf("after it comes %+v, want the fact 5", e)
	}
	late := r.connect(t, "good", "4")
	if e, _ := late.fact(); e.id != 5 {
		t.Errorf("who comes back is told %+v, want the fact 5 alone", e)
	}
}
