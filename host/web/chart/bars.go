package chart

import "html/template"

// Bars is a bar beside each name, with its number behind it.
type Bars struct {
	About
	Bars []Bar
	Say  func(float64) string // writes a number
}

// Bar is one of them.
type Bar struct {
	Name  string
	Value float64
}

// Draw draws it.
func (b Bars) Draw() template.HTML {
	const line = 26
	d := begin(b.About, 640, max(float64(len(b.Bars)), 1)*line+12)
	most := 0.0
	for _, bar := range b.Bars {
		most = max(most, bar.Value)
	}
	if most == 0 {
		return d.nothing()
	}
	f := field{left: 176, right: 568}
	for i, bar := range b.Bars {
		y := 6 + float64(i)*line
		wide := (f.right - f.left) * max(bar.Value, 0) / most
		d.say(f.left-8, y+17, "end", short(bar.Name))
		d.add(`<rect class="s0" x="%s" y="%s" width="%s" height="18"/>`, number(f.left), number(y+4), number(wide))
		d.say(f.left+wide+6, y+17, "start", b.Say(bar.Value))
	}
	return d.end()
}

// longest is how many letters of a name there is room for.
const longest = 24

// short returns a name as far as there is room for it.
func short(name string) string {
	if letters := []rune(name); len(letters) > longest {
		return string(letters[:longest-1]) + "…"
	}
	return name
}
