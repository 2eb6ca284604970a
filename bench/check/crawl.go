package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"sync"
	"time"

	"github.com/my21staff/my21staff/bench/check/verdict"
	"github.com/my21staff/my21staff/bench/record"
)

// crawler reads the API as one workspace.
type crawler struct {
	plan   *record.Plan
	w      int
	client *http.Client
	shown  verdict.Shown
	mu     sync.Mutex
}

// crawl reads what the API shows to every workspace, and asks each for what is
// another's.
func crawl(ctx context.Context, plan *record.Plan, bodies int) ([]verdict.Shown, error) {
	all := make([]verdict.Shown, len(plan.Workspaces))
	for w := range all {
		c := &crawler{plan: plan, w: w, client: &http.Client{Timeout: 30 * time.Second}}
		c.shown.Traces = map[string]string{}
		if err := errors.Join(c.conversations(ctx), c.messages(ctx), c.bodies(ctx, bodies), c.search(ctx)); err != nil {
			return nil, fmt.Errorf("workspace %d: %w", w, err)
		}
		all[w] = c.shown
	}
	for w := range all {
		if err := foreign(ctx, plan, all, w); err != nil {
			return nil, err
		}
	}
	for w := range all {
		bareIDs(&all[w])
	}
	return all, nil
}

// get reads a path into a value; it returns the status, and an error only if
// there was no answer it could read.
func (c *crawler) get(ctx context.Context, path string, into any) (int, error) {
	code, body, err := c.read(ctx, path)
	if err != nil || code != http.StatusOK {
		return code, err
	}
	return code, json.Unmarshal(body, into)
}

// read returns the bytes of an answer, and looks whose words are in them.
func (c *crawler) read(ctx context.Context, path string) (int, []byte, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, c.plan.Hosts[0]+path, nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("X-Api-Key", c.plan.Workspaces[c.w].Key)
	response, err := c.client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode == http.StatusOK {
		c.look(path, body)
	}
	return response.StatusCode, body, err
}

// must is get where the answer has to be 200.
func (c *crawler) must(ctx context.Context, path string, into any) error {
	code, err := c.get(ctx, path, into)
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", path, err)
	case code != http.StatusOK:
		return answered{path, code}
	}
	return nil
}

// answered is an answer that is not 200.
type answered struct {
	path string
	code int
}

// Error says what was answered.
func (a answered) Error() string { return fmt.Sprintf("%s answers %d", a.path, a.code) }

var tagged = regexp.MustCompile(`m21 ([0-9a-f]+) w(\d+) `)

// look finds words of other workspaces in an answer, and what may be traces of
// who was erased.
func (c *crawler) look(path string, body []byte) {
	if words := record.Traces(body); len(words) > 0 {
		c.mu.Lock()
		for _, word := range words {
			c.shown.Traces[word] = path
		}
		c.mu.Unlock()
	}
	for _, found := range tagged.FindAllSubmatch(body, -1) {
		if w, err := strconv.Atoi(string(found[2])); err == nil && string(found[1]) == c.plan.Run && w != c.w {
			c.mu.Lock()
			c.shown.Foreign = append(c.shown.Foreign, fmt.Sprintf("the API shows workspace %d words of workspace %d at %s", c.w, w, path))
			c.mu.Unlock()
			return
		}
	}
}

// page is a list's answer.
type page[T any] struct {
	Data []T
	Next string
}

// small is how many pages of a list are small and of an odd size, so that equal
// sort keys meet their edges; what is beyond comes in large ones.
const small = 8

// pages reads a list to its end.
func pages[T any](ctx context.Context, c *crawler, path string, limit int, each func(T) bool) error {
	next := ""
	for n := 1; ; n++ {
		if n > small {
			limit = 100
		}
		var p page[T]
		if err := c.must(ctx, fmt.Sprintf("%slimit=%d%s", path, limit, next), &p); err != nil {
			return err
		}
		for _, row := range p.Data {
			if !each(row) {
				return nil
			}
		}
		if p.Next == "" {
			return nil
		}
		next = "&cursor=" + url.QueryEscape(p.Next)
	}
}

func (c *crawler) conversations(ctx context.Context) error {
	return pages(ctx, c, "/api/conversations?", 23, func(row struct{ ID string }) bool {
		c.shown.Conversations = append(c.shown.Conversations, row.ID)
		return true
	})
}

func (c *crawler) messages(ctx context.Context) error {
	c.shown.Messages = map[string][]verdict.ShownMessage{}
	type row struct {
		ID           string
		Content      struct{ Body, Caption string }
		ProviderTime time.Time `json:"provider_time"`
	}
	return each(c.shown.Conversations, func(id string) error {
		var list []verdict.ShownMessage
		err := pages(ctx, c, "/api/conversations/"+id+"/messages?", 7, func(m row) bool {
			list = append(list, verdict.ShownMessage{ID: m.ID, Text: m.Content.Body + m.Content.Caption, Time: m.ProviderTime.UnixMilli()})
			return true
		})
		if got := (answered{}); errors.As(err, &got) && got.code == http.StatusNotFound {
			return nil // a conversation was listed that is not there, which is found by its id
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.shown.Messages[id] = list
		return err
	})
}

// bodies asks for the raw bytes of the newest requests.
func (c *crawler) bodies(ctx context.Context, most int) error {
	var ids []string
	err := pages(ctx, c, "/api/webhooks?", 97, func(row struct{ ID string }) bool {
		ids = append(ids, row.ID)
		return len(ids) < most
	})
	if err != nil {
		return err
	}
	c.shown.Bodies = map[string]string{}
	return each(ids, func(id string) error {
		code, body, err := c.read(ctx, "/api/webhooks/"+id+"/body")
		sha := "" // it has none
		switch {
		case err != nil:
			return err
		case code == http.StatusOK:
			sha = hashOf(body)
		case code != http.StatusNotFound:
			return answered{"/api/webhooks/" + id + "/body", code}
		}
		c.mu.Lock()
		defer c.mu.Unlock()
		c.shown.Bodies[id] = sha
		return nil
	})
}

// search asks for a word that every workspace's messages have.
func (c *crawler) search(ctx context.Context) error {
	var found page[struct{ ID string }]
	for _, path := range []string{"/api/conversations?limit=50&q=" + c.plan.Run, "/api/contacts?limit=50&q=Contoh"} {
		if err := c.must(ctx, path, &found); err != nil {
			return err
		}
	}
	return nil
}

// foreign asks as one workspace for what the next one has.
func foreign(ctx context.Context, plan *record.Plan, all []verdict.Shown, w int) error {
	other := (w + 1) % len(all)
	if other == w {
		return nil
	}
	c := &crawler{plan: plan, w: w, client: &http.Client{Timeout: 30 * time.Second}}
	c.shown.Traces = map[string]string{}
	var paths []string
	for i, id := range all[other].Conversations[:min(5, len(all[other].Conversations))] {
		paths = append(paths, "/api/conversations/"+id, "/api/conversations/"+id+"/messages")
		if list := all[other].Messages[id]; i == 0 && len(list) > 0 {
			paths = append(paths, "/api/messages/"+list[0].ID+"/media")
		}
	}
	for id := range all[other].Bodies {
		paths = append(paths, "/api/webhooks/"+id, "/api/webhooks/"+id+"/body")
		break
	}
	for _, path := range paths {
		code, _, err := c.read(ctx, path)
		if err != nil {
			return err
		}
		if code != http.StatusNotFound {
			all[w].Foreign = append(all[w].Foreign, fmt.Sprintf("workspace %d asks for workspace %d's %s and is answered %d", w, other, path, code))
		}
	}
	return nil
}

// each does something for every id, several at a time.
func each(ids []string, do func(string) error) error {
	work, failed := make(chan string), make(chan error, len(ids))
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			for id := range work {
				failed <- do(id)
			}
		})
	}
	for _, id := range ids {
		work <- id
	}
	close(work)
	group.Wait()
	close(failed)
	var all error
	for err := range failed {
		all = errors.Join(all, err)
	}
	return all
}

// bareIDs writes ids as the store's are.
func bareIDs(s *verdict.Shown) {
	for i := range s.Conversations {
		s.Conversations[i] = bare(s.Conversations[i])
	}
	messages := map[string][]verdict.ShownMessage{}
	for id, list := range s.Messages {
		for i := range list {
			list[i].ID = bare(list[i].ID)
		}
		messages[bare(id)] = list
	}
	bodies := map[string]string{}
	for id, sha := range s.Bodies {
		bodies[bare(id)] = sha
	}
	s.Messages, s.Bodies = messages, bodies
}
