package simulator

import (
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// platform is the part of Kapso's platform API that is about webhooks.
var platform = []endpoint{
	{"POST", "/whatsapp/phone_numbers/{node}/webhooks", true, "", (*call).createWebhook},
	{"GET", "/whatsapp/phone_numbers/{node}/webhooks", true, "", (*call).listWebhooks},
	{"PATCH", "/whatsapp/webhooks/{id}", true, "", (*call).patchWebhook},
	{"POST", "/whatsapp/webhooks/{id}/test", true, "", (*call).testWebhook},
	{"GET", "/webhook_deliveries", true, "", (*call).listDeliveries},
}

// administer returns the handler of a platform endpoint. Faults spare it.
func (s *Simulator) administer(e endpoint) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		c := &call{s: s, ctx: ctx, provider: crm.Kapso}
		if r := c.authorise(); r != nil {
			flat(401, "Invalid API key", "unauthorized").write(ctx)
			return
		}
		c.answer(e, place{number: c.number})
	}
}

// webhookForm is a webhook as the platform API takes it; what is nil stays.
type webhookForm struct {
	Webhook struct {
		URL     *string            `json:"url"`
		Secret  *string            `json:"secret_key"`
		Kind    *string            `json:"kind"`
		Events  *[]string          `json:"events"`
		Active  *bool              `json:"active"`
		Headers *map[string]string `json:"headers"`
		Buffer  *bool              `json:"buffer_enabled"`
		Window  *float64           `json:"buffer_window_seconds"`
		Size    *int               `json:"max_buffer_size"`
	} `json:"whatsapp_webhook"`
}

func (c *call) createWebhook() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, missing("Phone number not found")
	}
	h := &hook{id: uuid(c.s.random), Webhook: Webhook{Kind: KindKapso}, active: true}
	if err := c.change(h); err != nil {
		return nil, err
	}
	if h.Kind == KindMeta && slices.ContainsFunc(n.hooks, func(o *hook) bool { return o.Kind == KindMeta && o.URL != "" }) {
		return nil, flat(422, "A phone number has at most one webhook of kind meta", "invalid")
	}
	n.hooks = append(n.hooks, h)
	return object{"data": h.show(n)}, nil
}

// change puts the request's words into a webhook.
func (c *call) change(h *hook) error {
	var form webhookForm
	if json.Unmarshal(c.ctx.PostBody(), &form) != nil {
		return flat(422, "whatsapp_webhook is required", "invalid")
	}
	w := form.Webhook
	set(&h.URL, w.URL)
	set(&h.Kind, w.Kind)
	set(&h.Events, w.Events)
	set(&h.active, w.Active)
	set(&h.headers, w.Headers)
	set(&h.BufferSize, w.Size)
	if w.Secret != nil {
		h.Secret = crm.Secret(*w.Secret)
	}
	if w.Buffer != nil {
		h.Buffer = 0
		if *w.Buffer {
			h.Buffer = 5 * time.Second
		}
	}
	if w.Window != nil && h.Buffer > 0 {
		h.Buffer = time.Duration(*w.Window * float64(time.Second))
	}
	address := strings.HasPrefix(h.URL, "http://") || strings.HasPrefix(h.URL, "https://")
	if !address || h.Kind != KindKapso && h.Kind != KindMeta || h.BufferSize < 0 || h.BufferSize > kapsoBatchMax {
		return flat(422, "The webhook is not valid", "invalid")
	}
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func (h *hook) show(n *number) object {
	return object{"id": h.id, "url": h.URL, "kind": h.Kind, "events": h.Events, "active": h.active, "headers": maps.Clone(h.headers),
		"payload_version": "v2", "phone_number_id": n.PhoneNumberID, "buffer_enabled": h.Buffer > 0,
		"buffer_window_seconds": h.Buffer.Seconds(), "max_buffer_size": h.BufferSize}
}

func (c *call) listWebhooks() (any, error) {
	n, err := c.node()
	if err != nil {
		return nil, missing("Phone number not found")
	}
	shown := []object{}
	for _, h := range n.hooks {
		if h.URL != "" {
			shown = append(shown, h.show(n))
		}
	}
	return object{"data": shown}, nil
}

// hook finds a webhook among those of the key's numbers.
func (c *call) hook() (*number, int, error) {
	for _, n := range c.s.numbers {
		if n.Provider != crm.Kapso || n.Token != c.token {
			continue
		}
		if i := slices.IndexFunc(n.hooks, func(h *hook) bool { return h.id == c.path("id") }); i >= 0 {
			return n, i, nil
		}
	}
	return nil, 0, missing("Webhook not found")
}

func (c *call) patchWebhook() (any, error) {
	n, i, err := c.hook()
	if err != nil {
		return nil, err
	}
	changed := *n.hooks[i] // deliveries under way keep the old one
	if err := c.change(&changed); err != nil {
		return nil, err
	}
	n.hooks[i] = &changed
	return object{"data": changed.show(n)}, nil
}

// testWebhook sends an example to one webhook, of a customer who is nobody.
func (c *call) testWebhook() (any, error) {
	n, i, err := c.hook()
	if err != nil {
		return nil, err
	}
	nobody := &customer{Customer: Customer{Phone: "15550000000", UserID: "US.15550000000", Name: "Test"}}
	content, _ := json.Marshal(object{"body": "This is a test"})
	m := &message{chat: &chat{number: n, customer: nobody}, Message: Message{ID: c.s.newWamid(nobody, crm.Inbound), Direction: crm.Inbound,
		Origin: originAPI, Type: "text", Content: content, At: c.s.now(), Status: "received"}}
	c.s.touch(m.chat, m.At)
	p := peer{customer: nobody}
	c.s.enqueue(n.hooks[i], &update{number: n, chat: m.chat, message: m.ID, field: "messages", list: "messages", item: p.item(m),
		contact: p.contact(), event: "whatsapp.message.received", body: c.s.kapsoBody(m, p)})
	return object{"data": object{"success": true}}, nil
}

func (c *call) listDeliveries() (any, error) {
	mine := map[string]bool{}
	for _, n := range c.s.numbers {
		if n.Provider == crm.Kapso && n.Token == c.token {
			mine[n.PhoneNumberID] = true
		}
	}
	shown := []Delivery{}
	for _, d := range slices.Backward(c.s.deliveries.items) {
		if d.Provider == crm.Kapso && mine[d.Number] && len(shown) < 100 {
			shown = append(shown, *d)
		}
	}
	return object{"data": shown, "meta": object{"total_count": len(shown)}}, nil
}
