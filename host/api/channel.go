package api

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) channelRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/channels", Action: access.ReadChannels, Handler: a.listChannels,
			Doc: Doc{Tag: "Channels", Summary: "The WhatsApp numbers, oldest first", Answers: []Answer{{200, page[channelView]{}, "All of them"}}}},
		{Method: "POST", Path: "/api/channels", Action: access.ManageChannels, Handler: a.createChannel,
			Doc: Doc{
				Tag: "Channels", Summary: "Connect a WhatsApp number", Body: newChannel{},
				Example: `{"provider":"meta","phone_number_id":"100000000000001","name":"Sales","display_number":"+62 812 0000 0001",` +
					`"credentials":{"token":"a token","verify_token":"a word","webhook_secrets":["a secret"]}}`,
				Answers: []Answer{{201, channelView{}, "The channel; credentials are never shown"}},
			}},
		{Method: "PATCH", Path: "/api/channels/{id}", Action: access.ManageChannels, Handler: a.patchChannel,
			Doc: Doc{
				Tag: "Channels", Summary: "Change a channel, rotate its credentials, switch it off or on", Body: channelPatch{},
				Example: `{"name":"Admissions"}`,
				Answers: []Answer{{200, channelView{}, "The channel as it is now"}},
			}},
	}
}

// channelView is a channel as the API shows it: nothing of its credentials but
// that they are there.
type channelView struct {
	ID                crm.ChannelID `json:"id"`
	Provider          crm.Provider  `json:"provider"`
	PhoneNumberID     string        `json:"phone_number_id" about:"Meta's id of the number"`
	BusinessAccountID *string       `json:"business_account_id" about:"The WhatsApp business account; templates need it"`
	DisplayNumber     *string       `json:"display_number"`
	Name              *string       `json:"name"`
	HasToken          bool          `json:"has_token"`
	WebhookSecrets    int           `json:"webhook_secrets" about:"How many are active; without one every webhook is refused"`
	CreatedAt         stamp         `json:"created_at"`
	DisabledAt        *stamp        `json:"disabled_at" about:"Since when it neither sends nor receives"`
	PausedReason      *string       `json:"paused_reason" about:"Why sending is stopped"`
}

func channelOf(c *crm.Channel) channelView {
	return channelView{
		ID: c.ID, Provider: c.Provider, PhoneNumberID: c.PhoneNumberID, BusinessAccountID: ref(c.BusinessAccountID),
		DisplayNumber: ref(c.DisplayNumber), Name: ref(c.Name), HasToken: c.Credentials.Token != "",
		WebhookSecrets: len(c.Credentials.WebhookSecrets), CreatedAt: stamp(c.CreatedAt),
		DisabledAt: at(c.DisabledAt), PausedReason: ref(c.PausedReason),
	}
}

func (a *API) listChannels(ctx *fasthttp.RequestCtx) error {
	channels, err := a.Directory.Channels(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(channels, channelOf))
}

// credentialsBody are a channel's secrets. What is left out stays as it is.
type credentialsBody struct {
	Token          string   `json:"token,omitempty" about:"Meta's access token or Kapso's API key"`
	VerifyToken    string   `json:"verify_token,omitempty" about:"What the webhook's handshake brings"`
	WebhookSecrets []string `json:"webhook_secrets,omitempty" about:"One, or two while rotating"`
}

func (c credentialsBody) credentials() crm.Credentials {
	credentials := crm.Credentials{Token: crm.Secret(c.Token), VerifyToken: crm.Secret(c.VerifyToken)}
	for _, secret := range c.WebhookSecrets {
		credentials.WebhookSecrets = append(credentials.WebhookSecrets, crm.Secret(secret))
	}
	return credentials
}

// newChannel is a channel to connect. The provider's address is not among its
// fields: who sets it decides where the host's requests go, which is the
// operator's to say.
type newChannel struct {
	Provider          crm.Provider    `json:"provider"`
	PhoneNumberID     string          `json:"phone_number_id"`
	BusinessAccountID string          `json:"business_account_id,omitempty"`
	DisplayNumber     string          `json:"display_number,omitempty"`
	Name              string          `json:"name,omitempty"`
	Credentials       credentialsBody `json:"credentials"`
}

func (a *API) createChannel(ctx *fasthttp.RequestCtx) error {
	var body newChannel
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	channel, err := a.Directory.SaveChannel(request.ContextOf(ctx), request.PrincipalOf(ctx), crm.Channel{
		Provider: body.Provider, PhoneNumberID: body.PhoneNumberID, BusinessAccountID: body.BusinessAccountID,
		DisplayNumber: body.DisplayNumber, Name: body.Name, Credentials: body.Credentials.credentials(),
	})
	if err != nil {
		return err
	}
	return answer(ctx, 201, channelOf(channel))
}

// channelPatch is what may be changed of a channel.
type channelPatch struct {
	BusinessAccountID *string         `json:"business_account_id,omitempty" null:"clear"`
	DisplayNumber     *string         `json:"display_number,omitempty" null:"clear"`
	Name              *string         `json:"name,omitempty" null:"clear"`
	Credentials       credentialsBody `json:"credentials,omitempty"`
	Disabled          *bool           `json:"disabled,omitempty"`
	PausedReason      *string         `json:"paused_reason,omitempty" null:"clear" about:"null: send again"`
}

func (a *API) patchChannel(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Channel](ctx)
	if err != nil {
		return err
	}
	var patch channelPatch
	if err := readJSON(ctx, &patch); err != nil {
		return err
	}
	p := request.PrincipalOf(ctx)
	channels, err := a.Directory.Channels(request.ContextOf(ctx), p)
	if err != nil {
		return err
	}
	channel, err := find(channels, func(c *crm.Channel) bool { return c.ID == id })
	if err != nil {
		return err
	}
	set(&channel.BusinessAccountID, patch.BusinessAccountID)
	set(&channel.DisplayNumber, patch.DisplayNumber)
	set(&channel.Name, patch.Name)
	set(&channel.PausedReason, patch.PausedReason)
	a.disable(&channel.DisabledAt, patch.Disabled)
	channel.Credentials = patch.Credentials.credentials()
	channel, err = a.Directory.SaveChannel(request.ContextOf(ctx), p, *channel)
	if err != nil {
		return err
	}
	return answer(ctx, 200, channelOf(channel))
}
