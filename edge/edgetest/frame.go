package edgetest

import (
	"encoding/binary"

	"github.com/my21staff/my21staff/edge"
)

const frameHead = 32

// ReadFrame reads a request's frame by the table in edge/wire.go, and not as the
// edge does it: the two are held against each other.
func ReadFrame(frame []byte) (r *edge.Request, now int64, ok bool) {
	if len(frame) < frameHead || frame[0] != edge.ABI {
		return nil, 0, false
	}
	u16 := func(at int) int { return int(binary.LittleEndian.Uint16(frame[at:])) }
	sizes := []int{u16(6), u16(16), u16(18), u16(20), u16(22), 32 * int(frame[5]), int(binary.LittleEndian.Uint32(frame[24:]))}
	total := frameHead
	for _, size := range sizes {
		total += size
	}
	if total != len(frame) {
		return nil, 0, false
	}
	parts, at := make([][]byte, len(sizes)), frameHead
	for i, size := range sizes {
		parts[i] = frame[at : at+size]
		at += size
	}
	r = &edge.Request{
		Provider: edge.Provider(frame[1]), Method: edge.Method(frame[2]), Source: parts[0],
		Hub: edge.Header{Value: parts[1], Count: frame[3]}, Signature: edge.Header{Value: parts[2], Count: frame[4]},
		Event: parts[3], Query: parts[4], Body: parts[6],
	}
	for macs := parts[5]; len(macs) > 0; macs = macs[32:] {
		r.MACs = append(r.MACs, [32]byte(macs))
	}
	return r, int64(binary.LittleEndian.Uint64(frame[8:])), true
}

// Resign returns a frame signed anew by the first key that may sign it, so that
// a body which was changed is decided and not only refused; the frame itself if
// it is none or nobody may sign it.
func Resign(c *edge.Config, frame []byte) []byte {
	r, now, ok := ReadFrame(frame)
	if !ok {
		return frame
	}
	c.Keys(r, now, func(source, key int) bool {
		Sign(r, c.Sources[source].Secrets[key].Value)
		r.MACs = nil
		frame = edge.AppendRequest(nil, r, now)
		return false
	})
	return frame
}

// Frame returns the frame of a request for a configuration, seldom one that is
// no frame.
func (m *Maker) Frame(c *edge.Config) []byte {
	r, now := m.Request(c)
	frame := edge.AppendRequest(nil, r, now)
	if !m.oneIn(30) {
		return frame
	}
	switch m.r.IntN(5) {
	case 0:
		return frame[:m.r.IntN(len(frame)+1)]
	case 1:
		return append(frame, byte(m.r.IntN(256)))
	case 2: // another version, provider, method, count; lengths that lie
		frame[m.r.IntN(frameHead)] ^= 1 << m.r.IntN(8)
	case 3:
		binary.LittleEndian.PutUint32(frame[24:], pick[uint32](m, 0, 1<<31-1, 1<<31, 1<<32-1, 4<<20, 4<<20+1))
	case 4:
		return m.Spoil(frame)
	}
	return frame
}
