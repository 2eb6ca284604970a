package runtimetest_test

import (
	"bytes"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/my21staff/my21staff/edge"
)

// decider decides a frame somewhere else.
type decider func(frame []byte) ([]byte, error)

// TestDecisions shows that the module decides in every runtime as package edge
// does here.
func TestDecisions(t *testing.T) {
	t.Parallel()
	configuration := document("http://127.0.0.1:1")
	t.Run("wazero", func(t *testing.T) {
		t.Parallel()
		compare(t, open(t, configuration), table(t), newInstance(t, edgeWasm(t), configuration).decide)
	})
	for _, r := range runtimes {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			s := r.start(t, driven(t), configuration)
			door := open(t, configuration)
			compare(t, door, table(t), func(frame []byte) ([]byte, error) { return post(s.address+"/decide", frame) })
			compareDecoded(t, door, func(frame []byte) ([]byte, error) { return post(s.address+"/decoded", frame) })
		})
	}
}

// compare holds the decisions on all rows, and on what is no frame, against the
// door's.
func compare(t *testing.T, door *edge.Door, rows []row, decide decider) {
	t.Helper()
	now := time.Now().UnixMilli()
	check := func(name string, frame []byte) {
		t.Helper()
		want := door.Handle(frame, nil)
		got, err := decide(frame)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if !bytes.Equal(got, want) {
			t.Errorf("%s: the decision is\n%x, want\n%x", name, got, want)
		}
	}
	for _, r := range rows {
		check(r.name, r.frame(now))
	}
	frame := rows[0].frame(now)
	check("no frame", []byte("no frame"))
	check("half a frame", frame[:len(frame)/2])
	check("a frame with a byte more", append(slices.Clone(frame), 0))
	check("a frame of another ABI", append([]byte{9}, frame[1:]...))
}

// compareDecoded holds the shim's reading of decisions against package edge's.
func compareDecoded(t *testing.T, door *edge.Door, decide decider) {
	t.Helper()
	for _, r := range table(t) {
		frame := r.frame(time.Now().UnixMilli())
		var d edge.Decision
		d.Read(door.Handle(frame, nil))
		want, err := json.Marshal(decoded(&d))
		if err != nil {
			t.Fatal(err)
		}
		answer, err := decide(frame)
		if err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		var value any // for the order of the members
		if err := json.Unmarshal(answer, &value); err != nil {
			t.Fatalf("%s: %v", r.name, err)
		}
		if got, _ := json.Marshal(value); !bytes.Equal(got, want) {
			t.Errorf("%s: the shim reads\n%s, want\n%s", r.name, got, want)
		}
	}
}

// decoded returns a decision as the shim describes it.
func decoded(d *edge.Decision) map[string]any {
	type object = map[string]any
	targets, events := []object{}, []object{}
	for _, t := range d.Targets {
		targets = append(targets, object{
			"kind": [...]string{"", "number", "account", "nobody"}[t.Kind], "how": t.How.String(), "id": string(t.ID),
			"cells": bits(t.Cells), "events": t.Events,
		})
	}
	for _, e := range d.Events {
		events = append(events, object{
			"kind": e.Kind.String(), "how": e.How.String(), "peerKind": [...]string{"", "wa_id", "user_id"}[e.PeerKind],
			"target": e.Target, "start": e.Start, "end": e.End, "time": e.Time, "partition": fmt.Sprint(e.Partition),
			"id": string(e.ID), "peer": string(e.Peer),
		})
	}
	return object{
		"verdict": d.Verdict.String(), "reason": d.Reason.String(), "status": d.Status, "epoch": d.Epoch, "source": d.Source,
		"key": d.Key, "cells": bits(d.Cells), "mac": hex.EncodeToString(d.MAC[:]), "challenge": hex.EncodeToString(d.Challenge),
		"targets": targets, "events": events,
	}
}

func bits(mask uint64) []int {
	set := []int{}
	for i := range 64 {
		if mask>>i&1 == 1 {
			set = append(set, i)
		}
	}
	return set
}

func post(address string, body []byte) ([]byte, error) {
	response, err := http.Post(address, "application/octet-stream", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil && response.StatusCode != http.StatusOK {
		err = fmt.Errorf("the answer is %s %q", response.Status, answer)
	}
	return answer, err
}

// TestForwarding sends the table over HTTP to the shipped examples. An origin
// gets exactly its parts, the provider its answer, and what is forged reaches
// nobody.
func TestForwarding(t *testing.T) {
	t.Parallel()
	for _, r := range runtimes {
		t.Run(r.name, func(t *testing.T) {
			t.Parallel()
			o := newOrigin(t)
			configuration := document(o.URL)
			s := r.start(t, staged(t), configuration)
			door := open(t, configuration)
			for _, row := range table(t) {
				if row.now == 0 {
					forward(t, o, s, door, row)
				}
			}
			unavailable(t, o, s)
			if t.Failed() {
				t.Logf("what the example wrote:\n%s", s.log)
			}
		})
	}
}

// forward sends one row and compares what comes of it.
func forward(t *testing.T, o *origin, s *server, door *edge.Door, row row) {
	t.Helper()
	var want edge.Decision
	door.Decide(&row.request, time.Now().UnixMilli(), &want)
	response, body := row.send(t, s.address)
	if response.StatusCode != want.Status || !bytes.Equal(body, want.Challenge) {
		t.Errorf("%s: the answer is %d %q, want %d %q", row.name, response.StatusCode, body, want.Status, want.Challenge)
	}
	parts, wrong := o.taken()
	for _, problem := range wrong {
		t.Errorf("%s: %s", row.name, problem)
	}
	wanted := partsOf(&row.request, &want)
	if len(parts) != len(wanted) {
		t.Errorf("%s: cells %v got a part, want %v", row.name, slices.Sorted(maps.Keys(parts)), slices.Sorted(maps.Keys(wanted)))
	}
	for cell := range wanted {
		got, _ := json.Marshal(parts[cell]) // texts, numbers and bytes
		want, _ := json.Marshal(wanted[cell])
		if !bytes.Equal(got, want) {
			t.Errorf("%s: cell %s got\n%.2000s, want\n%.2000s", row.name, cell, got, want)
		}
	}
}

// unavailable shows that the provider is told to come again when an origin says
// no, and when there is none.
func unavailable(t *testing.T, o *origin, s *server) {
	t.Helper()
	good := signatureRows()[0]
	check := func(when string) {
		t.Helper()
		response, _ := good.send(t, s.address)
		if response.StatusCode != http.StatusServiceUnavailable || response.Header.Get("Retry-After") == "" {
			t.Errorf("%s: the answer is %s with Retry-After %q, want 503 with a time", when, response.Status, response.Header.Get("Retry-After"))
		}
	}
	o.mu.Lock()
	o.status = http.StatusInternalServerError
	o.mu.Unlock()
	check("when an origin fails")
	o.Close()
	check("when no origin answers")
}

// send sends a row over HTTP as a provider does.
func (r *row) send(t *testing.T, address string) (*http.Response, []byte) {
	t.Helper()
	request := r.http(t, address)
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	return response, body
}

// http returns the row as an HTTP request to a server.
func (r *row) http(t *testing.T, address string) *http.Request {
	t.Helper()
	method := [...]string{edge.Other: "PUT", edge.Get: "GET", edge.Post: "POST"}[r.request.Method]
	var body io.Reader
	if r.request.Method == edge.Post {
		body = bytes.NewReader(r.request.Body)
	}
	request, err := http.NewRequestWithContext(t.Context(), method, address+r.path(), body)
	if err != nil {
		t.Fatalf("%s: %v", r.name, err)
	}
	request.URL.RawQuery = string(r.request.Query)
	for name, header := range map[string]edge.Header{"X-Hub-Signature-256": r.request.Hub, "X-Webhook-Signature": r.request.Signature} {
		for range header.Count {
			request.Header.Add(name, string(header.Value))
		}
	}
	if len(r.request.Event) > 0 {
		request.Header.Set("X-Webhook-Event", string(r.request.Event))
	}
	return request
}

func (r *row) path() string {
	path := "/api/webhook/" + r.request.Provider.String()
	if r.request.Provider == 0 {
		path += "somebody"
	}
	if len(r.request.Source) > 0 {
		path += "/" + string(r.request.Source)
	}
	return path
}
