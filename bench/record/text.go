package record

import (
	"fmt"
	"strconv"
	"strings"
)

// Tag says where a message's words come from. Every message of a run begins
// with its tag, so that whoever reads it knows whose it is.
type Tag struct {
	Run       string
	Workspace int
	Sent      bool  // by a sender of ours; else it came by webhook
	N         int64 // its number in the run
}

// String returns the words of the tag.
func (t Tag) String() string {
	letter := 'n'
	if t.Sent {
		letter = 's'
	}
	return fmt.Sprintf("m21 %s w%d %c%d", t.Run, t.Workspace, letter, t.N)
}

// TagOf reads the tag that a text begins with.
func TagOf(text string) (Tag, bool) {
	words := strings.SplitN(text, " ", 5)
	if len(words) < 4 || words[0] != "m21" || len(words[2]) < 2 || words[2][0] != 'w' || len(words[3]) < 2 {
		return Tag{}, false
	}
	t := Tag{Run: words[1], Sent: words[3][0] == 's'}
	var err, wrong error
	t.Workspace, err = strconv.Atoi(words[2][1:])
	t.N, wrong = strconv.ParseInt(words[3][1:], 10, 64)
	return t, err == nil && wrong == nil && (t.Sent || words[3][0] == 'n')
}

// ranks orders the statuses of an outbound message, lowest first: a message
// holds the highest it was ever told.
var ranks = map[string]int{
	"queued": 1, "sending": 2, "unknown": 3, "sent": 4, "failed": 5, "delivered": 6, "read": 7, "played": 8,
}

// Rank returns how high a status stands, 0 for a word that is none.
func Rank(status string) int { return ranks[status] }
