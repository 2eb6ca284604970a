package lead

import (
	"bytes"
	"cmp"
	"slices"
	"time"
)

// Score is how likely a lead is to buy, with the reasons.
type Score struct {
	Total int // 0 to 100, the sum of the parts
	Rules int // the version of the rules
	At    time.Time
	Parts [len(Categories)]Part // in the order of Categories
}

// Part is what a category adds to a score.
type Part struct {
	Category Category
	Points   int // the sum of the lines; below zero for Negative
	Cap      int
	Lines    []Line // the most valuable first
}

// Line is one piece of evidence and what it adds.
type Line struct {
	Signal string
	Points int  // counted; fractions of lines are counted with the next
	Worth  int  // thousandths of points it would add by itself
	Capped bool // some of its worth is beyond the category's cap, or more is taken off than is there
	Why    Text
	Match  string    // the word, field, tag, ... that made it evidence; empty for an event
	Ref    Ref       // what it was found in
	At     time.Time // when that was said; zero for what is known of the contact

	category int
}

// Of returns the score of a profile by rules at a time. Evidence for signals
// that the rules do not have is passed over.
func Of(p *Profile, r *Rules, now time.Time) Score {
	score := Score{Rules: r.doc.Version, At: now}
	lines := p.lines(r, now.Unix())
	for category, name := range Categories {
		part := Part{Category: name, Cap: r.doc.Caps.of(category)}
		end := 0
		for end < len(lines) && lines[end].category == category {
			end++
		}
		part.Lines, lines = lines[:end:end], lines[end:]
		limit := part.Cap
		if name == Negative { // the last: what the others sum up to is all that can be taken off
			limit = min(limit, score.Total)
		}
		part.count(limit)
		if name == Negative {
			part.negate()
		}
		score.Parts[category] = part
		score.Total += part.Points
	}
	return score
}

// Total returns Of's total without the reasons, for who has many leads to score.
func Total(p *Profile, r *Rules, now time.Time) int {
	var sums [len(Categories)]int64
	var s *signal
	counted := 0
	for i, have := range p.pieces {
		if i == 0 || have.signal != p.pieces[i-1].signal {
			s, counted = r.byKey[have.signal], 0
		}
		if s == nil || counted == s.most() {
			continue
		}
		counted++
		sums[s.category] += s.worth(have, now.Unix())
	}
	total := 0
	for category, name := range Categories {
		points := min(whole(int(sums[category])), r.doc.Caps.of(category))
		if name == Negative {
			points = -min(points, total)
		}
		total += points
	}
	return total
}

// lines returns what each piece is worth at a time, in the order of a score.
func (p *Profile) lines(r *Rules, now int64) []Line {
	lines := make([]Line, 0, len(p.pieces))
	for i := 0; i < len(p.pieces); {
		key, from := p.pieces[i].signal, i
		for i < len(p.pieces) && p.pieces[i].signal == key {
			i++
		}
		if s := r.byKey[key]; s != nil {
			for _, have := range p.pieces[from:min(i, from+s.most())] {
				lines = append(lines, s.line(have, now))
			}
		}
	}
	slices.SortFunc(lines, func(a, b Line) int { return cmp.Or(cmp.Compare(a.category, b.category), stronger(&a, &b)) })
	return lines
}

// line returns what a piece of the signal is worth at a time.
func (s *signal) line(have piece, now int64) Line {
	line := Line{Signal: s.ID, Why: s.Why, Ref: have.ref, Worth: int(s.worth(have, now)), category: s.category}
	if n := s.phrase(have.code); n >= 0 {
		line.Match = s.keys[n]
	}
	if have.at != 0 {
		line.At = time.Unix(int64(have.at)+epoch, 0).UTC()
	}
	return line
}

// worth returns what a piece of the signal adds at a time, in thousandths.
func (s *signal) worth(have piece, now int64) int64 {
	milli := int64(s.Points) * 1000
	if have.at == 0 {
		return milli
	}
	return decay(milli, now-epoch-int64(have.at), s.halfLife)
}

// stronger orders lines: the most valuable first, then the newest, then by name
// and place, so that the order is always the same.
func stronger(a, b *Line) int {
	return cmp.Or(
		cmp.Compare(b.Worth, a.Worth), b.At.Compare(a.At), cmp.Compare(a.Signal, b.Signal),
		cmp.Compare(a.Ref.Kind, b.Ref.Kind), bytes.Compare(a.Ref.ID[:], b.Ref.ID[:]), cmp.Compare(a.Match, b.Match))
}

// whole returns thousandths in points, to the nearest one: were they rounded down,
// every part of a fresh score would lose a point in its first second.
func whole(milli int) int { return (milli + 500) / 1000 }

// count gives each line its whole points up to a limit. A line gets what the sum
// up to it has gained in whole points, so that lines sum up to the part exactly.
func (p *Part) count(limit int) {
	sum := 0
	for i := range p.Lines {
		line := &p.Lines[i]
		sum += line.Worth
		reached := min(whole(sum), limit)
		line.Capped = sum > limit*1000
		line.Points, p.Points = reached-p.Points, reached
	}
}

func (p *Part) negate() {
	p.Points = -p.Points
	for i := range p.Lines {
		p.Lines[i].Points = -p.Lines[i].Points
	}
}
