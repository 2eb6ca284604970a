package host_test

import (
	"crypto/rand"
	"fmt"
	"runtime/debug"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host"
)

// BenchmarkIngest takes in single webhooks, so many in a commit, as the gatherer
// does when as many wait, on a store with messages in it. It tells what a message
// costs in processor time, here and in PostgreSQL's processes, which holds on a
// busy machine too where the rate does not:
//
//	go test -run '^$' -bench Ingest -benchtime 200x ./host
//
// One of b.N is a commit.
func BenchmarkIngest(b *testing.B) {
	for _, database := range []string{"sqlite", "postgres"} {
		b.Run(database, func(b *testing.B) {
			defer debug.SetGCPercent(debug.SetGCPercent(400)) // as the program has it
			settings := map[string]string{"data_dir": b.TempDir()}
			var server *pgtest.Meter
			if database == "postgres" {
				settings["database"] = pgtest.DSN(b)
				server = pgtest.NewMeter(b, settings["database"])
			}
			in := newIntake(b, settings)
			for range inStore / (4 * packed) {
				in.commit(b, 4, packed)
			}
			for _, size := range []int{1, 32, 128} {
				b.Run(fmt.Sprintf("commit=%d", size), func(b *testing.B) {
					for range 10 {
						in.commit(b, size, 1)
					}
					before, start := server.Now(), processorTime()
					b.ReportAllocs()
					for b.Loop() {
						in.commit(b, size, 1)
					}
					per := func(total float64, unit string) { b.ReportMetric(total/float64(b.N*size), unit) }
					per(float64(processorTime()-start)/1e3, "host-cpu-µs/message")
					if server != nil {
						after := server.Now()
						per(float64(after.CPU-before.CPU)/1e3, "server-cpu-µs/message")
						per(float64(after.WAL-before.WAL), "wal-B/message")
					}
				})
			}
		})
	}
}

const (
	inStore  = 60_000 // messages before
	packed   = 100    // of them in a webhook
	offices  = 20
	regulars = 5_000 // contacts of the first office who write again and again
)

// intake is an inbox with some workspaces.
type intake struct {
	inbox   *inbox.Service
	offices []office

	requests, n int // made so far
}

// office is a channel of a workspace.
type office struct {
	number string
	secret crm.Secret
}

func newIntake(b *testing.B, settings map[string]string) *intake {
	config, _, err := host.Load(host.Sources{Flags: settings})
	if err != nil {
		b.Fatal(err)
	}
	s, err := host.OpenServices(b.Context(), config, nil)
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { s.Close() })
	in := &intake{inbox: s.Inbox}
	for i := range offices {
		ws, _, err := s.Directory.CreateWorkspace(b.Context(), crm.Workspace{Name: "Contoh"}, crm.Member{Name: "Owner", Email: fmt.Sprintf("owner%d@example.com", i)})
		if err != nil {
			b.Fatal(err)
		}
		o := office{number: fmt.Sprintf("1000000000%05d", i), secret: crm.Secret(rand.Text())}
		_, err = s.Directory.SaveChannel(b.Context(), access.System(ws.ID), crm.Channel{
			Provider: crm.Meta, PhoneNumberID: o.number, BusinessAccountID: fmt.Sprintf("9000000000%05d", i), DisplayNumber: "+62 812 0000 0100", Name: "Sales",
			Credentials: crm.Credentials{Token: "token", VerifyToken: "verify", WebhookSecrets: []crm.Secret{o.secret}},
		})
		if err != nil {
			b.Fatal(err)
		}
		in.offices = append(in.offices, o)
	}
	return in
}

// commit takes in so many requests, each of some messages, in one transaction.
func (in *intake) commit(b *testing.B, requests, messages int) {
	arrivals := make([]*inbox.Arrival, requests)
	for i := range arrivals {
		var err error
		if arrivals[i], err = in.inbox.Prepare(b.Context(), in.webhook(messages)); err != nil {
			b.Fatal(err)
		}
	}
	for _, result := range in.inbox.Commit(b.Context(), arrivals) {
		if result.Err != nil || result.Receipt.Applied != messages {
			b.Fatalf("%d of %d messages are applied: %v", result.Receipt.Applied, messages, result.Err)
		}
	}
}

// webhook makes a request of messages to one office: half of all are the first's,
// and one in twenty is from somebody new.
func (in *intake) webhook(messages int) webhook.Request {
	in.requests++
	o := 0
	if in.requests%2 == 1 {
		o = in.requests / 2 % offices
	}
	changes := make([]string, messages)
	for i := range changes {
		in.n++
		n := in.n
		from := fmt.Sprintf("62812%02d%06d", o, n*7919%(regulars/(1+o)))
		if n%20 == 0 {
			from = fmt.Sprintf("62812%02d%08d", o, n)
		}
		changes[i] = fmt.Sprintf(`{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"6281200000100","phone_number_id":"%s"},`+
			`"contacts":[{"profile":{"name":"Sari"},"wa_id":"%s"}],"messages":[{"from":"%s","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAz%012d",`+
			`"timestamp":"%d","type":"text","text":{"body":"%s"}}]},"field":"messages"}]}`, in.offices[o].number, from, from, n, time.Now().Unix(), words(n))
	}
	body := []byte(`{"object":"whatsapp_business_account","entry":[` + strings.Join(changes, ",") + `]}`)
	_, signature := webhook.Sign(crm.Meta, in.offices[o].secret, body)
	return webhook.Request{Provider: crm.Meta, Hub: []string{signature}, Body: body}
}

// words makes a text of 4 to 20 words out of a few thousand.
func words(n int) string {
	var b strings.Builder
	for i := range 4 + n%17 {
		k := (n*31 + i*i*17) % 2197
		b.WriteString([]string{"ka", "ma", "sa", "ta", "ba", "ya", "pe", "ke", "me", "se", "di", "ri", "ni"}[k%13])
		b.WriteString([]string{"si", "ti", "mi", "lu", "ku", "bu", "su", "nga", "ran", "kan", "man", "lah", "pun"}[k/13%13])
		b.WriteString([]string{"ber ", "ter ", "men ", "pin ", "ga ", "jo ", "wi ", "do ", "ra ", "lo ", "ce ", "fi ", "hu "}[k/169])
	}
	return b.String()
}

func processorTime() time.Duration {
	var use syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &use); err != nil {
		return 0
	}
	return time.Duration(use.Utime.Nano() + use.Stime.Nano())
}
