package lead

import (
	"encoding/binary"

	"github.com/my21staff/my21staff/crm"
)

// The encoding of a profile: the format, then for each signal its key (4 bytes),
// how many pieces (1) and each of them: kind (1), then for a contact's the code
// (2), else time (4), code (2) and id (16). All numbers are big endian, and all
// of it is in the order of the profile, so that equal profiles have equal bytes.
const (
	format       = 1
	signalSize   = 4 + 1
	contactSize  = 1 + 2
	otherSize    = 1 + 4 + 2 + 16
	maxMost      = 32
	emptyProfile = 1
)

// Append appends the encoding to dst.
func (p *Profile) Append(dst []byte) []byte {
	dst = append(dst, format)
	for i := 0; i < len(p.pieces); {
		key := p.pieces[i].signal
		_, end := p.of(key)
		dst = binary.BigEndian.AppendUint32(dst, key)
		dst = append(dst, byte(end-i))
		for ; i < end; i++ {
			dst = p.pieces[i].append(dst)
		}
	}
	return dst
}

func (p piece) append(dst []byte) []byte {
	dst = append(dst, byte(p.ref.Kind))
	if p.ref.Kind != OfContact {
		dst = binary.BigEndian.AppendUint32(dst, p.at)
	}
	dst = binary.BigEndian.AppendUint16(dst, p.code)
	if p.ref.Kind != OfContact {
		dst = append(dst, p.ref.ID[:]...)
	}
	return dst
}

// Decode is the inverse of Append; no bytes at all are the zero profile. It
// takes nothing but what Append writes: anything else is Invalid.
func Decode(encoded []byte) (Profile, error) {
	var p Profile
	if len(encoded) == 0 {
		return p, nil
	}
	if len(encoded) > MaxProfile || encoded[0] != format {
		return Profile{}, unreadable()
	}
	p.pieces = make([]piece, 0, len(encoded)/otherSize+4)
	for rest := encoded[emptyProfile:]; len(rest) > 0; {
		if len(rest) < signalSize {
			return Profile{}, unreadable()
		}
		key, count := binary.BigEndian.Uint32(rest), int(rest[4])
		if count == 0 || count > maxMost || len(p.pieces) > 0 && key <= p.pieces[len(p.pieces)-1].signal {
			return Profile{}, unreadable()
		}
		rest = rest[signalSize:]
		for range count {
			next, size := readPiece(rest)
			if size == 0 {
				return Profile{}, unreadable()
			}
			next.signal, rest = key, rest[size:]
			if n := len(p.pieces); n > 0 && p.pieces[n-1].compare(next) >= 0 {
				return Profile{}, unreadable()
			}
			p.pieces = append(p.pieces, next)
		}
	}
	return p, nil
}

// readPiece reads one piece and returns its size, 0 if it is none.
func readPiece(encoded []byte) (p piece, size int) {
	if len(encoded) < contactSize {
		return piece{}, 0
	}
	p.ref.Kind = RefKind(encoded[0])
	switch p.ref.Kind {
	case OfContact:
		p.code = binary.BigEndian.Uint16(encoded[1:])
		return p, contactSize
	case OfMessage, OfNote:
		if len(encoded) < otherSize {
			return piece{}, 0
		}
		p.at, p.code = binary.BigEndian.Uint32(encoded[1:]), binary.BigEndian.Uint16(encoded[5:])
		copy(p.ref.ID[:], encoded[7:])
		return p, otherSize
	}
	return piece{}, 0
}

func unreadable() error {
	return &crm.Error{Op: "read lead profile", Code: crm.Invalid, Msg: "This is not a lead's profile."}
}
