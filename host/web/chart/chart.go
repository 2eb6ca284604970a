// Package chart draws figures as SVG: columns of days, bars beside names, lines.
//
// A drawing is text a page takes in as it is. It has no style and no script of its
// own: colours are the classes s0, s1 and s2 of the page's style sheet, and who
// sees no colours tells the series by their pattern, dash and mark, and by the
// words beside them. It is an image with a title and a description for who sees
// nothing. All words come from the caller, in the page's language, and are
// escaped here.
package chart

import (
	"fmt"
	"html"
	"html/template"
	"math"
	"strconv"
	"strings"
)

// About is what every drawing has.
type About struct {
	ID    string // of the element, once on a page: letters and digits
	Title string
	Text  string // what there is to see, in a sentence
	Empty string // what is written where nothing is to be seen
}

// Series is one of a few kinds of things that are drawn in the same way; the
// drawings tell three apart.
type Series struct {
	Name   string
	Values []float64 // one for each label; NaN: there is none
}

// styles is how many series are told apart.
const styles = 3

// drawing writes SVG.
type drawing struct {
	strings.Builder
	about         About
	width, height float64
}

// begin writes what a drawing begins with.
func begin(a About, width, height float64) *drawing {
	d := &drawing{about: a, width: width, height: height}
	d.add(`<svg class="chart" id="%s" role="img" aria-labelledby="%s-title %s-text" viewBox="0 0 %s %s" width="%s" height="%s" xmlns="http://www.w3.org/2000/svg">`,
		text(a.ID), text(a.ID), text(a.ID), number(width), number(height), number(width), number(height))
	d.add(`<title id="%s-title">%s</title><desc id="%s-text">%s</desc>`, text(a.ID), text(a.Title), text(a.ID), text(a.Text))
	return d
}

// end returns the drawing.
func (d *drawing) end() template.HTML {
	d.WriteString("</svg>\n")
	return template.HTML(d.String()) //nolint:gosec // every text in it was escaped
}

// add writes a line.
func (d *drawing) add(format string, args ...any) {
	fmt.Fprintf(&d.Builder, format+"\n", args...)
}

// patterns writes the fills by which series are told apart without colour.
func (d *drawing) patterns() {
	id := text(d.about.ID)
	d.add(`<defs><pattern id="%s-p1" class="s1" width="5" height="5" patternUnits="userSpaceOnUse" patternTransform="rotate(45)"><rect class="ground" width="5" height="5"/><rect width="2.5" height="5"/></pattern>`, id)
	d.add(`<pattern id="%s-p2" class="s2" width="5" height="5" patternUnits="userSpaceOnUse"><rect class="ground" width="5" height="5"/><circle cx="2.5" cy="2.5" r="1.4"/></pattern></defs>`, id)
}

// fill returns the attributes of an area of a series.
func (d *drawing) fill(series int) string {
	if series%styles == 0 {
		return `class="s0"`
	}
	return fmt.Sprintf(`class="s%d edge" fill="url(#%s-p%d)"`, series%styles, text(d.about.ID), series%styles)
}

// say writes words at a place; anchor is start, middle or end.
func (d *drawing) say(x, y float64, anchor, words string) {
	d.add(`<text x="%s" y="%s" text-anchor="%s">%s</text>`, number(x), number(y), anchor, text(words))
}

// nothing writes that there is nothing to be seen.
func (d *drawing) nothing() template.HTML {
	d.say(d.width/2, d.height/2, "middle", d.about.Empty)
	return d.end()
}

// scale writes the lines across from 0 to at least most, with what they stand
// for, and returns the value of the uppermost.
func (d *drawing) scale(f field, most float64, say func(float64) string) float64 {
	top, step := ticks(most)
	for at := 0.0; at <= top+step/2; at += step {
		y := f.y(at / top)
		d.add(`<line class="grid" x1="%s" y1="%s" x2="%s" y2="%s"/>`, number(f.left), number(y), number(f.right), number(y))
		d.say(f.left-6, y+4, "end", say(at))
	}
	return top
}

// below writes labels under their places, as many as fit.
func (d *drawing) below(f field, labels []string) {
	every := max(int(math.Ceil(float64(len(labels))*labelRoom/(f.right-f.left))), 1)
	for i := (len(labels) - 1) % every; i < len(labels); i += every { // the last is always among them
		d.say(f.x(i, len(labels)), f.bottom+16, "middle", labels[i])
	}
}

// legend writes what the series are called, each beside a mark of its own.
func (d *drawing) legend(f field, series []Series, mark func(i int, x, y float64)) {
	x := f.left
	for i, s := range series {
		mark(i, x, 8)
		d.say(x+20, 13, "start", s.Name)
		x += 40 + 6.5*float64(len([]rune(s.Name)))
	}
}

// labelRoom is how wide a label may be.
const labelRoom = 56

// field is where values are drawn.
type field struct{ left, right, top, bottom float64 }

// x is the middle of the place of one of n.
func (f field) x(i, n int) float64 { return f.left + (f.right-f.left)*(float64(i)+0.5)/float64(n) }

// y is how high a part of the whole is.
func (f field) y(part float64) float64 { return f.bottom - (f.bottom-f.top)*part }

// ticks returns a round number that is at least most, and the step of three or
// four lines up to it.
func ticks(most float64) (top, step float64) {
	if most <= 0 || math.IsInf(most, 0) || math.IsNaN(most) {
		return 1, 1
	}
	step = math.Pow(10, math.Floor(math.Log10(most/3)))
	for _, times := range []float64{1, 2, 2.5, 5, 10} {
		if step*times*4 >= most {
			step *= times
			break
		}
	}
	step = max(step, math.Min(1, most)) // things are counted in ones
	return step * math.Ceil(most/step), step
}

// number writes a place with at most two digits after the point.
func number(f float64) string {
	return strconv.FormatFloat(math.Round(f*100)/100, 'f', -1, 64)
}

// text makes words safe between tags and in quotes; what XML cannot hold is left
// out.
func text(words string) string {
	return html.EscapeString(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f || r == 0xfffe || r == 0xffff || r == 0xfffd {
			return -1
		}
		return r
	}, words))
}
