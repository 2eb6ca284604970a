package host

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"log/slog"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
	"github.com/my21staff/my21staff/host/gateway"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/request"
)

// edgeCache is the folder in the data folder that keeps the module's compiled
// code.
const edgeCache = "edge-cache"

// door is the edge in front of the host's own webhooks: what nobody signed is
// answered before anything else sees it. What it lets through is verified again,
// so it decides to refuse and nothing else: when it cannot decide, it lets
// through.
type door struct {
	decider  runner.Decider
	channels *directory.Service
	counter  hook.Counter
	log      *slog.Logger

	decisions sync.Pool // of *runner.Decision

	mu    sync.Mutex // guards known and blind
	known signers
	blind bool // there are more secrets than an edge's configuration holds
}

// signers is what a door's configuration is made of.
type signers map[crm.Provider]words

type words struct{ secrets, tokens []crm.Secret }

var edgeProviders = []crm.Provider{crm.Kapso, crm.Meta}

// openDoor starts the engine that the configuration names; nil for none.
func openDoor(ctx context.Context, c Config, channels *directory.Service, counter hook.Counter, log *slog.Logger) (d *door, err error) {
	d = &door{channels: channels, counter: counter, log: log, known: signers{}}
	document, _ := d.known.document()
	switch c.Edge {
	case "native":
		d.decider, err = runner.NewNative(document)
	case "wasm":
		d.decider, err = runner.New(ctx, runner.Options{
			Config: document, CacheDir: filepath.Join(c.DataDir, edgeCache), Waiting: c.MaxRequests, HostMAC: true,
		})
	default:
		return nil, nil
	}
	return d, crm.Wrap("start edge", err)
}

// before returns the handler with the door in front; without a door it is the
// handler alone.
func (d *door) before(provider crm.Provider, next handler) handler {
	if d == nil {
		return next
	}
	return func(ctx *fasthttp.RequestCtx) error {
		if hook.IsEnvelope(&ctx.Request.Header) {
			return next(ctx) // it was decided about before, and is signed in another way
		}
		if err := d.refusal(ctx, provider); err != nil {
			d.counter.Webhook(provider, string(crm.CodeOf(err)), 0)
			return err
		}
		return next(ctx)
	}
}

// refusal returns why a request is refused; nil to let it through.
func (d *door) refusal(ctx *fasthttp.RequestCtx, provider crm.Provider) error {
	c := request.ContextOf(ctx)
	if !d.refresh(c) {
		return nil
	}
	r := gateway.RequestOf(ctx, edge.ProviderOf(string(provider)))
	r.Body = ctx.PostBody()
	decision, _ := d.decisions.Get().(*runner.Decision)
	if decision == nil {
		decision = new(runner.Decision)
	}
	defer d.decisions.Put(decision)
	if err := d.decider.Decide(c, &r, time.Now(), decision); err != nil {
		d.log.Warn("the edge cannot decide and lets a webhook through", "error", err)
		return nil
	}
	if decision.Verdict != edge.Refuse {
		return nil
	}
	return &crm.Error{Op: "decide webhook", Code: refusalCodes[decision.Status], Reason: decision.Reason.String(), Msg: gateway.Sentence(decision.Reason)}
}

// refusalCodes is the table from a decision's status to a class.
var refusalCodes = map[int]crm.Code{
	400: crm.Invalid, 401: crm.Unauthenticated, 403: crm.Forbidden, 404: crm.NotFound, 405: crm.Invalid, 413: crm.TooLarge, 431: crm.Invalid,
}

// refresh configures the engine anew when the channels' secrets have changed. It
// reports whether the door can decide by all of them. The directory answers from
// memory; when it does not know, the host, which asks it again, says so.
func (d *door) refresh(ctx context.Context) bool {
	now, err := d.read(ctx)
	if err != nil {
		return false
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if now.equal(d.known) {
		return !d.blind
	}
	document, fits := now.document()
	if fits {
		err = d.decider.Configure(document)
	}
	if d.blind = !fits || err != nil; d.blind {
		d.log.Error("the edge cannot decide by this host's channels and lets every webhook through", "fits", fits, "error", err)
	}
	d.known = now
	return !d.blind
}

func (d *door) read(ctx context.Context) (s signers, err error) {
	s = signers{}
	for _, p := range edgeProviders {
		var w words
		if w.secrets, err = d.channels.Secrets(ctx, p); err != nil {
			return nil, err
		}
		if w.tokens, err = d.channels.VerifyTokens(ctx, p); err != nil {
			return nil, err
		}
		s[p] = w
	}
	return s, nil
}

func (s signers) equal(other signers) bool {
	return !slices.ContainsFunc(edgeProviders, func(p crm.Provider) bool {
		return !slices.Equal(s[p].secrets, other[p].secrets) || !slices.Equal(s[p].tokens, other[p].tokens)
	})
}

// document returns the edge's configuration: one cell, this host, and for each
// provider as many sources as its secrets and tokens fill. It names no numbers:
// whose a number is, the host knows. It reports false when there are more
// sources than a configuration may have.
func (s signers) document() (document []byte, fits bool) {
	type source struct {
		Name     string       `json:"name"`
		Provider crm.Provider `json:"provider"`
		Secrets  []string     `json:"secrets"`
		Tokens   []string     `json:"verify_tokens,omitempty"`
	}
	var sources []source
	for _, p := range edgeProviders {
		secrets, tokens := s[p].secrets, s[p].tokens
		for i := 0; i == 0 || len(secrets)+len(tokens) > 0; i++ {
			next := source{Name: fmt.Sprint(p, i), Provider: p}
			next.Secrets, secrets = split(secrets, edge.MaxActive)
			next.Tokens, tokens = split(tokens, edge.MaxSecrets)
			if len(next.Secrets) == 0 { // it wants one: one that nobody knows
				next.Secrets = []string{rand.Text()}
			}
			sources = append(sources, next)
		}
	}
	document, err := json.Marshal(map[string]any{"version": 1, "sources": sources, "cells": []map[string]string{{"name": "self"}}})
	return document, err == nil && len(sources) <= edge.MaxSources
}

// split returns the texts of the first n of a list, or of fewer, and the others.
func split(list []crm.Secret, n int) (first []string, others []crm.Secret) {
	n = min(n, len(list))
	for _, secret := range list[:n] {
		first = append(first, string(secret))
	}
	return first, list[n:]
}

// close ends the engine.
func (d *door) close() error {
	if d == nil {
		return nil
	}
	return d.decider.Close()
}
