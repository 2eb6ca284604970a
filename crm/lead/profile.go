package lead

import (
	"bytes"
	"cmp"
	"slices"
)

// MaxProfile is how many bytes the encoding of a profile has at most.
const MaxProfile = 4096

// Profile is what is kept of the evidence about one contact: for each signal the
// newest pieces, as many as the rules count. The zero value knows nothing. A
// Profile is not safe for use by several goroutines at once.
type Profile struct {
	pieces []piece // in order, see compare
}

// piece is a piece of evidence as it is kept.
type piece struct {
	signal uint32 // the signal's key
	at     uint32 // seconds since the epoch below; 0 for a lasting signal
	code   uint16 // of the phrase
	ref    Ref
}

// compare orders the pieces of a profile: by signal, then the newest first, then
// by what they were found in. It is total over pieces of different things, so
// which are kept does not depend on the order in which they came.
func (p piece) compare(other piece) int {
	return cmp.Or(
		cmp.Compare(p.signal, other.signal),
		cmp.Compare(other.at, p.at),
		cmp.Compare(p.ref.Kind, other.ref.Kind),
		bytes.Compare(p.ref.ID[:], other.ref.ID[:]),
		cmp.Compare(p.code, other.code))
}

// epoch is the second from which a profile counts: 2009-01-01, before WhatsApp.
// Times before it count as that.
const epoch = 1230768000

func secondsOf(unix int64) uint32 { return uint32(min(max(unix-epoch, 1), 1<<32-1)) }

// Add takes in evidence and reports whether the profile changed. Of two pieces
// about the same message and signal the newer one counts. The order in which
// evidence comes does not matter, nor how often; all of it must come from the
// same rules as far as the signals have the same Most.
func (p *Profile) Add(evidence ...Evidence) bool {
	changed := false
	for _, e := range evidence {
		changed = p.add(pieceOf(e), e.signal) || changed
	}
	return changed
}

func pieceOf(e Evidence) piece {
	kept := piece{signal: e.signal.key, ref: e.Ref}
	if len(e.signal.codes) > 0 {
		kept.code = e.signal.codes[e.Phrase]
	}
	switch {
	case !e.signal.lasting():
		kept.at = secondsOf(e.At.Unix())
	case len(e.signal.keys) > 0:
		kept.ref.ID = [16]byte{} // its key is what it was found in
	}
	return kept
}

// same reports whether two pieces are about the same thing: of them one is kept.
func (p piece) same(other piece) bool {
	return p.signal == other.signal && p.ref == other.ref && (p.ref.Kind != OfContact || p.code == other.code)
}

func (p *Profile) add(fresh piece, s *signal) bool {
	from, to := p.of(s.key)
	for i := from; i < to; i++ {
		if !p.pieces[i].same(fresh) {
			continue
		}
		if p.pieces[i].compare(fresh) <= 0 {
			return false
		}
		p.pieces, to = slices.Delete(p.pieces, i, i+1), to-1
		break
	}
	place := from
	for place < to && p.pieces[place].compare(fresh) < 0 {
		place++
	}
	switch full := to-from >= s.most(); {
	case full && place == to:
		return false
	case full:
		p.pieces = slices.Delete(p.pieces, to-1, to)
	}
	p.pieces = slices.Insert(p.pieces, place, fresh)
	return true
}

// of returns where the pieces of a signal stand.
func (p *Profile) of(key uint32) (from, to int) {
	from, _ = slices.BinarySearchFunc(p.pieces, key, func(have piece, key uint32) int { return cmp.Compare(have.signal, key) })
	for to = from; to < len(p.pieces) && p.pieces[to].signal == key; to++ {
	}
	return from, to
}

// Know replaces all that was known of the contact itself by what [Rules.Contact]
// says now, and reports whether that changed anything.
func (p *Profile) Know(evidence ...Evidence) bool {
	var now Profile
	now.Add(evidence...)
	var before []piece
	p.pieces = slices.DeleteFunc(p.pieces, func(have piece) bool {
		if have.ref.Kind == OfContact {
			before = append(before, have)
		}
		return have.ref.Kind == OfContact
	})
	p.pieces = append(p.pieces, now.pieces...)
	slices.SortFunc(p.pieces, piece.compare)
	return !slices.Equal(before, now.pieces)
}

// Forget drops what was found in a message or note, because it was edited or
// taken back, and reports whether anything was. What it had displaced does not
// come back by itself: where a signal counted as many pieces as it may, only the
// history says which older one counts now.
func (p *Profile) Forget(ref Ref) bool {
	n := len(p.pieces)
	p.pieces = slices.DeleteFunc(p.pieces, func(have piece) bool { return have.ref == ref })
	return len(p.pieces) < n
}

// keep drops what rules know nothing of, so that what is added by them fits: as
// many pieces of each signal as they count, of phrases that they have.
func (p *Profile) keep(r *Rules) {
	signal, counted := uint32(0), 0
	p.pieces = slices.DeleteFunc(p.pieces, func(have piece) bool {
		if have.signal != signal {
			signal, counted = have.signal, 0
		}
		s := r.byKey[have.signal]
		if s == nil || s.lasting() != (have.ref.Kind == OfContact) || len(s.keys) > 0 && s.phrase(have.code) < 0 {
			return true
		}
		counted++
		return counted > s.most()
	})
}

// Clone returns a copy that shares nothing with p.
func (p *Profile) Clone() Profile { return Profile{pieces: slices.Clone(p.pieces)} }

// Equal reports whether two profiles know the same.
func (p *Profile) Equal(other *Profile) bool { return slices.Equal(p.pieces, other.pieces) }

// Len returns how many pieces of evidence are kept.
func (p *Profile) Len() int { return len(p.pieces) }
