package edge

import "slices"

// ABI is the version of the frames. A frame of another version is refused.
const ABI = 1

// The frames, in and out, are little-endian. A request:
//
//	 0  u8   ABI
//	 1  u8   provider: 1 Meta, 2 Kapso
//	 2  u8   method: 0 other, 1 GET, 2 POST
//	 3  u8   how often X-Hub-Signature-256 came
//	 4  u8   how often X-Webhook-Signature came
//	 5  u8   how many MACs are given
//	 6  u16  bytes of the source's name
//	 8  i64  now, milliseconds UTC
//	16  u16  bytes of X-Hub-Signature-256, its first value
//	18  u16  bytes of X-Webhook-Signature, its first value
//	20  u16  bytes of X-Webhook-Event
//	22  u16  bytes of the query
//	24  u32  bytes of the body
//	28  u32  zero
//	32  source, hub signature, signature, event, query, MACs (32 bytes each), body
//
// A decision:
//
//	 0  u8   ABI
//	 1  u8   verdict
//	 2  u8   reason
//	 3  u8   source, 255 for none
//	 4  u8   key, 255 for none
//	 5  u8   zero
//	 6  u16  HTTP status
//	 8  u32  epoch
//	12  u32  bytes of the challenge
//	16  u32  number of targets
//	20  u32  number of events
//	24  u64  cells
//	32  32 bytes, the MAC
//	64  challenge, targets, events
//
//	a target:                         an event:
//	 0  u8   kind                      0  u8   kind
//	 1  u8   how                       1  u8   how
//	 2  u16  bytes of the id           2  u8   kind of peer
//	 4  u32  events                    3  u8   zero
//	 8  u64  cells                     4  i32  target, -1 for none
//	16  id                             8  u32  start
//	                                  12  u32  end
//	                                  16  i64  time, milliseconds UTC
//	                                  24  u64  partition
//	                                  32  u16  bytes of the id
//	                                  34  u16  bytes of the peer
//	                                  36  id, peer
const (
	requestHead  = 32
	decisionHead = 64
	targetHead   = 16
	eventHead    = 36
)

// AppendRequest appends a request's frame. A part that is too long for its
// field is cut to one byte more than is ever accepted, so that it is refused on
// the other side as it would be here.
func AppendRequest(out []byte, r *Request, now int64) []byte {
	parts := [...][]byte{cut(r.Source), cut(r.Hub.Value), cut(r.Signature.Value), cut(r.Event), cut(r.Query)}
	macs := r.MACs[:min(len(r.MACs), 255)]
	size := requestHead + 32*len(macs) + len(r.Body)
	for _, part := range parts {
		size += len(part)
	}
	start := len(out)
	out = slices.Grow(out, size)[:start+requestHead]
	head := out[start:]
	head[0], head[1], head[2] = ABI, byte(r.Provider), byte(r.Method)
	head[3], head[4], head[5] = r.Hub.Count, r.Signature.Count, byte(len(macs))
	put16(head[6:], uint16(len(parts[0])))
	put64(head[8:], uint64(now))
	for i, part := range parts[1:] {
		put16(head[16+2*i:], uint16(len(part)))
	}
	put32(head[24:], uint32(len(r.Body)))
	put32(head[28:], 0)
	for _, part := range parts {
		out = append(out, part...)
	}
	for i := range macs {
		out = append(out, macs[i][:]...)
	}
	return append(out, r.Body...)
}

func cut(b []byte) []byte { return b[:min(len(b), MaxHeader+1)] }

// read reads a frame into r, which then holds parts of it; macs is memory for
// its MACs. It reports whether the frame is one.
func (r *Request) read(frame []byte, macs [][32]byte) (now int64, ok bool) {
	if len(frame) < requestHead || frame[0] != ABI {
		return 0, false
	}
	var sizes [5]int
	sizes[0] = int(le16(frame[6:]))
	for i := range sizes[1:] {
		sizes[1+i] = int(le16(frame[16+2*i:]))
	}
	var parts [len(sizes)][]byte
	at := requestHead
	for i, size := range sizes {
		if size > len(frame)-at {
			return 0, false
		}
		parts[i] = frame[at : at+size : at+size]
		at += size
	}
	count := int(frame[5])
	if count*32+int(le32(frame[24:])) != len(frame)-at {
		return 0, false
	}
	r.Provider, r.Method = Provider(frame[1]), Method(frame[2])
	r.Hub, r.Signature = Header{parts[1], frame[3]}, Header{parts[2], frame[4]}
	r.Source, r.Event, r.Query = parts[0], parts[3], parts[4]
	r.MACs = macs[:0]
	for ; count > 0; count-- {
		r.MACs = append(r.MACs, [32]byte(frame[at:]))
		at += 32
	}
	r.Body = frame[at:]
	return int64(le64(frame[8:])), true
}

// AppendDecision appends a decision's frame.
func AppendDecision(out []byte, d *Decision) []byte {
	size := decisionHead + len(d.Challenge)
	for i := range d.Targets {
		size += targetHead + len(d.Targets[i].ID)
	}
	for i := range d.Events {
		size += eventHead + len(d.Events[i].ID) + len(d.Events[i].Peer)
	}
	start := len(out)
	out = slices.Grow(out, size)[:start+size]
	b := out[start:]
	b[0], b[1], b[2], b[3], b[4], b[5] = ABI, byte(d.Verdict), byte(d.Reason), byte(d.Source), byte(d.Key), 0
	put16(b[6:], uint16(d.Status))
	put32(b[8:], d.Epoch)
	put32(b[12:], uint32(len(d.Challenge)))
	put32(b[16:], uint32(len(d.Targets)))
	put32(b[20:], uint32(len(d.Events)))
	put64(b[24:], d.Cells)
	copy(b[32:], d.MAC[:])
	b = b[decisionHead+copy(b[decisionHead:], d.Challenge):]
	for i := range d.Targets {
		b = d.Targets[i].put(b)
	}
	for i := range d.Events {
		b = d.Events[i].put(b)
	}
	return out
}

// put writes a target and returns what is left of b.
func (t *Target) put(b []byte) []byte {
	b[0], b[1] = byte(t.Kind), byte(t.How)
	put16(b[2:], uint16(len(t.ID)))
	put32(b[4:], uint32(t.Events))
	put64(b[8:], t.Cells)
	return b[targetHead+copy(b[targetHead:], t.ID):]
}

// put writes an event and returns what is left of b.
func (e *Event) put(b []byte) []byte {
	b[0], b[1], b[2], b[3] = byte(e.Kind), byte(e.How), byte(e.PeerKind), 0
	put32(b[4:], uint32(e.Target))
	put32(b[8:], uint32(e.Start))
	put32(b[12:], uint32(e.End))
	put64(b[16:], uint64(e.Time))
	put64(b[24:], e.Partition)
	put16(b[32:], uint16(len(e.ID)))
	put16(b[34:], uint16(len(e.Peer)))
	b = b[eventHead+copy(b[eventHead:], e.ID):]
	return b[copy(b, e.Peer):]
}

// Read reads a decision's frame into d, whose slices are then parts of
// the frame; those it had are used again. It reports whether the frame is
// one.
func (d *Decision) Read(frame []byte) bool {
	if len(frame) < decisionHead || frame[0] != ABI {
		return false
	}
	d.Verdict, d.Reason = Verdict(frame[1]), Reason(frame[2])
	d.Source, d.Key = int(int8(frame[3])), int(int8(frame[4]))
	d.Status, d.Epoch = int(le16(frame[6:])), le32(frame[8:])
	challenge, targets, events := le32(frame[12:]), le32(frame[16:]), le32(frame[20:])
	d.Cells, d.MAC = le64(frame[24:]), [32]byte(frame[32:])
	rest := frame[decisionHead:]
	if uint64(challenge) > uint64(len(rest)) {
		return false
	}
	d.Challenge, rest = rest[:challenge:challenge], rest[challenge:]
	d.Targets, d.Events = d.Targets[:0], d.Events[:0]
	ok := true
	for range targets {
		var t Target
		if rest, ok = t.read(rest); !ok {
			return false
		}
		d.Targets = append(d.Targets, t)
	}
	for range events {
		var e Event
		if rest, ok = e.read(rest); !ok || e.Target >= len(d.Targets) || e.Target < None {
			return false
		}
		d.Events = append(d.Events, e)
	}
	return len(rest) == 0
}

func (t *Target) read(b []byte) (rest []byte, ok bool) {
	if len(b) < targetHead {
		return nil, false
	}
	n := targetHead + int(le16(b[2:]))
	if n > len(b) {
		return nil, false
	}
	*t = Target{
		Kind: TargetKind(b[0]), How: Reason(b[1]), Events: int(le32(b[4:])), Cells: le64(b[8:]),
		ID: b[targetHead:n:n],
	}
	return b[n:], true
}

func (e *Event) read(b []byte) (rest []byte, ok bool) {
	if len(b) < eventHead {
		return nil, false
	}
	id := eventHead + int(le16(b[32:]))
	peer := id + int(le16(b[34:]))
	if peer > len(b) {
		return nil, false
	}
	*e = Event{
		Kind: Kind(b[0]), How: Reason(b[1]), PeerKind: PeerKind(b[2]), Target: int(int32(le32(b[4:]))),
		Start: int(le32(b[8:])), End: int(le32(b[12:])),
		Time: int64(le64(b[16:])), Partition: le64(b[24:]),
		ID: b[eventHead:id:id], Peer: b[id:peer:peer],
	}
	return b[peer:], true
}
