package edge

import (
	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// The bounds of a configuration.
const (
	MaxCells   = 64 // a decision names them by the bits of one number
	MaxSources = 64
	MaxSecrets = 4 // of a source; two of them active at once
	MaxActive  = 2
)

// Config is a configuration that was found sound. It is immutable and may be
// used by any number of doors at once.
//
// The document:
//
//	{
//	  "version": 1,
//	  "epoch": 7,
//	  "sources": [
//	    {"name": "app", "provider": "meta", "verify_tokens": ["..."], "secrets": ["...", {"secret": "...", "not_before": "2026-12-01T00:00:00Z"}]},
//	    {"name": "jakarta", "provider": "kapso", "secrets": ["..."], "numbers": ["555000000000001"]}
//	  ],
//	  "cells": [
//	    {"name": "a", "url": "https://a.example.com", "weight": 100, "secrets": ["whsec_..."]},
//	    {"name": "b", "url": "https://b.example.com", "weight": 50, "secrets": ["whsec_..."]}
//	  ],
//	  "routes": {"555000000000001": "a"},
//	  "accounts": {"900000000000001": ["a", "b"]},
//	  "journal": "a",
//	  "drop": ["call"],
//	  "limits": {"body": 4194304, "events": 4096}
//	}
//
// A source is who signs: a Meta app, or a Kapso webhook. With "numbers" it
// speaks for these alone, and nobody else does; a source without speaks
// for every number that none lists. Sources that share a secret need addresses of
// their own (/api/webhook/kapso/jakarta): at the provider's address a body is
// taken for the first of them, and what is about another's numbers is foreign. A secret is a text or has a time from which and before which it is
// active; at no time may more than MaxActive be. A cell of weight 0 (the
// default is 100) gets what the tables give it and no more. The journal cell
// keeps what cannot be read or names nobody; by default it is the first.
type Config struct {
	Epoch    uint32
	Sources  []Source
	Cells    []Cell
	Journal  int // index of the cell
	maxBody  int
	maxEvent int
	dropped  uint32 // bit k: kind k
	numbers  table  // phone number id -> cell
	accounts table  // account id -> index in masks
	masks    []uint64
	speakers table    // phone number id -> source that lists it
	seeds    []uint64 // of the cells, for rendezvous
}

// Source is who signs webhooks.
type Source struct {
	Name     string
	Provider Provider
	Secrets  []Secret
	Tokens   []string // of the handshake
	Numbers  []string // phone number ids it speaks for alone; none: all that nobody else lists
}

// Secret is what a source signs with.
type Secret struct {
	Value     string
	NotBefore int64 // milliseconds UTC; active from then
	NotAfter  int64 // active before then; 0: for ever
}

// active reports whether the secret counts at a time.
func (s *Secret) active(now int64) bool {
	return now >= s.NotBefore && (s.NotAfter == 0 || now < s.NotAfter)
}

// Cell is an installation that takes webhooks.
type Cell struct {
	Name    string   // a-z, 0-9, - and _
	URL     string   // where it answers, without a slash at the end
	Weight  uint32   // its share of the numbers no table names, against the other cells'
	Secrets []string // of the hand-over, newest first: "whsec_" and base64
}

// ConfigError says which field of a configuration is not as it should be.
type ConfigError struct {
	Field   string // "sources[0].secrets[1].not_before"
	Problem string // "is no time such as 2026-12-01T00:00:00Z"
}

// Error returns the field and the problem.
func (e *ConfigError) Error() string { return "edge configuration: " + e.Field + " " + e.Problem }

// Parse checks a document and returns its configuration, or a *[ConfigError]
// for the first field that is not sound: one that is unknown or missing, or one
// that contradicts another.
func Parse(document []byte) (*Config, error) {
	c, err := parse(document)
	if err != nil {
		return nil, err
	}
	return c, nil
}

func parse(document []byte) (*Config, *ConfigError) {
	var parser tape.Parser
	root, problem, _ := parser.Scan(document)
	r := reader{config: &Config{maxBody: MaxBody, maxEvent: MaxEvents}}
	if problem != 0 || root.Kind() != tape.Object {
		r.fail("document", "is no JSON object")
	} else {
		r.document(root)
	}
	if r.err != nil {
		return nil, r.err
	}
	return r.config, nil
}

// Keys calls yield with the index of each source and secret that may have
// signed a request at a time, in the order in which Decide tries them.
func (c *Config) Keys(r *Request, now int64, yield func(source, key int) bool) {
	for s := range c.Sources {
		for k := range c.Sources[s].Secrets {
			if c.maySign(s, k, r, now) && !yield(s, k) {
				return
			}
		}
	}
}

func (c *Config) maySign(source, key int, r *Request, now int64) bool {
	s := &c.Sources[source]
	return s.serves(r) && s.Secrets[key].active(now)
}

// serves reports whether the request came to an address of the source.
func (s *Source) serves(r *Request) bool {
	return s.Provider == r.Provider && (len(r.Source) == 0 || string(r.Source) == s.Name)
}

// serves reports whether the request came to an address of a source.
func (c *Config) serves(r *Request) bool {
	for i := range c.Sources {
		if c.Sources[i].serves(r) {
			return true
		}
	}
	return false
}
