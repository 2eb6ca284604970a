package web

import (
	"cmp"
	"encoding/json"
	"net/url"
	"regexp"
	"strings"
	"testing"

	"github.com/valyala/fasthttp"

	"github.com/my21staff/my21staff/crm/lead"
)

// submitted returns what a browser sends of the form that a page begins with.
func submitted(page string) url.Values {
	form := url.Values{}
	page, _, _ = strings.Cut(page[strings.Index(page, `action="/settings/rules"`):], "</form>")
	unescape := strings.NewReplacer("&amp;", "&", "&lt;", "<", "&gt;", ">", "&#34;", `"`, "&#39;", "'", "&#43;", "+")
	for _, found := range regexp.MustCompile(`<input ([^>]*)>`).FindAllStringSubmatch(page, -1) {
		name, value := regexp.MustCompile(` name="([^"]*)"`).FindStringSubmatch(" "+found[1]), regexp.MustCompile(` value="([^"]*)"`).FindStringSubmatch(" "+found[1])
		if !strings.Contains(found[1], "checkbox") || strings.HasSuffix(found[1], " checked") {
			form.Set(name[1], unescape.Replace(value[1]))
		}
	}
	for _, found := range regexp.MustCompile(`(?s)<textarea id="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(page, -1) {
		form.Set(found[1], strings.ReplaceAll(unescape.Replace(found[2]), "\n", "\r\n"))
	}
	for _, found := range regexp.MustCompile(`(?s)<select id="([^"]*)"[^>]*>(.*?)</select>`).FindAllStringSubmatch(page, -1) {
		chosen := regexp.MustCompile(`<option value="([^"]*)" selected`).FindStringSubmatch(found[2])
		if chosen == nil {
			chosen = regexp.MustCompile(`<option value="([^"]*)"`).FindStringSubmatch(found[2])
		}
		form.Set(found[1], chosen[1])
	}
	return form
}

// A document that is shown and sent as it is comes back the same, so whoever changes
// one thing changes nothing else.
func TestRulesComeBackAsTheyWere(t *testing.T) {
	t.Parallel()
	rich := lead.Sales().Document()
	rich.Routing = lead.Assignment{Enabled: true, Order: lead.LeastLoaded, AtLeast: "warm", BySkill: true, OffHours: lead.AssignThen, Queue: "Antrean"}
	rich.Hours = lead.WorkingTime{Week: map[string][]string{"mon": {"08:00-12:00", "13:00-17:00"}, "sat": {"09:00-12:00"}}, Holidays: []string{"2026-12-25"}}
	rich.Signals[2].Words = []string{`a "b" & <c>`, "d'e"}
	for name, want := range map[string]lead.Document{"education": lead.Education().Document(), "sales": lead.Sales().Document(), "rich": rich} {
		page := rulesPage{rulesForm: formOf(want), Choices: choices}
		page.place(&page.Choices)
		var ctx fasthttp.RequestCtx
		ctx.Request.Header.SetMethod("POST")
		ctx.Request.Header.SetContentType("application/x-www-form-urlencoded")
		ctx.Request.SetBodyString(submitted(made(t, english, "settings_rules", page)).Encode())
		form := rulesFormTyped(&ctx)
		got, faults := form.document()
		want.Version = 1
		want.Routing.Order, want.Routing.OffHours = cmp.Or(want.Routing.Order, lead.RoundRobin), cmp.Or(want.Routing.OffHours, lead.QueueThen) // what empty stands for
		g, _ := json.Marshal(got)
		w, _ := json.Marshal(want)
		if string(g) != string(w) || len(faults) > 0 {
			at := 0
			for at < min(len(g), len(w)) && g[at] == w[at] {
				at++
			}
			t.Errorf("the rules %s come back with %v and, from where they differ,\n%.200s\nwant\n%.200s", name, faults, g[max(at-40, 0):], w[max(at-40, 0):])
		}
		if _, err := lead.Parse(g); err != nil {
			t.Errorf("the rules %s cannot be read once they came back: %v", name, err)
		}
	}
}
