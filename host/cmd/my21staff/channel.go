package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host"
)

const secretsHelp = "A secret written as @path is read from that file, so that it stands neither in the shell's history nor in the list of processes."

func channelCommand() command {
	return command{name: "channel", short: "Connect WhatsApp numbers, list and change them.", under: []command{
		{
			name: "add", short: "Connect a WhatsApp number.", long: secretsHelp,
			flags: func(fs *flag.FlagSet) action {
				workspace, f := workspaceFlag(fs), channelFlags(fs)
				return withServices(func(ctx context.Context, p *program, in invocation, s *host.Services) error {
					return saveChannel(ctx, p, in, s, *workspace, f)
				})
			},
		},
		{
			name: "list", short: "List a workspace's numbers.",
			flags: func(fs *flag.FlagSet) action {
				workspace := workspaceFlag(fs)
				return withServices(func(ctx context.Context, p *program, _ invocation, s *host.Services) error {
					return listChannels(ctx, p, s, *workspace)
				})
			},
		},
		{
			name: "set", short: "Change a number; what is not given stays.",
			long: secretsHelp + "\nTo change a webhook secret without a gap, set the old and the new one with a comma, tell the provider, then set the new one alone.",
			flags: func(fs *flag.FlagSet) action {
				workspace, f := workspaceFlag(fs), channelFlags(fs)
				fs.StringVar(&f.id, "id", "", "the channel's id, see \"channel list\"")
				fs.BoolVar(&f.off, "off", false, "switch it off")
				fs.BoolVar(&f.on, "on", false, "switch it on again, and let it send again if sending was stopped")
				return withServices(func(ctx context.Context, p *program, in invocation, s *host.Services) error {
					if f.id == "" {
						return usage("\"channel set\" needs -id; \"channel list\" shows the ids.")
					}
					return saveChannel(ctx, p, in, s, *workspace, f)
				})
			},
		},
	}}
}

// channelOptions are the flags of a channel.
type channelOptions struct {
	id, provider, number, account, display, name, base string
	token, verify, secrets                             string
	off, on                                            bool
}

func channelFlags(fs *flag.FlagSet) *channelOptions {
	f := &channelOptions{}
	fs.StringVar(&f.provider, "provider", "", "kapso or meta")
	fs.StringVar(&f.number, "phone-number-id", "", "Meta's id of the number")
	fs.StringVar(&f.account, "account-id", "", "id of the WhatsApp business account, for templates")
	fs.StringVar(&f.display, "number", "", "the number as people write it")
	fs.StringVar(&f.name, "name", "", "what the team calls it")
	fs.StringVar(&f.base, "base-url", "", "the provider's address, if it is not its own (a simulator)")
	fs.StringVar(&f.token, "token", "", "Meta's access token or Kapso's API key")
	fs.StringVar(&f.verify, "verify-token", "", "what Meta's handshake brings")
	fs.StringVar(&f.secrets, "webhook-secret", "", "what signs the webhooks; two with a comma while changing it")
	return f
}

func saveChannel(ctx context.Context, p *program, in invocation, s *host.Services, workspace string, f *channelOptions) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	system := access.System(w.ID)
	c := crm.Channel{WorkspaceID: w.ID}
	if f.id != "" {
		if c, err = findChannel(ctx, s, system, f.id); err != nil {
			return err
		}
	}
	if err := f.apply(&c); err != nil {
		return err
	}
	saved, err := s.Directory.SaveChannel(ctx, system, c)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(p.stdout, "channel  %s  %s\nwebhook  %s/api/webhook/%s   (tell the provider)\n", saved.ID, saved.DisplayNumber, in.config.URL(), saved.Provider)
	return err
}

// apply changes what was given.
func (f *channelOptions) apply(c *crm.Channel) error {
	c.Provider = crm.Provider(or(f.provider, string(c.Provider)))
	c.PhoneNumberID = or(f.number, c.PhoneNumberID)
	c.BusinessAccountID = or(f.account, c.BusinessAccountID)
	c.DisplayNumber = or(f.display, c.DisplayNumber)
	c.Name = or(f.name, c.Name)
	c.BaseURL = or(f.base, c.BaseURL)
	c.Credentials = crm.Credentials{} // empty stays as it is stored
	var err error
	if c.Credentials.Token, err = readSecret(f.token); err != nil {
		return err
	}
	if c.Credentials.VerifyToken, err = readSecret(f.verify); err != nil {
		return err
	}
	for _, word := range strings.FieldsFunc(f.secrets, isSeparator) {
		secret, err := readSecret(word)
		if err != nil {
			return err
		}
		c.Credentials.WebhookSecrets = append(c.Credentials.WebhookSecrets, secret)
	}
	switch {
	case f.on && f.off:
		return usage("A channel is switched -on or -off, not both.")
	case f.off:
		c.DisabledAt = time.Now()
	case f.on:
		c.DisabledAt, c.PausedReason = time.Time{}, ""
	}
	return nil
}

// readSecret returns a flag's text, or what stands in the file it names.
func readSecret(text string) (crm.Secret, error) {
	path, isFile := strings.CutPrefix(text, "@")
	if !isFile {
		return crm.Secret(text), nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", &crm.Error{Op: "read secret", Code: crm.Invalid, Msg: "The file with the secret cannot be read.", Err: err}
	}
	return crm.Secret(strings.TrimSpace(string(data))), nil
}

func findChannel(ctx context.Context, s *host.Services, system access.Principal, id string) (crm.Channel, error) {
	all, err := s.Directory.Channels(ctx, system)
	if err != nil {
		return crm.Channel{}, err
	}
	for _, c := range all {
		if c.ID.String() == id {
			return *c, nil
		}
	}
	return crm.Channel{}, &crm.Error{Op: "find channel", Code: crm.NotFound, Msg: fmt.Sprintf("There is no channel %q: my21staff channel list.", id)}
}

func listChannels(ctx context.Context, p *program, s *host.Services, workspace string) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	all, err := s.Directory.Channels(ctx, access.System(w.ID))
	if err != nil {
		return err
	}
	out := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(out, "ID\tPROVIDER\tPHONE NUMBER ID\tNUMBER\tNAME\tWEBHOOK SECRETS\tSTATE")
	for _, c := range all {
		state := "on"
		switch {
		case !c.DisabledAt.IsZero():
			state = "off since " + day(c.DisabledAt)
		case c.PausedReason != "":
			state = "does not send: " + c.PausedReason
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\t%s\t%d\t%s\n", c.ID, c.Provider, c.PhoneNumberID, c.DisplayNumber, c.Name, len(c.Credentials.WebhookSecrets), state)
	}
	return out.Flush()
}

func or(text, otherwise string) string {
	if text != "" {
		return text
	}
	return otherwise
}
