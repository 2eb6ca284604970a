package figures

import (
	"math"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Measure names what is counted.
type Measure string

// What stands, of a channel and the member a conversation is assigned to. A
// conversation's status, and its contact's stage and temperature, are measures
// of their own: [StatusOf], [StageOf], [WarmthOf].
const (
	Waiting Measure = "waiting" // conversations whose customer waits for an answer
	Unread  Measure = "unread"  // conversations with something unread
)

// What happened on a day.
const (
	Opened   Measure = "opened"   // conversations begun, or opened after they were resolved; of the assignee
	Closed   Measure = "resolved" // conversations resolved; of the member who did, else of the assignee
	Received Measure = "in"       // messages of customers; of the assignee
	Written  Measure = "out"      // messages of the business; of the member who wrote
	Arrived  Measure = "leads"    // new contacts; of the channel they wrote on first, if they did
)

// The beginnings of measures that go on with a word or a number.
const (
	statusMark        = "status:"         // standing, by conversation
	stageMark         = "stage:"          // standing, by conversation
	warmthMark        = "warmth:"         // standing, by conversation
	contactStageMark  = "contact_stage:"  // standing, by contact, of no channel and nobody
	contactWarmthMark = "contact_warmth:" // likewise
	movedMark         = "moved:"          // of a day: contacts that came into a stage; of the member who moved them
	warmedMark        = "warmed:"         // of a day: contacts that became so warm
	responseMark      = "response:"       // of a day: answers, by bucket of a Histogram; of the member who wrote
)

// StatusOf counts the conversations of a status.
func StatusOf(s crm.ConversationStatus) Measure { return statusMark + Measure(s) }

// StageOf counts the conversations with contacts of a stage, ContactStageOf the
// contacts themselves: a contact may have conversations on several channels, or
// none.
func StageOf(stage string) Measure { return stageMark + Measure(stage) }

// ContactStageOf: see StageOf.
func ContactStageOf(stage string) Measure { return contactStageMark + Measure(stage) }

// WarmthOf and ContactWarmthOf count by temperature as StageOf and
// ContactStageOf do by stage.
func WarmthOf(t crm.Temperature) Measure { return warmthMark + Measure(t) }

// ContactWarmthOf: see WarmthOf.
func ContactWarmthOf(t crm.Temperature) Measure { return contactWarmthMark + Measure(t) }

// MovedTo counts, on a day, the contacts that came into a stage.
func MovedTo(stage string) Measure { return movedMark + Measure(stage) }

// WarmedTo counts, on a day, the contacts that became hot, warm or cold.
func WarmedTo(t crm.Temperature) Measure { return warmedMark + Measure(t) }

// Response counts, on a day, the answers that customers waited for as long, and a
// little less or more: those of a bucket of a [Histogram].
func Response(waited time.Duration) Measure {
	return Measure(responseMark + strconv.Itoa(bucketOf(waited)))
}

// after returns what a measure goes on with, if it begins so.
func (m Measure) after(mark string) (string, bool) { return strings.CutPrefix(string(m), mark) }

// Day is a day of a workspace's calendar: how many days it lies after 1 January
// 1970.
type Day int32

// Standing is where figures are kept that belong to no day.
const Standing Day = math.MinInt32

const secondsOfDay = 24 * 60 * 60

// DayOf returns the day on which a moment falls in a zone.
func DayOf(t time.Time, zone *time.Location) Day {
	year, month, day := t.In(zone).Date()
	return Day(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Unix() / secondsOfDay)
}

// Time returns the day's midnight in UTC, for its date.
func (d Day) Time() time.Time { return time.Unix(int64(d)*secondsOfDay, 0).UTC() }

// String returns the day as "2026-11-28".
func (d Day) String() string { return d.Time().Format(time.DateOnly) }

// Row is one figure: how many of a measure, of a day, a channel and a member. The
// zero channel is none, the zero member nobody.
type Row struct {
	WorkspaceID crm.WorkspaceID
	Day         Day
	ChannelID   crm.ChannelID
	MemberID    crm.MemberID
	Measure     Measure
	Value       int64
}
