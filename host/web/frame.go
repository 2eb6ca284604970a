package web

import (
	"cmp"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/problem"
)

// Frame is what every page has round it.
type Frame struct {
	Lang      lang
	Theme     string // "light" or "dark"; empty: as the system is
	Title     string
	Address   string // of the page, if it is not the one asked for
	Here      string // the path asked for, to come back to
	Workspace string // empty for nobody
	Beside    []neighbour
	Me        string // the visitor's id
	Seq       string // the newest fact before the page was made: what it does not show yet comes after; empty: it shows no news
	Member    string
	Away      bool   // the member says it is
	Token     string // for the forms
	Sections  []section
	bell      func() (mentionBell, error) // see Bell; nil for nobody
	Done      string                      // what a form has just done
	Styles    []string                    // files beside base.css
	Scripts   []string                    // modules of the page
	Wide      bool                        // the page fills the window
}

// section is one line of the navigation.
type section struct {
	Name    string // its word in the catalogue's area "section", and its icon
	Address string
	Action  access.Action // what one must be allowed to see it
	Chosen  bool
}

// sections are the parts of the program, in the order of the navigation.
var sections = []section{
	{Name: "inbox", Address: "/inbox", Action: access.ReadConversations},
	{Name: "leads", Address: "/leads", Action: access.ReadContacts},
	{Name: "dashboard", Address: "/dashboard", Action: access.ReadConversations},
	{Name: "settings", Address: "/settings", Action: access.SendMessages},
}

// Bell is the way to the visitor's mentions. It is read when the page is written, so
// that what the page shows has been seen, and no piece of a page asks for it.
func (f Frame) Bell() (mentionBell, error) {
	if f.bell == nil {
		return mentionBell{}, nil
	}
	return f.bell()
}

// frame returns the frame of a page of one of the sections, titled in the
// visitor's language.
func (v *visitor) frame(ctx *fasthttp.RequestCtx, title, chosen string) Frame {
	f := bare(ctx, v.lang, title)
	f.Workspace, f.Member, f.Token = v.workspace.Name, v.members[v.Member.String()], formToken(v.session)
	f.Me, f.Beside, f.Away = v.Member.String(), v.beside, v.away
	f.bell = func() (mentionBell, error) {
		bell, err := v.bell()
		bell.Here = chosen == "mentions"
		return bell, err
	}
	f.Done = v.lang.known("done", string(ctx.QueryArgs().Peek("done")))
	for _, s := range sections {
		if v.Can(s.Action) {
			s.Chosen = s.Name == chosen
			f.Sections = append(f.Sections, s)
		}
	}
	return f
}

// bare is the frame of a page that anybody sees.
func bare(ctx *fasthttp.RequestCtx, l lang, title string) Frame {
	return Frame{Lang: l, Theme: themeOf(ctx), Title: title, Here: string(ctx.RequestURI())}
}

// say returns a phrase in the visitor's language. That the catalogue has it is
// tested, so a page does not fail for a word.
func (v *visitor) say(key string, args ...any) string {
	text, err := v.lang.say(key, args...)
	if err != nil {
		return key
	}
	return text
}

// problem returns what an error says to the visitor: the catalogue's phrase for
// its reason, else its own sentence, else the phrase for its class.
func (v *visitor) problem(err error) string {
	doc, code := problem.Of(err), crm.CodeOf(err)
	if text := v.lang.known("problem", doc.Reason); text != "" {
		return text
	}
	if doc.Detail != problem.Of(&crm.Error{Code: code}).Detail {
		return doc.Detail
	}
	return cmp.Or(v.lang.known("problem", string(code)), doc.Detail)
}

// stored returns a reason that is stored in English in the visitor's language; one
// that a customer wrote ("STOP") as it is.
func (v *visitor) stored(reason string) string {
	return cmp.Or(v.lang.known("stored_reason", slug(reason)), v.lang.known("failure", slug(reason)), reason)
}

// refused reports whether an error is one that a form is shown again for, with
// what was typed.
func refused(err error) bool {
	switch crm.CodeOf(err) {
	case crm.Refused, crm.Invalid, crm.Conflict:
		return true
	}
	return false
}
