package graph

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// maxPages bounds a list: at 100 items a page it is more templates than an
// account may have (6,000), and more messages than a gap should hold.
const maxPages = 100

// List reads a paged list from its first page to its last and calls each with
// every item as it stands. It follows cursors, never the "next" address, which
// would take the credentials wherever it points. A list that has not ended
// after 100 pages is TooLarge, when each has seen what came before.
func (c *Client) List(ctx context.Context, ch *crm.Channel, query url.Values, each func(json.RawMessage) error, path ...string) error {
	query = maps.Clone(query)
	for range maxPages {
		answer, failure := c.do(ctx, ch, call{method: http.MethodGet, path: path, query: query})
		if failure != nil {
			return Problem("list", failure)
		}
		var page struct {
			Data   []json.RawMessage `json:"data"`
			Paging struct {
				Cursors struct {
					After string `json:"after"`
				} `json:"cursors"`
				Next string `json:"next"`
			} `json:"paging"`
		}
		if err := json.Unmarshal(answer, &page); err != nil {
			return unreadable("list", err)
		}
		for _, item := range page.Data {
			if err := each(item); err != nil {
				return err
			}
		}
		after := page.Paging.Cursors.After
		// Meta names a cursor on the last page too and leaves "next" out;
		// whether Kapso always sends "next" is not documented.
		full := fmt.Sprint(len(page.Data)) == query.Get("limit")
		if after == "" || after == query.Get("after") || page.Paging.Next == "" && !full {
			return nil
		}
		query.Set("after", after)
	}
	return &crm.Error{Op: "list", Code: crm.TooLarge, Msg: "The provider's list is longer than we read at once."}
}

func unreadable(op string, err error) error {
	return &crm.Error{Op: op, Code: crm.Unavailable, Msg: "WhatsApp's provider gave an answer that cannot be read.", Err: err}
}

// Templates returns the templates of the channel's business account, in the
// order of the provider's list. They carry no id of ours yet.
func (c *Client) Templates(ctx context.Context, ch *crm.Channel) ([]*crm.Template, error) {
	if ch.BusinessAccountID == "" {
		return nil, &crm.Error{Op: "list templates", Code: crm.Invalid, Msg: "The channel has no WhatsApp business account id, which its templates are listed by."}
	}
	var templates []*crm.Template
	err := c.List(ctx, ch, url.Values{"limit": {"100"}}, func(item json.RawMessage) error {
		template, err := readTemplate(ch, item)
		if err == nil {
			templates = append(templates, template)
		}
		return err
	}, ch.BusinessAccountID, "message_templates")
	if err != nil {
		return nil, crm.Wrap("list templates", err)
	}
	return templates, nil
}

// Check asks whether the channel's token may act for its number: it reads the
// number's public profile, which changes nothing. A token that may not is Refused, a
// number that the token does not know NotFound.
func (c *Client) Check(ctx context.Context, ch *crm.Channel) error {
	const op = "check channel"
	answer, failure := c.do(ctx, ch, call{method: http.MethodGet, path: []string{ch.PhoneNumberID, "whatsapp_business_profile"}})
	if failure != nil {
		return Problem(op, failure)
	}
	var profile struct {
		Data []json.RawMessage `json:"data"`
	}
	if err := json.Unmarshal(answer, &profile); err != nil || profile.Data == nil { // a gateway's page is no answer of the provider
		return unreadable(op, err)
	}
	return nil
}

func readTemplate(ch *crm.Channel, item json.RawMessage) (*crm.Template, error) {
	var listed struct {
		ID         word            `json:"id"` // a number of 16 digits and more, in quotes or not
		Name       string          `json:"name"`
		Language   string          `json:"language"`
		Category   string          `json:"category"`
		Status     string          `json:"status"`
		Components json.RawMessage `json:"components"`
	}
	if err := json.Unmarshal(item, &listed); err != nil {
		return nil, unreadable("read template", err)
	}
	return &crm.Template{
		WorkspaceID: ch.WorkspaceID,
		ChannelID:   ch.ID,
		ProviderID:  string(listed.ID),
		Name:        listed.Name,
		Language:    listed.Language,
		Category:    strings.ToLower(listed.Category),
		Status:      strings.ToLower(listed.Status),
		Body:        bodyOf(listed.Components),
		Components:  listed.Components,
	}, nil
}

// bodyOf returns the words of the BODY component, or nothing.
func bodyOf(components json.RawMessage) string {
	var parts []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	_ = json.Unmarshal(components, &parts) // a template without readable parts has no words to show
	for _, part := range parts {
		if strings.EqualFold(part.Type, "BODY") {
			return part.Text
		}
	}
	return ""
}
