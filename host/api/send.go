package api

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"strings"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/host/problem"
	"github.com/my21staff/my21staff/host/request"
)

// The headers that make a repeat of a send harmless, and tell of it.
const (
	idempotencyKey      = "Idempotency-Key"
	idempotencyReplayed = "Idempotency-Replayed"
)

// sendBody is a message to send. Type names the one part that must be there.
type sendBody struct {
	ConversationID crm.ConversationID `json:"conversation_id,omitempty"`
	ContactID      crm.ContactID      `json:"contact_id,omitempty"`
	To             string             `json:"to,omitempty" about:"A phone number as people write it, or a business-scoped user id"`
	ChannelID      crm.ChannelID      `json:"channel_id,omitempty" about:"May be left out when the workspace has one channel"`
	ReplyTo        crm.MessageID      `json:"reply_to,omitempty" about:"The id of the message to quote"`
	Type           sendKind           `json:"type"`
	Text           *textPart          `json:"text,omitempty"`
	Image          *imagePart         `json:"image,omitempty"`
	Video          *videoPart         `json:"video,omitempty"`
	Audio          *audioPart         `json:"audio,omitempty"`
	Document       *documentPart      `json:"document,omitempty"`
	Sticker        *stickerPart       `json:"sticker,omitempty"`
	Location       *locationPart      `json:"location,omitempty"`
	Contacts       *cardsPart         `json:"contacts,omitempty"`
	Interactive    *interactivePart   `json:"interactive,omitempty"`
	Reaction       *reactionPart      `json:"reaction,omitempty"`
	Template       *templatePart      `json:"template,omitempty"`
}

// Sender takes messages to send on; inbox.Service.Send says how.
type Sender interface {
	Send(ctx context.Context, p access.Principal, cmd inbox.SendCommand) (*inbox.Sent, error)
}

// sendKind is a kind of content that may be sent.
type sendKind crm.ContentKind

// given returns the content of a part, nil if the part is missing.
func given[P interface{ content() crm.Content }](part *P) crm.Content {
	if part == nil {
		return nil
	}
	return (*part).content()
}

// content returns the part that Type names. Another part beside it is refused:
// it would not be sent.
func (s *sendBody) content() (crm.Content, error) {
	var found crm.Content
	for _, part := range []crm.Content{
		given(s.Text), given(s.Image), given(s.Video), given(s.Audio), given(s.Document), given(s.Sticker),
		given(s.Location), given(s.Contacts), given(s.Interactive), given(s.Reaction), given(s.Template),
	} {
		switch {
		case part == nil:
		case sendKind(part.Kind()) == s.Type:
			found = part
		default:
			return nil, badPart(string(part.Kind()), problem.UnknownField, fmt.Sprintf("It has no place in a message of type %s.", s.Type))
		}
	}
	if found == nil {
		return nil, badPart(string(s.Type), problem.MissingField, "It is missing.")
	}
	return found, nil
}

func badPart(name, code, detail string) error {
	return problem.OfFields("decode body", []problem.Field{{Field: name, Code: code, Detail: detail}})
}

// decodeSend reads what to send from a body.
func decodeSend(body []byte) (inbox.SendCommand, error) {
	var send sendBody
	if err := decodeJSON(body, &send); err != nil {
		return inbox.SendCommand{}, err
	}
	content, err := send.content()
	return inbox.SendCommand{
		ConversationID: send.ConversationID, ContactID: send.ContactID, To: send.To, ChannelID: send.ChannelID,
		ReplyTo: send.ReplyTo, Content: content, RequestHash: sha256.Sum256(body),
	}, err
}

func (a *API) sendMessage(ctx *fasthttp.RequestCtx) error {
	body, err := readBody(ctx)
	if err != nil {
		return err
	}
	cmd, err := decodeSend(body)
	if err != nil {
		return err
	}
	if cmd.IdempotencyKey, err = sendKey(ctx); err != nil {
		return err
	}
	if cmd.Region, err = a.region(ctx); err != nil {
		return err
	}
	sent, err := a.Sends.Send(request.ContextOf(ctx), request.PrincipalOf(ctx), cmd)
	if err != nil {
		return refusal(err)
	}
	if sent.Repeated {
		ctx.Response.Header.Set(idempotencyReplayed, "true")
		return answer(ctx, 200, messageOf(sent.Message))
	}
	return answer(ctx, 201, messageOf(sent.Message))
}

// sendKey returns the request's Idempotency-Key, "" if it has none.
func sendKey(ctx *fasthttp.RequestCtx) (string, error) {
	key := string(ctx.Request.Header.Peek(idempotencyKey))
	for i := range len(key) {
		if key[i] < ' ' || key[i] > '~' {
			return "", &crm.Error{Op: "read idempotency key", Code: crm.Invalid, Reason: "bad_idempotency_key",
				Msg: "An Idempotency-Key has printable ASCII characters only."}
		}
	}
	return key, nil
}

// refusal adds to an error of Send what only the API shows: the field that is
// wrong, or the templates that could be sent instead.
func refusal(err error) error {
	var wrong *crm.Error
	if errors.As(err, &wrong) && wrong.Code == crm.Invalid && strings.Contains(wrong.Reason, ".") {
		// The path of a field; see crm.CheckContent.
		return badPart(wrong.Reason, problem.BadValue, wrong.Msg)
	}
	var refused *inbox.RefusedError
	if errors.As(err, &refused) {
		return &problem.Error{Err: err, Members: map[string]any{"templates": listOf(refused.Templates, templateOf).Data}}
	}
	return err
}
