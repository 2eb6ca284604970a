package api

import (
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// scoreView is a score with its reasons.
type scoreView struct {
	Total       int             `json:"total" about:"0 to 100, the sum of the parts"`
	Temperature crm.Temperature `json:"temperature" about:"As of now; the contact and the lists have it as of the last news of the contact"`
	Rules       int             `json:"rules" about:"The version of the rules"`
	At          stamp           `json:"at" about:"When it was worked out: a score decays while nothing happens"`
	Parts       []scorePart     `json:"parts"`
}

// scorePart is what a category adds to a score.
type scorePart struct {
	Category lead.Category `json:"category"`
	Points   int           `json:"points" about:"The sum of its lines; what is negative is taken off"`
	Cap      int           `json:"cap" about:"The most it can add, or take off"`
	Lines    []scoreLine   `json:"lines" about:"The most valuable first"`
}

// scoreLine is one piece of evidence.
type scoreLine struct {
	Signal    string    `json:"signal"`
	Points    int       `json:"points"`
	Capped    bool      `json:"capped" about:"Some of it is beyond the cap"`
	Why       lead.Text `json:"why" about:"In Indonesian and English"`
	Match     *string   `json:"match" about:"The word, field or status of the rules that fits"`
	In        string    `json:"in" about:"message, note or contact"`
	MessageID *string   `json:"message_id"`
	NoteID    *string   `json:"note_id"`
	At        *stamp    `json:"at"`
}

// scoreOf returns a lead's score at a time.
func scoreOf(l *crm.Lead, rules *lead.Rules, now time.Time) scoreView {
	return scoreViewOf(lead.Read(l, rules, now))
}

func scoreViewOf(score lead.Score, temperature crm.Temperature) scoreView {
	view := scoreView{Total: score.Total, Temperature: temperature, Rules: score.Rules, At: stamp(score.At), Parts: make([]scorePart, 0, len(score.Parts))}
	for _, part := range score.Parts {
		shown := scorePart{Category: part.Category, Points: part.Points, Cap: part.Cap, Lines: make([]scoreLine, 0, len(part.Lines))}
		for _, line := range part.Lines {
			shown.Lines = append(shown.Lines, lineOf(line))
		}
		view.Parts = append(view.Parts, shown)
	}
	return view
}

func lineOf(l lead.Line) scoreLine {
	line := scoreLine{Signal: l.Signal, Points: l.Points, Capped: l.Capped, Why: l.Why, Match: ref(l.Match), In: l.Ref.Kind.String(), At: at(l.At)}
	switch l.Ref.Kind {
	case lead.OfMessage:
		line.MessageID = ref(crm.MessageID(l.Ref.ID).String())
	case lead.OfNote:
		line.NoteID = ref(crm.NoteID(l.Ref.ID).String())
	}
	return line
}
