package web

import (
	"strings"

	"github.com/valyala/fasthttp"
)

// browserOf returns what the browser calls itself.
func browserOf(ctx *fasthttp.RequestCtx) string { return string(ctx.UserAgent()) }

// mark is a part of what browsers call themselves, and whose it is.
type mark struct{ part, name string }

// The marks, in their order: most browsers also name those they descend from.
var (
	browserMarks = []mark{
		{"Edg", "Edge"}, {"OPR/", "Opera"}, {"SamsungBrowser/", "Samsung Internet"}, {"FxiOS/", "Firefox"}, {"Firefox/", "Firefox"},
		{"CriOS/", "Chrome"}, {"Chrome/", "Chrome"}, {"Safari/", "Safari"},
	}
	systemMarks = []mark{
		{"Android", "Android"}, {"iPhone", "iPhone"}, {"iPad", "iPad"}, {"CrOS", "ChromeOS"}, {"Windows", "Windows"}, {"Mac OS X", "macOS"}, {"Linux", "Linux"},
	}
)

// browserName returns what people call a browser: "Chrome, Windows"; "" for one that
// nobody knows.
func browserName(agent string) string {
	var known []string
	for _, marks := range [][]mark{browserMarks, systemMarks} {
		for _, m := range marks {
			if strings.Contains(agent, m.part) {
				known = append(known, m.name)
				break
			}
		}
	}
	return strings.Join(known, ", ")
}
