package simulator

import (
	"cmp"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"
)

// page answers a list that is in order with Graph's paging. A cursor is a
// position; before and after name the item beside it.
func (c *call) page(items []any) (any, error) {
	keys := make([]int64, len(items))
	for i := range keys {
		keys[i] = int64(-i)
	}
	return c.pageBy(items, keys)
}

// pageBy is page with a falling key for each item, which stays what it is when
// others come and go.
func (c *call) pageBy(items []any, keys []int64) (any, error) {
	limit, err := strconv.Atoi(cmp.Or(c.query("limit"), "25"))
	if err != nil || limit < 1 {
		return nil, parameter("Param limit must be a positive number.")
	}
	limit = min(limit, 100)
	from, to := 0, len(items)
	if after := c.query("after"); after != "" {
		from = position(keys, after, 1)
	}
	if before := c.query("before"); before != "" {
		to = position(keys, before, 0)
		from = max(from, to-limit)
	}
	from = min(from, to)
	end := min(to, from+limit)
	paging := object{"cursors": object{"before": nil, "after": nil}}
	if from < end {
		last := strconv.FormatInt(keys[end-1], 10)
		paging["cursors"] = object{"before": strconv.FormatInt(keys[from], 10), "after": last}
		if end < len(items) {
			paging["next"] = c.s.base + string(c.ctx.Path()) + "?after=" + last
		}
	}
	return object{"data": append([]any{}, items[from:end]...), "paging": paging}, nil
}

// position returns where a cursor stands in falling keys, plus past if an item
// is right there.
func position(keys []int64, cursor string, past int) int {
	at, err := strconv.ParseInt(cursor, 10, 64)
	if err != nil {
		return len(keys)
	}
	i, found := slices.BinarySearchFunc(keys, at, func(key, at int64) int { return cmp.Compare(at, key) })
	if found {
		return i + past
	}
	return i
}

// listMessages serves Kapso's GET /{phone number id}/messages: newest first, by
// direction, status, conversation and time. It is the way to find what webhooks
// lost.
func (c *call) listMessages() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	since, err := c.instant("since")
	if err != nil {
		return nil, err
	}
	until, err := c.instant("until")
	if err != nil {
		return nil, err
	}
	var items []any
	var keys []int64
	for _, m := range slices.Backward(n.log) {
		at := m.At.Truncate(time.Second)
		if at.Before(since) || !until.IsZero() && at.After(until) || !c.wants(m) {
			continue
		}
		items, keys = append(items, c.s.listed(m, c.query("fields"))), append(keys, m.seq)
	}
	return c.pageBy(items, keys)
}

func (c *call) wants(m *message) bool {
	return fits(c.query("direction"), string(m.Direction)) && fits(c.query("status"), m.Status) &&
		fits(c.query("conversation_id"), m.chat.session.id)
}

// instant reads a time in the query: RFC 3339 or Unix seconds; zero if there is
// none.
func (c *call) instant(name string) (time.Time, error) {
	text := c.query(name)
	if text == "" {
		return time.Time{}, nil
	}
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(seconds, 0), nil
	}
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}, parameter("Param %s must be an ISO 8601 time.", name)
	}
	return at, nil
}

// getMessage serves Kapso's GET /{phone number id}/messages/{wamid}; the wamid
// may hold slashes, encoded or not.
func (c *call) getMessage() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	m := n.index[c.path("wamid")]
	if m == nil {
		return nil, missing("Message not found")
	}
	return c.s.listed(m, c.query("fields")), nil
}

// missing is Kapso's answer for one of its own things that is not there.
func missing(text string) *refusal { return flat(404, text, "not_found") }

func (c *call) listConversations() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	since, err := c.instant("last_active_since")
	if err != nil {
		return nil, err
	}
	var items []any
	for _, ch := range n.sorted() {
		if ch.session.id != "" && fits(c.query("status"), ch.session.status()) && !ch.session.active.Before(since) {
			items = append(items, conversation(ch))
		}
	}
	return c.page(items)
}

// sorted returns a number's chats, the one with the newest message first.
func (n *number) sorted() []*chat {
	all := make([]*chat, 0, len(n.chats))
	for _, ch := range n.chats {
		all = append(all, ch)
	}
	slices.SortFunc(all, func(a, b *chat) int {
		return cmp.Or(cmp.Compare(b.newest(), a.newest()), cmp.Compare(a.customer.key(), b.customer.key()))
	})
	return all
}

func (ch *chat) newest() int64 {
	if len(ch.messages) == 0 {
		return 0
	}
	return ch.messages[len(ch.messages)-1].seq
}

// session finds a conversation among those the token may see.
func (c *call) session() (*chat, error) {
	for _, n := range c.s.numbers {
		if n.Provider != c.provider || n.Token != c.token {
			continue
		}
		for _, ch := range n.chats {
			if ch.session.id == c.path("id") {
				return ch, nil
			}
		}
	}
	return nil, missing("Conversation not found")
}

func (c *call) getConversation() (any, error) {
	ch, err := c.session()
	if err != nil {
		return nil, err
	}
	return conversation(ch), nil
}

func (c *call) patchConversation() (any, error) {
	ch, err := c.session()
	if err != nil {
		return nil, err
	}
	var change struct{ Status string }
	if json.Unmarshal(c.ctx.PostBody(), &change) != nil || change.Status != "ended" && change.Status != "active" {
		return nil, flat(422, "Status must be active or ended", "invalid_status")
	}
	ended := change.Status == "ended" && !ch.session.ended
	ch.session.ended = change.Status == "ended"
	if ended {
		c.s.emitSession(ch, "whatsapp.conversation.ended")
	}
	return object{"success": true}, nil
}

func (c *call) listContacts() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	var items []any
	for _, ch := range n.sorted() {
		if fits(c.query("wa_id"), ch.customer.Phone) && fits(c.query("business_scoped_user_id"), ch.customer.UserID) {
			items = append(items, contact(ch))
		}
	}
	return c.page(items)
}

// contactChat finds the chat with a contact, by phone number or user id.
func (c *call) contactChat() (*chat, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	if ch := n.chats[c.s.people.find(c.path("id"))]; ch != nil {
		return ch, nil
	}
	return nil, missing("Contact not found")
}

func (c *call) getContact() (any, error) {
	ch, err := c.contactChat()
	if err != nil {
		return nil, err
	}
	return contact(ch), nil
}

func (c *call) patchContact() (any, error) {
	ch, err := c.contactChat()
	if err != nil {
		return nil, err
	}
	var change struct{ Metadata json.RawMessage }
	if json.Unmarshal(c.ctx.PostBody(), &change) != nil {
		return nil, flat(422, "The body must be a JSON object", "invalid")
	}
	if len(change.Metadata) > 0 {
		ch.metadata = change.Metadata
	}
	return object{"success": true}, nil
}

// contact is a contact as Kapso lists it.
func contact(ch *chat) object {
	return object{
		"id": ch.customer.UserID, "wa_id": orNull(ch.customer.Phone), "business_scoped_user_id": ch.customer.UserID,
		"username": orNull(ch.customer.Username), "profile_name": ch.customer.Name, "metadata": orEmpty(ch.metadata),
		"marketing_preference": word(ch.customer.Stopped, "stopped", "resumed"),
	}
}

// listCalls serves Kapso's GET /{phone number id}/calls: nobody calls here.
func (c *call) listCalls() (any, error) {
	if _, err := c.node(); err != nil {
		return nil, err
	}
	return c.page(nil)
}

func (c *call) getSettings() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return object{"id": n.PhoneNumberID, "display_phone_number": n.DisplayNumber, "data": []any{}, "paging": object{"cursors": object{"before": nil, "after": nil}}}, nil
}

func (c *call) getProfile() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, err
	}
	return object{"data": []any{object{"messaging_product": "whatsapp", "about": n.Name}}}, nil
}

func (s session) status() string { return word(s.ended, "ended", "active") }

func word(is bool, yes, no string) string {
	if is {
		return yes
	}
	return no
}

func orNull(text string) any {
	if text == "" {
		return nil
	}
	return text
}

func orEmpty(raw json.RawMessage) any {
	if strings.TrimSpace(string(raw)) == "" {
		return object{}
	}
	return raw
}

// numberInfo is what GET /{phone number id} says of a number.
func numberInfo(n *number) object {
	return object{"id": n.PhoneNumberID, "display_phone_number": n.DisplayNumber, "verified_name": n.Name, "quality_rating": "GREEN",
		"platform_type": "CLOUD_API", "throughput": object{"level": "STANDARD"}, "webhook_configuration": object{"application": n.hooks[0].URL}}
}
