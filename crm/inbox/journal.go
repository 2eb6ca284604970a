package inbox

import (
	"context"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/webhook"
)

// Deliveries returns a page of the workspace's webhook log, newest first,
// without bodies.
func (s *Service) Deliveries(ctx context.Context, p access.Principal, q DeliveryQuery) ([]*crm.Delivery, error) {
	const op = "list webhooks"
	if err := p.Check(access.ReadWebhookLog); err != nil {
		return nil, crm.Wrap(op, err)
	}
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Deliveries(ctx, p.WorkspaceID, q)
	return list, crm.Wrap(op, err)
}

// Delivery returns one row of the webhook log with its body, or NotFound.
func (s *Service) Delivery(ctx context.Context, p access.Principal, id crm.DeliveryID) (*crm.Delivery, error) {
	const op = "read webhook"
	if err := p.Check(access.ReadWebhookLog); err != nil {
		return nil, crm.Wrap(op, err)
	}
	d, err := s.store.Delivery(ctx, p.WorkspaceID, id)
	return d, crm.Wrap(op, err)
}

// Body returns the raw bytes of a request, which are the caller's. A row without
// them is NotFound, with the reasons that Replay has.
func (s *Service) Body(ctx context.Context, p access.Principal, id crm.DeliveryID) ([]byte, error) {
	const op = "read webhook body"
	d, err := s.Delivery(ctx, p, id)
	if err == nil {
		err = bodyless(d, crm.NotFound)
	}
	if err != nil {
		return nil, crm.Wrap(op, err)
	}
	return d.Body, nil
}

// bodyless says why there is no body, nil when there is one.
func bodyless(d *crm.Delivery, code crm.Code) error {
	switch {
	case d.Body != nil:
		return nil
	case d.Expired:
		return &crm.Error{Op: "read body", Code: code, Reason: "body_expired",
			Msg: "The body of this request is no longer kept: it is older than the installation keeps them."}
	default:
		return &crm.Error{Op: "read body", Code: code, Reason: "shared_delivery",
			Msg: "This request also held other workspaces' data. Only the operator of the installation can see and replay it."}
	}
}

// ExpireJournal takes away what the journal has of before a time, at most limit
// rows or whole months: first bodies, which are large, and when there are no more
// of them the rows. It returns how many it took; 0 is done. It is for the
// program and asks nobody's leave.
func (s *Service) ExpireJournal(ctx context.Context, before time.Time, limit int) (int, error) {
	const op = "expire the journal"
	taken, err := s.store.ExpireBodies(ctx, before, limit)
	if err != nil || taken > 0 {
		return taken, crm.Wrap(op, err)
	}
	taken, err = s.store.ExpireDeliveries(ctx, before, limit)
	return taken, crm.Wrap(op, err)
}

// Replay decodes and applies a journalled request again, as it would be applied
// if it came now: with the channels that exist now, and with what the decoder
// has learned since. What was applied already stays as it is. A row without a
// body is Refused: with the reason "shared_delivery" when its request held other
// workspaces' facts too, and "body_expired" when retention took it.
func (s *Service) Replay(ctx context.Context, p access.Principal, id crm.DeliveryID) (Receipt, error) {
	const op = "replay webhook"
	if err := p.Check(access.ReplayWebhooks); err != nil {
		return Receipt{}, crm.Wrap(op, err)
	}
	receipt, err := s.replay(ctx, p.WorkspaceID, id)
	return receipt, crm.Wrap(op, err)
}

// Unclaimed returns a page of the requests that are no single workspace's:
// numbers we do not know, bodies that cannot be read, batches of several
// workspaces. They are the operator's to see; no principal may.
func (s *Service) Unclaimed(ctx context.Context, q DeliveryQuery) ([]*crm.Delivery, error) {
	const op = "list unclaimed webhooks"
	var err error
	if q.Limit, err = crm.CheckPage(q.Limit); err != nil {
		return nil, crm.Wrap(op, err)
	}
	list, err := s.store.Deliveries(ctx, crm.WorkspaceID{}, q)
	return list, crm.Wrap(op, err)
}

// ReplayUnclaimed is [Service.Replay] for the operator's rows, after a channel
// was added or the decoder learned a new form.
func (s *Service) ReplayUnclaimed(ctx context.Context, id crm.DeliveryID) (Receipt, error) {
	receipt, err := s.replay(ctx, crm.WorkspaceID{}, id)
	return receipt, crm.Wrap("replay unclaimed webhook", err)
}

func (s *Service) replay(ctx context.Context, ws crm.WorkspaceID, id crm.DeliveryID) (Receipt, error) {
	d, err := s.store.Delivery(ctx, ws, id)
	if err != nil {
		return Receipt{}, err
	}
	if err := bodyless(d, crm.Refused); err != nil {
		return Receipt{}, err
	}
	facts, err := webhook.Decode(d.Provider, d.Event, d.Body)
	if err != nil {
		return Receipt{}, err
	}
	a := &Arrival{again: true, delivery: *d}
	a.delivery.Seen = 0 // it did not come again
	if err := s.sortOut(ctx, a, facts); err != nil {
		return Receipt{}, err
	}
	result := s.Commit(ctx, []*Arrival{a})[0]
	return result.Receipt, result.Err
}
