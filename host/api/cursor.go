package api

import (
	"encoding/base64"
	"encoding/binary"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
)

// A cursor is the sort key of a page's last row: a version, the list's letter,
// then the key, in base64url. It holds nothing secret and grants nothing: every
// page is read in the workspace of who asks.
const cursorVersion = 1

// The lists' letters, so that no cursor passes for another list's.
const (
	byConversation = 'c'
	byMessage      = 'm'
	byContact      = 'p'
	byContactMade  = 'r'
	byContactName  = 'a'
	byContactScore = 's'
	byRouting      = 'd'
	byNote         = 'n'
	byMention      = 'g'
	byTask         = 't'
	byDelivery     = 'w'
)

func encodeCursor(list byte, key []byte) string {
	return base64.RawURLEncoding.EncodeToString(append([]byte{cursorVersion, list}, key...))
}

// decodeCursor returns the key of a cursor, of exactly size bytes; nil for no
// cursor at all.
func decodeCursor(list byte, size int, text string) ([]byte, error) {
	if text == "" {
		return nil, nil
	}
	raw, err := base64.RawURLEncoding.DecodeString(text)
	// The decoder passes over line breaks and loose bits; we wrote neither.
	ours := err == nil && base64.RawURLEncoding.EncodeToString(raw) == text
	if !ours || len(raw) != 2+size || raw[0] != cursorVersion || raw[1] != list {
		return nil, &crm.Error{Op: "read cursor", Code: crm.Invalid, Reason: "bad_cursor", Msg: "This cursor is not one of this list. Start again without it.", Err: err}
	}
	return raw[2:], nil
}

func appendMillis(key []byte, t time.Time) []byte {
	return binary.BigEndian.AppendUint64(key, uint64(t.UnixMilli()))
}

func millis(key []byte) time.Time { return time.UnixMilli(int64(binary.BigEndian.Uint64(key))).UTC() }

// idCursor is the cursor of lists in the order of their ids.
func idCursor[T any](list byte, id crm.ID[T]) string { return encodeCursor(list, id[:]) }

func idAfter[T any](list byte, text string) (crm.ID[T], error) {
	var id crm.ID[T]
	key, err := decodeCursor(list, len(id), text)
	copy(id[:], key)
	return id, err
}

func conversationCursor(c *crm.Conversation) string {
	return encodeCursor(byConversation, append(appendMillis(nil, c.LastMessage.At), c.ID[:]...))
}

func conversationAfter(text string) (inbox.ConversationCursor, error) {
	var after inbox.ConversationCursor
	key, err := decodeCursor(byConversation, 8+len(after.ID), text)
	if key != nil {
		after.At = millis(key)
		copy(after.ID[:], key[8:])
	}
	return after, err
}

func messageCursor(m *crm.Message) string {
	return encodeCursor(byMessage, binary.BigEndian.AppendUint64(appendMillis(nil, m.ProviderTime), uint64(m.Ingest)))
}

func messageAfter(text string) (inbox.MessageCursor, error) {
	var after inbox.MessageCursor
	key, err := decodeCursor(byMessage, 16, text)
	if key != nil {
		after.At, after.Ingest = millis(key), int64(binary.BigEndian.Uint64(key[8:]))
	}
	return after, err
}

// contactLists are the letters of the contacts' list in each of its orders.
var contactLists = map[people.Sort]byte{"": byContact, people.ByRecent: byContact, people.ByCreated: byContactMade, people.ByName: byContactName, people.ByScore: byContactScore}

// contactCursor holds the sort key before the id: a time, a score in one byte, or
// the name as long as it is.
func contactCursor(by people.Sort, c *crm.Contact) string {
	after := people.CursorOf(c, by)
	if by == people.ByName {
		return encodeCursor(byContactName, append([]byte(after.Name), after.ID[:]...))
	}
	if by == people.ByScore {
		return encodeCursor(byContactScore, append([]byte{byte(after.Score)}, after.ID[:]...))
	}
	return encodeCursor(contactLists[by], append(appendMillis(nil, after.At), after.ID[:]...))
}

func contactAfter(by people.Sort, text string) (people.ContactCursor, error) {
	var after people.ContactCursor
	if by == people.ByName {
		name := base64.RawURLEncoding.DecodedLen(len(text)) - 2 - len(after.ID)
		key, err := decodeCursor(byContactName, max(name, 0)+len(after.ID), text)
		if key != nil {
			after.Name = string(key[:name])
			copy(after.ID[:], key[name:])
		}
		return after, err
	}
	if by == people.ByScore {
		key, err := decodeCursor(byContactScore, 1+len(after.ID), text)
		if key != nil {
			after.Score = int(key[0])
			copy(after.ID[:], key[1:])
		}
		return after, err
	}
	key, err := decodeCursor(contactLists[by], 8+len(after.ID), text)
	if key != nil {
		after.At = millis(key)
		copy(after.ID[:], key[8:])
	}
	return after, err
}
