package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// browser reads the API while others write, and looks for words of other
// workspaces in what it is shown.
type browser struct {
	*driver
	client *http.Client
	reads  atomic.Int64
	wrong  atomic.Int64
}

var tagged = regexp.MustCompile(`m21 [0-9a-f]+ w(\d+) `)

func (b *browser) run(ctx context.Context) {
	var thread string
	for ctx.Err() == nil {
		w := rand.IntN(len(b.plan.Workspaces))
		path := []string{
			"/api/conversations?limit=20",
			"/api/contacts/by-phone?phone=" + url.QueryEscape("+"+peer(rand.IntN(b.mix.peers))),
			"/api/conversations?limit=10&q=" + b.plan.Run,
			"/api/webhooks?limit=5",
			"/api/conversations/" + thread + "/messages?limit=20",
		}[rand.IntN(5)]
		body, code := b.get(ctx, w, path)
		if code == http.StatusOK {
			b.look(w, path, body)
		} else if code != http.StatusNotFound { // there may be no such number yet, or the thread is another's
			pause(ctx, 50*time.Millisecond)
		}
		if id := firstID(body); id != "" {
			thread = id
		}
		pause(ctx, rand.N(20*time.Millisecond))
	}
}

// work changes conversations and moves files, so that whatever runs beside the
// messages runs too. What comes of it nobody checks, but that all else stays
// right.
func (b *browser) work(ctx context.Context) {
	for ctx.Err() == nil {
		w := rand.IntN(len(b.plan.Workspaces))
		list, _ := b.get(ctx, w, "/api/conversations?limit=20")
		thread := firstID(list)
		if thread == "" {
			pause(ctx, 50*time.Millisecond)
			continue
		}
		switch rand.IntN(4) {
		case 0:
			until := time.Now().Add(time.Second).UTC().Format(time.RFC3339)
			b.call(ctx, w, http.MethodPatch, "/api/conversations/"+thread, `{"status":"snoozed","snoozed_until":"`+until+`"}`)
		case 1:
			b.call(ctx, w, http.MethodPatch, "/api/conversations/"+thread, `{"status":"pending"}`)
		case 2:
			channel := b.plan.Workspaces[w].Numbers[0].ChannelID
			b.call(ctx, w, http.MethodPost, "/api/media?filename=a.jpg&channel="+channel, string(make([]byte, 20_000)))
		default:
			messages, _ := b.get(ctx, w, "/api/conversations/"+thread+"/messages?limit=50")
			if id := mediaOf(messages); id != "" {
				b.get(ctx, w, "/api/messages/"+id+"/media")
			}
		}
		pause(ctx, rand.N(40*time.Millisecond))
	}
}

func (b *browser) get(ctx context.Context, w int, path string) (body []byte, code int) {
	return b.call(ctx, w, http.MethodGet, path, "")
}

func (b *browser) call(ctx context.Context, w int, method, path, send string) (body []byte, code int) {
	request, err := http.NewRequestWithContext(ctx, method, b.plan.Hosts[rand.IntN(len(b.plan.Hosts))]+path, strings.NewReader(send))
	if err != nil {
		return nil, 0
	}
	request.Header.Set("X-Api-Key", b.plan.Workspaces[w].Key)
	if strings.HasPrefix(path, "/api/media") {
		request.Header.Set("Content-Type", "image/jpeg")
	} else if send != "" {
		request.Header.Set("Content-Type", "application/json")
	}
	start := time.Now()
	response, err := b.client.Do(request)
	if err != nil {
		return nil, 0
	}
	defer response.Body.Close()
	body, err = io.ReadAll(response.Body)
	if err != nil {
		return nil, 0
	}
	b.reads.Add(1)
	b.observe("read", time.Since(start))
	return body, response.StatusCode
}

// look writes down an answer with words of another workspace.
func (b *browser) look(w int, path string, body []byte) {
	for _, found := range tagged.FindAllSubmatch(body, -1) {
		if other, err := strconv.Atoi(string(found[1])); err == nil && other != w {
			b.wrong.Add(1)
			_ = b.journal.Note(record.Line{T: record.Read, At: record.Now(), Class: "foreign", Note: fmt.Sprintf("workspace %d read of workspace %d at %s", w, other, path)})
			return
		}
	}
}

func firstID(body []byte) string {
	var list struct {
		Data []struct {
			ID     string  `json:"id"`
			Unread *int    `json:"unread"`
			Mode   *string `json:"mode"`
		}
	}
	if json.Unmarshal(body, &list) != nil || len(list.Data) == 0 || list.Data[0].Mode == nil {
		return ""
	}
	return list.Data[rand.IntN(len(list.Data))].ID
}

// mediaOf returns the id of a message with a file.
func mediaOf(body []byte) string {
	var list struct {
		Data []struct {
			ID    string  `json:"id"`
			Media *string `json:"media_url"`
		}
	}
	_ = json.Unmarshal(body, &list) // what is no list has none
	for _, m := range list.Data {
		if m.Media != nil {
			return m.ID
		}
	}
	return ""
}
