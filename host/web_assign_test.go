package host_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// A webhook comes in, and the conversation is somebody's: the page says whose and
// why, the program's side and the feed the same.
func TestAssignmentInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		doc := lead.Sales().Document()
		doc.Routing = lead.Assignment{Enabled: true, OffHours: lead.AssignThen, BySkill: true}
		rules, err := lead.New(doc)
		if err != nil {
			t.Fatal(err)
		}
		if got := w.Ask("PUT", "/api/lead-rules", map[string]any{"version": 1, "document": json.RawMessage(rules.Encode())}); got.Status != 200 {
			t.Fatalf("rules that assign: %d %s", got.Status, got.Body)
		}
		live := events(t, w, -1)
		d := desk{signIn(t, w), thread(t, w, "Halo")}
		e := live.until("the conversation is given to somebody", func(e event) bool { return e.Kind == "conversation.changed" })
		if "/inbox/"+e.Data.ConversationID != d.address {
			t.Errorf("the feed tells of %s, not %s", e.Data.ConversationID, d.address)
		}
		d.shows("Assigned to "+w.Owner.Name+" automatically. Given to the member whose turn it is.", `id="m-routed-`)
		decided := routings(t, w, e.Data.ConversationID)
		if len(decided) != 1 || decided[0].Reason != "turn" || decided[0].AssigneeID != w.Owner.ID.String() || decided[0].Why != lead.InTurn.Text {
			t.Errorf("decided was %+v", decided)
		}
		got := hosttest.Decode[struct {
			AssigneeID string `json:"assignee_id"`
			Routed     struct {
				Reason string    `json:"reason"`
				Waits  bool      `json:"waits"`
				Why    lead.Text `json:"why"`
			} `json:"routed"`
		}](t, w.Ask("GET", "/api/conversations/"+e.Data.ConversationID, nil))
		if got.AssigneeID != w.Owner.ID.String() || got.Routed.Reason != "turn" || got.Routed.Waits || got.Routed.Why != lead.InTurn.Text {
			t.Errorf("the program's side has %+v", got)
		}

		// What somebody takes is set on the page of the members.
		tag, err := w.Host.People.SaveTag(t.Context(), access.System(w.Workspace.ID), crm.Tag{Name: "Jepang", Color: "#2f80ed"})
		if err != nil {
			t.Fatal(err)
		}
		save := func(form url.Values) {
			t.Helper()
			form = merge(fill(d.get("/settings/members"), "name", w.Owner.Name, "email", w.Owner.Email, "role", string(crm.Owner)), form)
			if got := d.post("/settings/members/"+w.Owner.ID.String(), form); got.Status != 303 {
				t.Errorf("saving a member answers %d %s", got.Status, got.Body)
			}
		}
		save(url.Values{"capacity": {"7"}, "away": {"1"}, "skill": {tag.ID.String()}})
		member, err := w.Host.Directory.Member(t.Context(), w.Workspace.ID, w.Owner.ID)
		if err != nil || member.Capacity != 7 || !member.Away || len(member.Skills) != 1 || member.Skills[0] != tag.ID {
			t.Errorf("the member takes %+v, %v", member, err)
		}
		page := d.get("/settings/members")
		wants(t, "what the member takes", page, 200, `value="7"`, `name="away" value="1" checked`, `value="`+tag.ID.String()+`" checked`, "Away")
		if got := d.post("/settings/members/"+w.Owner.ID.String(), fill(page, "name", "X", "role", "owner", "capacity", "some")); got.Status != 422 {
			t.Errorf("a capacity that is no number answers %d", got.Status)
		}
		if _, err := w.Sim.Say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: "6281200000002"}, Text: "Halo"}); err != nil {
			t.Fatal(err)
		}
		e = live.until("the other conversation waits", func(e event) bool {
			return e.Kind == "conversation.changed" && "/inbox/"+e.Data.ConversationID != d.address
		})
		d.address = "/inbox/" + e.Data.ConversationID
		d.shows("Nobody of the team is in, so it waits in the queue.")

		type taken struct {
			ID       string   `json:"id"`
			Skills   []string `json:"skills"`
			Capacity int      `json:"capacity"`
			Away     bool     `json:"away"`
		}
		mate := hosttest.Decode[taken](t, w.Ask("POST", "/api/members", map[string]any{"name": "Dewi", "role": "member", "away": true, "capacity": 3, "skills": []string{tag.ID.String()}}))
		if !mate.Away || mate.Capacity != 3 || len(mate.Skills) != 1 || mate.Skills[0] != tag.ID.String() {
			t.Errorf("who is added takes %+v", mate)
		}
		mate = hosttest.Decode[taken](t, w.Ask("PATCH", "/api/members/"+mate.ID, map[string]any{"away": false, "capacity": 0, "skills": []string{}}))
		if mate.Away || mate.Capacity != 0 || len(mate.Skills) != 0 {
			t.Errorf("who is changed takes %+v", mate)
		}
		d.do("assign", "to", w.Owner.ID.String())
		page = d.get(d.address) // what was decided before stays where it happened
		wants(t, "a conversation that a person gave", page, 200, "waits in the queue")
		if strings.Count(string(page.Body), `id="m-routed-`) != 1 {
			t.Error("what a person decided is said to be the rules'")
		}
		decided = routings(t, w, e.Data.ConversationID)
		if len(decided) != 1 || decided[0].Reason != "nobody_in" || decided[0].AssigneeID != "" {
			t.Errorf("decided was %+v", decided)
		}
	})
}

type routing struct {
	AssigneeID string    `json:"assignee_id"`
	Reason     string    `json:"reason"`
	Why        lead.Text `json:"why"`
}

// routings is what the program's side says was decided about a conversation.
func routings(t *testing.T, w *hosttest.World, conversation string) []routing {
	t.Helper()
	return hosttest.Decode[struct {
		Data []routing `json:"data"`
	}](t, w.Ask("GET", "/api/conversations/"+conversation+"/routings", nil)).Data
}

// merge adds fields to a form.
func merge(form, more url.Values) url.Values {
	for name, values := range more {
		form[name] = values
	}
	return form
}
