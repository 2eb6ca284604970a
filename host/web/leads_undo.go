package web

import (
	"encoding/base64"
	"encoding/json"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// The browser keeps for a while what takes its last change of many contacts
// back. It is no secret and grants nothing: the way back is an edit as any other.
const (
	undoCookie = "lead_undo"
	undoAge    = 10 * time.Minute
	maxUndo    = 3500 // bytes of the cookie: browsers take 4096 with its name
)

// bulkUndo takes a change of many contacts back.
type bulkUndo struct {
	Set  bulkEdit   `json:"set"`
	Back []undoStep `json:"back"`
}

// undoStep is the way back of the contacts that were alike.
type undoStep struct {
	Edit bulkEdit        `json:"e"`
	IDs  []crm.ContactID `json:"i"`
}

// undoOf returns what takes a change back that is about to be made; nil if it
// cannot be taken back: it is more than values, or of too many.
func (w *Web) undoOf(ctx *fasthttp.RequestCtx, v *visitor, change people.Bulk, set bulkEdit) *bulkUndo {
	if change.Assignee != nil || change.Edit.OptOut != nil || set.empty() || len(change.IDs) > leadRows {
		return nil
	}
	undo := &bulkUndo{Set: set}
	steps := map[string]int{}
	for _, id := range change.IDs {
		card, err := w.People.Card(request.ContextOf(ctx), v.Principal, id)
		if err != nil {
			return nil // what is wrong with it the change itself says
		}
		back := set.inverse(card.Contact)
		if back.empty() {
			continue
		}
		encoded, err := json.Marshal(back)
		if err != nil {
			return nil
		}
		n, ok := steps[string(encoded)]
		if !ok {
			n = len(undo.Back)
			steps[string(encoded)], undo.Back = n, append(undo.Back, undoStep{Edit: back})
		}
		undo.Back[n].IDs = append(undo.Back[n].IDs, id)
	}
	return undo
}

// settleUndo keeps the way back in the browser, or takes an older one away. The
// values of fields are noted as they were stored.
func (w *Web) settleUndo(ctx *fasthttp.RequestCtx, v *visitor, undo *bulkUndo) {
	if undo == nil || len(undo.Back) == 0 {
		forget(ctx, undoCookie)
		return
	}
	if len(undo.Set.Fields) > 0 {
		card, err := w.People.Card(request.ContextOf(ctx), v.Principal, undo.Back[0].IDs[0])
		if err != nil {
			forget(ctx, undoCookie)
			return
		}
		for key, value := range undo.Set.Fields {
			if stored, has := card.Contact.Fields[key]; has && value != nil {
				undo.Set.Fields[key] = &stored
			}
		}
	}
	encoded, err := json.Marshal(undo)
	text := base64.RawURLEncoding.EncodeToString(encoded)
	if err != nil || len(text) > maxUndo {
		forget(ctx, undoCookie)
		return
	}
	var c fasthttp.Cookie
	c.SetKey(undoCookie)
	c.SetValue(text)
	c.SetPath("/leads")
	c.SetMaxAge(int(undoAge.Seconds()))
	c.SetHTTPOnly(true)
	c.SetSameSite(fasthttp.CookieSameSiteLaxMode)
	ctx.Response.Header.SetCookie(&c)
}

// forget has the browser forget a cookie of the lists.
func forget(ctx *fasthttp.RequestCtx, name string) {
	var c fasthttp.Cookie
	c.SetKey(name)
	c.SetPath("/leads")
	c.SetExpire(fasthttp.CookieExpireDelete)
	ctx.Response.Header.SetCookie(&c)
}

// hasUndo reports whether what was just done can be taken back.
func hasUndo(ctx *fasthttp.RequestCtx) bool {
	return string(ctx.QueryArgs().Peek("done")) == "leads_changed" && len(ctx.Request.Header.Cookie(undoCookie)) > 0
}

// undoLeads answers POST /leads/undo.
func (w *Web) undoLeads(ctx *fasthttp.RequestCtx, v *visitor) error {
	var undo bulkUndo
	encoded, err := base64.RawURLEncoding.DecodeString(string(ctx.Request.Header.Cookie(undoCookie)))
	if err != nil || json.Unmarshal(encoded, &undo) != nil {
		return &crm.Error{Op: "undo", Code: crm.Conflict, Reason: "undo_gone", Msg: "This cannot be undone any more."}
	}
	for _, step := range undo.Back {
		for _, id := range step.IDs {
			if err := w.undoOne(ctx, v, id, undo.Set, step.Edit); err != nil {
				return err
			}
		}
	}
	forget(ctx, undoCookie)
	back(ctx, "leads_undone")
	return nil
}

// undoOne takes the change of one contact back. A contact that is gone, and a
// value that cannot be any more, stay as they are.
func (w *Web) undoOne(ctx *fasthttp.RequestCtx, v *visitor, id crm.ContactID, set, step bulkEdit) error {
	card, err := w.People.Card(request.ContextOf(ctx), v.Principal, id)
	if err == nil {
		_, err = w.People.Edit(request.ContextOf(ctx), v.Principal, id, set.still(card.Contact, step).edit(), v.workspace.Region)
	}
	switch crm.CodeOf(err) {
	case crm.NotFound, crm.Invalid:
		return nil
	}
	return err
}
