package outbox

import (
	"context"
	"errors"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// Handed is what came of handing a message to its provider, for Record.
type Handed struct {
	claim    Claim
	decision Decision
}

// Hand hands the message of a claim to its provider and returns what came of it. The
// provider is called outside any transaction, and not at all when the claim was
// abandoned by another host, the message is settled already, the rules no longer
// allow it, or its turn by the rate has not come.
func (s *Service) Hand(ctx context.Context, c Claim) Handed {
	now := s.mint.Now()
	decision, decided := beforehand(c, now)
	if !decided {
		decision, decided = s.turn(ctx, c, now)
	}
	if !decided {
		decision = s.call(ctx, c)
	}
	return Handed{c, decision}
}

// Record writes what came of handing a message over. The error is the store's; what
// the provider said is recorded, not returned. It may be called again after one that
// was Unavailable or Uncertain: what is recorded twice changes nothing. What is not
// recorded before the claim's lease ends is in doubt: the message becomes Unknown,
// and until then those behind it in its conversation wait, unless the provider reports
// on it first.
func (s *Service) Record(ctx context.Context, h Handed) (Outcome, error) {
	outcome, err := s.record(ctx, h.claim, h.decision)
	return outcome, crm.Wrap("record send", err)
}

// Attempt hands a message over and records what came of it, also when ctx ends
// meanwhile.
func (s *Service) Attempt(ctx context.Context, c Claim) (Outcome, error) {
	return s.Record(context.WithoutCancel(ctx), s.Hand(ctx, c))
}

// beforehand decides what can be decided without the provider.
func beforehand(c Claim, now time.Time) (Decision, bool) {
	status := c.Message.Status
	switch {
	case c.Message.ProviderID != "" || status != crm.Queued && status != crm.Sending:
		return Decision{Outcome: Gone}, true
	case c.Abandoned:
		return Decision{Class: Ambiguous, Outcome: Unknown, Reason: doubtful.meaning}, true
	case now.Add(reserve).After(c.Job.LockedUntil):
		return Decision{Class: again, Outcome: Retry, Reason: "The attempt began too late.", held: true}, true
	case now.Sub(c.Job.CreatedAt) > MaxAge:
		return rejection("expired", "The message waited for more than a day and was not sent."), true
	}
	err := crm.CheckSend(c.Channel, c.Contact, c.Conversation, c.Message.Content, now)
	if err == nil {
		return Decision{}, false
	}
	var no *crm.Error
	if errors.As(err, &no) {
		return rejection(no.Reason, no.Msg), true
	}
	return rejection("refused", err.Error()), true
}

func rejection(word, sentence string) Decision {
	return Decision{Class: Rejected, Outcome: Failed, Reason: sentence, Error: &crm.ProviderError{Word: word, Title: sentence}}
}

// turn puts a message back whose turn by the rate has not come, or whose
// program is about to end.
func (s *Service) turn(ctx context.Context, c Claim, now time.Time) (Decision, bool) {
	if ctx.Err() != nil {
		return Decision{Class: again, Outcome: Retry, Reason: "The program ended first.", held: true}, true
	}
	wait := s.pace.wait(c.Job, now)
	return Decision{Class: again, Outcome: Retry, After: wait, Reason: "It waits for its turn.", held: true}, wait > 0
}

// call hands the message to its provider.
func (s *Service) call(ctx context.Context, c Claim) Decision {
	sender, known := s.senders[c.Channel.Provider]
	if !known {
		return Decision{Class: Account, Outcome: Stopped, Reason: "This program cannot send through the provider " + string(c.Channel.Provider) + "."}
	}
	accepted, err := sender.Send(ctx, c.Channel, outgoing(c))
	if err == nil {
		return Decision{Outcome: Accepted, accepted: accepted}
	}
	var failure *crm.SendError
	if !errors.As(err, &failure) {
		failure = &crm.SendError{Err: err, Ambiguous: true} // nothing says that it did not leave
	}
	now := s.mint.Now()
	decision := Decide(failure, Try{Job: c.Job.ID, Attempt: c.Job.Attempt, Age: now.Sub(c.Job.CreatedAt)})
	if decision.Class == Throttled {
		s.pace.pause(c.Job.Throttle, now.Add(decision.After))
	}
	return decision
}

// outgoing addresses the message: to the number WhatsApp knows the person by,
// else the one the team wrote down, else the user id.
func outgoing(c Claim) crm.Outgoing {
	m := crm.Outgoing{MessageID: c.Message.ID, ReplyTo: c.Message.ReplyTo, Content: c.Message.Content}
	switch waID, phone := c.Contact.Identity(crm.ByWaID), c.Contact.Identity(crm.ByPhone); {
	case waID != "":
		m.To = "+" + waID
	case phone != "":
		m.To = phone
	default:
		m.Recipient = c.Contact.Identity(crm.ByUserID)
	}
	return m
}
