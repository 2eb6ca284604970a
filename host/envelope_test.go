package host_test

import (
	"bytes"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/klauspost/compress/zstd"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge/envelope"
	"github.com/my21staff/my21staff/host/hosttest"
)

// behindEdge are the settings of a host that takes the envelopes of an edge, by
// its new secret and the one before.
func behindEdge() map[string]string {
	return map[string]string{"edge_secrets": edgeSecret(2) + "," + edgeSecret(1)}
}

// partOf returns a part as the edge hands it over: signed by the provider.
func partOf(ch *crm.Channel, body []byte, numbers ...string) envelope.Part {
	p := envelope.Part{Provider: string(ch.Provider), Numbers: numbers, Body: body}
	name, value := webhook.Sign(ch.Provider, ch.Credentials.WebhookSecrets[0], body)
	if name == webhook.HubHeader {
		p.Hub = value
	} else {
		p.Signature = value
	}
	return p
}

// seal returns an envelope of parts, sealed at a time with the edge's new secret.
func seal(t *testing.T, at time.Time, parts ...envelope.Part) envelope.Sealed {
	t.Helper()
	sealed, err := envelope.Seal(envelope.Key(parts), at, []string{edgeSecret(2)}, parts)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// hand hands an envelope over; headers are as Ask has them.
func hand(t *testing.T, w *hosttest.World, provider crm.Provider, e envelope.Sealed, headers ...string) hosttest.Answer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+"/api/webhook/"+string(provider), bytes.NewReader(e.Payload))
	if err != nil {
		t.Fatal(err)
	}
	return w.Send(req, append([]string{
		"Content-Type: " + envelope.ContentType, "Webhook-Id: " + e.ID, "Webhook-Timestamp: " + e.Timestamp, "Webhook-Signature: " + e.Signature,
	}, headers...)...)
}

// wantParts fails the test unless each part was answered with its status.
func wantParts(t *testing.T, what string, got hosttest.Answer, statuses ...int) {
	t.Helper()
	var parts []string
	for _, status := range statuses {
		parts = append(parts, fmt.Sprintf(`{"status":%d}`, status))
	}
	want := `{"parts":[` + strings.Join(parts, ",") + `]}`
	if got.Status != 200 || string(got.Body) != want {
		t.Errorf("%s: answered %d %s, want %s", what, got.Status, got.Body, want)
	}
}

// squeezed returns the envelope with its payload as it is sent with zstd.
func squeezed(t *testing.T, e envelope.Sealed) envelope.Sealed {
	t.Helper()
	encoder, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	e.Payload = encoder.EncodeAll(e.Payload, nil)
	return e
}

// second adds a number of Meta's whose webhooks the same app signs.
func second(t *testing.T, w *hosttest.World, number string) *crm.Channel {
	t.Helper()
	ch := *w.Meta
	ch.ID, ch.PhoneNumberID, ch.Name, ch.DisplayNumber = crm.ChannelID{}, number, number, "+62 812 0000 02"+number[len(number)-2:]
	saved, err := w.Host.Directory.SaveChannel(t.Context(), access.System(w.Workspace.ID), ch)
	if err != nil {
		t.Fatal(err)
	}
	ch.ID = saved.ID
	return &ch
}

// joined returns one webhook of Meta's with the entries of several.
func joined(bodies ...[]byte) []byte {
	const before, after = `{"object":"whatsapp_business_account","entry":[`, "]}"
	var entries []string
	for _, body := range bodies {
		entries = append(entries, strings.TrimSuffix(strings.TrimPrefix(string(body), before), after))
	}
	return []byte(before + strings.Join(entries, ",") + after)
}

// seen returns the messages in the inbox, by their text, with how often each
// came.
func seen(t *testing.T, w *hosttest.World) string {
	t.Helper()
	unread := map[string]int{}
	for _, cv := range hosttest.Decode[list[conversation]](t, w.Ask("GET", "/api/conversations", nil)).Data {
		unread[cv.LastMessage.Preview] += cv.Unread
	}
	return fmt.Sprint(unread)
}

// Each part is verified as if its provider had sent it here, and a part that is
// not believed costs its neighbour nothing.
func TestEnvelopePartsAreTakenEachByItself(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		o.Settings = behindEdge()
		w := hosttest.Start(t, o)
		good := partOf(w.Meta, inbound(w.Meta, "wamid.good", "6281200000001", "good"), w.Meta.PhoneNumberID)
		forged := partOf(w.Meta, inbound(w.Meta, "wamid.forged", "6281200000002", "forged"), w.Meta.PhoneNumberID)
		forged.Hub = "sha256=" + strings.Repeat("0", 64)
		broken := partOf(w.Meta, []byte(`{"object":`))
		broken.Rest = true
		e := seal(t, time.Now(), good, forged, broken)
		wantParts(t, "an envelope", hand(t, w, crm.Meta, e), 200, 401, 400)
		wantParts(t, "its repeat, with zstd", hand(t, w, crm.Meta, squeezed(t, e), "Content-Encoding: zstd"), 200, 401, 400)
		if got := seen(t, w); got != "map[good:1]" {
			t.Errorf("the inbox shows %s", got)
		}
		log, err := w.Host.Inbox.Unclaimed(t.Context(), inbox.DeliveryQuery{})
		if err != nil || len(log) != 1 || log[0].Verdict != crm.DeliveryUnreadable || log[0].Seen != 2 {
			t.Errorf("the operator's log is %+v, %v; want what cannot be read, twice", log, err)
		}
		if got := w.Send(signed(t, w, w.Meta, good.Body)); got.Status != 200 || seen(t, w) != "map[good:1]" {
			t.Errorf("the provider itself is answered %d, and the inbox shows %s", got.Status, seen(t, w))
		}
	})
}

// When a number moved here, the bytes that were here before bring its messages,
// and those alone.
func TestEnvelopeBringsAHostItsShare(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		o.Settings = behindEdge()
		w := hosttest.Start(t, o)
		other := second(t, w, "555000000000003")
		body := joined(inbound(w.Meta, "wamid.one", "6281200000001", "one"), inbound(other, "wamid.two", "6281200000002", "two"),
			inbound(&crm.Channel{PhoneNumberID: "555000000000004"}, "wamid.three", "6281200000003", "three"))
		for _, step := range []struct {
			numbers []string
			want    string
		}{
			{[]string{w.Meta.PhoneNumberID}, "map[one:1]"},
			{[]string{w.Meta.PhoneNumberID}, "map[one:1]"},
			{[]string{other.PhoneNumberID}, "map[one:1 two:1]"},
			{[]string{other.PhoneNumberID, w.Meta.PhoneNumberID}, "map[one:1 two:1]"},
			{[]string{"555000000000004"}, "map[one:1 two:1]"}, // whose channel is not here yet
		} {
			wantParts(t, fmt.Sprint("the share ", step.numbers), hand(t, w, crm.Meta, seal(t, time.Now(), partOf(w.Meta, body, step.numbers...))), 200)
			if got := seen(t, w); got != step.want {
				t.Errorf("after the share %v the inbox shows %s, want %s", step.numbers, got, step.want)
			}
		}

		second(t, w, "555000000000004")
		log, err := w.Host.Inbox.Unclaimed(t.Context(), inbox.DeliveryQuery{})
		if err != nil || len(log) != 4 || log[0].Verdict != crm.DeliveryUnknown {
			t.Fatalf("the operator's log is %+v, %v; want the four shares, the newest unknown", log, err)
		}
		for range 2 {
			receipt, err := w.Host.Inbox.ReplayUnclaimed(t.Context(), log[0].ID)
			if err != nil || receipt.Verdict != crm.DeliveryApplied || receipt.Facts != 1 {
				t.Errorf("the replay's receipt is %+v, %v", receipt, err)
			}
			if got := seen(t, w); got != "map[one:1 three:1 two:1]" {
				t.Errorf("after the replay the inbox shows %s", got)
			}
		}
	})
}

func TestEnvelopeIsRefused(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{Settings: behindEdge()})
	alone := hosttest.Start(t, hosttest.Options{})
	part := partOf(w.Meta, inbound(w.Meta, "wamid.one", "6281200000001", "Halo"), w.Meta.PhoneNumberID)
	now := time.Now()
	good := seal(t, now, part)
	changed := seal(t, now, part)
	changed.Payload[len(changed.Payload)/2] ^= 1
	older, err := envelope.Seal("env_1", now, []string{edgeSecret(1)}, []envelope.Part{part})
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := envelope.Seal("env_1", now, []string{edgeSecret(3)}, []envelope.Part{part})
	if err != nil {
		t.Fatal(err)
	}
	bomb, random := good, good
	bomb.Payload = make([]byte, envelope.MaxPayload+1)
	random.Payload = make([]byte, 16<<20+1)
	for _, c := range []struct {
		name   string
		got    hosttest.Answer
		status int
		code   string
	}{
		{"no edge is known", hand(t, alone, crm.Meta, good), 401, "unauthenticated"},
		{"no edge is known, and it is a bomb", hand(t, alone, crm.Meta, squeezed(t, bomb), "Content-Encoding: zstd"), 401, "unauthenticated"},
		{"no edge is known, and the body is large", hand(t, alone, crm.Meta, envelope.Sealed{Payload: make([]byte, webhook.MaxBody+1)}), 413, "too_large"},
		{"a byte changed", hand(t, w, crm.Meta, changed), 401, "unauthenticated"},
		{"ten minutes old", hand(t, w, crm.Meta, seal(t, now.Add(-10*time.Minute), part)), 401, "unauthenticated"},
		{"ten minutes early", hand(t, w, crm.Meta, seal(t, now.Add(10*time.Minute), part)), 401, "unauthenticated"},
		{"another edge's", hand(t, w, crm.Meta, foreign), 401, "unauthenticated"},
		{"two ids", hand(t, w, crm.Meta, envelope.Sealed{ID: good.ID + ", " + good.ID, Timestamp: good.Timestamp, Signature: good.Signature, Payload: good.Payload}), 401, "unauthenticated"},
		{"at another provider's address", hand(t, w, crm.Kapso, good), 400, "wrong_provider"},
		{"gzip", hand(t, w, crm.Meta, good, "Content-Encoding: gzip"), 415, "unsupported_media_type"},
		{"a bomb", hand(t, w, crm.Meta, squeezed(t, bomb), "Content-Encoding: zstd"), 413, "too_large"},
		{"more than 16 MiB on the wire", hand(t, w, crm.Meta, random), 413, "too_large"},
	} {
		if doc := hosttest.Decode[problem](t, c.got); c.got.Status != c.status || doc.Code != c.code || doc.Detail == "" {
			t.Errorf("%s: answered %d %s, want %d %s", c.name, c.got.Status, c.got.Body, c.status, c.code)
		}
	}
	if got := seen(t, w); got != "map[]" {
		t.Errorf("after nothing but refused envelopes the inbox shows %s", got)
	}
	wantParts(t, "by the secret before", hand(t, w, crm.Meta, older), 200)
}

// An envelope may be larger than a provider's webhook if it says its size, and
// while few such are in work.
func TestLargeEnvelopes(t *testing.T) {
	t.Parallel()
	w := hosttest.Start(t, hosttest.Options{Settings: behindEdge()})
	noise := make([]byte, 3<<20)
	_, _ = rand.Read(noise)
	text := base64.StdEncoding.EncodeToString(noise) // does not fit 4 MiB with anything beside it, however it is sent
	parts := []envelope.Part{partOf(w.Meta, fmt.Appendf(nil, `{"object":%q}`, text[:2<<20])), partOf(w.Meta, fmt.Appendf(nil, `{"object":%q}`, text[2<<20:])),
		partOf(w.Meta, inbound(w.Meta, "wamid.one", "6281200000001", "Halo"), w.Meta.PhoneNumberID)}
	large := seal(t, time.Now(), parts...)
	wantParts(t, "an envelope of more than 4 MiB", hand(t, w, crm.Meta, large), 200, 200, 200)

	req, err := http.NewRequestWithContext(t.Context(), "POST", w.URL+"/api/webhook/meta", struct{ *bytes.Reader }{bytes.NewReader(large.Payload)})
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Content-Type", envelope.ContentType)
	if got := w.Send(req); got.Status != 413 {
		t.Errorf("an envelope of more than 4 MiB that does not say its size is answered %d %s", got.Status, got.Body)
	}

	address := strings.TrimPrefix(w.URL, "http://")
	var open []net.Conn
	for range 8 {
		c, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", address)
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, c)
		_, err = fmt.Fprintf(c, "POST /api/webhook/meta HTTP/1.1\r\nHost: %s\r\nContent-Type: %s\r\nContent-Length: %d\r\n\r\n%s", address, envelope.ContentType, 5<<20, text[:2<<20])
		if err != nil {
			t.Fatal(err)
		}
	}
	unsigned := envelope.Sealed{Payload: make([]byte, webhook.MaxBody+1)} // which is looked at if there is room
	hosttest.Until(t, "a ninth large envelope is too many", func() bool {
		got := hand(t, w, crm.Meta, unsigned)
		return got.Status == 503 && got.Header.Get("Retry-After") != ""
	})
	small := seal(t, time.Now(), parts[2])
	wantParts(t, "a small envelope beside eight large ones", hand(t, w, crm.Meta, small), 200)
	for _, c := range open {
		_ = c.Close()
	}
	hosttest.Until(t, "there is room again for as many large envelopes as come one by one", func() bool {
		looked := 0
		for range 9 {
			if hand(t, w, crm.Meta, unsigned).Status == 401 {
				looked++
			}
		}
		return looked == 9
	})
}
