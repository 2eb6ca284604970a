package main

import (
	"fmt"
	"html"
	"math"
	"slices"
	"strings"
)

// Charts are SVG without colour: what is told apart is told apart by its
// hatching, its dashes and its label.

// drawing is an SVG that is being written.
type drawing struct {
	strings.Builder
}

const (
	labelWidth = 380
	barWidth   = 420
	lineHeight = 15
)

func (d *drawing) open(width, height int, title string) {
	fmt.Fprintf(d, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %d %d" font-family="sans-serif" font-size="11">
<title>%s</title><rect width="100%%" height="100%%" fill="#fff"/>
<defs><pattern id="hatch" width="5" height="5" patternUnits="userSpaceOnUse"><path d="M0 5L5 0" stroke="#000"/></pattern>
<pattern id="dots" width="4" height="4" patternUnits="userSpaceOnUse"><circle cx="1" cy="1" r=".8"/></pattern></defs>
<text x="8" y="18" font-size="14">%s</text>
`, width, height, html.EscapeString(title), html.EscapeString(title))
}

func (d *drawing) text(x, y float64, anchor, text string) {
	fmt.Fprintf(d, `<text x="%.1f" y="%.1f" text-anchor="%s">%s</text>`+"\n", x, y, anchor, html.EscapeString(text))
}

func (d *drawing) bar(x, y, width float64, fill string) {
	fmt.Fprintf(d, `<rect x="%.1f" y="%.1f" width="%.1f" height="9" fill="%s" stroke="#000"/>`+"\n", x, y, max(width, 0.5), fill)
}

func (d *drawing) line(points [][2]float64, dash string) {
	var path strings.Builder
	for i, p := range points {
		fmt.Fprintf(&path, "%c%.1f %.1f", "ML"[min(i, 1)], p[0], p[1])
	}
	fmt.Fprintf(d, `<path d="%s" fill="none" stroke="#000" stroke-width="1.3" stroke-dasharray="%s"/>`+"\n", path.String(), dash)
}

func (d *drawing) bytes() []byte {
	d.WriteString("</svg>\n")
	return []byte(d.String())
}

// charts returns the charts by name.
func (r *report) charts() map[string][]byte {
	charts := map[string][]byte{}
	steps := map[int]bool{}
	for _, row := range r.Rows {
		steps[row.Messages] = true
	}
	for _, kind := range []string{"sqlite", "postgres"} {
		rows := slices.DeleteFunc(slices.Clone(r.Rows), func(row row) bool { return row.Database != kind || row.Part == "limit" })
		switch {
		case len(rows) == 0:
		case steps[0]:
			charts["latency-"+kind] = latencies(kind, rows)
			charts["share-"+kind] = shares(kind, rows)
		default:
			charts["lines-"+kind] = growth(kind, rows)
		}
	}
	return charts
}

// label names a row.
func (r row) label() string {
	if r.Part == "read" || r.Clients == 0 {
		return r.Name
	}
	return fmt.Sprintf("%s, %d clients", r.Name, r.Clients)
}

// latencies draws P50, P95 and P99 of each row on a logarithmic scale.
func latencies(kind string, rows []row) []byte {
	var d drawing
	d.open(labelWidth+barWidth+70, 60+len(rows)*3*lineHeight, "Latency on "+kind+", milliseconds, logarithmic: P50 black, P95 hatched, P99 dotted")
	const least, most = 0.01, 10_000
	scale := func(value float64) float64 {
		return barWidth * math.Log(min(max(value, least), most)/least) / math.Log(most/least)
	}
	bottom := float64(40 + len(rows)*3*lineHeight)
	for tick := least; tick <= most; tick *= 10 {
		x := labelWidth + scale(tick)
		d.line([][2]float64{{x, 34}, {x, bottom}}, "1 3")
		d.text(x, bottom+12, "middle", fmt.Sprintf("%g", tick))
	}
	for i, row := range rows {
		y := float64(40 + i*3*lineHeight)
		d.text(labelWidth-8, y+20, "end", row.label())
		for j, bar := range []struct {
			value float64
			fill  string
		}{{row.P50, "#000"}, {row.P95, "url(#hatch)"}, {row.P99, "url(#dots)"}} {
			top := y + float64(j*12)
			d.bar(labelWidth, top, scale(bar.value), bar.fill)
			d.text(labelWidth+scale(bar.value)+4, top+9, "start", fmt.Sprintf("%.3g", bar.value))
		}
	}
	return d.bytes()
}

// shares draws the part of its limit that each row reaches.
func shares(kind string, rows []row) []byte {
	var d drawing
	d.open(labelWidth+barWidth+70, 60+len(rows)*lineHeight, "Rate on "+kind+" as a share of its first limit")
	most := 1.0
	for _, row := range rows {
		most = max(most, row.share())
	}
	bottom := float64(40 + len(rows)*lineHeight)
	for _, tick := range []float64{0.5, 1} {
		x := labelWidth + barWidth*tick/most
		d.line([][2]float64{{x, 34}, {x, bottom}}, "1 3")
		d.text(x, bottom+12, "middle", fmt.Sprint(tick))
	}
	for i, row := range rows {
		y := float64(40 + i*lineHeight)
		d.text(labelWidth-8, y+9, "end", row.label())
		d.bar(labelWidth, y, barWidth*row.share()/most, "url(#hatch)")
		d.text(labelWidth+barWidth*row.share()/most+4, y+9, "start", fmt.Sprintf("%.2f", row.share()))
	}
	return d.bytes()
}

// growth draws the median of each path over the number of messages.
func growth(kind string, rows []row) []byte {
	var d drawing
	const left, top, width, height = 60.0, 40.0, 420.0, 360.0
	d.open(int(left+width)+330, int(top+height)+40, "Median on "+kind+", milliseconds, over the number of messages; both logarithmic")
	most := rows[len(rows)-1].Messages
	x := func(messages int) float64 {
		return left + width*math.Log10(float64(messages)/float64(rows[0].Messages))/max(1, math.Log10(float64(most)/float64(rows[0].Messages)))
	}
	y := func(value float64) float64 { return top + height - height*math.Log10(max(value, 0.01)/0.01)/4 }
	for tick := 0.01; tick < 150; tick *= 10 {
		d.line([][2]float64{{left, y(tick)}, {left + width, y(tick)}}, "1 3")
		d.text(left-6, y(tick)+4, "end", fmt.Sprintf("%g", tick))
	}
	points, at := map[string][][2]float64{}, []string{}
	for _, row := range rows {
		name, _, _ := strings.Cut(row.Name, " of ")
		if strings.HasPrefix(name, "conversations, page ") && name != "conversations, page 1" {
			name = "conversations, the deep page"
		}
		if points[name] == nil {
			at = append(at, name)
		}
		points[name] = append(points[name], [2]float64{x(row.Messages), y(row.P50)})
	}
	for messages := rows[0].Messages; messages <= most; messages *= 10 {
		d.text(x(messages), top+height+16, "middle", fmt.Sprint(messages))
	}
	for i, name := range at {
		dash := []string{"", "6 3", "2 2", "8 3 2 3"}[i%4]
		d.line(points[name], dash)
		last := points[name][len(points[name])-1]
		label := top + float64(i)*18
		d.line([][2]float64{last, {left + width + 40, label}}, "1 4")
		d.text(left+width+44, label+4, "start", name)
	}
	return d.bytes()
}
