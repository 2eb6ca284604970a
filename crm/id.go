package crm

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io"
	"sync"
	"time"
)

// ID names one T. It is a UUIDv7 (RFC 9562): 48 bits of Unix milliseconds, then
// randomness, so that ids made later sort later and a key index grows at its
// end. The type parameter only keeps a contact's id from being taken for a
// conversation's; the zero ID names nothing.
type ID[T any] [16]byte

// The ids of the nouns.
type (
	WorkspaceID    = ID[Workspace]
	MemberID       = ID[Member]
	APIKeyID       = ID[APIKey]
	ChannelID      = ID[Channel]
	ContactID      = ID[Contact]
	ConversationID = ID[Conversation]
	MessageID      = ID[Message]
	TagID          = ID[Tag]
	NoteID         = ID[Note]
	TaskID         = ID[Task]
	TemplateID     = ID[Template]
	DeliveryID     = ID[Delivery]
	JobID          = ID[Job]
	FieldID        = ID[Field]
	ViewID         = ID[View]
	MergeID        = ID[Merge]
	CannedReplyID  = ID[CannedReply]
)

// IsZero reports whether the id names nothing.
func (id ID[T]) IsZero() bool { return id == ID[T]{} }

// Compare orders ids by their bytes, which is the order they were made in.
func (id ID[T]) Compare(other ID[T]) int { return bytes.Compare(id[:], other[:]) }

// Time returns the millisecond the id was made in, in UTC.
func (id ID[T]) Time() time.Time {
	var ms [8]byte
	copy(ms[2:], id[:6])
	return time.UnixMilli(int64(binary.BigEndian.Uint64(ms[:]))).UTC()
}

// String returns the usual 36 characters, or "" for the zero id.
func (id ID[T]) String() string {
	if id.IsZero() {
		return ""
	}
	text, _ := id.MarshalText()
	return string(text)
}

// MarshalText returns the usual 36 characters, or nothing for the zero id.
func (id ID[T]) MarshalText() ([]byte, error) {
	if id.IsZero() {
		return nil, nil
	}
	text := make([]byte, 36)
	hex.Encode(text[0:8], id[0:4])
	hex.Encode(text[9:13], id[4:6])
	hex.Encode(text[14:18], id[6:8])
	hex.Encode(text[19:23], id[8:10])
	hex.Encode(text[24:36], id[10:16])
	text[8], text[13], text[18], text[23] = '-', '-', '-', '-'
	return text, nil
}

// UnmarshalText is the inverse of MarshalText; an empty text is the zero id.
func (id *ID[T]) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*id = ID[T]{}
		return nil
	}
	parsed, err := ParseID[T](string(text))
	if err != nil {
		return err
	}
	*id = parsed
	return nil
}

// ParseID reads the 36 characters of an id. Anything else is [Invalid], and so
// is the zero id, which nobody can mean.
func ParseID[T any](text string) (ID[T], error) {
	var id ID[T]
	bad := len(text) != 36 || text[8] != '-' || text[13] != '-' || text[18] != '-' || text[23] != '-'
	if !bad {
		digits := text[0:8] + text[9:13] + text[14:18] + text[19:23] + text[24:36]
		_, err := hex.Decode(id[:], []byte(digits))
		bad = err != nil || id.IsZero()
	}
	if bad {
		return ID[T]{}, &Error{Op: "parse id", Code: Invalid, Msg: fmt.Sprintf("%.40q is not an id.", text)}
	}
	return id, nil
}

// Mint tells the time and makes ids from it. It is the only clock and the only
// randomness a service has, so a test that hands in both repeats exactly.
// Its methods may be called from several goroutines.
type Mint struct {
	now    func() time.Time
	random io.Reader

	mu      sync.Mutex
	last    int64  // the millisecond of the newest id
	counter uint16 // its 12-bit counter
}

// NewMint returns a mint that reads now for the time and random for 8 bytes an
// id. An id must never repeat, so a failing random source makes NewID panic;
// crypto/rand.Reader does not fail.
func NewMint(now func() time.Time, random io.Reader) *Mint {
	return &Mint{now: now, random: random}
}

// Now returns the current time in UTC, in whole milliseconds as the store keeps
// it.
func (m *Mint) Now() time.Time { return m.now().UTC().Truncate(time.Millisecond) }

// NewID makes the next id. Ids of one mint strictly grow, also within one
// millisecond and when the clock steps back (RFC 9562 section 6.2, method 1).
func NewID[T any](m *Mint) ID[T] {
	var id ID[T]
	ms, counter := m.tick(id[8:])
	var stamp [8]byte
	binary.BigEndian.PutUint64(stamp[:], uint64(ms))
	copy(id[:6], stamp[2:])
	binary.BigEndian.PutUint16(id[6:8], 0x7000|counter)
	id[8] = 0x80 | id[8]&0x3f
	return id
}

// tick returns the millisecond and counter of the next id and draws its
// randomness, from a source that need not bear several callers.
func (m *Mint) tick(random []byte) (int64, uint16) {
	m.mu.Lock()
	defer m.mu.Unlock()
	if _, err := io.ReadFull(m.random, random); err != nil {
		panic(fmt.Sprintf("crm: no randomness for an id: %v", err))
	}
	ms := m.now().UnixMilli()
	switch {
	case ms > m.last:
		m.last, m.counter = ms, 0
	case m.counter < 0xfff:
		m.counter++
	default: // more than 4096 ids in a millisecond: borrow from the next one
		m.last, m.counter = m.last+1, 0
	}
	return m.last, m.counter
}
