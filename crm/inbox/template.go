package inbox

import (
	"context"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// SyncTemplates stores a channel's templates as its provider lists them. One
// that is no longer listed becomes "deleted"; it stays, because messages were
// sent with it.
func (s *Service) SyncTemplates(ctx context.Context, ch *crm.Channel, listed []*crm.Template) error {
	const op = "sync templates"
	stored, err := s.store.Templates(ctx, ch.WorkspaceID, ch.ID)
	if err != nil {
		return crm.Wrap(op, err)
	}
	changes := decideSync(ch, stored, listed, s.mint)
	if changes.Empty() {
		return nil
	}
	err = s.store.Update(ctx, []crm.WorkspaceID{ch.WorkspaceID}, func(ctx context.Context, tx Tx) error {
		return tx.Write(ctx, &changes)
	})
	return crm.Wrap(op, err)
}

type templateKey struct{ name, language string }

// decideSync compares what is stored with what is listed.
func decideSync(ch *crm.Channel, stored, listed []*crm.Template, mint *crm.Mint) crm.Changes {
	w := &world{mint: mint, now: mint.Now(), ws: ch.WorkspaceID, touched: make(map[any]bool)}
	gone := make(map[templateKey]*crm.Template, len(stored))
	for _, t := range stored {
		gone[templateKey{t.Name, t.Language}] = t
	}
	for _, l := range listed {
		key := templateKey{l.Name, l.Language}
		t := *l
		t.WorkspaceID, t.ChannelID, t.UpdatedAt = ch.WorkspaceID, ch.ID, w.now
		if old := gone[key]; old != nil {
			delete(gone, key)
			if old.Status == t.Status && old.Category == t.Category && old.Body == t.Body && string(old.Components) == string(t.Components) {
				continue
			}
			t.ID = old.ID
		} else {
			t.ID = crm.NewID[crm.Template](mint)
		}
		w.saveTemplate(&t, "")
	}
	for _, t := range stored {
		if gone[templateKey{t.Name, t.Language}] == t && t.Status != "deleted" {
			t.Status, t.UpdatedAt = "deleted", w.now
			w.saveTemplate(t, "")
		}
	}
	return w.changes
}

// saveTemplate notes that a template is to be written, and why it changed.
func (w *world) saveTemplate(t *crm.Template, reason string) {
	if !w.touched[t] {
		w.touched[t] = true
		w.changes.Templates = append(w.changes.Templates, t)
	}
	w.fact(crm.Fact{
		Kind: crm.TemplateChanged, Actor: crm.Actor{Kind: crm.BySystem},
		Data: data(map[string]string{"name": t.Name, "language": t.Language, "status": t.Status, "category": t.Category, "reason": reason}),
	})
}

// template takes over news about a template of the channel. A template that is
// not known yet is kept with what was said of it; the next sync adds the rest.
func (w *world) template(ch *crm.Channel, f *webhook.Fact) Outcome {
	part := f.Template
	if part == nil || part.Name == "" {
		return w.event(ch, f)
	}
	var t *crm.Template
	for _, known := range w.templates {
		if known.ChannelID == ch.ID && known.Name == part.Name && known.Language == part.Language {
			t = known
		}
	}
	if t == nil {
		t = &crm.Template{ID: crm.NewID[crm.Template](w.mint), WorkspaceID: w.ws, ChannelID: ch.ID, Name: part.Name, Language: part.Language}
		w.templates = append(w.templates, t)
	}
	changed := takeOver(&t.Status, part.Status)
	changed = takeOver(&t.Category, part.Category) || changed
	changed = takeOver(&t.ProviderID, part.ProviderID) || changed
	if !changed {
		return unchanged
	}
	t.UpdatedAt = w.now
	w.saveTemplate(t, part.Reason)
	return applied
}

// takeOver replaces a text by news of it and reports whether that changed it.
// An empty text is no news.
func takeOver(have *string, news string) bool {
	if news == "" || *have == news {
		return false
	}
	*have = news
	return true
}
