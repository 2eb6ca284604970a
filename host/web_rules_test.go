package host_test

import (
	"html"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/host/hosttest"
)

// rulesForm returns what a browser sends of the rules' form when nothing was
// changed, and the number of the empty line for a new signal.
func rulesForm(page hosttest.Answer) (form url.Values, fresh string) {
	form = fill(page)
	body, _, _ := strings.Cut(string(page.Body), `<details class="card"`)
	for _, found := range regexp.MustCompile(`<input id="([^"]*)" name="[^"]*" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		form.Set(found[1], html.UnescapeString(found[2]))
	}
	for _, found := range regexp.MustCompile(`type="hidden" name="([^"]*)" value="([^"]*)"`).FindAllStringSubmatch(body, -1) {
		form.Set(found[1], found[2])
		if n, ok := strings.CutPrefix(found[1], "fresh"); ok {
			fresh = n
		}
	}
	for _, found := range regexp.MustCompile(`<input id="([^"]*)" type="checkbox" name="[^"]*" value="1" checked>`).FindAllStringSubmatch(body, -1) {
		form.Set(found[1], "1")
	}
	for _, found := range regexp.MustCompile(`(?s)<textarea id="([^"]*)"[^>]*>(.*?)</textarea>`).FindAllStringSubmatch(body, -1) {
		form.Set(found[1], html.UnescapeString(found[2]))
	}
	for _, found := range regexp.MustCompile(`(?s)<select id="([^"]*)"[^>]*>(.*?)</select>`).FindAllStringSubmatch(body, -1) {
		if chosen := regexp.MustCompile(`value="([^"]*)" selected`).FindStringSubmatch(found[2]); chosen != nil {
			form.Set(found[1], chosen[1])
		}
	}
	return form, fresh
}

func TestRulesInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		c := newClerk(t, w)
		const page = "/settings/rules"
		inForce := func() *lead.Rules {
			rules, _, err := w.Host.People.LeadRules(t.Context(), access.System(w.Workspace.ID))
			if err != nil {
				t.Fatal(err)
			}
			return rules
		}
		send := func(action string, want int, word string, form url.Values) string {
			t.Helper()
			got := c.post(action, form)
			body := html.UnescapeString(string(got.Body))
			if got.Status != want || !strings.Contains(body+got.Header.Get("Location"), word) {
				t.Errorf("%s answers %d %.2000s, want %d with %q", action, got.Status, text(got), want, word)
			}
			return body
		}
		form, fresh := rulesForm(c.get(page))
		n, err := strconv.Atoi(fresh)
		if err != nil || n != len(lead.Education().Document().Signals)+1 {
			t.Fatalf("the form's new line is %q", fresh)
		}
		typed := func(pairs ...string) url.Values {
			copied := url.Values{}
			for name, values := range form {
				copied[name] = values
			}
			for i := 0; i < len(pairs); i += 2 {
				copied.Set(pairs[i], pairs[i+1])
			}
			return copied
		}
		// What is wrong is said, and what was typed stays.
		send(page, 422, "temperature.hot", typed("hot", "very"))
		send(page, 422, "signals[0].most", typed("most1", "x")) // which is not none
		send(page+"/try", 422, "signals[0].most", typed("most1", "x"))
		send(page, 422, "caps", typed("cap_fit", "99"))
		body := send(page, 422, "signals["+strconv.Itoa(n-1)+"].", typed("why_en"+fresh, "Wants <b>", "why_id"+fresh, "Mau", "list"+fresh, "beasiswa", "points"+fresh, "100000"))
		if !strings.Contains(body, `value="100000"`) || !strings.Contains(string(c.post(page, typed("why_en"+fresh, "Wants", "points"+fresh, "x")).Body), "<details open>") {
			t.Error("what was typed is gone, or hidden")
		}
		if got := inForce(); got.Version() != lead.Education().Version() {
			t.Errorf("a refused form put version %d in force", got.Version())
		}
		// Tried, and not kept. One goes because a profile has no room for one more.
		wish := []string{"remove1", "1", "why_en" + fresh, "Asks for a scholarship", "why_id" + fresh, "Menanyakan beasiswa", "list" + fresh, "beasiswa penuh", "points" + fresh, "17", "said", "Ada beasiswa penuh?\r\nTerima kasih"}
		send(page+"/try", 200, "Automatic assignment is off", typed(wish...))
		send(page+"/try", 200, "<strong dir=\"auto\">"+w.Owner.Name+"</strong> Given to the member whose turn it is.", typed("enabled", "1", "off_hours", "assign", "said", "Halo"))
		body = send(page+"/try", 200, "Asks for a scholarship", typed(wish...))
		if !strings.Contains(body, "beasiswa penuh</td>") || !strings.Contains(body, `<td class="num">17</td>`) {
			t.Errorf("the trial does not say what was found, or its worth")
		}
		if len(inForce().Document().Signals) != n-1 {
			t.Error("trying the rules kept them")
		}
		// Kept.
		send(page, 303, "done=saved", typed(append(wish, "hours_sun", "09:00-10:00", "hot", "70")...))
		got := inForce().Document()
		if len(got.Signals) != n-1 || got.Signals[n-2].ID != "asks_for_a_scholarship" || got.Signals[0].ID == lead.Education().Document().Signals[0].ID ||
			got.Temperature.Hot != 70 || strings.Join(got.Hours.Week["sun"], "") != "09:00-10:00" {
			t.Errorf("the rules in force have %d signals, hot from %d, sundays %v", len(got.Signals), got.Temperature.Hot, got.Hours.Week["sun"])
		}
		c.sees(page, "Last changed by Owner", "Asks for a scholarship")
		send(page, 422, "changed the rules meanwhile", typed("hot", "80"))
		// As a document, and from an example.
		form, _ = rulesForm(c.get(page + "?from=sales"))
		if form.Get("name") != lead.Sales().Document().Name {
			t.Errorf("the example is called %q", form.Get("name"))
		}
		expert := func(document string) url.Values {
			return url.Values{"csrf": form["csrf"], "version": form["version"], "document": {document}}
		}
		send(page, 422, `{"version": 1, "nonsense": <b>`, expert(`{"version": 1, "nonsense": <b>`))
		send(page, 303, "done=saved", expert(string(lead.Sales().Encode())))
		if got := inForce(); got.Document().Name != lead.Sales().Document().Name {
			t.Errorf("the rules in force are called %q", got.Document().Name)
		}
	})
}

// The contacts are scored again by the page that shows how far that is, which
// works without a script; what runs can be stopped.
func TestRescoreInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		c := newClerk(t, w)
		const page = "/settings/rules/rescore"
		c.sees("/settings/rules", page)
		c.sees(page, "never changed", "!Stop")
		c.do(page, page+"/cancel", 303, page) // none runs, and that is what is wanted
		begin := func() { c.do(page, page, 303, page) }
		hosttest.Until(t, "a rescore is stopped while it runs", func() bool { // a host may be quicker
			begin()
			running := string(c.get(page).Body)
			c.do(page, page+"/cancel", 303, page)
			stopped := string(c.get(page).Body)
			return strings.Contains(running, `http-equiv="refresh"`) && strings.Contains(running, page+"/cancel") &&
				strings.Contains(stopped, ">Stopped<") && !strings.Contains(stopped, "data-refresh") && strings.Contains(stopped, page+"/resume")
		})
		c.do(page, page+"/resume", 303, page)
		hosttest.Until(t, "a rescore is done", func() bool {
			done := string(c.get(page).Body)
			return strings.Contains(done, ">Done<") && strings.Contains(done, "0 of 0 contacts") && !strings.Contains(done, page+"/resume")
		})
		c.do(page, page+"/resume", 303, page) // it is done, and that is what is wanted
	})
}
