package web

import (
	"cmp"
	"crypto/sha256"
	"errors"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/request"
)

// reply answers POST /inbox/{id}/messages with a text, or with a file that was
// uploaded and the text as its caption. It may quote a message.
func (w *Web) reply(ctx *fasthttp.RequestCtx, v *visitor) error {
	cmd := inbox.SendCommand{Content: crm.Text{Body: posted(ctx, "text")}}
	if id := posted(ctx, "media"); id != "" {
		file := crm.Media{Type: crm.ContentKind(posted(ctx, "kind")), ID: id, Caption: posted(ctx, "text")}
		if file.Type == crm.KindDocument {
			file.Filename = posted(ctx, "filename")
		}
		cmd.Content = file
	}
	if !parseInto(posted(ctx, "reply_to"), &cmd.ReplyTo) {
		return badAddress
	}
	return w.send(ctx, v, cmd)
}

// send sends a form's message. One that is refused comes back with the reason and
// what was typed.
func (w *Web) send(ctx *fasthttp.RequestCtx, v *visitor, cmd inbox.SendCommand) error {
	once(&cmd, string(ctx.PostArgs().Peek("nonce")), ctx.PostBody())
	return w.sendTyped(ctx, v, cmd, posted(ctx, "text"))
}

// once has a form that is sent twice make one message, by the nonce that stands in it.
func once(cmd *inbox.SendCommand, nonce string, form []byte) {
	if nonce != "" {
		cmd.IdempotencyKey, cmd.RequestHash = "web:"+nonce, sha256.Sum256(form)
	}
}

// sendTyped sends a message of which somebody typed a text.
func (w *Web) sendTyped(ctx *fasthttp.RequestCtx, v *visitor, cmd inbox.SendCommand, typed string) (err error) {
	if cmd.ConversationID, err = pathID[crm.Conversation](ctx); err != nil {
		return err
	}
	_, err = w.Sends.Send(request.ContextOf(ctx), v.Principal, cmd)
	switch crm.CodeOf(err) {
	case "":
		return w.back(ctx)
	case crm.Refused, crm.Invalid:
		return w.notSent(ctx, v, err, typed)
	default:
		return err
	}
}

// notSent shows the conversation with why a message was not sent, and what was typed
// of it.
func (w *Web) notSent(ctx *fasthttp.RequestCtx, v *visitor, why error, typed string) error {
	ctx.SetStatusCode(fasthttp.StatusUnprocessableEntity)
	return w.showThread(ctx, v, composer{Why: v.problem(why), Text: typed})
}

// react answers POST /inbox/{id}/react: it puts an emoji on a message, or takes ours
// away. Doing so twice is doing it once, so the form needs no nonce.
func (w *Web) react(ctx *fasthttp.RequestCtx, v *visitor) error {
	var to crm.MessageID
	if id := posted(ctx, "message"); id == "" || !parseInto(id, &to) {
		return badAddress
	}
	return w.send(ctx, v, inbox.SendCommand{Content: crm.Reaction{MessageID: to.String(), Emoji: posted(ctx, "emoji")}})
}

// back sends the browser to the conversation a form belongs to, with the list
// beside it as it was.
func (w *Web) back(ctx *fasthttp.RequestCtx) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	choice, err := readListChoice(ctx.QueryArgs())
	if err != nil {
		return err
	}
	seeOther(ctx, "/inbox/"+id.String()+choice.suffix())
	return nil
}

// sendAgain answers POST /inbox/{id}/again: it sends a message that failed once
// more, as a new one.
func (w *Web) sendAgain(ctx *fasthttp.RequestCtx, v *visitor) error {
	var failed crm.MessageID
	if !parseInto(posted(ctx, "message"), &failed) {
		return badAddress
	}
	m, err := w.Inbox.Message(request.ContextOf(ctx), v.Principal, failed)
	if err != nil {
		return err
	}
	if m.Status != crm.Failed || !mayRepeat(m) {
		return &crm.Error{Op: "send again", Code: crm.Refused, Reason: "not_repeatable", Msg: "This message cannot be sent again as it was."}
	}
	return w.send(ctx, v, inbox.SendCommand{Content: m.Content})
}

// assign answers POST /inbox/{id}/assign: to the visitor ("me"), to nobody, or to
// a member by id.
func (w *Web) assign(ctx *fasthttp.RequestCtx, v *visitor) error {
	to, err := v.assignee(posted(ctx, "to"))
	if err != nil {
		return err
	}
	return w.change(ctx, v, inbox.Change{AssigneeID: &to})
}

func (v *visitor) assignee(text string) (crm.MemberID, error) {
	switch text {
	case "me":
		return v.Member, nil
	case "nobody":
		return crm.MemberID{}, nil
	}
	id, err := crm.ParseID[crm.Member](text)
	if err != nil {
		return id, badAddress
	}
	return id, nil
}

// status answers POST /inbox/{id}/status: open, pending, resolved, or snoozed
// until a time.
func (w *Web) status(ctx *fasthttp.RequestCtx, v *visitor) error {
	change, err := v.statusChange(posted(ctx, "status"), cmp.Or(posted(ctx, "at"), posted(ctx, "until")))
	if err != nil {
		return err
	}
	return w.change(ctx, v, change)
}

// statusChange reads a status, and for a snooze its end: a moment of the page, or
// a local time as a browser's field for one has it.
func (v *visitor) statusChange(word, until string) (inbox.Change, error) {
	status := crm.ConversationStatus(word)
	change := inbox.Change{Status: &status}
	if status != crm.Snoozed {
		return change, nil
	}
	at, err := time.Parse(time.RFC3339, until)
	if err != nil {
		at, err = time.ParseInLocation(localMinute, until, v.zone)
	}
	if err != nil {
		return change, &crm.Error{Op: "read form", Code: crm.Invalid, Reason: "snoozed_until", Msg: "Say until when.", Err: err}
	}
	change.SnoozedUntil = &at
	return change, nil
}

func (w *Web) change(ctx *fasthttp.RequestCtx, v *visitor, c inbox.Change) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	if _, err := w.Inbox.Change(request.ContextOf(ctx), v.Principal, id, c); err != nil {
		return err
	}
	return w.back(ctx)
}

// note answers POST /inbox/{id}/notes.
func (w *Web) note(ctx *fasthttp.RequestCtx, v *visitor) error {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return err
	}
	if _, err := w.People.AddNote(request.ContextOf(ctx), v.Principal, people.NewNote{ConversationID: id, Body: posted(ctx, "body")}); err != nil {
		return err
	}
	return w.back(ctx)
}

// tagContact answers POST /inbox/{id}/tags: add puts a tag on the contact, remove
// takes one off.
func (w *Web) tagContact(ctx *fasthttp.RequestCtx, v *visitor) error {
	var add, remove crm.TagID
	if !parseInto(posted(ctx, "add"), &add) || !parseInto(posted(ctx, "remove"), &remove) {
		return badAddress
	}
	var edit people.Edit
	if !add.IsZero() {
		edit.AddTags = []crm.TagID{add}
	}
	if !remove.IsZero() {
		edit.RemoveTags = []crm.TagID{remove}
	}
	return w.edit(ctx, v, edit)
}

// consent answers POST /inbox/{id}/consent: whether the contact wants marketing
// messages ("in", "out"), or is not to be written to at all ("block", "unblock").
func (w *Web) consent(ctx *fasthttp.RequestCtx, v *visitor) error {
	var edit people.Edit
	switch posted(ctx, "consent") {
	case "in":
		edit.OptOut = new(false)
	case "out":
		edit.OptOut = new(true)
	case "block":
		edit.Blocked = new(true)
	case "unblock":
		edit.Blocked = new(false)
	default:
		return badAddress
	}
	return w.edit(ctx, v, edit)
}

// edit changes the contact of a form's conversation.
func (w *Web) edit(ctx *fasthttp.RequestCtx, v *visitor, e people.Edit) error {
	contact, err := w.contactOf(ctx, v)
	if err != nil {
		return err
	}
	if _, err := w.People.Edit(request.ContextOf(ctx), v.Principal, contact, e, v.workspace.Region); err != nil {
		return err
	}
	return w.back(ctx)
}

func (w *Web) contactOf(ctx *fasthttp.RequestCtx, v *visitor) (crm.ContactID, error) {
	id, err := pathID[crm.Conversation](ctx)
	if err != nil {
		return crm.ContactID{}, err
	}
	_, contact, err := w.Inbox.Conversation(request.ContextOf(ctx), v.Principal, id)
	if err != nil {
		return crm.ContactID{}, err
	}
	return contact.ID, nil
}

// task answers POST /inbox/{id}/tasks: a title makes a task about the contact,
// done closes one.
func (w *Web) task(ctx *fasthttp.RequestCtx, v *visitor) error {
	c := request.ContextOf(ctx)
	if done := posted(ctx, "done"); done != "" {
		id, err := crm.ParseID[crm.Task](done)
		if err != nil {
			return badAddress
		}
		if _, err := w.People.EditTask(c, v.Principal, id, people.TaskEdit{Done: new(true)}); err != nil {
			return err
		}
		return w.back(ctx)
	}
	contact, err := w.contactOf(ctx, v)
	if err != nil {
		return err
	}
	edit := people.TaskEdit{Title: new(posted(ctx, "title"))}
	if !v.Member.IsZero() {
		edit.AssigneeID = &v.Member
	}
	if due := posted(ctx, "due"); due != "" {
		at, err := time.ParseInLocation(time.DateOnly, due, v.zone)
		if err != nil {
			return &crm.Error{Op: "read form", Code: crm.Invalid, Reason: "due_at", Msg: "This is no date.", Err: err}
		}
		edit.DueAt = new(at.Add(17 * time.Hour)) // by the end of the day's work
	}
	if _, err := w.People.AddTask(c, v.Principal, contact, edit); err != nil {
		return err
	}
	return w.back(ctx)
}

// maxBulkForm is how many conversations a form changes at once: what a page of
// the list shows, a few times over.
const maxBulkForm = 200

// bulk answers POST /inbox/bulk: the same change to every conversation that was
// marked. One that is gone keeps none of the others from it.
func (w *Web) bulk(ctx *fasthttp.RequestCtx, v *visitor) error {
	choice, err := readListChoice(ctx.QueryArgs())
	if err != nil {
		return err
	}
	do, err := w.bulkChange(ctx, v)
	if err != nil {
		return err
	}
	marked := ctx.PostArgs().PeekMulti("id")
	if len(marked) > maxBulkForm {
		return &crm.Error{Op: "change conversations", Code: crm.Invalid, Reason: "too_many", Msg: "These are too many at once."}
	}
	for _, text := range marked {
		id, err := crm.ParseID[crm.Conversation](string(text))
		if err != nil {
			return badAddress
		}
		if err := do(id); err != nil && !errors.Is(err, crm.NotFound) {
			return err
		}
	}
	seeOther(ctx, with("/inbox"+choice.suffix(), "done", "changed"))
	return nil
}

// bulkChange reads from a form what is to be done to each conversation: "assign
// ID", "status WORD", "tag ID" or "read".
func (w *Web) bulkChange(ctx *fasthttp.RequestCtx, v *visitor) (func(crm.ConversationID) error, error) {
	c := request.ContextOf(ctx)
	verb, object, _ := strings.Cut(posted(ctx, "do"), " ")
	var change inbox.Change
	switch verb {
	case "assign":
		to, err := v.assignee(object)
		if err != nil {
			return nil, err
		}
		change.AssigneeID = &to
	case "status":
		var err error
		if change, err = v.statusChange(object, iso(w.Now().Add(3*time.Hour))); err != nil {
			return nil, err
		}
	case "read":
		change.Read = true
	case "tag":
		tag, err := crm.ParseID[crm.Tag](object)
		if err != nil {
			return nil, badAddress
		}
		return func(id crm.ConversationID) error {
			_, contact, err := w.Inbox.Conversation(c, v.Principal, id)
			if err != nil {
				return err
			}
			_, err = w.People.Edit(c, v.Principal, contact.ID, people.Edit{AddTags: []crm.TagID{tag}}, v.workspace.Region)
			return err
		}, nil
	default:
		return nil, badAddress
	}
	return func(id crm.ConversationID) error {
		_, err := w.Inbox.Change(c, v.Principal, id, change)
		return err
	}, nil
}
