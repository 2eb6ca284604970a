package web

import (
	"slices"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/request"
)

// A person of several workspaces has a session in each, because the same address in
// two of them proves nothing: whoever may add members can write any. The browser
// uses one session and keeps the others beside it; to switch is to swap them.

// neighbour is a workspace that the browser is signed in to beside the one it shows.
type neighbour struct {
	ID   string
	Name string
}

// besideEntries returns the browser's other sessions that are still good.
func (w *Web) besideEntries(ctx *fasthttp.RequestCtx) ([]directory.Entry, error) {
	var good []directory.Entry
	for _, token := range auth.Beside(ctx) {
		p, err := w.Directory.KnownSession(request.ContextOf(ctx), token)
		switch {
		case crm.CodeOf(err) == crm.Unauthenticated:
		case err != nil:
			return nil, err
		default:
			good = append(good, directory.Entry{Token: crm.Secret(token), Principal: p})
		}
	}
	return good, nil
}

// neighbours names the workspaces of the browser's other sessions.
func (w *Web) neighbours(ctx *fasthttp.RequestCtx) ([]neighbour, error) {
	entries, err := w.besideEntries(ctx)
	if err != nil {
		return nil, err
	}
	var list []neighbour
	for _, e := range entries {
		ws, err := w.Directory.KnownWorkspace(request.ContextOf(ctx), e.Principal.WorkspaceID)
		if err != nil {
			return nil, err
		}
		list = append(list, neighbour{ID: ws.ID.String(), Name: ws.Name})
	}
	return list, nil
}

// keepBeside keeps all sessions that just began but the first beside it, and with
// add those that the browser had: the one it used, and those beside that. Of several
// in a workspace the newest stays. Without add it ends what was beside: somebody
// else may have signed in.
func (w *Web) keepBeside(ctx *fasthttp.RequestCtx, begun []directory.Entry, add bool) error {
	if !add {
		if err := w.dropBeside(ctx); err != nil {
			return err
		}
		w.setBeside(ctx, begun[1:])
		return nil
	}
	had, err := w.besideEntries(ctx)
	if err != nil {
		return err
	}
	if p, used, err := w.Guard.Identify(ctx); err == nil && used.Session() != "" {
		had = append([]directory.Entry{{Token: crm.Secret(used.Session()), Principal: p}}, had...)
	}
	all := slices.Clone(begun)
	for _, e := range had {
		if !slices.ContainsFunc(all, func(a directory.Entry) bool { return a.Principal.WorkspaceID == e.Principal.WorkspaceID }) {
			all = append(all, e)
		}
	}
	w.setBeside(ctx, all[1:])
	return nil
}

func (w *Web) setBeside(ctx *fasthttp.RequestCtx, entries []directory.Entry) {
	if len(entries) == 0 && len(auth.Beside(ctx)) == 0 {
		return
	}
	tokens := make([]string, len(entries))
	for i, e := range entries {
		tokens[i] = string(e.Token)
	}
	w.Guard.SetBeside(ctx, tokens)
}

// dropBeside ends the browser's other sessions.
func (w *Web) dropBeside(ctx *fasthttp.RequestCtx) error {
	for _, token := range auth.Beside(ctx) {
		if err := w.Directory.SignOut(request.ContextOf(ctx), token); err != nil {
			return err
		}
	}
	w.setBeside(ctx, nil)
	return nil
}

// switchWorkspace answers POST /account/workspace: the browser uses its session in
// another workspace, and keeps the one it used beside it.
func (w *Web) switchWorkspace(ctx *fasthttp.RequestCtx, v *visitor) error {
	entries, err := w.besideEntries(ctx)
	if err != nil {
		return err
	}
	wanted := posted(ctx, "workspace")
	at := slices.IndexFunc(entries, func(e directory.Entry) bool { return e.Principal.WorkspaceID.String() == wanted })
	if at < 0 {
		return &crm.Error{Op: "switch workspace", Code: crm.NotFound, Reason: "not_signed_in_there", Msg: "You are not signed in to this workspace, or no longer."}
	}
	chosen := entries[at]
	entries[at] = directory.Entry{Token: crm.Secret(v.session), Principal: v.Principal}
	w.Guard.SetCookie(ctx, chosen.Token)
	w.setBeside(ctx, entries)
	seeOther(ctx, "/inbox")
	return nil
}
