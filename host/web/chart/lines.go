package chart

import (
	"html/template"
	"math"
	"strings"
)

// Lines is a line for each series over the labels, broken where there is nothing.
type Lines struct {
	About
	Labels []string
	Series []Series             // at most three
	Say    func(float64) string // writes a value
}

// dashes tell lines apart.
var dashes = [styles]string{"", ` stroke-dasharray="6 4"`, ` stroke-dasharray="2 3"`}

// Draw draws it.
func (l Lines) Draw() template.HTML {
	d := begin(l.About, 640, 220)
	most := 0.0
	for _, s := range l.Series {
		for _, value := range s.Values {
			if !math.IsNaN(value) {
				most = max(most, value)
			}
		}
	}
	if most == 0 {
		return d.nothing()
	}
	f := field{left: 64, right: 616, top: 28, bottom: 194}
	top := d.scale(f, most, l.Say)
	for i, s := range l.Series {
		l.line(d, f, i, s, top)
	}
	d.below(f, l.Labels)
	d.legend(f, l.Series, func(i int, x, y float64) {
		d.add(`<line class="line s%d" x1="%s" y1="%s" x2="%s" y2="%s"%s/>`, i%styles, number(x), number(y), number(x+16), number(y), dashes[i%styles])
		mark(d, i, x+8, y)
	})
	return d.end()
}

// line draws one, and a mark at each value.
func (l Lines) line(d *drawing, f field, series int, s Series, top float64) {
	var path strings.Builder
	on := false
	for i, value := range s.Values {
		if math.IsNaN(value) {
			on = false
			continue
		}
		command := "M"
		if on {
			command = "L"
		}
		path.WriteString(command + number(f.x(i, len(s.Values))) + " " + number(f.y(value/top)))
		on = true
	}
	d.add(`<path class="line s%d" d="%s" fill="none"%s/>`, series%styles, path.String(), dashes[series%styles])
	for i, value := range s.Values {
		if !math.IsNaN(value) {
			mark(d, series, f.x(i, len(s.Values)), f.y(value/top))
		}
	}
}

// mark draws a series' own: a disc, a square, a ring.
func mark(d *drawing, series int, x, y float64) {
	switch series % styles {
	case 0:
		d.add(`<circle class="s0" cx="%s" cy="%s" r="2.5"/>`, number(x), number(y))
	case 1:
		d.add(`<rect class="s1" x="%s" y="%s" width="5" height="5"/>`, number(x-2.5), number(y-2.5))
	default:
		d.add(`<circle class="line s2" cx="%s" cy="%s" r="2.5" fill="none"/>`, number(x), number(y))
	}
}
