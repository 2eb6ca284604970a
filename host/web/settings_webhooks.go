package web

import (
	"bytes"
	"encoding/json"
	"net/url"
	"unicode/utf8"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

// webhooksPage is a page of the webhook log, newest first.
type webhooksPage struct {
	settingsFrame
	Verdicts []verdictTab
	Rows     []deliveryLine
	Next     string // the address of older ones; empty: there are none
}

// verdictTab shows the deliveries of one verdict.
type verdictTab struct {
	Verdict crm.Verdict // empty: all
	Address string
	Chosen  bool
}

// deliveryLine is a delivery in the log.
type deliveryLine struct {
	ID, At, AtISO  string
	Provider       crm.Provider
	Event          string
	Verdict        crm.Verdict
	Facts, Applied int
	Seen           int
	Reason         string
}

// deliveryPage is a delivery with its body.
type deliveryPage struct {
	settingsFrame
	deliveryLine
	Exactly string // when it came, to the second
	Body    string // as it is read best; empty: there is none
	Expired bool   // there was one
	Raw     string // the address of the bytes as they came
	Replays bool   // the visitor may replay it
}

var verdicts = []crm.Verdict{"", crm.DeliveryApplied, crm.DeliveryPartly, crm.DeliveryUnknown, crm.DeliveryUnreadable}

// webhookRows is how many deliveries a page has.
const webhookRows = 50

func (w settings) webhookLog(ctx *fasthttp.RequestCtx, v *visitor) (err error) {
	p := webhooksPage{}
	if p.settingsFrame, err = v.settings(ctx, "webhooks", ""); err != nil {
		return err
	}
	asked := ctx.QueryArgs()
	q := inbox.DeliveryQuery{Limit: webhookRows + 1}
	chosen := string(asked.Peek("verdict"))
	for _, verdict := range verdicts {
		tab := verdictTab{Verdict: verdict, Address: webhooksAddress(string(verdict), ""), Chosen: string(verdict) == chosen}
		if tab.Chosen {
			q.Verdict = verdict
		}
		p.Verdicts = append(p.Verdicts, tab)
	}
	if after := string(asked.Peek("after")); after != "" {
		if q.After, err = crm.ParseID[crm.Delivery](after); err != nil {
			return badAddress
		}
	}
	if string(q.Verdict) != chosen {
		return badAddress
	}
	list, err := w.Inbox.Deliveries(request.ContextOf(ctx), v.Principal, q)
	if err != nil {
		return err
	}
	if len(list) > webhookRows {
		list = list[:webhookRows]
		p.Next = webhooksAddress(chosen, list[webhookRows-1].ID.String())
	}
	for _, d := range list {
		p.Rows = append(p.Rows, w.deliveryLine(v, d))
	}
	return render(ctx, v.lang, "settings_webhooks", p)
}

func webhooksAddress(verdict, after string) string {
	q := url.Values{}
	if verdict != "" {
		q.Set("verdict", verdict)
	}
	if after != "" {
		q.Set("after", after)
	}
	if len(q) == 0 {
		return "/settings/webhooks"
	}
	return "/settings/webhooks?" + q.Encode()
}

func (w settings) deliveryLine(v *visitor, d *crm.Delivery) deliveryLine {
	return deliveryLine{
		ID: d.ID.String(), At: v.when(d.ReceivedAt, w.Now()), AtISO: iso(d.ReceivedAt), Provider: d.Provider, Event: d.Event,
		Verdict: d.Verdict, Facts: d.Facts, Applied: d.Applied, Seen: d.Seen, Reason: v.because(d.Reason),
	}
}

func (w settings) delivery(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showDelivery(ctx, v, "")
}

func (w settings) showDelivery(ctx *fasthttp.RequestCtx, v *visitor, trouble string) error {
	id, err := pathID[crm.Delivery](ctx)
	if err != nil {
		return err
	}
	d, err := w.Inbox.Delivery(request.ContextOf(ctx), v.Principal, id)
	if err != nil {
		return err
	}
	p := deliveryPage{deliveryLine: w.deliveryLine(v, d), Exactly: v.moment(d.ReceivedAt), Body: readable(d.Body), Expired: d.Expired, Replays: v.Can(access.ReplayWebhooks) && d.Body != nil}
	if p.settingsFrame, err = v.settings(ctx, "webhooks", trouble); err != nil {
		return err
	}
	if d.Body != nil {
		p.Raw = "/api/webhooks/" + p.ID + "/body"
	}
	p.Here = "/settings/webhooks/" + p.ID
	return render(ctx, v.lang, "settings_webhook", p)
}

// readable returns a body as people read it: JSON indented, anything else as it
// came, with what is no text replaced.
func readable(body []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, body, "", "  ") == nil {
		body = out.Bytes()
	}
	if !utf8.Valid(body) {
		body = bytes.ToValidUTF8(body, []byte("\ufffd"))
	}
	return string(body)
}

// replay decodes and applies a delivery again, as it would be if it came now.
func (w settings) replay(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Delivery](ctx)
	if err != nil {
		return err
	}
	_, err = w.Inbox.Replay(request.ContextOf(ctx), v.Principal, id)
	if refused(err) {
		return again(ctx, func() error { return w.showDelivery(ctx, v, v.problem(err)) })
	}
	return after(ctx, err, "/settings/webhooks/"+id.String()+"?done=replayed")
}
