package main

import (
	"context"
	"crypto/rand"
	"errors"
	"net"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/simulator"
	"github.com/my21staff/my21staff/host/telemetry"
)

const (
	demoName = "Demo"
	// demoPort is where the simulator listens.
	demoPort = "127.0.0.1:2122"
	// demoTries is how many ports are tried when one is taken.
	demoTries = 20
)

// demo is a host with a sample workspace and the simulator beside it.
type demo struct {
	program   *program
	config    host.Config
	host      *host.Host
	sim       *simulator.Simulator
	simURL    string
	workspace *crm.Workspace
	owner     *crm.Member
	channels  []*crm.Channel
	key       crm.Secret
}

// serveDemo runs a demo until ctx ends.
func serveDemo(ctx context.Context, p *program, in invocation) (err error) {
	hostLn, err := listen(in.config.Listen, demoTries)
	if err != nil {
		return err
	}
	defer hostLn.Close()
	simLn, err := listen(demoPort, demoTries)
	if err != nil {
		return err
	}
	defer simLn.Close()
	d := &demo{program: p, config: in.config, simURL: "http://" + simLn.Addr().String()}
	d.config.Listen = hostLn.Addr().String()
	log := telemetry.Logger(p.stderr, d.config.LogFormat, d.config.LogLevel)
	if d.host, err = host.Open(ctx, d.config, p.version, log); err != nil {
		return err
	}
	if err := d.furnish(ctx); err != nil {
		return errors.Join(err, d.close())
	}
	d.sim = simulator.New(simulator.Options{Numbers: d.numbers(), Customers: sampleCustomers, BaseURL: d.simURL, Logger: log})
	return d.run(ctx, hostLn, simLn)
}

// run serves both, lets the sample customers write, and says how to look at it.
// The simulator ends first, so that nothing is asked of a host that is gone.
func (d *demo) run(ctx context.Context, hostLn, simLn net.Listener) error {
	hostCtx, stop := context.WithCancel(context.Background())
	defer stop()
	hostEnded, simEnded := make(chan error, 1), make(chan error, 1)
	go func() { hostEnded <- d.host.Run(hostCtx, hostLn) }()
	go func() { simEnded <- d.sim.Serve(simLn) }()
	err := d.converse(ctx)
	if err == nil {
		err = d.print(ctx)
	}
	if err == nil {
		select {
		case <-ctx.Done():
		case err = <-hostEnded:
			hostEnded <- nil
		case err = <-simEnded:
			simEnded <- nil
		}
	}
	limit, cancel := context.WithTimeout(context.Background(), d.config.ShutdownTimeout)
	defer cancel()
	err = errors.Join(err, d.sim.Close(limit), <-simEnded)
	stop()
	return errors.Join(err, <-hostEnded)
}

func (d *demo) close() error {
	limit, cancel := context.WithTimeout(context.Background(), d.config.ShutdownTimeout)
	defer cancel()
	return d.host.Close(limit)
}

// furnish makes what is missing of the sample workspace: its owner, a channel of
// each provider pointed at the simulator, and a new API key.
func (d *demo) furnish(ctx context.Context) error {
	if err := d.settle(ctx); err != nil {
		return err
	}
	system := access.System(d.workspace.ID)
	known, err := d.host.Directory.Channels(ctx, system)
	if err != nil {
		return err
	}
	for _, sample := range d.sampleChannels() {
		for _, ch := range known {
			if ch.PhoneNumberID == sample.PhoneNumberID {
				sample.ID, sample.Credentials = ch.ID, ch.Credentials
			}
		}
		saved, err := d.host.Directory.SaveChannel(ctx, system, sample)
		if err != nil {
			return err
		}
		d.channels = append(d.channels, &sample)
		sample.ID = saved.ID
	}
	return d.renewKey(ctx, system)
}

// settle finds or makes the workspace and its owner.
func (d *demo) settle(ctx context.Context) error {
	all, err := d.host.Directory.Workspaces(ctx)
	if err != nil {
		return err
	}
	for _, w := range all {
		if w.Name != demoName {
			continue
		}
		d.workspace = w
		members, err := d.host.Directory.Members(ctx, access.System(w.ID))
		if err != nil {
			return err
		}
		for _, m := range members {
			if m.Role == crm.Owner {
				d.owner = m
				return nil
			}
		}
	}
	d.workspace, d.owner, err = d.host.Directory.CreateWorkspace(ctx, crm.Workspace{Name: demoName},
		crm.Member{Name: "Demo Owner", Email: "owner@example.com"})
	return err
}

// renewKey revokes the key of the demo before and makes a new one, because a
// key is shown only once.
func (d *demo) renewKey(ctx context.Context, system access.Principal) error {
	keys, err := d.host.Directory.Keys(ctx, system)
	if err != nil {
		return err
	}
	for _, k := range keys {
		if k.Name == demoName && k.RevokedAt.IsZero() {
			if err := d.host.Directory.RevokeKey(ctx, system, k.ID); err != nil {
				return err
			}
		}
	}
	made, err := d.host.Directory.CreateKey(ctx, system, demoName, []string{access.ScopeAdmin}, time.Time{})
	if err != nil {
		return err
	}
	d.key = made.Secret
	return nil
}

func (d *demo) sampleChannels() []crm.Channel {
	sample := func(p crm.Provider, id, number, name string) crm.Channel {
		return crm.Channel{
			WorkspaceID: d.workspace.ID, Provider: p, PhoneNumberID: id, BusinessAccountID: id + "9", DisplayNumber: number, Name: name,
			BaseURL: baseURL(d.simURL, p),
			Credentials: crm.Credentials{
				Token: newSecret(), VerifyToken: newSecret(), WebhookSecrets: []crm.Secret{newSecret()},
			},
		}
	}
	return []crm.Channel{
		sample(crm.Kapso, "555000000000001", "+62 812 0000 0101", "Admissions (Kapso)"),
		sample(crm.Meta, "555000000000002", "+62 812 0000 0102", "Support (Meta)"),
	}
}

func newSecret() crm.Secret { return crm.Secret(rand.Text()) }

func (d *demo) numbers() []simulator.Number {
	var numbers []simulator.Number
	for _, ch := range d.channels {
		numbers = append(numbers, numberOf(ch, d.config.URL()))
	}
	return numbers
}

var sampleCustomers = []simulator.Customer{
	{Phone: "6281200000001", Name: "Ibu Contoh"},
	{Phone: "6281200000002", Name: "Siswa Contoh"},
	{Phone: "6281200000003", Name: "Pak Contoh"},
	{UserID: "ID.55500000000000004", Username: "contoh.tanpa.nomor", Name: "Contoh Tanpa Nomor"},
}

// converse lets the sample customers write, the first time the demo runs, and
// waits until all of it went through the webhooks.
func (d *demo) converse(ctx context.Context) error {
	page, err := d.host.Feed.After(ctx, access.System(d.workspace.ID), -1, 1)
	if err != nil || page.Next > 0 {
		return err // something happened before
	}
	say := func(number int, customer, kind, text string) error {
		ch := d.channels[number]
		_, err := d.sim.Say(simulator.Inbound{
			Chat: simulator.Chat{Provider: ch.Provider, Number: ch.PhoneNumberID, Customer: customer}, Kind: kind, Text: text,
		})
		return err
	}
	err = errors.Join(
		say(0, "6281200000001", "text", "Selamat pagi, apakah pendaftaran untuk tahun depan sudah dibuka?"),
		say(0, "6281200000001", "text", "Anak saya kelas 12 dan ingin kuliah di luar negeri."),
		say(0, "6281200000002", "text", "Hi, what IELTS score do I need?"),
		say(0, "6281200000002", "image", "My certificate"),
		say(1, "6281200000003", "location", ""),
		say(1, "ID.55500000000000004", "text", "Halo! Saya tidak membagikan nomor saya."),
	)
	if err != nil {
		return err
	}
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range 200 {
		if d.sim.Waiting() == 0 {
			return nil
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
	return &crm.Error{Op: "start demo", Code: crm.Unavailable, Msg: "The simulator's webhooks did not reach the host within ten seconds."}
}

// print says where everything is and what to try.
func (d *demo) print(ctx context.Context) error {
	token, err := d.host.Directory.SignInLink(ctx, d.workspace.ID, d.owner.ID)
	if err != nil {
		return err
	}
	text := `
  inbox     {url}/inbox
  sign in   {link}
            (once, within an hour)
  phone     {sim}/
            (type as a customer, see the replies)
  API key   {key}
  data      {data}

Try:
  curl -H 'x-api-key: {key}' {url}/api/conversations
  curl -d '{"customer": "6281200000001", "text": "Halo, masih ada?"}' {sim}/_sim/messages
  curl -H 'x-api-key: {key}' -H 'content-type: application/json' -d '{"to": "+62 812 0000 0001", "channel_id": "{channel}", "type": "text", "text": {"body": "Tentu!"}}' {url}/api/messages/send
  curl -N -H 'x-api-key: {key}' '{url}/api/events?after=0'

Ctrl-C ends it.

`
	_, err = strings.NewReplacer(
		"{url}", d.config.URL(), "{link}", signInURL(d.config, token), "{sim}", d.simURL, "{key}", string(d.key),
		"{data}", d.config.DataDir, "{channel}", d.channels[0].ID.String(),
	).WriteString(d.program.stdout, text)
	return err
}
