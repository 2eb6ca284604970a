package lead_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

// badDocuments are changes to education.json, and the path of what is wrong then.
var badDocuments = []struct{ old, new, path string }{
	{`"version": 1`, `"version": 0`, "version"},
	{`"version": 1`, `"version": "1"`, "version"},
	{`"version": 1,`, ``, "version"},
	{`"version": 1`, `"version": 1, "verison": 1`, "verison"},
	{`"name": "Education consultant"`, `"name": " "`, "name"},
	{`"name": "Education consultant"`, `"name": "a\u0000b"`, "name"},
	{`"fit": 20`, `"fit": 21`, "caps"},
	{`"fit": 20`, `"fit": -20`, "caps.fit"},
	{`"fit": 20`, `"fit": 20, "luck": 1`, "caps.luck"},
	{`"negative": 100`, `"negative": 101`, "caps.negative"},
	{`"hot": 60`, `"hot": 101`, "temperature.hot"},
	{`"hot": 60`, `"hot": 6.5`, "temperature.hot"},
	{`"warm": 30`, `"warm": 60`, "temperature.warm"},
	{`"margin": 5`, `"margin": 30`, "temperature.margin"},
	{`"margin": 5`, `"margn": 5`, "temperature.margn"},
	{`"negations": ["tidak"`, `"negations": ["tidak ada"`, "negations[0]"},
	{`"id": "known"`, `"id": "Known"`, "signals[0].id"},
	{`"id": "known"`, `"id": "declared_need"`, "signals[1].id"},
	{`"category": "fit"`, `"category": "fitness"`, "signals[0].category"},
	{`"points": 2`, `"points": 0`, "signals[0].points"},
	{`"points": 2`, `"points": 101`, "signals[0].points"},
	{`"points": 2`, `"pionts": 2`, "signals[0].pionts"},
	{`"points": 2`, `"points": "2"`, "signals[0].points"},
	{`"most": 5`, `"most": 33`, "signals[0].most"},
	{`"most": 5`, `"most": 32, "half_life_days": 5`, "signals[0].half_life_days"},
	{`"most": 5`, `"most": 5, "half_life_days": -1`, "signals[0].half_life_days"},
	{`"id": "Data kontak ini terisi.", `, ``, "signals[0].why.id"},
	{`, "en": "A field of the contact is filled in."`, ``, "signals[0].why.en"},
	{`"fields": ["name", "phone", "email", "city", "school"]`, `"fields": []`, "signals[0]"},
	{`"fields": ["name", "phone"`, `"fields": ["name", "name"`, "signals[0].fields[1]"},
	{`"fields": ["name", "phone"`, `"tags": ["x"], "fields": ["name", "phone"`, "signals[0]"},
	{`"fields": ["name", "phone"`, `"in": ["note"], "fields": ["name", "phone"`, "signals[0].words"},
	{`"words": ["malaysia"`, `"in": ["letter"], "words": ["malaysia"`, "signals[2].in[0]"},
	{`"words": ["malaysia"`, `"words": ["a b c d e f g"`, "signals[2].words[0]"},
	{`"words": ["malaysia"`, `"words": ["?"`, "signals[2].words[0]"},
	{`"words": ["malaysia"`, `"except": [""], "words": ["malaysia"`, "signals[2].except[0]"},
	{`"event": "form"`, `"event": "dance"`, "signals[15].event"},
	{`"event": "form"`, `"event": "form", "within_minutes": 4`, "signals[15].within_minutes"},
	{`"within_minutes": 10`, `"within_minutes": 0`, "signals[18].within_minutes"},
	{`"event": "opt_out"`, `"event": "opt_out", "half_life_days": 3`, "signals[28].half_life_days"},
	{`"points": 70`, `"points": 70, "half_life_days": 3`, "signals[31].half_life_days"},
	{`"order": "round_robin"`, `"order": "best"`, "routing.order"},
	{`"order": "round_robin"`, `"order": "round_robin", "at_least": "boiling"`, "routing.at_least"},
	{`"order": "round_robin"`, `"order": "round_robin", "off_hours": "sleep"`, "routing.off_hours"},
	{`"mon": ["08:00-12:00"`, `"mon": ["8:00-12:00"`, "hours.week.mon[0]"},
	{`"mon": ["08:00-12:00"`, `"mon": ["08:00-12:60"`, "hours.week.mon[0]"},
	{`"mon": ["08:00-12:00"`, `"mon": ["08:00-14:00"`, "hours.week.mon[1]"},
	{`"mon": ["08:00-12:00"`, `"mond": ["08:00-12:00"`, "hours.week.mond"},
	{`"sat": ["09:00-13:00"]`, `"sat": ["09:00-24:01"]`, "hours.week.sat[0]"},
	{`"hours": {`, `"hours": {"holidays": ["2026-02-30"],`, "hours.holidays[0]"},
	{`"signals": [`, `"signals": {}, "x": [`, "signals"},
}

// edited returns education.json with one text replaced, once.
func edited(tb testing.TB, old, replacement string) []byte {
	tb.Helper()
	document, err := os.ReadFile("education.json")
	if err != nil {
		tb.Fatal(err)
	}
	if !bytes.Contains(document, []byte(old)) {
		tb.Fatalf("there is no %s in education.json", old)
	}
	return bytes.Replace(document, []byte(old), []byte(replacement), 1)
}

func TestParseNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	for _, tt := range badDocuments {
		_, err := lead.Parse(edited(t, tt.old, tt.new))
		var refusal *crm.Error
		if !errors.As(err, &refusal) || refusal.Code != crm.Invalid || refusal.Reason != tt.path || refusal.Msg == "" {
			t.Errorf("%s instead of %s: %v, want invalid: %s", tt.new, tt.old, err, tt.path)
		}
	}
	doc := lead.Education().Document()
	for i := range doc.Signals {
		doc.Signals[i].Most = 32
	}
	_, err := lead.New(doc)
	if problems := lead.Problems(err); len(problems) != 1 || problems[0].Path != "signals" {
		t.Errorf("signals of which a profile cannot keep all evidence: %v", err)
	}
	for _, document := range []string{"", "{", "[]", `"x"`, "{} {}", strings.Repeat(" ", lead.MaxDocument+1)} {
		if _, err := lead.Parse([]byte(document)); !errors.Is(err, crm.Invalid) {
			t.Errorf("Parse(%.20q) = %v, want invalid", document, err)
		}
	}
}

// TestParseNamesAllThatIsWrong: a person who mends a document sees every fault at
// once, each with its field, however deep the error is wrapped.
func TestParseNamesAllThatIsWrong(t *testing.T) {
	t.Parallel()
	document := edited(t, `"name": "Education consultant"`, `"name": ""`)
	for _, change := range [][2]string{
		{`"fit": 20`, `"fit": 200`}, {`"margin": 5`, `"margin": 30`}, {`"points": 2`, `"points": 0`}, {`"id": "declared_need"`, `"id": "D"`},
		{`"order": "round_robin"`, `"order": "best"`}, {`"mon": ["08:00-12:00"`, `"mon": ["noon"`},
	} {
		document = bytes.Replace(document, []byte(change[0]), []byte(change[1]), 1)
	}
	_, err := lead.Parse(document)
	var paths []string
	for _, p := range lead.Problems(crm.Wrap("outer", crm.Wrap("inner", err))) {
		paths = append(paths, p.Path)
		if p.Sentence == "" || strings.HasPrefix(p.Sentence, p.Path) {
			t.Errorf("what is wrong with %s: %q", p.Path, p.Sentence)
		}
	}
	want := "name caps.fit temperature.margin signals[0].points signals[1].id routing.order hours.week.mon[0]"
	if got := strings.Join(paths, " "); got != want {
		t.Errorf("wrong are %s, want %s", got, want)
	}
	shape := bytes.Replace(edited(t, `"margin": 5`, `"margin": "5"`), []byte(`"points": 2`), []byte(`"pionts": 2`), 1)
	_, err = lead.Parse(shape)
	if got := lead.Problems(err); len(got) != 2 || got[0].Path != "temperature.margin" || got[1].Path != "signals[0].pionts" {
		t.Errorf("of a document that cannot be read wrong are %v", got)
	}
	if got := lead.Problems(&crm.Error{Op: "else", Code: crm.Invalid}); got != nil {
		t.Errorf("another error has the problems %v", got)
	}
}

func TestDocumentReadsBack(t *testing.T) {
	t.Parallel()
	for _, r := range []*lead.Rules{lead.Education(), lead.Sales()} {
		encoded, err := json.Marshal(r.Document())
		if err != nil {
			t.Fatal(err)
		}
		again, err := lead.Parse(encoded)
		if err != nil {
			t.Fatalf("%s does not read back: %v", r.Document().Name, err)
		}
		if whole, err := lead.ParseVersion(r.Encode(), 7); err != nil || whole.Version() != 7 || strings.Contains(string(r.Encode()), `\u003c`) {
			t.Errorf("%s encodes to %.200s, %v", r.Document().Name, r.Encode(), err)
		}
		if twice, _ := json.Marshal(again.Document()); !bytes.Equal(encoded, twice) {
			t.Errorf("%s reads back as another document", r.Document().Name)
		}
	}
}
