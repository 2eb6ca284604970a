package gateway

import (
	"errors"
	"math/bits"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/envelope"
)

// share is one cell's part of a request.
type share struct {
	cell *cell
	part envelope.Part
}

// errNoCell is about a decision of another configuration than the plan's.
var errNoCell = errors.New("the decision names a cell that the configuration does not have")

// shares returns the part of each cell that a decision names. The parts share
// the request's body and hold copies of all else.
func (p *plan) shares(r *edge.Request, d *edge.Decision) ([]share, error) {
	whole := envelope.Part{
		Provider: r.Provider.String(), Event: string(r.Event), Hub: string(r.Hub.Value), Signature: string(r.Signature.Value),
		Rest: unread(d.Reason), Epoch: d.Epoch, Body: r.Body,
	}
	shares := make([]share, 0, bits.OnesCount64(d.Cells))
	for left := d.Cells; left != 0; left &= left - 1 {
		i := bits.TrailingZeros64(left)
		if i >= len(p.cells) {
			return nil, errNoCell
		}
		part := whole
		for k := range d.Targets {
			addTarget(&part, &d.Targets[k], i)
		}
		shares = append(shares, share{p.cells[i], part})
	}
	return shares, nil
}

// addTarget adds what a target names to the part of cell i, if it is the cell's.
func addTarget(part *envelope.Part, t *edge.Target, i int) {
	if t.Cells>>i&1 == 0 {
		return
	}
	switch t.Kind {
	case edge.OfNumber:
		part.Numbers = append(part.Numbers, string(t.ID))
	case edge.OfAccount:
		part.Accounts = append(part.Accounts, string(t.ID))
	case edge.Nobody:
		part.Rest = true
	}
}

// unread reports whether a signed body goes to the journal because it could not
// be read.
func unread(reason edge.Reason) bool {
	switch reason {
	case edge.NotJSON, edge.NotUTF8, edge.TooDeep, edge.TooManyEvents:
		return true
	}
	return false
}
