package api

import (
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

func (a *API) keyRoutes() []Route {
	return []Route{
		{Method: "GET", Path: "/api/keys", Action: access.ManageKeys, Handler: a.listKeys,
			Doc: Doc{Tag: "API keys", Summary: "The API keys, oldest first", Answers: []Answer{{200, page[keyView]{}, "All of them"}}}},
		{Method: "POST", Path: "/api/keys", Action: access.ManageKeys, Handler: a.createKey,
			Doc: Doc{
				Tag: "API keys", Summary: "Make an API key",
				About: "The answer shows the secret, this once and never again.",
				Body:  newKey{}, Example: `{"name":"Website form","scopes":["contacts:write"]}`,
				Answers: []Answer{{201, keyWithSecret{}, "The key and its secret"}},
			}},
		{Method: "DELETE", Path: "/api/keys/{id}", Action: access.ManageKeys, Handler: a.revokeKey,
			Doc: Doc{
				Tag: "API keys", Summary: "Revoke an API key",
				About:   "It works no more at once, and where the installation has several hosts, on the others within a second.",
				Answers: []Answer{{204, nil, "It works no more"}},
			}},
	}
}

// keyView is an API key as the API shows it.
type keyView struct {
	ID         crm.APIKeyID `json:"id"`
	Name       string       `json:"name"`
	Prefix     string       `json:"prefix" about:"The first characters, to tell keys apart"`
	Scopes     []string     `json:"scopes"`
	CreatedAt  stamp        `json:"created_at"`
	ExpiresAt  *stamp       `json:"expires_at"`
	RevokedAt  *stamp       `json:"revoked_at"`
	LastUsedAt *stamp       `json:"last_used_at" about:"To the minute"`
}

// keyWithSecret is the one answer that shows a key's secret.
type keyWithSecret struct {
	keyView
	Secret string `json:"secret" about:"What goes into the x-api-key header"`
}

func keyOf(k *crm.APIKey) keyView {
	return keyView{
		ID: k.ID, Name: k.Name, Prefix: k.Prefix, Scopes: append([]string{}, k.Scopes...), CreatedAt: stamp(k.CreatedAt),
		ExpiresAt: at(k.ExpiresAt), RevokedAt: at(k.RevokedAt), LastUsedAt: at(k.LastUsedAt),
	}
}

func (a *API) listKeys(ctx *fasthttp.RequestCtx) error {
	keys, err := a.Directory.Keys(request.ContextOf(ctx), request.PrincipalOf(ctx))
	if err != nil {
		return err
	}
	return answer(ctx, 200, listOf(keys, keyOf))
}

// newKey is a key to make.
type newKey struct {
	Name      string    `json:"name"`
	Scopes    []string  `json:"scopes" about:"Actions such as messages:send, or read, write, admin"`
	ExpiresAt time.Time `json:"expires_at,omitzero" about:"Left out: it does not expire"`
}

func (a *API) createKey(ctx *fasthttp.RequestCtx) error {
	var body newKey
	if err := readJSON(ctx, &body); err != nil {
		return err
	}
	made, err := a.Directory.CreateKey(request.ContextOf(ctx), request.PrincipalOf(ctx), body.Name, body.Scopes, body.ExpiresAt)
	if err != nil {
		return err
	}
	return answer(ctx, 201, keyWithSecret{keyOf(made.Key), string(made.Secret)})
}

func (a *API) revokeKey(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.APIKey](ctx)
	if err != nil {
		return err
	}
	if err := a.Directory.RevokeKey(request.ContextOf(ctx), request.PrincipalOf(ctx), id); err != nil {
		return err
	}
	ctx.SetStatusCode(204)
	return nil
}
