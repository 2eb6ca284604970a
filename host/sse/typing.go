package sse

import (
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/host/request"
)

// typing is what the readers of a workspace are told when somebody writes an
// answer. It is no fact: it has no number, is not kept, and a reader that is
// away or behind never hears of it.
type typing struct {
	Kind           string             `json:"kind"`
	At             string             `json:"at"`
	Actor          crm.Actor          `json:"actor"`
	ConversationID crm.ConversationID `json:"conversation_id"`
}

// HandleTyping answers POST /api/conversations/{id}/typing: it tells the readers
// of the workspace on this host that the caller writes an answer. It asks no
// store: an id that is nobody's is heard by nobody who looks at it.
func (h *Hub) HandleTyping(ctx *fasthttp.RequestCtx) error {
	who := request.PrincipalOf(ctx)
	if err := who.Check(access.SendMessages); err != nil {
		return err
	}
	text, _ := ctx.UserValue("id").(string)
	id, err := crm.ParseID[crm.Conversation](strings.Clone(text))
	if err != nil {
		return &crm.Error{Op: "read path", Code: crm.NotFound, Err: err}
	}
	data, err := json.Marshal(typing{"typing", time.Now().UTC().Format(stampLayout), who.Actor, id})
	if err != nil {
		return &crm.Error{Op: "encode event", Code: crm.Internal, Err: err}
	}
	h.shard(who.WorkspaceID).say(word{who.WorkspaceID, fmt.Appendf(nil, "event: typing\ndata: %s\n\n", data)})
	ctx.SetStatusCode(fasthttp.StatusNoContent)
	return nil
}

// word is an event without a number for the readers of a workspace.
type word struct {
	ws   crm.WorkspaceID
	text []byte
}

// maxWords is how many words wait for a shard at most; the oldest of more are
// not said.
const maxWords = 256

// say leaves a word for the shard to pass on.
func (s *shard) say(w word) {
	s.mu.Lock()
	if s.words = append(s.words, w); len(s.words) > maxWords {
		s.words = s.words[len(s.words)-maxWords:]
	}
	s.mu.Unlock()
	s.ring()
}

// passOn sends words to the readers who have read all they were sent.
func (s *shard) passOn(words []word) {
	for _, w := range words {
		for who, g := range s.groups {
			if who.ws != w.ws {
				continue
			}
			for _, st := range g.streams {
				if st.behind == nil {
					st.send(w.text)
				}
			}
		}
	}
}
