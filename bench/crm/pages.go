package main

import (
	"context"
	"errors"
	"net/url"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/auth"
)

// pageGoal is what the server may take to make a page of the inbox: the median,
// in milliseconds, at 50,000 conversations in PostgreSQL.
const pageGoal = 5

// pageRows is one more row than the list of the inbox shows.
const pageRows = 31

// pages measures the pages that a team looks at all day, as a browser asks for
// them that is signed in.
func (b *bench) pages(ctx context.Context, w *world) error {
	return b.measurePaths(ctx, w, "page", w.pagePaths)
}

// pagePaths are the inbox, more rows of its list, and a conversation beside the
// list. Their limit is the statements for what they show; who looks, the host
// remembers.
func (w *world) pagePaths(ctx context.Context, c *caller) ([]path, error) {
	services, err := host.OpenServices(ctx, w.config(), nil)
	if err != nil {
		return nil, err
	}
	defer services.Close()
	r := w.reader(services, c)
	browser, err := r.signedIn(ctx)
	if err != nil {
		return nil, err
	}
	list, err := capture(ctx, r.listPage)
	if err != nil {
		return nil, err
	}
	open := path{name: "the page of a conversation", goal: 2 * pageGoal}
	for i := range variants {
		id := crm.ConversationID(r.threads[r.phones[i*len(r.phones)/variants]].id)
		t, err := capture(ctx, func(ctx context.Context) error { return r.threadPage(ctx, id) })
		if err != nil {
			return nil, err
		}
		open.requests, open.trips = append(open.requests, browser("/inbox/"+id.String())), append(open.trips, t)
	}
	return []path{
		{name: "the inbox's page", goal: pageGoal, requests: []request{browser("/inbox")}, trips: []trip{list}},
		{name: "more rows of its list", requests: []request{browser("/inbox?part=rows")}, trips: []trip{list}},
		open,
	}, nil
}

// listPage reads what the inbox shows.
func (r *reader) listPage(ctx context.Context) error {
	found, err := r.services.Inbox.Conversations(ctx, r.p, inbox.ConversationQuery{Status: crm.Open, Limit: pageRows})
	if err == nil && len(found) < pageRows {
		err = errors.New("the list of the inbox is not full")
	}
	_, tags := r.services.People.Tags(ctx, r.p)
	_, channels := r.services.Directory.Channels(ctx, r.p)
	_, place := r.services.Feed.After(ctx, r.p, -1, 1)
	_, mentions := r.services.People.UnseenMentions(ctx, r.p)
	return errors.Join(err, tags, channels, place, mentions)
}

// threadPage reads what the inbox shows with a conversation open.
func (r *reader) threadPage(ctx context.Context, id crm.ConversationID) error {
	_, contact, err := r.services.Inbox.Conversation(ctx, r.p, id)
	if err != nil {
		return err
	}
	_, messages := r.services.Inbox.Messages(ctx, r.p, inbox.MessageQuery{ConversationID: id, Limit: crm.PageRows + 1})
	_, card := r.services.People.Card(ctx, r.p, contact.ID)
	return errors.Join(r.listPage(ctx), messages, card)
}

// signedIn signs the first workspace's owner in, and returns how its browser
// asks for a page.
func (r *reader) signedIn(ctx context.Context) (func(path string) request, error) {
	members, err := r.services.Directory.Members(ctx, r.p)
	if err != nil {
		return nil, err
	}
	for _, m := range members {
		if m.Role != crm.Owner {
			continue
		}
		link, err := r.services.Directory.SignInLink(ctx, m.WorkspaceID, m.ID)
		if err != nil {
			return nil, err
		}
		token, _, err := r.services.Directory.SignIn(ctx, string(link), "")
		header := [][2]string{{fasthttp.HeaderCookie, auth.CookieName + "=" + url.QueryEscape(string(token))}}
		return func(path string) request {
			return request{method: fasthttp.MethodGet, path: path, header: header, want: fasthttp.StatusOK}
		}, err
	}
	return nil, errors.New("the workspace has no owner")
}
