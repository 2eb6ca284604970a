package chart

import "html/template"

// Columns is a column for each label, the series on top of each other.
type Columns struct {
	About
	Labels []string
	Series []Series             // at most three, of counts
	Say    func(float64) string // writes a count
}

// Draw draws it.
func (c Columns) Draw() template.HTML {
	d := begin(c.About, 640, 220)
	most := 0.0
	for i := range c.Labels {
		most = max(most, c.sum(i))
	}
	if most == 0 {
		return d.nothing()
	}
	f := field{left: 48, right: 616, top: 28, bottom: 194}
	d.patterns()
	top := d.scale(f, most, c.Say)
	wide := (f.right - f.left) / float64(len(c.Labels)) * 0.7
	for i := range c.Labels {
		below := 0.0
		for s, series := range c.Series {
			value := series.Values[i]
			if value <= 0 {
				continue
			}
			y := f.y((below + value) / top)
			d.add(`<rect %s x="%s" y="%s" width="%s" height="%s"/>`, d.fill(s), number(f.x(i, len(c.Labels))-wide/2), number(y), number(wide), number(f.y(below/top)-y))
			below += value
		}
	}
	d.below(f, c.Labels)
	d.legend(f, c.Series, func(i int, x, y float64) {
		d.add(`<rect %s x="%s" y="%s" width="14" height="10"/>`, d.fill(i), number(x), number(y-5))
	})
	return d.end()
}

// sum is how high a column is.
func (c Columns) sum(i int) (sum float64) {
	for _, s := range c.Series {
		sum += max(s.Values[i], 0)
	}
	return sum
}
