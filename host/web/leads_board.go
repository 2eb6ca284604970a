package web

import (
	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm"
)

// boardCards is how many contacts a column of the board shows at first, and how
// many more each time.
const boardCards = 25

// boardPage is the contacts by the stages of the pipeline.
type boardPage struct {
	Frame
	leadFrame
	Columns []boardColumn
}

// boardColumn is a stage with its contacts.
type boardColumn struct {
	Key   string
	Label string
	Kind  crm.StageKind
	Count string // how many cards it shows, with a plus if there are more
	Cards []boardCard
	More  string // address of the column from where this page of it ends
	First string // address of the column from its beginning, on a later page
}

// boardCard is a contact on the board.
type boardCard struct {
	leadRow
	Stages []leadOption // where it can be moved
	Tags   []leadTag
	At     string
	AtISO  string
}

// showBoard shows the columns of the board, or the one that the address names.
func (w *Web) showBoard(ctx *fasthttp.RequestCtx, v *visitor, frame leadFrame, shown *leadsShown) error {
	page := boardPage{Frame: v.leadsFrame(ctx), leadFrame: frame}
	page.Seq = shown.seq
	shown.list.columns = nil
	for _, stage := range shown.list.pipeline.Stages {
		if shown.query.Stage != "" && shown.query.Stage != stage.Key {
			continue
		}
		column, err := w.boardColumn(ctx, v, shown, stage)
		if err != nil {
			return err
		}
		page.Columns = append(page.Columns, column)
	}
	return render(ctx, v.lang, "leads_board", page)
}

func (w *Web) boardColumn(ctx *fasthttp.RequestCtx, v *visitor, shown *leadsShown, stage crm.Stage) (boardColumn, error) {
	column := boardColumn{Key: stage.Key, Label: v.stage(stage), Kind: stage.Kind}
	q, after := shown.query, ""
	if q.Stage == stage.Key {
		after = q.After
	}
	of := *shown
	of.wanted.LeadStatus = stage.Key
	found, next, err := w.leadsPage(ctx, v, &of, after, boardCards)
	if err != nil {
		return column, err
	}
	for _, c := range found {
		column.Cards = append(column.Cards, v.boardCard(c, shown.list))
	}
	column.Count = v.number(len(found))
	q.Stage, q.After = stage.Key, next
	if next != "" {
		column.Count += "+"
		column.More = q.address()
	}
	if after != "" {
		q.After = ""
		column.First = q.address()
	}
	return column, nil
}

func (v *visitor) boardCard(c *crm.Contact, l *leadList) boardCard {
	card := boardCard{leadRow: v.leadRow(c, l), At: v.when(c.UpdatedAt, l.now), AtISO: iso(c.UpdatedAt)}
	card.Stages = v.stageOptions(l.pipeline, c.LeadStatus)
	for _, id := range c.Tags {
		if name := l.tags[id]; name != "" {
			card.Tags = append(card.Tags, leadTag{ID: id.String(), Name: name})
		}
	}
	return card
}
