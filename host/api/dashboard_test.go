package api_test

import (
	"fmt"
	"testing"
	"time"
)

// figure reads a number under a path of names.
func (o object) figure(names ...string) int {
	for _, name := range names[:len(names)-1] {
		o = o.object(name)
	}
	number, _ := o[names[len(names)-1]].(float64)
	return int(number)
}

func TestTheDashboardCounts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	empty := w.us("GET", "/api/dashboard", "").is(200)
	if got := fmt.Sprint(empty.object("in_all").object("responses")); got != "map[count:0 median_seconds:<nil> p90_seconds:<nil>]" {
		t.Errorf("before anything was said the responses are %s", got)
	}
	if days := empty.list("days"); len(days) != 30 || days[29].text("day") != empty.text("today") || days[29].text("day") != empty.text("to") {
		t.Errorf("without a range there are %d days up to %s, want 30 up to today, %s", len(days), empty.text("to"), empty.text("today"))
	}
	w.hear(w.ours, 1, "A", "Halo")
	w.hear(w.ours, 2, "B", "Halo")
	thread := w.us("GET", "/api/contacts/by-phone?phone=081200000001", "").is(200).list("conversations")[0].text("id")
	w.clock.Advance(10 * time.Minute)
	w.us("POST", "/api/messages/send", `{"conversation_id":"`+thread+`","type":"text","text":{"body":"Halo Kak"}}`).is(201)
	w.us("PATCH", "/api/conversations/"+thread, `{"status":"resolved"}`).is(200)
	contact := w.us("GET", "/api/contacts/by-phone?phone=081200000002", "").is(200).text("id")
	w.us("PATCH", "/api/contacts/"+contact, `{"lead_status":"won"}`).is(200)

	got := w.us("GET", "/api/dashboard", "").is(200)
	for _, want := range []struct {
		of    int
		names []string
	}{
		{1, []string{"now", "open"}}, {1, []string{"now", "resolved"}}, {1, []string{"now", "waiting"}}, {1, []string{"now", "lead_statuses", "new"}},
		{1, []string{"now", "lead_statuses", "won"}}, {2, []string{"now", "temperatures", "cold"}},
		{2, []string{"of_today", "opened"}}, {1, []string{"of_today", "resolved"}}, {2, []string{"of_today", "received"}}, {1, []string{"of_today", "sent"}},
		{2, []string{"of_today", "leads"}}, {1, []string{"of_today", "moved_to", "won"}}, {2, []string{"in_all", "received"}},
		{1, []string{"in_all", "responses", "count"}},
	} {
		if n := got.figure(want.names...); n != want.of {
			t.Errorf("%v is %d, want %d", want.names, n, want.of)
		}
	}
	for _, quantile := range []string{"median_seconds", "p90_seconds"} {
		if s := got.figure("in_all", "responses", quantile); s < 570 || s > 640 {
			t.Errorf("%s is %d, want ten minutes within 5 %%", quantile, s)
		}
	}
	if channels := got.list("channels"); len(channels) != 1 || channels[0].text("channel_id") != w.ours.channel.ID.String() || channels[0].figure("in_all", "received") != 2 {
		t.Errorf("the channels are %v, want the one with both messages", channels)
	}
	if members := got.list("members"); len(members) != 1 || members[0]["member_id"] != nil || members[0].figure("now", "open") != 1 {
		t.Errorf("the members are %v, want nobody, who has one conversation open", members)
	}
}

func TestTheDashboardIsAskedForParts(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.hear(w.ours, 1, "A", "Halo")
	w.hear(w.theirs, 1, "B", "Halo")
	today := w.us("GET", "/api/dashboard", "").is(200).text("today")
	for query, received := range map[string]int{
		"?from=" + today + "&to=" + today:          1,
		"?to=2026-01-31":                           0,
		"?from=" + today + "&to=2027-06-30":        1,
		"?channel=" + w.ours.channel.ID.String():   1,
		"?channel=" + w.theirs.channel.ID.String(): 0,
		"?member=" + w.ours.owner.ID.String():      0,
	} {
		got := w.us("GET", "/api/dashboard"+query, "").is(200)
		if n := got.figure("in_all", "received"); n != received {
			t.Errorf("%s: %d messages, want %d", query, n, received)
		}
		if n := got.figure("of_today", "received"); n != 1 && query != "?channel="+w.theirs.channel.ID.String() && query != "?member="+w.ours.owner.ID.String() {
			t.Errorf("%s: today has %d messages, want 1 whatever days are asked for", query, n)
		}
	}
	w.us("GET", "/api/dashboard?member=me", "").fails(400, "bad_value") // a key is nobody
	w.us("GET", "/api/dashboard?from=2026-11-31", "").fails(400, "bad_value")
	w.us("GET", "/api/dashboard?from=2026-11-02&to=2026-11-01", "").fails(400, "bad_range")
	w.us("GET", "/api/dashboard?from=2025-11-01&to=2026-11-02", "").fails(400, "bad_range")
	if days := w.us("GET", "/api/dashboard?from=2025-11-02&to=2026-11-02", "").is(200).list("days"); len(days) != 366 {
		t.Errorf("a year and a day has %d days, want 366", len(days))
	}
	w.do(w.key(w.ours, "read"), "GET", "/api/dashboard", "").is(200)
	w.do(w.key(w.ours, "contacts:read"), "GET", "/api/dashboard", "").fails(403, "forbidden")
	w.do(w.key(w.ours, "conversations:read"), "GET", "/api/dashboard", "").is(200)
}
