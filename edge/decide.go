package edge

import (
	"github.com/my21staff/my21staff/crm/webhook/tape"
	"github.com/my21staff/my21staff/edge/mac"
)

// Door decides requests by one configuration after the other. It keeps memory
// from request to request and nothing else, so that deciding does not allocate;
// it is not for several goroutines at once.
type Door struct {
	config *Config
	keys   []*mac.Key // of all sources' secrets in order
	parser tape.Parser
	known  places
	text   []byte // strings of the request that had to be decoded
	mac    [mac.Size]byte
	out    *Decision
	full   bool // there are more events than are taken
	scope  scope
	book   book

	request  Request // of Handle
	decision Decision
	macs     [][32]byte
}

// New returns a door with a configuration. Without one, as the zero Door is, it
// refuses everything.
func New(c *Config) *Door {
	d := &Door{}
	if c != nil {
		d.Configure(c)
	}
	return d
}

// Configure gives the door another configuration.
func (d *Door) Configure(c *Config) {
	d.config, d.keys, d.parser.Names = c, nil, names
	for i := range c.Sources {
		for k := range c.Sources[i].Secrets {
			d.keys = append(d.keys, mac.NewKey([]byte(c.Sources[i].Secrets[k].Value)))
		}
	}
}

// Reserve makes room for bodies of size bytes, so that deciding them needs no
// more memory.
func (d *Door) Reserve(size int) {
	d.parser.Grow(size)
	d.known.forget()
	d.text = make([]byte, 0, max(size/8, 4<<10))
	events := max(size/256, 16)
	d.decision.Events = make([]Event, 0, min(events, MaxEvents))
	d.decision.Targets = make([]Target, 0, min(events, MaxEvents))
}

// Decide decides a request at a time in milliseconds UTC by a configuration:
// [Door.Decide] with a door that is used once.
func Decide(c *Config, r *Request, now int64) Decision {
	var out Decision
	New(c).Decide(r, now, &out)
	return out
}

// Decide decides a request at a time in milliseconds UTC. What out held in
// slices is used again; what it holds then is the door's and the request's, and
// good until the next call.
func (d *Door) Decide(r *Request, now int64, out *Decision) {
	out.clear()
	d.out, d.text, d.full = out, d.text[:0], false
	if d.config == nil {
		d.refuse(NotConfigured, 503)
		return
	}
	out.Epoch = d.config.Epoch
	if why, status := d.check(r); why != 0 {
		d.refuse(why, status)
		return
	}
	if r.Method == Get {
		if out.Reason, out.Status = d.handshake(r); out.Reason == HandshakeDone {
			out.Verdict = Answer
		} else {
			out.Verdict = Refuse
		}
		return
	}
	switch why := d.verify(r, now); why {
	case 0:
		d.decode(r)
	case UnknownSource:
		d.refuse(why, 404)
	default:
		d.refuse(why, 401)
	}
}

// clear makes it no decision, whose slices are used again.
func (d *Decision) clear() {
	targets, events := d.Targets[:0], d.Events[:0]
	*d = Decision{}
	d.Source, d.Key, d.Targets, d.Events = None, None, targets, events
}

func (d *Door) refuse(why Reason, status int) {
	d.out.Verdict, d.out.Reason, d.out.Status = Refuse, why, status
}

// check looks at what needs no hashing.
func (d *Door) check(r *Request) (Reason, int) {
	switch {
	case r.Method != Get && r.Method != Post:
		return BadMethod, 405
	case !d.config.serves(r):
		return UnknownSource, 404
	case len(r.Body) > d.config.maxBody:
		return BodyTooLarge, 413
	}
	for _, header := range [...][]byte{r.Hub.Value, r.Signature.Value, r.Event, r.Query} {
		if len(header) > MaxHeader {
			return HeaderTooLong, 431
		}
	}
	return 0, 0
}

// decode reads a body that is signed and finds where its events go.
func (d *Door) decode(r *Request) {
	out := d.out
	out.Verdict, out.Status = Forward, 200
	_, problem, _ := d.parser.Scan(r.Body)
	if problem != 0 {
		d.journal(unreadable[problem])
		return
	}
	d.known.forget()
	if r.Provider == Kapso {
		d.kapso(r.Event, tape.Document)
	} else {
		d.meta(tape.Document)
	}
	switch {
	case d.full:
		d.journal(TooManyEvents)
	case out.Cells == 0:
		out.Verdict, out.Reason = Answer, NothingWanted
	default:
		out.Reason = Routed
	}
}

var unreadable = [...]Reason{tape.Syntax: NotJSON, tape.Encoding: NotUTF8, tape.TooDeep: TooDeep, tape.TooLarge: NotJSON}

// journal forwards a body whole to the cell that keeps what nobody can take
// apart.
func (d *Door) journal(why Reason) {
	out := d.out
	out.Reason, out.Cells = why, 1<<d.config.Journal
	out.Events, out.Targets = out.Events[:0], out.Targets[:0]
}

// ConfigureWith takes a configuration's document and appends what became of it
// to out: the byte 0 and the epoch, little-endian, or the byte 1 and the field,
// the byte 0 and the problem. A document that is refused changes nothing.
func (d *Door) ConfigureWith(document, out []byte) []byte {
	c, err := parse(document)
	if err != nil {
		out = append(append(out, 1), err.Field...)
		return append(append(out, 0), err.Problem...)
	}
	d.Configure(c)
	out = append(out, 0, 0, 0, 0, 0)
	put32(out[len(out)-4:], c.Epoch)
	return out
}

// Handle decides the request in a frame and appends the decision's frame to
// out. It takes any bytes: what is no frame is refused.
func (d *Door) Handle(frame, out []byte) []byte {
	now, ok := d.request.read(frame, d.macs)
	d.macs = d.request.MACs[:0]
	if ok {
		d.Decide(&d.request, now, &d.decision)
	} else {
		d.decision.clear()
		d.decision.Verdict, d.decision.Reason, d.decision.Status = Refuse, BadFrame, 400
	}
	return AppendDecision(out, &d.decision)
}
