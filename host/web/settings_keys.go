package web

import (
	"slices"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

// keysPage lists the API keys and makes new ones.
type keysPage struct {
	settingsFrame
	Keys    []keyLine
	Broad   []scopeChoice // scopes that stand for several actions
	Narrow  []scopeChoice // single actions
	Name    string        // as it was typed
	Expires string
	Today   string
}

// keyLine is a key in the list.
type keyLine struct {
	ID, Name, Prefix string
	Scopes           []string
	Made, Used       string // Used is empty for never
	Expires, Revoked string
	Good             bool
}

// scopeChoice is a scope that may be ticked.
type scopeChoice struct {
	Name   string
	Chosen bool
}

func (w settings) keySettings(ctx *fasthttp.RequestCtx, v *visitor) error {
	return w.showKeys(ctx, v, keysPage{})
}

func (w settings) showKeys(ctx *fasthttp.RequestCtx, v *visitor, p keysPage) (err error) {
	if p.settingsFrame, err = v.settings(ctx, "keys", p.Problem); err != nil {
		return err
	}
	keys, err := w.Directory.Keys(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return err
	}
	now := w.Now()
	for _, k := range slices.Backward(keys) {
		line := keyLine{ID: k.ID.String(), Name: k.Name, Prefix: k.Prefix, Scopes: k.Scopes, Made: v.date(k.CreatedAt, now), Used: v.when(k.LastUsedAt, now), Good: k.Good(now)}
		if !k.ExpiresAt.IsZero() {
			line.Expires = v.date(k.ExpiresAt.Add(-time.Millisecond), now) // the last day on which it is good
		}
		if !k.RevokedAt.IsZero() {
			line.Revoked = v.date(k.RevokedAt, now)
		}
		p.Keys = append(p.Keys, line)
	}
	p.Broad, p.Narrow = scopesFor(v, postedAll(ctx, "scope"))
	p.Today = now.In(v.zone).Format(time.DateOnly)
	return render(ctx, v.lang, "settings_keys", p)
}

// scopesFor returns the scopes that the visitor may give a key, those of a form ticked.
func scopesFor(v *visitor, chosen []string) (broad, narrow []scopeChoice) {
	offer := func(name string) scopeChoice { return scopeChoice{name, slices.Contains(chosen, name)} }
	for _, name := range []string{access.ScopeRead, access.ScopeWrite, access.ScopeAdmin} {
		broad = append(broad, offer(name))
	}
	for _, action := range access.Actions() {
		if v.Can(action) {
			narrow = append(narrow, offer(string(action)))
		}
	}
	return broad, narrow
}

// createKey makes a key and shows its secret, this once.
func (w settings) createKey(ctx *fasthttp.RequestCtx, v *visitor) error {
	p := keysPage{Name: posted(ctx, "name"), Expires: posted(ctx, "expires")}
	expires, err := endOfDay(p.Expires, v.zone)
	if err != nil {
		p.Problem = v.problem(err)
		return again(ctx, func() error { return w.showKeys(ctx, v, p) })
	}
	made, err := w.Directory.CreateKey(request.ContextOf(ctx), v.Principal, p.Name, postedAll(ctx, "scope"), expires)
	if refused(err) {
		p.Problem = v.problem(err)
		return again(ctx, func() error { return w.showKeys(ctx, v, p) })
	}
	if err != nil {
		return err
	}
	return w.once(ctx, v, "keys", "/settings/keys", oncePage{
		Heading: v.say("settings.key_made", made.Key.Name), Meaning: v.say("settings.once_only"),
		Secrets: []onceSecret{{Label: v.say("settings.key"), Value: string(made.Secret), Hint: v.say("settings.key_hint")}},
	})
}

// endOfDay is when a day that a form names is over in a zone; no day is the zero time.
func endOfDay(day string, zone *time.Location) (time.Time, error) {
	if day == "" {
		return time.Time{}, nil
	}
	at, err := time.ParseInLocation(time.DateOnly, day, zone)
	if err != nil {
		return time.Time{}, &crm.Error{Op: "read day", Code: crm.Invalid, Reason: "bad_expires_at", Err: err}
	}
	return at.AddDate(0, 0, 1), nil
}

// key returns the key that the path names.
func (w settings) key(ctx *fasthttp.RequestCtx, v *visitor) (*crm.APIKey, error) {
	keys, err := w.Directory.Keys(request.ContextOf(ctx), v.Principal)
	if err != nil {
		return nil, err
	}
	return named(ctx, keys, func(k *crm.APIKey) crm.APIKeyID { return k.ID })
}

func (w settings) confirmRevoke(ctx *fasthttp.RequestCtx, v *visitor) error {
	k, err := w.key(ctx, v)
	if err != nil {
		return err
	}
	return w.confirm(ctx, v, "keys", confirmPage{
		Question: v.say("settings.revoke_question"), About: k.Name + " (" + k.Prefix + "…)", Meaning: v.say("settings.revoke_meaning"), Button: v.say("settings.revoke"),
	})
}

func (w settings) revokeKey(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.APIKey](ctx)
	if err != nil {
		return err
	}
	return after(ctx, w.Directory.RevokeKey(request.ContextOf(ctx), v.Principal, id), "/settings/keys?done=revoked")
}
