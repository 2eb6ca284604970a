// Package middleware is what the mains share that sit in somebody else's HTTP
// server: how a request of that server becomes one of the edge's, and how a
// decision becomes an answer.
//
// Such a main cannot hand a part to a cell itself. What is refused or answered
// at the door it answers; what is to be forwarded it leaves to the server, with
// the decision in three headers:
//
//	X-Edge-Verdict:  forward
//	X-Edge-Cells:    jakarta bandung              the cells' names
//	X-Edge-Decision: AQMT...                      the decision's frame in base64
//
// The last one is missing if the frame has more than MaxFrame bytes. The headers
// are the server's to choose a way by, and are worth as much as the way by which
// they come: an origin verifies the provider's signature all the same.
package middleware

import (
	"encoding/base64"
	"strings"
	"time"

	"github.com/my21staff/my21staff/edge"
)

// The headers of a decision to forward.
const (
	VerdictHeader  = "X-Edge-Verdict"
	CellsHeader    = "X-Edge-Cells"
	DecisionHeader = "X-Edge-Decision"
)

// MaxFrame is the longest frame that a header carries, in bytes: servers allow
// a header 8 KiB at most, and all of them together not much more.
const MaxFrame = 3 << 10

// Door decides requests by one configuration, one at a time.
type Door struct {
	cells      []edge.Cell
	door       *edge.Door
	frame, out []byte
	decision   edge.Decision
}

// New returns a door for a configuration document. It is usable beside an
// error too: then it answers every request that it is not configured.
func New(document []byte) (*Door, error) {
	config, err := edge.Parse(document)
	if err != nil {
		return &Door{door: new(edge.Door)}, err
	}
	return &Door{cells: config.Cells, door: edge.New(config)}, nil
}

// Answer is what becomes of a request. If Forward is set, Headers go with the
// request, else Status and Body are for the provider.
type Answer struct {
	Forward bool
	Status  int
	Body    []byte // good until the next decision
	Headers [3]Field
}

// Field is a header. With an empty value it is one that must not be there, even
// if the client sent it.
type Field struct{ Name, Value string }

// Decide decides a request.
func (d *Door) Decide(r *edge.Request, now time.Time) Answer {
	d.frame = edge.AppendRequest(d.frame[:0], r, now.UnixMilli())
	d.out = d.door.Handle(d.frame, d.out[:0])
	decision := &d.decision
	if !decision.Read(d.out) {
		return Answer{Status: 500} // the door's frames can be read
	}
	answer := Answer{Forward: decision.Verdict == edge.Forward, Status: decision.Status, Body: decision.Challenge}
	if answer.Forward {
		answer.Headers = [...]Field{
			{VerdictHeader, decision.Verdict.String()}, {CellsHeader, d.names(decision.Cells)}, {DecisionHeader, d.code()},
		}
	}
	return answer
}

// names returns the names of the cells whose bits are set.
func (d *Door) names(cells uint64) string {
	var names []string
	for i := range d.cells {
		if cells>>i&1 == 1 {
			names = append(names, d.cells[i].Name)
		}
	}
	return strings.Join(names, " ")
}

// code returns the frame of the decision as a header has it.
func (d *Door) code() string {
	if len(d.out) > MaxFrame {
		return ""
	}
	return base64.StdEncoding.EncodeToString(d.out)
}

// Address returns the provider and the source that a path names, such as
// /api/webhook/kapso/jakarta. What stands before /api/webhook does not matter,
// and neither does whether anything does: a server may have cut it off.
func Address(path string) (edge.Provider, []byte) {
	if _, after, found := strings.Cut(path, "/api/webhook/"); found {
		path = after
	}
	provider, source, _ := strings.Cut(strings.Trim(path, "/"), "/")
	return edge.ProviderOf(provider), []byte(source)
}

// Header returns a header from its values. A server may have joined several with
// commas; no signature has one in it.
func Header(values ...string) edge.Header {
	if len(values) == 0 {
		return edge.Header{}
	}
	joined := strings.Join(values, ",")
	first, _, _ := strings.Cut(joined, ",")
	return edge.Header{Value: []byte(strings.Trim(first, " \t")), Count: uint8(min(strings.Count(joined, ",")+1, 2))}
}
