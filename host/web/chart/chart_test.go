package chart_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"html/template"
	"io"
	"math"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/host/web/chart"
)

var update = flag.Bool("update", false, "write the golden files anew")

func say(n float64) string { return strconv.FormatFloat(n, 'f', -1, 64) }

func about(x string) chart.About {
	return chart.About{ID: "c", Title: "Messages " + x, Text: "What came and went " + x, Empty: "Nothing yet " + x}
}

// drawings are each kind of drawing of nothing, of one thing and of some, with x
// in every text.
func drawings(x string) map[string]template.HTML {
	nan := math.NaN()
	week := []string{x, "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}
	var year []string
	var many []float64
	for i := range 366 {
		year = append(year, "day "+strconv.Itoa(i))
		many = append(many, float64(i%97))
	}
	columns := func(labels []string, series ...chart.Series) template.HTML {
		return chart.Columns{About: about(x), Labels: labels, Series: series, Say: say}.Draw()
	}
	lines := func(labels []string, series ...chart.Series) template.HTML {
		return chart.Lines{About: about(x), Labels: labels, Series: series, Say: say}.Draw()
	}
	bars := func(list ...chart.Bar) template.HTML {
		return chart.Bars{About: about(x), Bars: list, Say: say}.Draw()
	}
	return map[string]template.HTML{
		"columns_empty": columns(nil),
		"columns_zero":  columns(week, chart.Series{Name: x, Values: make([]float64, 7)}),
		"columns_one":   columns(week[:1], chart.Series{Name: x, Values: []float64{1}}),
		"columns_week": columns(week, chart.Series{Name: x, Values: []float64{3, 0, 12, 7, 9, 1, 0}}, chart.Series{Name: "out", Values: []float64{2, 0, 15, 6, 9, 0, 0}},
			chart.Series{Name: "other", Values: []float64{0, 0, 1, 2, 3, 4, 0}}),
		"columns_year": columns(year, chart.Series{Name: x, Values: many}),
		"lines_empty":  lines(nil),
		"lines_gone":   lines(week, chart.Series{Name: x, Values: []float64{nan, nan, nan, nan, nan, nan, nan}}),
		"lines_one":    lines(week[:1], chart.Series{Name: x, Values: []float64{90}}),
		"lines_week": lines(week, chart.Series{Name: x, Values: []float64{60, 90, nan, 300, 240, nan, 90}}, chart.Series{Name: "P90", Values: []float64{600, 900, nan, 3000, 2400, nan, 900}},
			chart.Series{Name: "most", Values: []float64{700, 1000, nan, 3100, 2500, nan, 1000}}),
		"bars_empty": bars(),
		"bars_zero":  bars(chart.Bar{Name: x}),
		"bars_one":   bars(chart.Bar{Name: x, Value: 1}),
		"bars_some":  bars(chart.Bar{Name: x, Value: 120}, chart.Bar{Name: "none"}, chart.Bar{Name: "a name that is longer than there is room for", Value: 37.5}),
	}
}

func TestGolden(t *testing.T) {
	t.Parallel()
	for name, got := range drawings("Senin") {
		file := filepath.Join("testdata", name+".svg")
		if *update {
			if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		if want, err := os.ReadFile(file); err != nil || string(want) != string(got) {
			t.Errorf("%s is not as in its file (%v); look at it and run the test with -update:\n%s", name, err, got)
		}
	}
}

// Every drawing is XML with nothing in it that the page's policy forbids, says
// what it is, and has no place that is no number.
func TestDrawingsAreSound(t *testing.T) {
	t.Parallel()
	inline := regexp.MustCompile(`(?i) style=| on[a-z]+=|<script|<style|<image|<foreignObject|href=`)
	for _, x := range []string{"Senin", `"><script>alert(1)</script>`, `' onload='alert(1)`, "</title><svg onload=alert(1)>", "\x00\x1b\ufffe&amp;]]>"} {
		for name, got := range drawings(x) {
			text := string(got)
			if !strings.HasPrefix(text, `<svg class="chart" id="c" role="img" aria-labelledby="c-title c-text"`) {
				t.Errorf("%s begins with %.90s", name, text)
			}
			tags := 0
			d := xml.NewDecoder(strings.NewReader(text))
			for {
				token, err := d.Token()
				if errors.Is(err, io.EOF) {
					break
				}
				if err != nil {
					t.Fatalf("%s with %q: %v", name, x, err)
				}
				start, ok := token.(xml.StartElement)
				if !ok {
					continue
				}
				tags++
				if inline.MatchString("<" + start.Name.Local) {
					t.Errorf("%s with %q has the element %s", name, x, start.Name.Local)
				}
				for _, a := range start.Attr {
					if strings.HasPrefix(a.Name.Local, "on") || a.Name.Local == "style" || a.Name.Local == "href" {
						t.Errorf("%s with %q has the attribute %s", name, x, a.Name.Local)
					}
					if strings.Contains(a.Value, "NaN") || strings.Contains(a.Value, "Inf") {
						t.Errorf("%s: %s of %s is %s", name, a.Name.Local, start.Name.Local, a.Value)
					}
				}
			}
			if plain := strings.Count(string(drawings("Senin")[name]), "<"); strings.Count(text, "<") != plain {
				t.Errorf("%s with %q has other elements than with a plain text", name, x)
			}
			if tags < 3 {
				t.Errorf("%s has %d elements", name, tags)
			}
		}
	}
}
