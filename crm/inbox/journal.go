package inbox

import (
	"context"

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

// Replay decodes and applies a journalled request again, as it would be applied
// if it came now: with the channels that exist now, and with what the decoder
// has learned since. What was applied already stays as it is. A row that keeps
// no body, because its request held other workspaces' facts too, is Refused.
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
	if len(d.Body) == 0 {
		return Receipt{}, &crm.Error{Op: "replay", Code: crm.Refused, Reason: "shared_delivery",
			Msg: "This request also held other workspaces' data. Only the operator of the installation can replay it."}
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
