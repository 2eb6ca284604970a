package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
)

// catalogue is what a host built for torture can be told to do to itself. The
// contract: M21_TORTURE_FAULT=point:action[:nth] and M21_TORTURE_BUG=name in
// the environment; before a fault acts it appends a line to M21_TORTURE_LOG.
type catalogue struct {
	Points []struct{ Name, About string }
	Bugs   []struct{ Name, About, Verdict, Needs, On string } // On: the database it shows on; empty: any
}

// landed is a line of the host's log of faults.
type landed struct {
	At     int64 // milliseconds
	Point  string
	Action string
}

// readCatalogue asks the host; one that was built without torture has none.
func (p *programs) readCatalogue(ctx context.Context) (*catalogue, error) {
	out, err := call(ctx, []string{"HOME=" + os.TempDir()}, p.host, "torture")
	if err != nil {
		return nil, fmt.Errorf("the host was built without -tags torture: %w", err)
	}
	c := &catalogue{}
	return c, json.Unmarshal([]byte(out), c)
}
