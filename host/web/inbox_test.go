package web

import (
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

func choiceOf(t *testing.T, query string) (listChoice, error) {
	t.Helper()
	var args fasthttp.Args
	args.Parse(query)
	return readListChoice(&args)
}

// What an address says of the list comes out of it as it went in.
func TestListChoiceSurvivesItsAddress(t *testing.T) {
	t.Parallel()
	id := crm.TagID{15: 1}.String()
	for _, query := range []string{
		"", "status=all", "status=pending", "assignee=me", "assignee=none&unread=1", "assignee=" + id, "tag=" + id + "&channel=" + id,
		"temperature=hot&status=resolved", "q=budi+santoso", "q=budi&status=open", "q=%26%3D%3F",
	} {
		first, err := choiceOf(t, query)
		if err != nil {
			t.Errorf("%q: %v", query, err)
			continue
		}
		again, err := choiceOf(t, trimmed(first.suffix()))
		if err != nil || again != first {
			t.Errorf("%q is %+v, and after its address %q %+v, %v", query, first, first.suffix(), again, err)
		}
	}
	for _, query := range []string{"status=strange", "assignee=x", "tag=x", "channel=x", "temperature=boiling", "before=x", "before=1.x"} {
		if _, err := choiceOf(t, query); crm.CodeOf(err) != crm.Invalid {
			t.Errorf("%q is answered %v, want that it is invalid", query, err)
		}
	}
}

func trimmed(suffix string) string {
	if suffix == "" {
		return ""
	}
	return suffix[1:]
}

// Whether a row belongs into a list is decided in two places: by the store, and
// for a row that changed here.
func TestListHoldsWhatItsChoiceSays(t *testing.T) {
	t.Parallel()
	me, mate := crm.MemberID{15: 1}, crm.MemberID{15: 2}
	tag, other := crm.TagID{15: 1}, crm.TagID{15: 2}
	cv := &crm.Conversation{Status: crm.Open, AssigneeID: me, Unread: 1, ChannelID: crm.ChannelID{15: 1}, Temperature: crm.Hot}
	ct := &crm.Contact{Tags: []crm.TagID{tag}}
	for query, want := range map[string]bool{
		"": true, "status=all": true, "status=resolved": false, "assignee=me": true, "assignee=none": false, "assignee=" + mate.String(): false,
		"assignee=" + me.String(): true, "unread=1": true, "tag=" + tag.String(): true, "tag=" + other.String(): false, "temperature=hot": true, "temperature=cold": false,
		"channel=" + cv.ChannelID.String(): true, "channel=" + crm.ChannelID{15: 2}.String(): false, "q=anything": true,
	} {
		choice, err := choiceOf(t, query)
		if err != nil {
			t.Fatal(err)
		}
		if got := choice.holds(cv, ct, me); got != want {
			t.Errorf("the list %q holds the conversation: %t, want %t", query, got, want)
		}
	}
	cv.Unread, cv.AssigneeID = 0, crm.MemberID{}
	for query, want := range map[string]bool{"unread=1": false, "assignee=none": true, "assignee=me": false} {
		choice, _ := choiceOf(t, query)
		if got := choice.holds(cv, ct, me); got != want {
			t.Errorf("the list %q holds one that is read and nobody's: %t, want %t", query, got, want)
		}
	}
}
