package runner

import (
	"errors"
	"math/bits"

	"github.com/my21staff/my21staff/edge"
)

// maxAnswer bounds a decision's frame: as many targets and events as there may
// be, with ids and peers of 256 bytes.
const maxAnswer = 4 << 20

// frameBound returns a number of bytes that a request's frame does not exceed.
func frameBound(r *edge.Request) int {
	n := 32 + 32*len(r.MACs) + len(r.Body)
	for _, part := range [...][]byte{r.Source, r.Hub.Value, r.Signature.Value, r.Event, r.Query} {
		n += min(len(part), edge.MaxHeader+1)
	}
	return n
}

// check finds out whether a decision can be one of a request by a
// configuration, so that whoever acts on it need not: every index is one and
// every span lies in the body.
func check(d *edge.Decision, r *edge.Request, c *edge.Config) error {
	switch {
	case d.Epoch != c.Epoch:
		return errors.New("it decided by another configuration")
	case d.Verdict < edge.Refuse || d.Verdict > edge.Forward || d.Status < 200 || d.Status > 599:
		return errors.New("its verdict or status is unknown")
	case d.Reason == edge.BadFrame || d.Reason == edge.NotConfigured:
		return errors.New("it says " + d.Reason.String())
	case !signer(d, c):
		return errors.New("its decision names a source or secret that there is not")
	case !cells(d.Cells, c):
		return errors.New("its decision names a cell that there is not")
	case len(d.Events) > edge.MaxEvents || len(d.Targets) > edge.MaxEvents:
		return errors.New("its decision has too many events")
	}
	for i := range d.Targets {
		if !cells(d.Targets[i].Cells, c) {
			return errors.New("a target of its decision names a cell that there is not")
		}
	}
	for i := range d.Events {
		if e := &d.Events[i]; e.Start < 0 || e.Start > e.End || e.End > len(r.Body) {
			return errors.New("an event of its decision lies outside of the body")
		}
	}
	return nil
}

// signer reports whether the source and the secret are the configuration's: both
// of what is forwarded, the source alone of a handshake, or neither.
func signer(d *edge.Decision, c *edge.Config) bool {
	if d.Source == edge.None {
		return d.Key == edge.None && d.Verdict != edge.Forward
	}
	if d.Source < 0 || d.Source >= len(c.Sources) {
		return false
	}
	return d.Key >= 0 && d.Key < len(c.Sources[d.Source].Secrets) || d.Key == edge.None && d.Verdict != edge.Forward
}

// cells reports whether a mask names cells of the configuration alone.
func cells(mask uint64, c *edge.Config) bool { return bits.Len64(mask) <= len(c.Cells) }
