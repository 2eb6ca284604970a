package postgres_test

import (
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// TestWordsFindTheirPlace holds an open store to putting what is searched into the
// index by itself, before a commit has to.
func TestWordsFindTheirPlace(t *testing.T) {
	t.Parallel()
	server := pgtest.Server(t)
	store := open(t, server.DSN())
	admin := connect(t, withUser(t, server.DSN(), "postgres", ""))
	if _, err := admin.Exec(t.Context(), "create extension pageinspect"); err != nil {
		t.Fatal(err)
	}
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	ct := c.Contact()
	cv := c.Conversation(ct)
	write(t, store, c.Workspace.ID, &crm.Changes{Contacts: []*crm.Contact{ct}, Conversations: []*crm.Conversation{cv}, Messages: []*crm.Message{c.Inbound(cv, "apa kabar")}})
	look := time.NewTicker(20 * time.Millisecond)
	defer look.Stop()
	var waiting int
	for range 50 * 20 {
		if err := admin.QueryRow(t.Context(), "select n_pending_tuples from gin_metapage_info(get_raw_page('search_index_tokens', 0))").Scan(&waiting); err != nil {
			t.Fatal(err)
		}
		if waiting == 0 {
			return
		}
		<-look.C
	}
	t.Errorf("after twenty seconds %d documents wait beside the index", waiting)
}
