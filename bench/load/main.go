// Command load plays everybody who talks to a host: the providers with signed
// webhooks, browsers on the event stream and the API, senders, and, on the other
// side, the provider's API that the host sends through.
//
// It writes down what it is about to do before it does it, and what came of it:
// journal.jsonl, provider.jsonl, stream-*.jsonl and crowd-*.jsonl in its folder,
// which bench/check reads. It ends when the time is over, on SIGTERM, or on the word
// "drain" on its standard input: then it makes no new requests, and goes on with
// those that are not settled for as long as -drain says.
//
// hdrhistogram-go keeps the latencies: it is exact over six orders of magnitude
// in constant memory.
package main

import (
	"bufio"
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// options are the flags.
type options struct {
	plan, dir          string
	duration, drain    time.Duration
	missed             time.Duration
	rate               float64
	clients            int
	peers, batch, text int
	streams, readers   int
	crowd              int
	chores, works      int
	seed               uint64
	shares             shares
	faults             faults
	away, back         time.Duration // from when and until when the provider is away
	flood              flooding
}

func parse(args []string) (*options, error) {
	o := &options{}
	fs := flag.NewFlagSet("load", flag.ContinueOnError)
	fs.StringVar(&o.plan, "plan", "plan.json", "the installation, as bench/torture writes it")
	fs.StringVar(&o.dir, "dir", ".", "folder for the journals")
	fs.DurationVar(&o.duration, "for", 0, "how long to make requests; 0: until told to drain")
	fs.DurationVar(&o.missed, "missed", 6*time.Second, "how long the provider waits for a send that was taken on and did not come, no longer than -drain")
	fs.DurationVar(&o.drain, "drain", 20*time.Second, "how long to go on with requests that are not settled, once none of them is settled any more")
	fs.Float64Var(&o.rate, "rate", 0, "requests a second, each at its time (open loop); 0: closed loop")
	fs.IntVar(&o.clients, "clients", 16, "requests under way: closed loop all the time, open loop at most")
	fs.IntVar(&o.peers, "peers", 200, "customers of each number")
	fs.IntVar(&o.batch, "batch", 60, "messages of a batch, at most")
	fs.IntVar(&o.text, "text", 80, "bytes of a message's text behind its tag")
	fs.IntVar(&o.streams, "streams", 3, "readers of each workspace's event stream: steady, churning, slow in turn")
	fs.IntVar(&o.crowd, "crowd", 0, "readers that the word \"cut\" on the standard input cuts off all at once, of all workspaces in turn")
	fs.IntVar(&o.readers, "readers", 1, "readers of the API")
	fs.IntVar(&o.chores, "chores", 0, "workers that change conversations, and up- and download files")
	fs.IntVar(&o.works, "works", 0, "rows of the files that each workspace imports one after the other, changing, scoring and erasing whom they name; 0: none")
	fs.Uint64Var(&o.seed, "seed", uint64(time.Now().UnixNano()), "of the traffic")
	fs.DurationVar(&o.away, "provider-away", 0, "when the provider begins to answer 503 to every send, after the start")
	fs.DurationVar(&o.back, "provider-back", 0, "when it does so no longer")
	fs.StringVar(&o.flood.steps, "flood", "", "multiples of the capacity to offer one after the other (1,2,5,10) instead of the usual traffic; -clients are its connections")
	fs.Float64Var(&o.flood.normal, "flood-normal", 0.7, "what is normal, of the capacity")
	fs.DurationVar(&o.flood.step, "flood-step", 5*time.Second, "how long a step of a flood is measured")
	fs.DurationVar(&o.flood.warm, "flood-warm", 2*time.Second, "how long each step runs before it is measured")
	fs.DurationVar(&o.flood.back, "flood-back", 12*time.Second, "how long it is normal again at the end")
	fs.IntVar(&o.flood.accept, "flood-accept", 0, "instead of steps: send in a closed loop until so many requests are accepted")
	fs.IntVar(&o.flood.messages, "flood-messages", 20, "messages of a request of a flood")
	fs.IntVar(&o.flood.probes, "flood-probes", 32, "clients of the closed loop that finds the capacity")
	for _, share := range []struct {
		into  *int
		name  string
		def   int
		about string
	}{
		{&o.shares.again, "again", 80, "requests that repeat the bytes of another"},
		{&o.shares.rewrap, "rewrap", 40, "requests with a known message in another body"},
		{&o.shares.batch, "batches", 30, "requests that are batches"},
		{&o.shares.status, "statuses", 40, "requests that report on messages of other programs"},
		{&o.shares.twin, "twins", 10, "requests with a wamid of another number"},
		{&o.shares.forged, "forged", 5, "requests without a valid signature"},
		{&o.shares.crossed, "crossed", 5, "requests signed for another number"},
		{&o.shares.send, "sends", 30, "requests to send"},
		{&o.shares.image, "images", 40, "messages that are images"},
		{&o.shares.abandon, "abandon", 100, "requests that are not tried again after a refusal"},
		{&o.faults.slow, "provider-slow", 5, "sends the provider takes seconds for"},
		{&o.faults.failing, "provider-500", 10, "sends answered 500"},
		{&o.faults.throttled, "provider-429", 5, "sends answered 429 (130429)"},
		{&o.faults.pair, "provider-pair", 5, "sends answered 400 (131056)"},
		{&o.faults.reset, "provider-reset", 30, "sends accepted and then cut off"},
		{&o.faults.closed, "provider-closed", 10, "sends cut off without being accepted"},
	} {
		fs.IntVar(share.into, share.name, share.def, "of a thousand: "+share.about)
	}
	return o, fs.Parse(args)
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	o, err := parse(os.Args[1:])
	if err == nil {
		err = run(ctx, o)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "load:", err)
		os.Exit(2)
	}
}

// untilTold ends when the standard input says "drain" or ends; it cuts at "cut".
func untilTold(ctx context.Context, cut func(), drain context.CancelFunc) {
	go func() {
		in := bufio.NewScanner(os.Stdin)
		for in.Scan() && in.Text() != "drain" {
			if in.Text() == "cut" {
				cut()
			}
		}
		if ctx.Err() == nil {
			drain()
		}
	}()
}

func run(ctx context.Context, o *options) error {
	plan, err := record.ReadPlan(o.plan)
	if err != nil {
		return err
	}
	s, err := newSession(plan, o)
	if err != nil {
		return err
	}
	making, drain := context.WithCancel(ctx)
	defer drain()
	if o.duration > 0 {
		making, drain = context.WithTimeout(ctx, o.duration)
		defer drain()
	} else {
		untilTold(ctx, s.crowd.cut, drain)
	}
	return s.run(making)
}
