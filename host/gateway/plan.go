package gateway

import (
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"slices"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/envelope"
)

// plan is a configuration in force.
type plan struct {
	config *edge.Config
	cells  []*cell // as config.Cells: bit i of a decision is cells[i]
}

// Check reads a document as the gateway needs it: sound, and with an address and
// a secret for every cell. The error is an *[edge.ConfigError].
func Check(document []byte) (*edge.Config, error) {
	config, err := edge.Parse(document)
	if err != nil {
		return nil, err
	}
	for i := range config.Cells {
		c := &config.Cells[i]
		field := fmt.Sprintf("cells[%d]", i)
		switch {
		case c.URL == "":
			return nil, &edge.ConfigError{Field: field + ".url", Problem: "is missing: the gateway has to know where the cell answers"}
		case len(c.Secrets) == 0:
			return nil, &edge.ConfigError{Field: field + ".secrets", Problem: "is missing or empty: the gateway signs what it hands over"}
		}
		if _, err := url.Parse(c.URL); err != nil {
			return nil, &edge.ConfigError{Field: field + ".url", Problem: "is no address"}
		}
		for k, secret := range c.Secrets {
			if err := envelope.CheckSecret(secret); err != nil {
				return nil, &edge.ConfigError{Field: fmt.Sprintf("%s.secrets[%d]", field, k), Problem: "is " + err.Error()}
			}
		}
	}
	return config, nil
}

// Configure puts a document in force as a whole. Requests in work end by the one
// before; a cell that keeps its name and address keeps its queue, one that is
// gone still gets what waits for it. A document that Check refuses changes
// nothing.
func (g *Gateway) Configure(document []byte) error {
	config, err := Check(document)
	if err == nil {
		err = g.install(config, document)
	}
	g.metrics.configured(err == nil)
	if err != nil {
		return err
	}
	g.announce(config, document)
	return nil
}

func (g *Gateway) install(config *edge.Config, document []byte) error {
	g.swap.Lock()
	defer g.swap.Unlock()
	if err := g.options.Decider.Configure(document); err != nil {
		return fmt.Errorf("the engine refuses the configuration: %w", err)
	}
	next := &plan{config: config}
	for i := range config.Cells {
		next.cells = append(next.cells, g.cellOf(&config.Cells[i]))
	}
	g.plan = next
	g.metrics.inForce(next)
	return nil
}

// cellOf returns the cell that is there already, with its secrets as they are
// now, or a new one.
func (g *Gateway) cellOf(c *edge.Cell) *cell {
	if g.plan != nil {
		at := slices.IndexFunc(g.plan.cells, func(have *cell) bool { return have.name == c.Name && have.url == c.URL })
		if at >= 0 {
			g.plan.cells[at].secrets.Store(&c.Secrets)
			return g.plan.cells[at]
		}
	}
	return g.newCell(c)
}

// current returns the plan in force; nil before there is one.
func (g *Gateway) current() *plan {
	g.swap.RLock()
	defer g.swap.RUnlock()
	return g.plan
}

// announce logs what is in force now, without secrets.
func (g *Gateway) announce(config *edge.Config, document []byte) {
	routes, accounts := Tables(document)
	g.log.Info("a configuration is in force", "epoch", config.Epoch, "sources", len(config.Sources), "cells", len(config.Cells),
		"routes", routes, "accounts", accounts)
	for i := range config.Cells {
		if clear := &config.Cells[i]; inClear(clear.URL) {
			g.log.Warn("a cell is reached without TLS: messages travel in clear", "cell", clear.Name)
		}
	}
}

// Tables returns how many numbers and accounts a sound document routes by name.
func Tables(document []byte) (routes, accounts int) {
	var tables struct{ Routes, Accounts map[string]json.RawMessage }
	_ = json.Unmarshal(document, &tables) // it was read strictly before
	return len(tables.Routes), len(tables.Accounts)
}

// inClear reports whether an address is of another machine and without TLS.
func inClear(address string) bool {
	u, err := url.Parse(address)
	if err != nil || u.Scheme == "https" {
		return false
	}
	ip := net.ParseIP(u.Hostname())
	return u.Hostname() != "localhost" && (ip == nil || !ip.IsLoopback())
}
