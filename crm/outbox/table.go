package outbox

import (
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Class says what an error of a send asks for.
type Class string

// The classes.
const (
	Throttled   Class = "throttled"   // the number sends too fast: wait, and let its other messages wait
	PairLimited Class = "pair"        // too much to one person: only that conversation waits
	SpamLimited Class = "spam"        // people blocked or reported the number: go on slowly
	Busy        Class = "busy"        // Kapso has another message of the conversation in hand
	Server      Class = "server"      // the provider failed
	Offline     Class = "offline"     // nothing left this machine
	Account     Class = "account"     // credentials, permission, lock, billing: stop the channel
	Rejected    Class = "rejected"    // this message will never be taken
	Unwanted    Class = "unwanted"    // the person opted out
	Ambiguous   Class = "ambiguous"   // the provider may have the message
	again       Class = "again later" // ours: the rate, or a claim that ran late
)

// pauses says how the classes that are tried again wait: first, then factor
// times as long after each attempt, at most most; after tries attempts they give
// up (0: when the message is too old). Waits stay short of what a person would
// call lost: ten thousand messages that waited out an outage should be gone five
// minutes after it.
var pauses = map[Class]struct {
	first  time.Duration
	factor int
	most   time.Duration
	tries  int
}{
	Throttled:   {2 * time.Second, 2, time.Minute, 0},
	PairLimited: {time.Second, 4, 20 * time.Minute, 20}, // 4^n seconds, n from 0 (Meta's advice for 131056)
	SpamLimited: {15 * time.Minute, 2, 2 * time.Hour, 20},
	Busy:        {2 * time.Second, 2, 30 * time.Second, 60},
	Server:      {2 * time.Second, 2, 2 * time.Minute, 40},
	Offline:     {2 * time.Second, 2, 2 * time.Minute, 0},
}

// row is one line of the error table: what a code or word means, in a sentence
// for the person who wrote the message, and what to do.
type row struct {
	from, to int    // codes
	word     string // Kapso's flat code, or what our clients call an error without one
	class    Class
	meaning  string
}

// table is Meta's error reference with what Kapso adds (facts of 2026). The
// first row that fits counts, so single codes stand before ranges.
var table = []row{
	{4, 4, "", Throttled, "Too many requests were sent to WhatsApp."},
	{80007, 80007, "", Throttled, "The WhatsApp business account has reached its rate limit."},
	{130429, 130429, "", Throttled, "This number sends more messages than WhatsApp takes at once."},
	{133016, 133016, "", Throttled, "This number was registered too often in a short time."},
	{131048, 131048, "", SpamLimited, "WhatsApp slows this number down because too many people blocked or reported it."},
	{131056, 131056, "", PairLimited, "Too many messages were sent to this person in a short time."},

	{1, 1, "", Server, "WhatsApp had an unknown problem."},
	{2, 2, "", Server, "WhatsApp is down for a moment."},
	{131000, 131000, "", Server, "Something went wrong at WhatsApp."},
	{131016, 131016, "", Server, "WhatsApp's service is overloaded or unavailable."},
	{131057, 131057, "", Server, "WhatsApp is upgrading this number and takes no messages for a minute."},
	{133004, 133004, "", Server, "WhatsApp's server is unavailable for a moment."},

	{190, 190, "", Account, "The access token is wrong or has expired."},
	{3, 3, "", Account, "The access token lacks the permission for this."},
	{10, 10, "", Account, "The access token lacks a permission, or it was withdrawn."},
	{200, 299, "", Account, "The access token lacks a permission."},
	{131005, 131005, "", Account, "WhatsApp denies access: a permission is missing or was withdrawn."},
	{368, 368, "", Account, "WhatsApp has restricted this business account for breaking its policy."},
	{130497, 130497, "", Account, "This business account may not message people in that country."},
	{131031, 131031, "", Account, "WhatsApp has locked this business account."},
	{131042, 131042, "", Account, "There is a problem with the payment method of this business account."},
	{131037, 131037, "", Account, "This number's display name is not approved yet."},
	{131045, 131045, "", Account, "This number is not registered correctly with WhatsApp."},
	{133010, 133010, "", Account, "This number is not registered with WhatsApp."},
	{133000, 133999, "", Account, "This number's registration with WhatsApp has a problem."},

	{131047, 131047, "", Rejected, "The 24 hours after the customer's last message are over, so WhatsApp only allows an approved template."},
	{131026, 131026, "", Rejected, "The message cannot be delivered: this number is not on WhatsApp, uses an old version, or has not accepted WhatsApp's terms."},
	{131049, 131049, "", Rejected, "WhatsApp held this marketing message back because the person got enough of them. Do not try again before tomorrow."},
	{131050, 131050, "", Unwanted, "This person asked not to receive marketing messages."},
	{130472, 130472, "", Rejected, "WhatsApp does not deliver marketing messages to this person because of an experiment."},
	{131021, 131021, "", Rejected, "A number cannot write to itself."},
	{131008, 131008, "", Rejected, "WhatsApp misses a part of this message."},
	{131009, 131009, "", Rejected, "WhatsApp does not accept a part of this message."},
	{100, 100, "", Rejected, "WhatsApp does not accept a part of this message."},
	{33, 33, "", Rejected, "WhatsApp does not know this number."},
	{131051, 131051, "", Rejected, "WhatsApp does not support messages of this type."},
	{135000, 135000, "", Rejected, "WhatsApp does not accept this message."},
	{131052, 131052, "", Rejected, "The file the customer sent cannot be fetched."},
	{131053, 131053, "", Rejected, "WhatsApp could not take the file: check its type and size."},
	{132000, 132000, "", Rejected, "The template needs another number of variables."},
	{132001, 132001, "", Rejected, "The template does not exist in this language, or is not approved."},
	{132005, 132005, "", Rejected, "The template's text is too long with these variables."},
	{132007, 132007, "", Rejected, "The template's text breaks WhatsApp's policy."},
	{132012, 132012, "", Rejected, "A variable of the template has the wrong form."},
	{132015, 132015, "", Rejected, "WhatsApp has paused this template because of its low quality."},
	{132016, 132016, "", Rejected, "WhatsApp has disabled this template because of its low quality."},
	{132018, 132018, "", Rejected, "A variable of the template is not valid."},
	{132068, 132068, "", Rejected, "The form of this message is blocked."},
	{132069, 132069, "", Rejected, "The form of this message is used too much for its quality."},
	{131062, 131062, "", Rejected, "A login code can only be sent to a phone number."},
	{131035, 131036, "", Rejected, "This number's storage setting does not allow the message."},
	{134100, 134102, "", Rejected, "WhatsApp's marketing message service does not accept this message."},
	{131055, 131055, "", Rejected, "WhatsApp's marketing message service does not accept this message."},

	{0, 0, "insufficient_credits", Account, "The Kapso account has not enough credits."},
	{0, 0, "messaging_account_mismatch", Account, "This number does not belong to the account it is sent from."},
	{0, 0, "AuthException", Account, "WhatsApp could not check the access token."},
	{0, 0, "marketing_preference_stopped", Unwanted, "This person asked not to receive marketing messages."},
	{0, 0, "unsendable", Rejected, "No message for WhatsApp can be made of this."},
}

// statuses decide where neither code nor word does.
var statuses = []row{
	{401, 401, "", Account, "WhatsApp's provider does not accept the credentials."},
	{402, 402, "", Account, "The account with WhatsApp's provider has to be paid."},
	{403, 403, "", Account, "WhatsApp's provider does not allow this number to send."},
	{409, 409, "", Busy, "Another message of this conversation is on its way."},
	{429, 429, "", Throttled, "Too many requests were sent to WhatsApp's provider."},
	{500, 599, "", Server, "WhatsApp's provider had a problem."},
}

var (
	offline  = row{class: Offline, meaning: "WhatsApp's provider could not be reached."}
	doubtful = row{class: Ambiguous, meaning: "No answer came, so WhatsApp may or may not have the message."}
	refused  = row{class: Rejected, meaning: "WhatsApp's provider did not take the message."}
)

// classify finds the row for an error: by its code, else its word, else the
// HTTP status.
func classify(err *crm.SendError) row {
	if err.Ambiguous {
		return doubtful
	}
	if found, ok := explain(err.Provider); ok {
		return found
	}
	i := slices.IndexFunc(statuses, func(r row) bool { return r.from <= err.Status && err.Status <= r.to })
	switch {
	case i >= 0:
		return statuses[i]
	case err.Status == 0 && err.Provider == nil:
		return offline
	}
	return refused
}

// explain finds the row for a provider's error by its code or word.
func explain(e *crm.ProviderError) (row, bool) {
	if e == nil {
		return row{}, false
	}
	i := slices.IndexFunc(table, func(r row) bool {
		if e.Code != 0 {
			return r.from <= e.Code && e.Code <= r.to
		}
		return r.word != "" && r.word == e.Word
	})
	if i < 0 {
		return row{}, false
	}
	return table[i], true
}

// Explain returns a provider's error in a sentence for the person who wrote the
// message; for one that is not in the table, the provider's own words.
func Explain(e *crm.ProviderError) string {
	if found, ok := explain(e); ok {
		return found.meaning
	}
	switch {
	case e == nil:
		return ""
	case e.Detail != "":
		return e.Detail
	default:
		return e.Title
	}
}
