package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// writes measures ingestion and sending.
func (b *bench) writes(ctx context.Context, w *world) error {
	empty, err := b.newDatabase(ctx, w.kind)
	if err != nil {
		return err
	}
	defer empty.close()
	if err := b.starts(ctx, w, empty); err != nil {
		return err
	}
	return b.writing(ctx, w, func(in *ingestion) error {
		b.report.fact(w.kind, "host memory at the start", "MB", float64(in.host.memory())/1e6)
		if err := in.stored(ctx, in.all); err != nil {
			return err
		}
		b.report.fact(w.kind, "host memory after the writes", "MB", float64(in.host.memory())/1e6)
		return nil
	})
}

// sendsAlone measures what is sent, and nothing that comes in.
func (b *bench) sendsAlone(ctx context.Context, w *world) error {
	return b.writing(ctx, w, func(in *ingestion) error {
		durable, err := in.durable(ctx)
		if err != nil {
			return err
		}
		return in.sends(ctx, durable)
	})
}

// writing starts a program on the data for who writes to it.
func (b *bench) writing(ctx context.Context, w *world, do func(*ingestion) error) error {
	p, err := b.serve(ctx, w.database, b.binaries[0], b.profiled()...)
	if err != nil {
		return err
	}
	defer p.stop()
	limit, err := w.bare(ctx)
	if err != nil {
		return err
	}
	defer limit.close()
	return do(&ingestion{bench: b, world: w, host: p, caller: newCaller(p.address), limit: limit})
}

// profiled returns the arguments of a host whose profiles are wanted.
func (b *bench) profiled() []string {
	if b.profile == "" {
		return nil
	}
	return []string{"-pprof", "127.0.0.1:0"}
}

// starts measures how soon the host listens: on the data, and on nothing.
func (b *bench) starts(ctx context.Context, w *world, empty *database) error {
	for _, d := range []struct {
		name string
		*database
	}{{"start on an empty database", empty}, {"start on the data", w.database}} {
		for try := range 3 {
			p, err := b.serve(ctx, d.database, b.binaries[0])
			if err != nil {
				return err
			}
			p.stop()
			if try == 0 { // the first makes the schema, where there is none
				b.report.fact(w.kind, d.name, "ms", ms(p.start))
			}
		}
	}
	return nil
}

// ingestion is a host that is written to.
type ingestion struct {
	*bench
	*world
	host    *process
	caller  *caller
	limit   bare
	n       atomic.Int64
	asked   atomic.Int64 // messages that were sent
	refused atomic.Int64 // requests
	unsure  atomic.Int64 // of them in requests that were not acknowledged
}

func (in *ingestion) all(ctx context.Context) error {
	durable, err := in.durable(ctx)
	if err != nil {
		return err
	}
	for _, clients := range []int{1, 32, 256} {
		if err := in.closed(ctx, clients, durable); err != nil {
			return fmt.Errorf("%d clients: %w", clients, err)
		}
	}
	if err := in.age(ctx); err != nil {
		return err
	}
	if err := in.open(ctx, fmt.Sprintf("single webhooks, open loop at %.0f/s", in.rate), in.rate, 1, 15, durable); err != nil {
		return err
	}
	if err := in.open(ctx, fmt.Sprintf("batches of 100 updates, open loop at %.0f/s", in.batches), in.batches, 100, 100, durable); err != nil {
		return err
	}
	return in.sends(ctx, durable)
}

// groupRows is how many rows share a transaction in the grouped limit.
const groupRows = 256

// durable measures what the database does with rows that are each durable when
// the call returns.
func (in *ingestion) durable(ctx context.Context) ([]bound, error) {
	var bounds []bound
	measure := func(name string, clients, rows int) error {
		var next atomic.Int64
		var all times
		var rates []float64
		for range in.rounds {
			took, rate, err := closedLoop(ctx, clients, in.slice, &next, func(int) error { return in.limit.insert(ctx, rows) })
			if err != nil {
				return err
			}
			all, rates = append(all, took...), append(rates, rate*float64(rows))
		}
		bounds = append(bounds, bound{name, result{summary: all.summary(), Rate: median(rates)}})
		in.report.add(row{Database: in.kind, Part: "limit", Name: name, Clients: clients, result: bounds[len(bounds)-1].result})
		in.say("%s", in.report.Rows[len(in.report.Rows)-1])
		return nil
	}
	for _, clients := range []int{1, 8, 32} {
		if err := measure(fmt.Sprintf("one durable row, %d clients", clients), clients, 1); err != nil {
			return nil, err
		}
	}
	return bounds, measure(fmt.Sprintf("%d durable rows together", groupRows), 2, groupRows)
}

// boundFor returns the limits to compare with: the same number of clients, and
// rows that come in groups.
func boundFor(bounds []bound, clients int) []bound {
	at := 0
	for at < 2 && []int{1, 8, 32}[at] < clients {
		at++
	}
	return []bound{bounds[at], bounds[3]}
}

// closed measures single webhooks, each client its next when the last is
// acknowledged.
func (in *ingestion) closed(ctx context.Context, clients int, durable []bound) error {
	if _, _, err := closedLoop(ctx, clients, in.slice, &in.n, in.single); err != nil { // warms up
		return err
	}
	before := in.spent()
	took, rate, err := closedLoop(ctx, clients, in.ingest, &in.n, in.single)
	if err != nil {
		return err
	}
	each := in.spent().minus(before).per(len(took))
	in.report.add(row{Database: in.kind, Part: "ingest", Name: "single webhooks, closed loop", Clients: clients,
		result: result{summary: took.summary(), Rate: rate}, Cost: each, Limits: boundFor(durable, clients)})
	in.say("%s", in.report.Rows[len(in.report.Rows)-1])
	if in.profile == "" {
		return nil
	}
	return in.profileDuring(ctx, in.host, fmt.Sprintf("%s-ingest-%d", in.kind, clients), clients, &in.n, in.single)
}

// open measures webhooks of some updates at a rate, from the moment each was
// meant to begin.
func (in *ingestion) open(ctx context.Context, name string, rate float64, updates int, goal float64, durable []bound) error {
	do := in.single
	if updates > 1 {
		do = func(n int) error { return in.batch(n, updates) }
	}
	began, refused := time.Now(), in.refused.Load()
	took, late, err := openLoop(ctx, 512, rate/float64(updates), in.ingest, &in.n, do)
	if err != nil {
		return err
	}
	if refused = in.refused.Load() - refused; late > 0 || refused > 0 {
		name += fmt.Sprintf(" (%d of %d late, %d refused)", late, len(took), refused)
	}
	in.report.add(row{Database: in.kind, Part: "ingest", Name: name,
		result: result{summary: took.summary(), Rate: float64((len(took)-late)*updates) / time.Since(began).Seconds()}, Limits: boundFor(durable, 32), Goal99: goal})
	in.say("%s", in.report.Rows[len(in.report.Rows)-1])
	return nil
}

// single sends one message of one customer.
func (in *ingestion) single(n int) error {
	t := n * scatter % len(in.threads)
	o := &in.offices[in.threads[t].ws]
	return in.post(o.webhook(`[`+change(o, in.message(n, customer(n, t), in.words(n)))+`]`), 1)
}

// post sends a request that brings messages. A refusal is counted; its messages
// may be stored all the same, if the answer came after the time was up.
func (in *ingestion) post(r request, messages int64) error {
	var refused atomic.Int64
	r.refused = &refused
	err := in.caller.do(r, nil)
	in.asked.Add(messages)
	if err != nil || refused.Load() > 0 {
		in.unsure.Add(messages)
		in.refused.Add(1)
	}
	return err
}

// batch sends updates together, as Meta does after a pause: two messages for
// each status of a message that was sent before.
func (in *ingestion) batch(n, updates int) error {
	o := &in.offices[0]
	changes := make([]string, updates)
	messages := int64(0)
	for i := range changes {
		k := n*1000 + i
		if i%3 == 2 && len(in.sent) > 0 {
			changes[i] = change(o, fmt.Sprintf(`"statuses":[{"id":"%s","status":"read","timestamp":"%d","recipient_id":"%s"}]`,
				in.sent[k%len(in.sent)], time.Now().Unix(), number(0)))
			continue
		}
		messages++
		changes[i] = change(o, in.message(1_000_000_000+k, customer(k, in.phones[k*scatter%len(in.phones)]), in.words(k)))
	}
	return in.post(o.webhook(`[`+strings.Join(changes, ",")+`]`), messages)
}

// scatter makes messages that follow each other those of different conversations.
const scatter = 7919

// newcomers is how many of those who write are new.
const newcomers = 1.0 / 20

// customer returns who writes the n-th message: somebody new or whose conversation it
// is.
func customer(n, thread int) int {
	if n%(1/newcomers) == 0 {
		return 500_000_000 + n
	}
	return thread
}

func (in *ingestion) words(n int) string {
	words := make([]string, 4+n%17)
	for i := range words {
		words[i] = in.vocab[(n*31+i*i*17)%len(in.vocab)]
	}
	return strings.Join(words, " ")
}

// message is a customer's message as a webhook has it.
func (w *world) message(n, who int, text string) string {
	from := number(who)
	name, _ := w.vocab.name(who)
	return fmt.Sprintf(`"contacts":[{"profile":{"name":"%s"},"wa_id":"%s"}],"messages":[{"from":"%s","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAz%012d",`+
		`"timestamp":"%d","type":"text","text":{"body":"%s"}}]`, name, from, from, n, time.Now().Unix(), text)
}

func change(o *office, value string) string {
	return `{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"6281200000100","phone_number_id":"` +
		o.number + `"},` + value + `},"field":"messages"}]}`
}

// webhook signs entries as Meta sends them.
func (o *office) webhook(entries string) request {
	body := []byte(`{"object":"whatsapp_business_account","entry":` + entries + `}`)
	name, value := webhook.Sign(crm.Meta, o.secret, body)
	return request{method: "POST", path: "/api/webhook/meta", body: body, want: 200, header: [][2]string{{name, value}, {"Content-Type", "application/json"}}}
}

// sends measures POST /api/messages/send to customers who wrote a moment ago.
func (in *ingestion) sends(ctx context.Context, durable []bound) error {
	o := &in.offices[0]
	var bodies [][]byte
	for i := range variants {
		to := in.phones[i*len(in.phones)/variants]
		if err := in.post(o.webhook(`[`+change(o, in.message(2_000_000_000+i, to, "halo"))+`]`), 1); err != nil {
			return err
		}
		body, _ := json.Marshal(map[string]any{"to": "+" + number(to), "type": "text", "text": map[string]string{"body": in.words(i)}})
		bodies = append(bodies, body)
	}
	send := func(n int) error {
		return in.post(request{method: "POST", path: "/api/messages/send", body: bodies[n%len(bodies)], want: 201,
			header: [][2]string{{"X-Api-Key", string(o.key)}, {"Content-Type", "application/json"}, {"Idempotency-Key", "bench-" + strconv.Itoa(n)}}}, 1)
	}
	for _, clients := range []int{1, busyClients, 32} {
		before := in.spent()
		took, rate, err := closedLoop(ctx, clients, in.ingest/3, &in.n, send)
		if err != nil {
			return err
		}
		each := in.spent().minus(before).per(len(took))
		in.report.add(row{Database: in.kind, Part: "send", Name: "messages/send", Clients: clients,
			result: result{summary: took.summary(), Rate: rate}, Cost: each, Limits: boundFor(durable, clients)})
		in.say("%s", in.report.Rows[len(in.report.Rows)-1])
	}
	if in.profile == "" {
		return nil
	}
	return in.profileDuring(ctx, in.host, in.kind+"-send", busyClients, &in.n, send)
}

// stored measures how many bytes a message took, with all that is kept beside
// it, and sees that every message that was acknowledged is there, and that those who
// wrote were mostly known.
func (in *ingestion) stored(ctx context.Context, write func(context.Context) error) error {
	before, err := in.world.size(ctx)
	if err != nil {
		return err
	}
	rows, err := in.world.count(ctx, "messages")
	if err != nil {
		return err
	}
	people, err := in.world.count(ctx, "contacts")
	if err != nil {
		return err
	}
	if err := write(ctx); err != nil {
		return err
	}
	more, err := in.world.count(ctx, "messages")
	if err != nil {
		return err
	}
	met, err := in.world.count(ctx, "contacts")
	if err != nil {
		return err
	}
	if stored, asked, unsure := more-rows, in.asked.Load(), in.unsure.Load(); stored > asked || stored < asked-unsure {
		err = fmt.Errorf("%d messages were sent, %d of them acknowledged, and %d are stored", asked, asked-unsure, stored)
	}
	strangers := float64(met-people) / float64(more-rows)
	if strangers > 1.1*newcomers {
		err = errors.Join(err, fmt.Errorf("%.3f of the messages were of somebody new, not %.3f", strangers, newcomers))
	}
	in.report.fact(in.kind, "messages of somebody new", "%", 100*strangers)
	in.report.fact(in.kind, "requests refused (503) while writing", "", float64(in.refused.Load()))
	after, failed := in.world.size(ctx)
	in.report.fact(in.kind, "storage of a message, ingested", "bytes", float64(after-before-in.limited())/float64(more-rows))
	in.report.fact(in.kind, "storage of a message, seeded with its conversations", "bytes", float64(before)/float64(rows))
	return errors.Join(err, failed)
}

// limited returns what the rows of the limits take of the database's size.
func (in *ingestion) limited() int64 {
	server, is := in.limit.(*bareServer)
	if !is {
		return 0 // they have a file of their own
	}
	conn := <-server.bypass
	defer func() { server.bypass <- conn }()
	var bytes int64
	_ = conn.QueryRow(context.Background(), "select pg_total_relation_size('bench_rows')").Scan(&bytes)
	return bytes
}
