package main

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/my21staff/my21staff/bench/record"
)

// metaBody returns the body Meta sends for items of any numbers, one change a
// number, in the order the numbers come in.
func metaBody(p *record.Plan, items []record.Item, opaque map[string]string) []byte {
	var numbers []string
	of := map[string][]record.Item{}
	for _, item := range items {
		if of[item.Number] == nil {
			numbers = append(numbers, item.Number)
		}
		of[item.Number] = append(of[item.Number], item)
	}
	b := []byte(`{"object":"whatsapp_business_account","entry":[{"id":"1000","changes":[`)
	for i, number := range numbers {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendChange(b, p, number, of[number], opaque)
	}
	return append(b, `]}]}`...)
}

// appendChange adds the items of one number.
func appendChange(b []byte, p *record.Plan, number string, items []record.Item, opaque map[string]string) []byte {
	display := ""
	if _, n, ok := p.Number(number); ok {
		display = n.Display
	}
	b = fmt.Appendf(b, `{"field":"messages","value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":%q,"phone_number_id":%q}`, display, number)
	var contacts, messages, statuses []string
	seen := map[string]bool{}
	for _, item := range items {
		if item.Kind == record.Status {
			statuses = append(statuses, statusJSON(item, opaque[item.ID]))
			continue
		}
		if !seen[item.Peer] {
			seen[item.Peer] = true
			contacts = append(contacts, fmt.Sprintf(`{"profile":{"name":"Contoh %s"},"wa_id":%q}`, item.Peer[len(item.Peer)-4:], item.Peer))
		}
		messages = append(messages, messageJSON(item))
	}
	for _, list := range []struct {
		name  string
		items []string
	}{{"contacts", contacts}, {"messages", messages}, {"statuses", statuses}} {
		if len(list.items) > 0 {
			b = fmt.Appendf(b, `,%q:[%s]`, list.name, strings.Join(list.items, ","))
		}
	}
	return append(b, `}}`...)
}

// messageJSON returns a message, a text or an image. One that is bad has no id: it cannot be
// told from its repeats, so no host may store it.
func messageJSON(item record.Item) string {
	id := fmt.Sprintf(`"id":%q,`, item.ID)
	if item.Kind == record.Bad {
		id = ""
	}
	part := fmt.Sprintf(`"type":"text","text":{"body":%q}`, item.Text)
	if item.Media != "" {
		part = fmt.Sprintf(`"type":"image","image":{"id":%q,"mime_type":"image/jpeg","caption":%q}`, item.Media, item.Text)
	}
	return fmt.Sprintf(`{"from":%q,%s"timestamp":"%d",%s}`, item.Peer, id, item.At, part)
}

func statusJSON(item record.Item, opaque string) string {
	extra := ""
	if opaque != "" {
		extra = fmt.Sprintf(`,"biz_opaque_callback_data":%q`, opaque)
	}
	if item.Status == "failed" {
		extra += `,"errors":[{"code":131026,"title":"Message undeliverable"}]`
	}
	return fmt.Sprintf(`{"id":%q,"status":%q,"timestamp":"%d","recipient_id":%q%s}`, item.ID, item.Status, item.At, item.Peer, extra)
}

// kapsoBody returns the event and the body Kapso sends: of one item, or of
// several messages as a batch.
func kapsoBody(items []record.Item, opaque map[string]string) (event string, body []byte) {
	if len(items) == 1 {
		return kapsoEvent(items[0], opaque[items[0].ID])
	}
	var events []string
	for _, item := range items {
		_, one := kapsoEvent(item, "")
		events = append(events, string(one))
	}
	return "whatsapp.message.received", fmt.Appendf(nil, `{"type":"whatsapp.message.received","batch":true,"data":[%s],"batch_info":{"size":%d,"window_ms":5000}}`,
		strings.Join(events, ","), len(items))
}

func kapsoEvent(item record.Item, opaque string) (event string, body []byte) {
	conversation := fmt.Sprintf(`{"id":"c-%s-%s","phone_number":"+%s","status":"active","phone_number_id":%q,"contact_name":"Contoh %s"}`,
		item.Number, item.Peer, item.Peer, item.Number, item.Peer[len(item.Peer)-4:])
	if item.Kind == record.Status {
		return "whatsapp.message." + item.Status, fmt.Appendf(nil,
			`{"message":{"id":%q,"timestamp":"%d","type":"text","to":%q,"text":{"body":%q},"kapso":{"direction":"outbound","status":%q,"origin":"cloud_api","statuses":[%s]}},"conversation":%s,"phone_number_id":%q}`,
			item.ID, item.At, item.Peer, item.Text, item.Status, statusJSON(item, opaque), conversation, item.Number)
	}
	message := messageJSON(item)
	return "whatsapp.message.received", fmt.Appendf(nil,
		`{"message":%s,"kapso":{"direction":"inbound","status":"received","origin":"cloud_api","has_media":false}},"conversation":%s,"is_new_conversation":false,"phone_number_id":%q}`,
		message[:len(message)-1], conversation, item.Number)
}

// sign returns the header a provider signs a body with.
func sign(provider, secret string, body []byte) (name, value string) {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(body)
	value = hex.EncodeToString(mac.Sum(nil))
	if provider == "kapso" {
		return "X-Webhook-Signature", value
	}
	return "X-Hub-Signature-256", "sha256=" + value
}

// post returns a whole HTTP request, head and body.
func post(path string, header []string, body []byte) []byte {
	b := fmt.Appendf(nil, "POST %s HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: %d\r\n", path, len(body))
	for i := 0; i < len(header); i += 2 {
		b = fmt.Appendf(b, "%s: %s\r\n", header[i], header[i+1])
	}
	return append(append(b, "\r\n"...), body...)
}
