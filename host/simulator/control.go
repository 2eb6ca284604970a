package simulator

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

// control is one call of the control API under /_sim. Bodies and answers are
// JSON; errors are problem documents.
type control struct {
	method, path string
	serve        func(*Simulator, *fasthttp.RequestCtx) (any, error)
}

var controls = []control{
	{"GET", "/numbers", ctlNumbers},
	{"GET", "/customers", ctlCustomers},
	{"POST", "/customers", ctlPutCustomer},
	{"GET", "/chats", ctlChats},
	{"GET", "/chats/{customer}", ctlChat},
	{"POST", "/messages", ctlSay},
	{"POST", "/read", ctlRead},
	{"POST", "/echoes", ctlEcho},
	{"POST", "/history", ctlHistory},
	{"POST", "/preferences", ctlPreference},
	{"POST", "/identity", ctlIdentity},
	{"POST", "/events", ctlEvent},
	{"POST", "/webhook", ctlWebhook},
	{"POST", "/handshake", ctlHandshake},
	{"GET", "/faults", ctlFaults},
	{"POST", "/faults", ctlAddFaults},
	{"DELETE", "/faults", ctlClearFaults},
	{"GET", "/sends", ctlSends},
	{"GET", "/webhooks", ctlDeliveries},
}

// control returns the handler of a call.
func (s *Simulator) control(c control) fasthttp.RequestHandler {
	return func(ctx *fasthttp.RequestCtx) {
		if !sameSite(ctx) {
			complain(ctx, &crm.Error{Op: "control", Code: crm.Forbidden, Msg: "Another site's page may not steer the simulator."})
			return
		}
		result, err := c.serve(s, ctx)
		if err != nil {
			complain(ctx, err)
			return
		}
		encoded, err := json.Marshal(result)
		if err != nil {
			complain(ctx, err)
			return
		}
		writeJSON(ctx, fasthttp.StatusOK, encoded)
	}
}

// sameSite reports whether a request was not sent by another site's page, going
// by the header that browsers add.
func sameSite(ctx *fasthttp.RequestCtx) bool {
	site := string(ctx.Request.Header.Peek("Sec-Fetch-Site"))
	return site == "" || site == "same-origin" || site == "none"
}

// complain answers with the problem document of an error.
func complain(ctx *fasthttp.RequestCtx, err error) {
	doc := problem.Of(err)
	doc.Type = "about:blank"
	encoded, _ := json.Marshal(doc) // strings and numbers
	writeJSON(ctx, doc.Status, encoded)
	ctx.SetContentType(problem.ContentType)
}

// bind decodes a request's body. A field it does not know is Invalid: it would
// be a fault that never strikes.
func bind(ctx *fasthttp.RequestCtx, into any) error {
	decoder := json.NewDecoder(bytes.NewReader(ctx.PostBody()))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(into)
	if err == nil {
		if _, more := decoder.Token(); !errors.Is(more, io.EOF) {
			err = errors.New("more than one JSON value")
		}
	}
	if err != nil {
		return &crm.Error{Op: "read request", Code: crm.Invalid, Msg: "The body cannot be read: " + err.Error() + ".", Err: err}
	}
	return nil
}

// ok is the answer of a call with nothing to tell.
var ok = object{"ok": true}

// numberView is a number without its secrets.
type numberView struct {
	Provider          crm.Provider `json:"provider"`
	PhoneNumberID     string       `json:"phone_number_id"`
	BusinessAccountID string       `json:"business_account_id"`
	DisplayNumber     string       `json:"display_number"`
	Name              string       `json:"name"`
	Webhook           Webhook      `json:"webhook"`
}

func ctlNumbers(s *Simulator, _ *fasthttp.RequestCtx) (any, error) {
	shown := []numberView{}
	for _, n := range s.Numbers() {
		shown = append(shown, numberView{n.Provider, n.PhoneNumberID, n.BusinessAccountID, n.DisplayNumber, n.Name, n.Webhook})
	}
	return object{"data": shown, "kinds": Kinds()}, nil
}

func ctlCustomers(s *Simulator, _ *fasthttp.RequestCtx) (any, error) {
	return object{"data": s.Customers()}, nil
}

func ctlPutCustomer(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var c Customer
	if err := bind(ctx, &c); err != nil {
		return nil, err
	}
	return s.PutCustomer(c)
}

func ctlChats(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	at := chatQuery(ctx)
	return object{"data": s.Chats(at.Provider, at.Number)}, nil
}

func ctlChat(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	at := chatQuery(ctx)
	at.Customer = pathValue(ctx, "customer")
	return s.Chat(at)
}

// chatQuery reads a chat from the query string.
func chatQuery(ctx *fasthttp.RequestCtx) Chat {
	args := ctx.QueryArgs()
	return Chat{Provider: crm.Provider(args.Peek("provider")), Number: string(args.Peek("number")), Customer: string(args.Peek("customer"))}
}

func ctlSay(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var in Inbound
	if err := bind(ctx, &in); err != nil {
		return nil, err
	}
	said, err := s.Say(in)
	if err != nil {
		return nil, err
	}
	return object{"data": said}, nil
}

func ctlRead(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var in struct {
		Chat
		Played bool `json:"played"`
	}
	if err := bind(ctx, &in); err != nil {
		return nil, err
	}
	read, err := s.Read(in.Chat, in.Played)
	return object{"read": read}, err
}

func ctlEcho(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var in struct {
		Chat
		Text string `json:"text"`
	}
	if err := bind(ctx, &in); err != nil {
		return nil, err
	}
	return s.Echo(in.Chat, in.Text)
}

func ctlHistory(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var past Past
	if err := bind(ctx, &past); err != nil {
		return nil, err
	}
	return ok, s.History(past)
}

func ctlPreference(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var in struct {
		Chat
		Stop bool `json:"stop"`
	}
	if err := bind(ctx, &in); err != nil {
		return nil, err
	}
	return ok, s.Preference(in.Chat, in.Stop)
}

func ctlIdentity(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var in struct {
		Customer string `json:"customer"`
		Phone    string `json:"phone"`
	}
	if err := bind(ctx, &in); err != nil {
		return nil, err
	}
	return ok, s.ChangeNumber(in.Customer, in.Phone)
}

func ctlEvent(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var in struct {
		Provider crm.Provider    `json:"provider"`
		Number   string          `json:"number"`
		Name     string          `json:"name"`
		Body     json.RawMessage `json:"body"`
	}
	if err := bind(ctx, &in); err != nil {
		return nil, err
	}
	return ok, s.Event(in.Provider, in.Number, in.Name, in.Body)
}

func ctlWebhook(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var in struct {
		Chat
		URL         string `json:"url"`
		Secret      string `json:"secret"`
		VerifyToken string `json:"verify_token"`
		Kind        string `json:"kind"`
	}
	if err := bind(ctx, &in); err != nil {
		return nil, err
	}
	return ok, s.SetWebhook(in.Provider, in.Number, Webhook{URL: in.URL, Secret: crm.Secret(in.Secret), VerifyToken: crm.Secret(in.VerifyToken), Kind: in.Kind})
}

func ctlHandshake(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var at Chat
	if err := bind(ctx, &at); err != nil {
		return nil, err
	}
	return ok, s.Handshake(at.Provider, at.Number)
}

func ctlFaults(s *Simulator, _ *fasthttp.RequestCtx) (any, error) {
	return object{"data": s.Faults()}, nil
}

// ctlAddFaults takes one fault or a list of them.
func ctlAddFaults(s *Simulator, ctx *fasthttp.RequestCtx) (any, error) {
	var faults []Fault
	if bytes.HasPrefix(bytes.TrimSpace(ctx.PostBody()), []byte("[")) {
		if err := bind(ctx, &faults); err != nil {
			return nil, err
		}
	} else {
		faults = make([]Fault, 1)
		if err := bind(ctx, &faults[0]); err != nil {
			return nil, err
		}
	}
	return ok, s.AddFaults(faults...)
}

func ctlClearFaults(s *Simulator, _ *fasthttp.RequestCtx) (any, error) {
	s.ClearFaults()
	return ok, nil
}

func ctlSends(s *Simulator, _ *fasthttp.RequestCtx) (any, error) {
	return object{"data": s.Sends()}, nil
}

func ctlDeliveries(s *Simulator, _ *fasthttp.RequestCtx) (any, error) {
	return object{"data": s.Deliveries(), "waiting": s.Waiting()}, nil
}
