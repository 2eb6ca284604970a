package simulator

import (
	"bytes"
	"embed"
	"html/template"
	"io/fs"
	"net/url"
	"path"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/problem"
)

// pageFiles are the template and what it loads.
//
//go:embed page
var pageFiles embed.FS

var phoneTemplate = template.Must(template.ParseFS(pageFiles, "page/*.html"))

const pagePolicy = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// phoneView is the page: a customer's phone, and who holds it.
type phoneView struct {
	Error     string
	Numbers   []option
	Customers []option
	Kinds     []string
	Number    string // value of the chosen number
	Business  string // its name
	Customer  string // key of the chosen customer
	Chat      chatPane
}

// option is a choice in a select.
type option struct {
	Value, Label string
	Chosen       bool
}

// secure sets the headers of everything a browser shows.
func secure(ctx *fasthttp.RequestCtx, policy string) {
	h := &ctx.Response.Header
	h.Set("Content-Security-Policy", policy)
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Referrer-Policy", "no-referrer")
	h.Set("Cache-Control", "no-store")
}

// showPhone serves the page.
func (s *Simulator) showPhone(ctx *fasthttp.RequestCtx) {
	s.renderPhone(ctx, formChat(ctx.QueryArgs()), nil)
}

// renderPhone writes the page of a chat, with what went wrong if anything did.
func (s *Simulator) renderPhone(ctx *fasthttp.RequestCtx, at Chat, wrong error) {
	v := s.phone(at)
	if wrong != nil {
		doc := problem.Of(wrong)
		v.Error = doc.Detail
		ctx.SetStatusCode(doc.Status)
	}
	s.render(ctx, "phone.html", v)
}

// showChat serves the part of the page that changes.
func (s *Simulator) showChat(ctx *fasthttp.RequestCtx) {
	s.render(ctx, "chat.html", s.phone(formChat(ctx.QueryArgs())).Chat)
}

func (s *Simulator) render(ctx *fasthttp.RequestCtx, name string, view any) {
	var page bytes.Buffer
	if err := phoneTemplate.ExecuteTemplate(&page, name, view); err != nil {
		s.log.Error("render page", "template", name, "error", err)
		ctx.Error("The page cannot be shown.", fasthttp.StatusInternalServerError)
		return
	}
	secure(ctx, pagePolicy)
	ctx.SetContentType("text/html; charset=utf-8")
	ctx.SetBody(page.Bytes())
}

// formChat reads a chat from a form: the number as "provider:id".
func formChat(args *fasthttp.Args) Chat {
	provider, number, _ := strings.Cut(string(args.Peek("number")), ":")
	who := strings.TrimSpace(string(args.Peek("new")))
	if who == "" {
		who = string(args.Peek("customer"))
	}
	return Chat{Provider: crm.Provider(provider), Number: number, Customer: who}
}

// phone makes the page's view. A chat that names nobody is the first number's
// with the first customer; a number nobody knows is shown as an empty chat.
func (s *Simulator) phone(at Chat) phoneView {
	s.mu.Lock()
	defer s.mu.Unlock()
	v := phoneView{Kinds: Kinds(), Customer: at.Customer}
	chosen, err := s.find(at.Provider, at.Number)
	if v.Customer == "" && len(s.people.list) > 0 {
		v.Customer = s.people.list[0].key()
	}
	person := s.people.find(v.Customer)
	for _, n := range s.numbers {
		value := string(n.Provider) + ":" + n.PhoneNumberID
		v.Numbers = append(v.Numbers, option{Value: value, Label: n.title() + " (" + string(n.Provider) + ")", Chosen: n == chosen})
		if n == chosen {
			v.Number, v.Business = value, n.title()
		}
	}
	for _, c := range s.people.list[max(0, len(s.people.list)-200):] {
		v.Customers = append(v.Customers, option{Value: c.key(), Label: c.Name + " " + c.key(), Chosen: c == person})
	}
	if person != nil {
		v.Customer = person.key()
	}
	v.Chat = chatPane{Number: v.Number, Customer: v.Customer}
	if err == nil && person != nil && chosen.chats[person] != nil {
		s.fillPane(&v.Chat, chosen.chats[person])
	}
	return v
}

func (n *number) title() string {
	if n.Name == "" {
		return n.DisplayNumber
	}
	return n.Name
}

// takeForm serves what is done on the phone, and shows the chat again.
func (s *Simulator) takeForm(ctx *fasthttp.RequestCtx) {
	form := ctx.PostArgs()
	at := formChat(form)
	err := error(&crm.Error{Op: "phone", Code: crm.Forbidden, Msg: "Another site's page may not use the phone."})
	if sameSite(ctx) {
		err = s.act(at, form)
	}
	if err != nil {
		s.renderPhone(ctx, at, err)
		return
	}
	back := url.Values{"number": {string(form.Peek("number"))}, "customer": {at.Customer}}
	secure(ctx, pagePolicy)
	ctx.Response.Header.Set("Location", "/?"+back.Encode())
	ctx.SetStatusCode(fasthttp.StatusSeeOther)
}

// act does what a form of the page says.
func (s *Simulator) act(at Chat, form *fasthttp.Args) error {
	kind := string(form.Peek("kind"))
	if button := string(form.Peek("act")); button != "" { // one button of a form that has a kind of its own
		kind = button
	}
	if kind == "open" {
		s.mu.Lock()
		defer s.mu.Unlock()
		_, err := s.chatAt(at)
		return err
	}
	if kind == "read" {
		_, err := s.Read(at, true)
		return err
	}
	text := string(form.Peek("text"))
	if kind == "text" && strings.TrimSpace(text) == "" {
		return invalid("Write something first.")
	}
	_, err := s.Say(Inbound{Chat: at, Kind: kind, Text: text, Choice: string(form.Peek("choice")), ReplyTo: string(form.Peek("reply_to"))})
	return err
}

// showAsset serves the page's style and script.
func showAsset(ctx *fasthttp.RequestCtx) {
	name := pathValue(ctx, "file")
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	data, err := fs.ReadFile(pageFiles, "page/"+name)
	kind := types[path.Ext(name)]
	if err != nil || kind == "" {
		ctx.Error("no such file", fasthttp.StatusNotFound)
		return
	}
	secure(ctx, "default-src 'none'")
	ctx.SetContentType(kind)
	ctx.SetBody(data)
}
