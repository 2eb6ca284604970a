package web

import (
	"crypto/rand"
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/request"
)

// channelsPage lists the numbers.
type channelsPage struct {
	settingsFrame
	Channels []channelLine
}

// channelLine is a channel in the list, and what its own page begins with.
type channelLine struct {
	ID, Name, Number string
	Provider         crm.Provider
	State            channelState
	Paused           string // why sending is stopped
	Last             *deliveryLine
}

// channelState says in a word whether a channel works.
type channelState string

const (
	channelWorks    channelState = "works"
	channelOff      channelState = "off"
	channelPaused   channelState = "paused"
	channelTokened  channelState = "no_token"  // it cannot send
	channelSecreted channelState = "no_secret" // every webhook is refused
)

func stateOf(c *crm.Channel) channelState {
	switch {
	case !c.DisabledAt.IsZero():
		return channelOff
	case len(c.Credentials.WebhookSecrets) == 0:
		return channelSecreted
	case c.Credentials.Token == "":
		return channelTokened
	case c.PausedReason != "":
		return channelPaused
	}
	return channelWorks
}

// channelPage is one number: what to paste at the provider, and forms to change it.
type channelPage struct {
	settingsFrame
	channelLine
	channelForm
	Webhook   string // the address to paste at the provider
	HasToken  bool
	HasVerify bool
	Secrets   []secretLine
	Mend      bool // it may be rotated: one secret is active
	Fresh     bool // it is to be connected
	Providers []crm.Provider
}

// secretLine is an active webhook secret, of which nothing is shown.
type secretLine struct {
	N    int
	Last string // when the newest webhook it signed came, of those looked at
}

// channelForm is what people say of a channel.
type channelForm struct {
	Of                                        crm.Provider
	Called, Display, PhoneNumberID, AccountID string
}

func channelTyped(ctx *fasthttp.RequestCtx) channelForm {
	return channelForm{
		Of: crm.Provider(posted(ctx, "provider")), Called: posted(ctx, "name"), Display: posted(ctx, "number"),
		PhoneNumberID: posted(ctx, "phone_number_id"), AccountID: posted(ctx, "account_id"),
	}
}

func (w settings) channelSettings(ctx *fasthttp.RequestCtx, v *visitor) (err error) {
	p := channelsPage{}
	if p.settingsFrame, err = v.settings(ctx, "channels", ""); err != nil {
		return err
	}
	channels, err := w.Directory.Channels(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	came, err := w.lately(ctx, v)
	if err != nil {
		return err
	}
	for _, c := range channels {
		p.Channels = append(p.Channels, w.channelLine(v, c, came))
	}
	return render(ctx, v.lang, "settings_channels", p)
}

// lately returns the newest webhooks, in which a channel's last one is looked for.
func (w settings) lately(ctx *fasthttp.RequestCtx, v *visitor) ([]*crm.Delivery, error) {
	if !v.Can(access.ReadWebhookLog) {
		return nil, nil
	}
	return w.Inbox.Deliveries(request.ContextOf(ctx), v.Principal, inbox.DeliveryQuery{Limit: crm.MaxPageRows})
}

func (w settings) channelLine(v *visitor, c *crm.Channel, came []*crm.Delivery) channelLine {
	line := channelLine{ID: c.ID.String(), Name: c.Name, Number: c.DisplayNumber, Provider: c.Provider, State: stateOf(c), Paused: v.stored(c.PausedReason)}
	if line.Name == "" {
		line.Name = c.PhoneNumberID
	}
	if i := slices.IndexFunc(came, func(d *crm.Delivery) bool {
		return d.Provider == c.Provider && d.SignedBy(c.Credentials.WebhookSecrets...)
	}); i >= 0 {
		last := w.deliveryLine(v, came[i])
		line.Last = &last
	}
	return line
}

// newChannel asks what a number needs to be connected.
func (w settings) newChannel(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showNewChannel(ctx, v, "", channelForm{Of: crm.Kapso})
}

func (w settings) showNewChannel(ctx *fasthttp.RequestCtx, v *visitor, trouble string, typed channelForm) (err error) {
	p := channelPage{channelForm: typed, Fresh: true, Providers: []crm.Provider{crm.Kapso, crm.Meta}}
	if p.settingsFrame, err = v.settings(ctx, "channels", trouble); err != nil {
		return err
	}
	p.Title, p.Webhook = v.say("settings.new_channel"), w.Guard.URL(ctx)+"/api/webhook/"
	return render(ctx, v.lang, "settings_channel_new", p)
}

// createChannel connects a number. What is to be pasted at the provider is made here
// when it was left empty, and shown once.
func (w settings) createChannel(ctx *fasthttp.RequestCtx, v *visitor) error {
	typed := channelTyped(ctx)
	secret, verify := crm.Secret(posted(ctx, "secret")), crm.Secret("")
	if secret == "" && typed.Of == crm.Kapso {
		secret = crm.Secret(rand.Text())
	}
	if typed.Of == crm.Meta {
		verify = crm.Secret(rand.Text())
	}
	c := crm.Channel{
		Provider: typed.Of, PhoneNumberID: typed.PhoneNumberID, BusinessAccountID: typed.AccountID, DisplayNumber: typed.Display, Name: typed.Called,
		Credentials: crm.Credentials{Token: crm.Secret(posted(ctx, "token")), VerifyToken: verify},
	}
	if secret != "" {
		c.Credentials.WebhookSecrets = []crm.Secret{secret}
	}
	saved, err := w.Directory.SaveChannel(request.ContextOf(ctx), v.Principal, c)
	if refused(err) {
		return again(ctx, func() error { return w.showNewChannel(ctx, v, v.problem(err), typed) })
	}
	if err != nil {
		return err
	}
	p := oncePage{Heading: v.say("settings.channel_made"), Meaning: v.say("settings.channel_made_meaning")}
	p.Secrets = append(p.Secrets, onceSecret{Label: v.say("settings.webhook_address"), Value: w.webhook(ctx, saved.Provider), Hint: v.say("settings.webhook_address_hint")})
	if verify != "" {
		p.Secrets = append(p.Secrets, verifySecret(v, verify))
	}
	if posted(ctx, "secret") == "" && secret != "" {
		p.Secrets = append(p.Secrets, onceSecret{Label: v.say("settings.webhook_secret"), Value: string(secret), Hint: v.say("settings.webhook_secret_hint")})
	}
	return w.once(ctx, v, "channels", "/settings/channels/"+saved.ID.String(), p)
}

func verifySecret(v *visitor, token crm.Secret) onceSecret {
	return onceSecret{Label: v.say("settings.verify_token"), Value: string(token), Hint: v.say("settings.verify_token_hint")}
}

// webhook is the address to paste at a provider.
func (w settings) webhook(ctx *fasthttp.RequestCtx, p crm.Provider) string {
	return w.Guard.URL(ctx) + "/api/webhook/" + string(p)
}

// channelAt returns the channel that the path names, with its credentials.
func (w settings) channelAt(ctx *fasthttp.RequestCtx, v *visitor) (*crm.Channel, error) {
	if err := v.Check(access.ManageChannels); err != nil {
		return nil, err
	}
	channels, err := w.Directory.Channels(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return nil, err
	}
	return named(ctx, channels, func(c *crm.Channel) crm.ChannelID { return c.ID })
}

func (w settings) channel(ctx *fasthttp.RequestCtx, v *visitor) error {
	c, err := w.channelAt(ctx, v)
	if err != nil {
		return err
	}
	return w.showChannel(ctx, v, c, "", channelForm{c.Provider, c.Name, c.DisplayNumber, c.PhoneNumberID, c.BusinessAccountID})
}

func (w settings) showChannel(ctx *fasthttp.RequestCtx, v *visitor, c *crm.Channel, trouble string, typed channelForm) (err error) {
	came, err := w.lately(ctx, v)
	if err != nil {
		return err
	}
	p := channelPage{
		channelLine: w.channelLine(v, c, came), channelForm: typed, Webhook: w.webhook(ctx, c.Provider), HasToken: c.Credentials.Token != "",
		HasVerify: c.Credentials.VerifyToken != "", Mend: len(c.Credentials.WebhookSecrets) < directory.MaxWebhookSecrets,
	}
	if p.settingsFrame, err = v.settings(ctx, "channels", trouble); err != nil {
		return err
	}
	for i, secret := range c.Credentials.WebhookSecrets {
		line := secretLine{N: i + 1}
		if at := slices.IndexFunc(came, func(d *crm.Delivery) bool { return d.Provider == c.Provider && d.SignedBy(secret) }); at >= 0 {
			line.Last = v.when(came[at].ReceivedAt, w.Now())
		}
		p.Secrets = append(p.Secrets, line)
	}
	p.Title, p.Here = p.Name, "/settings/channels/"+p.ID
	return render(ctx, v.lang, "settings_channel", p)
}

// change saves the channel that the path names, changed, and comes back to its page.
// Its credentials stay as they are unless the change sets some.
func (w settings) change(ctx *fasthttp.RequestCtx, v *visitor, change func(*crm.Channel) (done string)) error {
	c, err := w.channelAt(ctx, v)
	if err != nil {
		return err
	}
	was, kept := *c, c.Credentials
	c.Credentials = crm.Credentials{}
	done := change(c)
	saved, err := w.Directory.SaveChannel(request.ContextOf(ctx), v.Principal, *c)
	if refused(err) {
		typed := channelForm{c.Provider, c.Name, c.DisplayNumber, c.PhoneNumberID, c.BusinessAccountID}
		was.Credentials = kept
		return again(ctx, func() error { return w.showChannel(ctx, v, &was, v.problem(err), typed) })
	}
	if err != nil {
		return err
	}
	seeOther(ctx, "/settings/channels/"+saved.ID.String()+"?done="+done)
	return nil
}

// saveChannel changes what a channel is called. Its number stays: another one is
// another channel.
func (w settings) saveChannel(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.change(ctx, v, func(c *crm.Channel) string {
		typed := channelTyped(ctx)
		c.Name, c.DisplayNumber, c.BusinessAccountID = typed.Called, typed.Display, typed.AccountID
		return "saved"
	})
}

// saveToken puts another token in the place of the one the channel has, and lets it
// send again.
func (w settings) saveToken(ctx *fasthttp.RequestCtx, v *visitor) error {
	token := crm.Secret(posted(ctx, "token"))
	if token == "" {
		return &crm.Error{Op: "save token", Code: crm.Invalid, Reason: "bad_token"}
	}
	return w.change(ctx, v, func(c *crm.Channel) string {
		c.Credentials.Token, c.PausedReason = token, ""
		return "saved"
	})
}

// renewVerifyToken makes a new token for the provider's handshake and shows it once.
func (w settings) renewVerifyToken(ctx *fasthttp.RequestCtx, v *visitor) error {
	c, err := w.channelAt(ctx, v)
	if err != nil {
		return err
	}
	token := crm.Secret(rand.Text())
	c.Credentials = crm.Credentials{VerifyToken: token}
	if _, err := w.Directory.SaveChannel(request.ContextOf(ctx), v.Principal, *c); err != nil {
		return err
	}
	return w.once(ctx, v, "channels", "/settings/channels/"+c.ID.String(), oncePage{
		Heading: v.say("settings.verify_made"), Meaning: v.say("settings.once_only"), Secrets: []onceSecret{verifySecret(v, token)},
	})
}

// addSecret makes a second webhook secret active beside the first, the step of a
// rotation before the provider is told. One left empty is made here and shown once.
func (w settings) addSecret(ctx *fasthttp.RequestCtx, v *visitor) error {
	c, err := w.channelAt(ctx, v)
	if err != nil {
		return err
	}
	secret, typed := crm.Secret(posted(ctx, "secret")), channelForm{c.Provider, c.Name, c.DisplayNumber, c.PhoneNumberID, c.BusinessAccountID}
	made := secret == ""
	if made {
		secret = crm.Secret(rand.Text())
	}
	changed := *c
	changed.Credentials = crm.Credentials{WebhookSecrets: append(slices.Clone(c.Credentials.WebhookSecrets), secret)}
	_, err = w.Directory.SaveChannel(request.ContextOf(ctx), v.Principal, changed)
	if refused(err) {
		return again(ctx, func() error { return w.showChannel(ctx, v, c, v.problem(err), typed) })
	}
	if err != nil {
		return err
	}
	back := "/settings/channels/" + c.ID.String()
	if !made {
		seeOther(ctx, back+"?done=saved")
		return nil
	}
	return w.once(ctx, v, "channels", back, oncePage{
		Heading: v.say("settings.secret_made"), Meaning: v.say("settings.once_only"),
		Secrets: []onceSecret{{Label: v.say("settings.webhook_secret"), Value: string(secret), Hint: v.say("settings.webhook_secret_hint")}},
	})
}

func (w settings) confirmRetire(ctx *fasthttp.RequestCtx, v *visitor) error {
	c, err := w.channelAt(ctx, v)
	if err != nil {
		return err
	}
	return w.confirm(ctx, v, "channels", confirmPage{
		Question: v.say("settings.retire_question"), About: c.Name, Meaning: v.say("settings.retire_meaning"), Button: v.say("settings.retire"),
	})
}

// retireSecret takes away the older of two webhook secrets. When there is one it
// stays: without any, every webhook is refused.
func (w settings) retireSecret(ctx *fasthttp.RequestCtx, v *visitor) error {
	c, err := w.channelAt(ctx, v)
	if err != nil {
		return err
	}
	kept := c.Credentials.WebhookSecrets
	return w.change(ctx, v, func(c *crm.Channel) string {
		c.Credentials.WebhookSecrets = kept[max(len(kept)-1, 0):]
		return "saved"
	})
}

// checkChannel asks the provider whether the channel's token works.
func (w settings) checkChannel(ctx *fasthttp.RequestCtx, v *visitor) error {
	c, err := w.channelAt(ctx, v)
	if err != nil {
		return err
	}
	checker := w.Checkers[c.Provider]
	if checker == nil {
		return &crm.Error{Op: "check channel", Code: crm.NotFound}
	}
	if err := checker.Check(request.ContextOf(ctx), c); err != nil {
		return again(ctx, func() error {
			return w.showChannel(ctx, v, c, v.refusal(err), channelForm{c.Provider, c.Name, c.DisplayNumber, c.PhoneNumberID, c.BusinessAccountID})
		})
	}
	seeOther(ctx, "/settings/channels/"+c.ID.String()+"?done=channel_works")
	return nil
}

// refusal says why a provider did not say that a channel works.
func (v *visitor) refusal(err error) string {
	switch crm.CodeOf(err) {
	case crm.Refused:
		return v.say("settings.check_refused")
	case crm.NotFound:
		return v.say("settings.check_unknown")
	case crm.Limited:
		return v.say("settings.check_limited")
	case crm.Unavailable:
		return v.say("settings.check_unavailable")
	}
	return v.problem(err)
}

// setChannelState switches a channel off or on, or lets a paused one send again.
func (w settings) setChannelState(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.change(ctx, v, func(c *crm.Channel) string {
		switch posted(ctx, "state") {
		case "off":
			c.DisabledAt = w.Now()
		case "on":
			c.DisabledAt = time.Time{}
		case "resume":
			c.PausedReason = ""
		}
		return "saved"
	})
}
