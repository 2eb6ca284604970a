package runner_test

import (
	"context"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/runner"
)

// A webhook is decided in a sandbox: the module verifies who signed it and says
// which cell takes which part.
func Example() {
	pool, err := runner.New(context.Background(), runner.Options{Config: []byte(`{
		"version": 1,
		"epoch": 7,
		"sources": [{"name": "app", "provider": "meta", "secrets": ["the app's secret"]}],
		"cells": [
			{"name": "a", "url": "https://a.example.com"},
			{"name": "b", "url": "https://b.example.com"}
		],
		"routes": {"100000000000001": "b"}
	}`)})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer pool.Close()

	request := edge.Request{
		Provider: edge.Meta,
		Method:   edge.Post,
		Hub:      edge.Header{Count: 1, Value: []byte("sha256=ef27bd93")},
		Body:     []byte(`{"object":"whatsapp_business_account","entry":[]}`),
	}
	var decision runner.Decision
	if err := pool.Decide(context.Background(), &request, time.Now(), &decision); err != nil {
		fmt.Println("try again later:", err) // 503
		return
	}
	fmt.Println(decision.Verdict, decision.Status, decision.Reason, decision.Epoch)
	// Output: refuse 401 signature_malformed 7
}
