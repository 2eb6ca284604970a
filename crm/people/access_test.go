package people_test

import (
	"context"
	"crypto/rand"
	"slices"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/people"
)

// ids are what the calls of this file are about.
type ids struct {
	contact crm.ContactID
	tag     crm.TagID
	task    crm.TaskID
}

// calls are all methods that a principal may call, with the action each needs.
var calls = []struct {
	name   string
	action access.Action
	names  string // the ids it is given
	call   func(context.Context, *people.Service, access.Principal, ids) error
}{
	{"ByPhone", access.ReadContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.ByPhone(ctx, p, "0812 0000 0001", "ID")
		return err
	}},
	{"Card", access.ReadContacts, "contact", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.Card(ctx, p, i.contact)
		return err
	}},
	{"Contacts", access.ReadContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.Contacts(ctx, p, people.ContactQuery{})
		return err
	}},
	{"Create", access.WriteContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.Create(ctx, p, people.Edit{Name: new("Made")}, "ID")
		return err
	}},
	{"Edit", access.WriteContacts, "contact", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.Edit(ctx, p, i.contact, people.Edit{Name: new("Edited")}, "ID")
		return err
	}},
	{"Edit with a tag", access.WriteContacts, "contact tag", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.Edit(ctx, p, i.contact, people.Edit{AddTags: []crm.TagID{i.tag}}, "ID")
		return err
	}},
	{"Tags", access.ReadContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.Tags(ctx, p)
		return err
	}},
	{"SaveTag", access.ManageTags, "tag", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.SaveTag(ctx, p, crm.Tag{ID: i.tag, Name: "Renamed"})
		return err
	}},
	{"CannedReplies", access.ReadConversations, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.CannedReplies(ctx, p)
		return err
	}},
	{"SaveCannedReply", access.SendMessages, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.SaveCannedReply(ctx, p, crm.CannedReplyID{}, people.CannedEdit{Shortcut: new(strings.ToLower(rand.Text())), Body: new("x")})
		return err
	}},
	{"ResumeRescore", access.ManageLeads, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		if _, err := s.StartRescore(ctx, p); err != nil {
			return err
		}
		if _, err := s.CancelRescore(ctx, p); err != nil {
			return err
		}
		_, err := s.ResumeRescore(ctx, p)
		return err
	}},
	{"Notes", access.ReadContacts, "contact", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.Notes(ctx, p, i.contact, crm.NoteID{}, 0)
		return err
	}},
	{"AddNote", access.WriteContacts, "contact", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.AddNote(ctx, p, people.NewNote{ContactID: i.contact, Body: "noted"})
		return err
	}},
	{"Mentions", access.ReadContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.Mentions(ctx, p, people.MentionQuery{})
		return err
	}},
	{"UnseenMentions", access.ReadContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.UnseenMentions(ctx, p)
		return err
	}},
	{"SeeMentions", access.ReadContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.SeeMentions(ctx, p, crm.ContactID{})
		return err
	}},
	{"Tasks", access.ReadContacts, "", func(ctx context.Context, s *people.Service, p access.Principal, _ ids) error {
		_, err := s.Tasks(ctx, p, people.TaskQuery{})
		return err
	}},
	{"AddTask", access.WriteContacts, "contact", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.AddTask(ctx, p, i.contact, people.TaskEdit{Title: new("To do")})
		return err
	}},
	{"EditTask", access.WriteContacts, "task", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		_, err := s.EditTask(ctx, p, i.task, people.TaskEdit{Done: new(true)})
		return err
	}},
	{"DeleteTag", access.ManageTags, "tag", func(ctx context.Context, s *people.Service, p access.Principal, i ids) error {
		return s.DeleteTag(ctx, p, i.tag)
	}},
}

// rows makes a contact, a tag and a task of a workspace.
func (o *office) rows(p access.Principal) ids {
	o.t.Helper()
	c := o.contact(p, people.Edit{Name: new("Dewi"), AddIdentities: phoneOf("0812 0000 0001")})
	task, err := o.AddTask(o.t.Context(), p, c.ID, people.TaskEdit{Title: new("Call")})
	if err != nil {
		o.t.Fatal(err)
	}
	return ids{c.ID, o.tag(p, "A").ID, task.ID}
}

// TestAccess calls every method as everybody: whoever may not is refused before
// anything is looked at.
func TestAccess(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ours := o.rows(o.me)
	for _, c := range calls {
		if err := c.call(t.Context(), o.Service, access.Principal{}, ours); code(err) != "unauthenticated" {
			t.Errorf("%s by nobody: %v, want Unauthenticated", c.name, err)
		}
		others := slices.DeleteFunc(access.Actions(), func(a access.Action) bool { return a == c.action })
		key := access.Principal{WorkspaceID: o.me.WorkspaceID}
		for _, action := range others {
			key.Scopes = append(key.Scopes, string(action))
		}
		if err := c.call(t.Context(), o.Service, key, ours); code(err) != "forbidden "+string(c.action) {
			t.Errorf("%s with every scope but %s: %v, want Forbidden", c.name, c.action, err)
		}
		key.Scopes = []string{string(c.action)}
		if err := c.call(t.Context(), o.Service, key, ours); err != nil {
			t.Errorf("%s with the scope %s alone: %v", c.name, c.action, err)
		}
	}
}

// TestForeignIDs: another workspace's id answers word for word like one that
// does not exist, and nothing of the other workspace changes.
func TestForeignIDs(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	theirs, ours := o.rows(o.them), o.rows(o.me)
	nobodys := ids{crm.NewID[crm.Contact](o.mint), crm.NewID[crm.Tag](o.mint), crm.NewID[crm.Task](o.mint)}
	before, card, seen := o.seen(o.them), o.card(o.them, theirs.contact), o.seen(o.me)
	for _, c := range calls {
		for _, name := range strings.Fields(c.names) {
			answers := make(map[string]bool)
			for _, strange := range []ids{theirs, nobodys} {
				given := ours
				switch name {
				case "contact":
					given.contact = strange.contact
				case "tag":
					given.tag = strange.tag
				case "task":
					given.task = strange.task
				}
				err := c.call(t.Context(), o.Service, o.me, given)
				if code(err) != "not_found" {
					t.Errorf("%s with a strange %s: %v, want NotFound", c.name, name, err)
					continue
				}
				answers[err.Error()] = true
			}
			if len(answers) != 1 {
				t.Errorf("%s tells another workspace's %s from none: %v", c.name, name, answers)
			}
		}
	}
	if o.seen(o.me) != seen || o.seen(o.them) != before || !same(o.card(o.them, theirs.contact).Contact, card.Contact) {
		t.Error("a call with a strange id changed something")
	}
}

func TestPageLimits(t *testing.T) {
	t.Parallel()
	o := newOffice(t)
	ours := o.rows(o.me)
	for limit, want := range map[int]string{-1: "invalid bad_limit", 0: "ok", 1: "ok", crm.MaxPageRows: "ok", crm.MaxPageRows + 1: "invalid bad_limit"} {
		_, contacts := o.Contacts(t.Context(), o.me, people.ContactQuery{Limit: limit})
		_, notes := o.Notes(t.Context(), o.me, ours.contact, crm.NoteID{}, limit)
		_, tasks := o.Tasks(t.Context(), o.me, people.TaskQuery{Limit: limit})
		_, mentions := o.Mentions(t.Context(), o.me, people.MentionQuery{Limit: limit})
		for name, err := range map[string]error{"Contacts": contacts, "Notes": notes, "Mentions": mentions, "Tasks": tasks} {
			if code(err) != want {
				t.Errorf("%s with the limit %d: %v, want %s", name, limit, err, want)
			}
		}
	}
}
