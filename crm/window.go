package crm

import "time"

// ServiceWindow is how long after a customer's message a business may answer
// freely (Meta, "customer service windows").
const ServiceWindow = 24 * time.Hour

// The reasons a send is refused for; they are the Reason of a [Refused] error.
const (
	WindowClosed    = "window_closed"    // the customer wrote more than 24 hours ago
	WindowNever     = "window_never"     // the customer never wrote on this channel
	OptedOut        = "opted_out"        // the customer asked not to get this
	ContactBlocked  = "contact_blocked"  // the team blocked the contact
	ChannelDisabled = "channel_disabled" // the team switched the channel off
	NoAddress       = "no_address"       // neither a number nor a user id to send to
)

// CheckSend decides whether content may be sent in a conversation at now, and
// returns nil or a [Refused] error whose sentence says why.
//
// Inside the window anything goes, also to somebody who opted out: they wrote
// to us. Outside it only templates do. A marketing template never goes to
// somebody who opted out: the word STOP itself opens the window.
func CheckSend(ch *Channel, ct *Contact, cv *Conversation, content Content, now time.Time) error {
	open := now.Before(cv.WindowUntil())
	template, isTemplate := content.(FilledTemplate)
	reachable := ct.Identity(ByWaID) != "" || ct.Identity(ByPhone) != "" || ct.Identity(ByUserID) != ""
	switch {
	case !ch.DisabledAt.IsZero():
		return refuse(ChannelDisabled, "This channel is switched off.")
	case !ct.BlockedAt.IsZero():
		return refuse(ContactBlocked, "This contact is blocked. Unblock it to write to it.")
	case !reachable:
		return refuse(NoAddress, "This contact has neither a phone number nor a WhatsApp user id.")
	case isTemplate && ct.OptOut.Out && template.Marketing():
		return refuse(OptedOut, "This person asked not to receive marketing messages.")
	case open || isTemplate:
		return nil
	case cv.LastInbound.IsZero():
		return refuse(WindowNever, "This person has not written to you here yet, so WhatsApp only allows an approved template.")
	default:
		return refuse(WindowClosed, "The 24 hours after the customer's last message are over, so WhatsApp only allows an approved template.")
	}
}

func refuse(reason, sentence string) error {
	return &Error{Op: "send", Code: Refused, Reason: reason, Msg: sentence}
}
