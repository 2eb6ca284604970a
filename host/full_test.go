package host

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/gather"
	"github.com/my21staff/my21staff/host/telemetry"
)

// Full is a host's door for webhooks with a full queue behind it: a commit that
// does not end while the test lasts, and another one's worth that waits.
type Full struct {
	*fasthttp.Server
	Metrics *telemetry.Metrics
	Desk    *StuckDesk
}

// FullNumber is the number whose workspace may let nothing more wait.
const FullNumber = "1"

// NewFull returns one.
func NewFull(tb testing.TB, log *slog.Logger) *Full {
	c := Config{RequestTimeout: time.Minute, MaxRequests: 10_000}
	desk := &StuckDesk{Service: inbox.New(shelf{}, town{}, crmtest.NewClock().Mint(1)), begun: make(chan struct{}, 1), end: tb.Context().Done()}
	h := &Host{Services: &Services{}, config: c, log: log, metrics: telemetry.New()}
	h.gather = gather.New(desk, h.metrics, gather.Options{Queue: 64})
	h.server = newServer(c, auth.Origin{}, log, h.metrics)
	h.server.doors = h.doors()
	h.server.routes = h.wrap(route{"POST", "/api/webhook/meta", open, h.hook(crm.Meta).Receive})
	go h.gather.Receive(context.Background(), RequestFor(FullNumber, 1))
	<-desk.begun
	go h.gather.Receive(context.Background(), RequestFor(FullNumber, 16))
	for h.gather.Waiting() < 16 {
		time.Sleep(time.Millisecond)
	}
	desk.Prepared = 0
	return &Full{h.server.http, h.metrics, desk}
}

// NewBare returns a server with a single handler.
func NewBare(handler fasthttp.RequestHandler) *fasthttp.Server {
	s := newServer(Config{RequestTimeout: time.Minute, MaxRequests: 10_000}, auth.Origin{}, slog.New(slog.DiscardHandler), telemetry.New())
	s.routes = handler
	return s.http
}

// StuckDesk is an inbox whose commits last until the test has ended.
type StuckDesk struct {
	*inbox.Service
	Prepared int // requests that were verified and decoded
	begun    chan struct{}
	end      <-chan struct{}
}

// Prepare implements gather.Inbox.
func (d *StuckDesk) Prepare(ctx context.Context, r webhook.Request) (*inbox.Arrival, error) {
	d.Prepared++
	return d.Service.Prepare(ctx, r)
}

// Commit implements gather.Inbox.
func (d *StuckDesk) Commit(_ context.Context, arrivals []*inbox.Arrival) []inbox.Result {
	select {
	case d.begun <- struct{}{}:
	default:
	}
	<-d.end
	return make([]inbox.Result, len(arrivals))
}

// shelf is a store that packs no bodies; nothing else is asked of it.
type shelf struct{ inbox.Store }

func (shelf) Pack([]byte) []byte { return nil }

const townSecret = "secret-of-the-town"

// town has a workspace behind every number of one digit.
type town struct{}

func (town) Channel(_ context.Context, p crm.Provider, number string) (*crm.Channel, error) {
	ws := crm.WorkspaceID{15: number[0]}
	return &crm.Channel{WorkspaceID: ws, ID: crm.ChannelID(ws), Provider: p, Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{townSecret}}}, nil
}

func (town) Secrets(context.Context, crm.Provider) ([]crm.Secret, error) {
	return []crm.Secret{townSecret}, nil
}

func (town) VerifyTokens(context.Context, crm.Provider) ([]crm.Secret, error) { return nil, nil }

func (town) Account(context.Context, crm.Provider, string) ([]*crm.Channel, error) { return nil, nil }

// RequestFor returns a webhook with messages for a number of the town.
func RequestFor(number string, messages int) webhook.Request {
	list := make([]string, messages)
	for i := range list {
		list[i] = fmt.Sprintf(`{"from":"62812000000%02d","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAz%012d","timestamp":"1793600000","type":"text",`+
			`"text":{"body":"Halo kak, apakah barang ini masih ada? Saya mau pesan dua, kirim ke Bandung ya."}}`, i%100, i)
	}
	body := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"field":"messages","value":`+
		`{"messaging_product":"whatsapp","metadata":{"display_phone_number":"6281200000100","phone_number_id":%q},"messages":[%s]}}]}]}`, number, strings.Join(list, ","))
	_, signature := webhook.Sign(crm.Meta, townSecret, body)
	return webhook.Request{Provider: crm.Meta, Hub: []string{signature}, Body: body}
}

// Wire returns a request as it is sent.
func Wire(r webhook.Request) []byte {
	return fmt.Appendf(nil, "POST /api/webhook/meta HTTP/1.1\r\nHost: crm.example\r\nContent-Type: application/json\r\n%s: %s\r\nContent-Length: %d\r\n\r\n%s",
		webhook.HubHeader, r.Hub[0], len(r.Body), r.Body)
}
