package main

import (
	"context"
	"flag"
	"fmt"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host"
	"github.com/my21staff/my21staff/host/simulator"
	"github.com/my21staff/my21staff/host/telemetry"
)

func simulateCommand() command {
	return command{
		name: "simulate", short: "Run the WhatsApp simulator alone, for the numbers of the database or one of its own.",
		long: "Each channel of the database whose base-url is the simulator's becomes a number of it. Without any, flags say which number there is.",
		flags: func(fs *flag.FlagSet) action {
			s := simulation{}
			fs.StringVar(&s.listen, "sim-listen", "127.0.0.1:2122", "address and port of the simulator")
			fs.StringVar(&s.host, "target", "http://127.0.0.1:2121", "the host that gets the webhooks")
			fs.StringVar(&s.provider, "provider", "", "kapso or meta: simulate one number that is in no database")
			fs.StringVar(&s.number, "phone-number-id", "555000000000001", "its id")
			fs.StringVar(&s.token, "token", "", "what API calls must bring")
			fs.StringVar(&s.secret, "webhook-secret", "", "what signs its webhooks")
			fs.StringVar(&s.verify, "verify-token", "", "what Meta's handshake brings")
			return func(ctx context.Context, p *program, in invocation) error { return s.run(ctx, p, in.config) }
		},
	}
}

// simulation is what the flags say.
type simulation struct {
	listen, host, provider, number, token, secret, verify string
}

func (s *simulation) run(ctx context.Context, p *program, c host.Config) error {
	ln, err := listen(s.listen, 1)
	if err != nil {
		return err
	}
	base := "http://" + ln.Addr().String()
	numbers, err := s.numbers(ctx, c, base)
	if err != nil {
		return err
	}
	sim := simulator.New(simulator.Options{Numbers: numbers, BaseURL: base, Logger: telemetry.Logger(p.stderr, c.LogFormat, c.LogLevel)})
	served := make(chan error, 1)
	go func() { served <- sim.Serve(ln) }()
	fmt.Fprintf(p.stdout, "phone   %s/\n", base)
	for _, n := range numbers {
		fmt.Fprintf(p.stdout, "number  %s  %s  base-url %s\n", n.PhoneNumberID, n.Provider, baseURL(base, n.Provider))
	}
	select {
	case err = <-served:
		return err
	case <-ctx.Done():
	}
	limit, cancel := context.WithTimeout(context.Background(), c.ShutdownTimeout)
	defer cancel()
	return sim.Close(limit)
}

// numbers returns the flags' number, else those of the database.
func (s *simulation) numbers(ctx context.Context, c host.Config, base string) ([]simulator.Number, error) {
	if s.provider != "" {
		token, err := readSecret(s.token)
		if err != nil {
			return nil, err
		}
		secret, err := readSecret(s.secret)
		if err != nil {
			return nil, err
		}
		provider := crm.Provider(s.provider)
		return []simulator.Number{{
			Provider: provider, PhoneNumberID: s.number, DisplayNumber: "+62 812 0000 0100", Name: "Simulated", Token: token,
			Webhook: simulator.Webhook{URL: webhookURL(s.host, provider), Secret: secret, VerifyToken: crm.Secret(s.verify)},
		}}, nil
	}
	services, err := host.OpenServices(ctx, c, nil)
	if err != nil {
		return nil, err
	}
	defer services.Close()
	channels, err := services.Directory.AllChannels(ctx)
	if err != nil {
		return nil, err
	}
	var numbers []simulator.Number
	for _, ch := range channels {
		if ch.BaseURL == baseURL(base, ch.Provider) {
			numbers = append(numbers, numberOf(ch, s.host))
		}
	}
	if len(numbers) == 0 {
		return nil, &crm.Error{Op: "simulate", Code: crm.NotFound,
			Msg: fmt.Sprintf("No channel has the simulator as its base-url (%s for Kapso, %s for Meta). Set one with \"channel set -base-url\", or name a number with -provider.", baseURL(base, crm.Kapso), baseURL(base, crm.Meta))}
	}
	return numbers, nil
}

// numberOf returns a channel as the simulator knows it.
func numberOf(ch *crm.Channel, target string) simulator.Number {
	n := simulator.Number{
		Provider: ch.Provider, PhoneNumberID: ch.PhoneNumberID, BusinessAccountID: ch.BusinessAccountID,
		DisplayNumber: ch.DisplayNumber, Name: ch.Name, Token: ch.Credentials.Token,
		Webhook: simulator.Webhook{URL: webhookURL(target, ch.Provider), VerifyToken: ch.Credentials.VerifyToken},
	}
	if secrets := ch.Credentials.WebhookSecrets; len(secrets) > 0 {
		n.Webhook.Secret = secrets[0]
	}
	return n
}

// baseURL is where a provider's API is on a simulator.
func baseURL(simulator string, p crm.Provider) string {
	if p == crm.Kapso {
		return simulator + "/meta/whatsapp"
	}
	return simulator
}

func webhookURL(target string, p crm.Provider) string { return target + "/api/webhook/" + string(p) }
