package figures

import (
	"context"
	"fmt"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
)

// How many days a dashboard has: when nobody says otherwise, and at most.
const (
	DefaultDays = 30
	MaxDays     = 366
)

// Service shows the figures. Its methods may be called from several goroutines.
type Service struct {
	store Store
	mint  *crm.Mint
}

// New returns the figures of a store.
func New(store Store, mint *crm.Mint) *Service { return &Service{store: store, mint: mint} }

// Ask is what to show. Its zero value asks for the last 30 days of everything.
type Ask struct {
	From, To  *Day // nil From: DefaultDays up to To; nil To: today
	ChannelID crm.ChannelID
	MemberID  crm.MemberID
}

// ParseDay reads a date as "2026-11-28".
func ParseDay(text string) (Day, error) {
	t, err := time.Parse(time.DateOnly, text)
	if err != nil {
		return 0, &crm.Error{Op: "read a date", Code: crm.Invalid, Reason: "bad_date", Msg: fmt.Sprintf("%.20q is not a date such as 2026-11-28.", text)}
	}
	return DayOf(t, time.UTC), nil
}

// Dashboard returns the figures of some days. Invalid, with the reason
// "bad_range", for days that end before they begin or are more than MaxDays. A
// channel or member that is not the workspace's has no figures. It needs
// access.ReadConversations.
func (s *Service) Dashboard(ctx context.Context, p access.Principal, ask Ask) (*Dashboard, error) {
	const op = "read the dashboard"
	if err := p.Check(access.ReadConversations); err != nil {
		return nil, crm.Wrap(op, err)
	}
	zone, err := s.store.Zone(ctx, p.WorkspaceID)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	today := DayOf(s.mint.Now(), zone)
	q, err := ask.query(today)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	sums, err := s.store.Figures(ctx, p.WorkspaceID, q)
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	d := newDashboard(q, sums, !q.ChannelID.IsZero() || !q.MemberID.IsZero())
	d.Today = today
	if q.From <= today && today <= q.To {
		d.OfToday = d.Days[today-q.From].Happened
		return d, nil
	}
	q.From, q.To = today, today
	if sums, err = s.store.Figures(ctx, p.WorkspaceID, q); err != nil {
		return nil, crm.Wrap(op, err)
	}
	d.OfToday = newDashboard(q, sums, false).InAll
	return d, nil
}

// query returns which figures are asked for.
func (a Ask) query(today Day) (Query, error) {
	q := Query{To: today, ChannelID: a.ChannelID, MemberID: a.MemberID}
	if a.To != nil {
		q.To = *a.To
	}
	q.From = q.To - DefaultDays + 1
	if a.From != nil {
		q.From = *a.From
	}
	switch {
	case q.From > q.To:
		return Query{}, &crm.Error{Op: "check days", Code: crm.Invalid, Reason: "bad_range", Msg: "The first day must not be after the last."}
	case q.To-q.From >= MaxDays:
		return Query{}, &crm.Error{Op: "check days", Code: crm.Invalid, Reason: "bad_range", Msg: fmt.Sprintf("At most %d days are shown at once.", MaxDays)}
	}
	return q, nil
}

// Recount puts the standing figures of a workspace right; see Store. It is for
// the program and asks nobody's leave.
func (s *Service) Recount(ctx context.Context, ws crm.WorkspaceID) (int, error) {
	wrong, err := s.store.Recount(ctx, ws)
	return wrong, crm.Wrap("recount the figures", err)
}
