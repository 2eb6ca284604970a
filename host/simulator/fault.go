package simulator

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// FaultKind names something that goes wrong on demand.
type FaultKind string

// The faults of API calls, by the provider's answer. Those marked (send) only
// strike sends.
const (
	FaultSlow       FaultKind = "slow"               // the answer waits MS
	FaultError      FaultKind = "error"              // refused in Meta's shape with Code
	FaultLimit      FaultKind = "limit"              // 429: Kapso's limiter with Retry-After, Meta's 130429
	FaultDown       FaultKind = "down"               // HTTP (503) in Meta's shape, code 131000
	FaultHTML       FaultKind = "html"               // 502 with a page of a proxy's
	FaultInFlight   FaultKind = "in_flight"          // Kapso's 409
	FaultCredits    FaultKind = "credits"            // Kapso's 402
	FaultSandbox    FaultKind = "sandbox"            // Kapso's 403
	FaultStopped    FaultKind = "marketing_stopped"  // Kapso's flat 422; Meta's 131050
	FaultMismatch   FaultKind = "account_mismatch"   // Kapso's flat 422
	FaultClose      FaultKind = "close_before"       // the connection ends without an answer; nothing was taken
	FaultReset      FaultKind = "reset_after_accept" // (send) taken, and the connection reset without an answer
	FaultFail       FaultKind = "fail"               // (send) taken, then reported failed with Code
	FaultHeld       FaultKind = "held"               // (send) taken and held for a quality check; no status comes
	defaultSlow               = time.Second
	defaultFailCode           = 131049
)

// The faults of webhooks.
const (
	FaultDuplicate    FaultKind = "duplicate"       // delivered N times in all (2)
	FaultReorder      FaultKind = "reorder"         // N updates (2) are gathered for at most MS (250) and leave in another order
	FaultBatch        FaultKind = "batch"           // N updates (1000) are gathered for at most MS (250) and leave as one; Kapso: messages only, 100 at most
	FaultBig          FaultKind = "big"             // the body is filled up to Bytes (3 MiB)
	FaultLate         FaultKind = "late"            // a status leaves MS (1000) later
	FaultDrop         FaultKind = "drop"            // a status never leaves
	FaultUsernameOnly FaultKind = "username_only"   // the sender's number is withheld
	FaultSignature    FaultKind = "wrong_signature" // signed with another secret
)

var apiFaults = []FaultKind{FaultSlow, FaultError, FaultLimit, FaultDown, FaultHTML, FaultInFlight, FaultCredits,
	FaultSandbox, FaultStopped, FaultMismatch, FaultClose, FaultReset, FaultFail, FaultHeld}

var webhookFaults = []FaultKind{FaultDuplicate, FaultReorder, FaultBatch, FaultBig, FaultLate, FaultDrop, FaultUsernameOnly, FaultSignature}

// Fault is something that goes wrong, how often and where.
type Fault struct {
	Kind        FaultKind `json:"kind"`
	Count       int       `json:"count,omitempty"`       // strikes so many times; 0: until cleared
	Probability float64   `json:"probability,omitempty"` // of striking when it could; 0: always

	Provider crm.Provider `json:"provider,omitempty"` // where; empty: anywhere
	Number   string       `json:"number,omitempty"`   // phone number id
	Customer string       `json:"customer,omitempty"` // phone, user id or username
	Status   string       `json:"status,omitempty"`   // late, drop: only this status
	On       string       `json:"on,omitempty"`       // API calls: send (default), read, media, template, list, any

	N     int    `json:"n,omitempty"`
	MS    int    `json:"ms,omitempty"`
	Bytes int    `json:"bytes,omitempty"`
	Code  int    `json:"code,omitempty"`
	HTTP  int    `json:"http,omitempty"` // status of the answer, in place of the code's own
	Text  string `json:"text,omitempty"` // details of the error

	Hits int `json:"hits"` // how often it struck
}

// AddFaults adds faults to those in force; the first that fits strikes. None is
// added if one is Invalid.
func (s *Simulator) AddFaults(faults ...Fault) error {
	for _, f := range faults {
		if err := f.check(); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, f := range faults {
		f.Hits = 0
		s.faults = append(s.faults, &f)
	}
	return nil
}

// Faults returns every fault since the last ClearFaults, also those that have
// struck as often as they should.
func (s *Simulator) Faults() []Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	all := make([]Fault, 0, len(s.faults))
	for _, f := range s.faults {
		all = append(all, *f)
	}
	return all
}

// ClearFaults removes every fault.
func (s *Simulator) ClearFaults() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = nil
}

func (f *Fault) check() error {
	var problem string
	switch {
	case !slices.Contains(apiFaults, f.Kind) && !slices.Contains(webhookFaults, f.Kind):
		problem = fmt.Sprintf("there is no fault %q", f.Kind)
	case f.Count < 0 || f.Probability < 0 || f.Probability > 1:
		problem = "count must not be negative and probability is between 0 and 1"
	case f.N < 0 || f.N > 1000 || f.MS < 0 || f.Bytes < 0 || f.Bytes > maxBig:
		problem = fmt.Sprintf("n is at most 1000, ms not negative, bytes at most %d", maxBig)
	case f.Kind == FaultError && f.Code == 0:
		problem = "the fault \"error\" needs a code"
	case f.On != "" && !slices.Contains([]string{labelSend, labelRead, labelMedia, labelTemplate, labelList, labelAny}, f.On):
		problem = fmt.Sprintf("there are no calls %q", f.On)
	default:
		return nil
	}
	return &crm.Error{Op: "set fault", Code: crm.Invalid, Msg: "This fault cannot be set: " + problem + "."}
}

// maxBig bounds the fault "big": well beyond what any receiver takes.
const maxBig = 16 << 20

// place is where a fault could strike now.
type place struct {
	number   *number
	customer *customer // nil: none
	status   string
	on       string     // label of the API call
	drawn    *rand.Rand // what decides whether a fault strikes; nil: Simulator.random
}

// strike returns the first fault of a kind that fits the place and strikes, nil
// if none does. s.mu is held.
func (s *Simulator) strike(at place, kinds ...FaultKind) *Fault {
	for _, f := range s.faults {
		spent := f.Count > 0 && f.Hits >= f.Count
		if spent || !slices.Contains(kinds, f.Kind) || !s.fits(f, at) {
			continue
		}
		if f.Probability > 0 && cmp.Or(at.drawn, s.random).Float64() >= f.Probability {
			continue
		}
		f.Hits++
		return f
	}
	return nil
}

func (s *Simulator) fits(f *Fault, at place) bool {
	if slices.Contains(apiFaults, f.Kind) && f.On != labelAny && at.on != cmp.Or(f.On, labelSend) {
		return false
	}
	return (f.Provider == "" || f.Provider == at.number.Provider) &&
		(f.Number == "" || f.Number == at.number.PhoneNumberID) &&
		(f.Customer == "" || at.customer != nil && s.people.find(f.Customer) == at.customer) &&
		(f.Status == "" || f.Status == at.status)
}

// refusal is what an API fault answers, nil for those that do not answer.
func (f *Fault) refusal(p crm.Provider) *refusal {
	var r *refusal
	switch f.Kind {
	case FaultError:
		r = graph(f.Code, f.Text)
	case FaultLimit:
		r = limited(p, f.MS/1000)
	case FaultDown:
		r = graph(131000, "Simulated outage.")
		r.status = 503
	case FaultHTML:
		r = &refusal{status: 502, html: "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body><center><h1>502 Bad Gateway</h1></center></body>\r\n</html>\r\n"}
	case FaultInFlight:
		r = flat(409, "Another message is already in-flight for this conversation. Please retry shortly.", "")
	case FaultCredits:
		r = flat(402, "Your Kapso balance doesn't cover Meta's fee for this message.", "insufficient_credits")
		r.body.(map[string]any)["billing_url"] = "https://app.kapso.example/projects/0/billing"
	case FaultSandbox:
		r = flat(403, "Active sandbox session required to send messages", "")
	case FaultStopped:
		r = stoppedMarketing(p)
	case FaultMismatch:
		r = flat(422, "The messaging account does not match the phone number.", "messaging_account_mismatch")
	default:
		return nil
	}
	if f.HTTP != 0 {
		r.status = f.HTTP
	}
	return r
}

// stoppedMarketing is the refusal of marketing to who stopped it.
func stoppedMarketing(p crm.Provider) *refusal {
	if p == crm.Kapso {
		return flat(422, "The recipient has stopped marketing messages.", "marketing_preference_stopped")
	}
	return graph(131050, "The user has stopped marketing messages from this business.")
}

// wait is the fault's MS, or fallback.
func (f *Fault) wait(fallback time.Duration) time.Duration {
	if f.MS == 0 {
		return fallback
	}
	return time.Duration(f.MS) * time.Millisecond
}
