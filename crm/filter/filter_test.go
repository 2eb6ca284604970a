package filter_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/filter"
)

var (
	jakarta = time.FixedZone("WIB", 7*3600)
	now     = time.Date(2026, 11, 5, 9, 30, 0, 0, jakarta)
	tagA    = crm.TagID{15: 1}
	me      = crm.MemberID{15: 3}
)

// sari is the contact that the tables ask about.
func sari() filter.Subject {
	return filter.Subject{
		Contact: &crm.Contact{
			Name: "Sari Dewi", ProfileName: "sari 🌸", Tags: []crm.TagID{tagA}, LeadStatus: "qualified", Temperature: crm.Warm,
			Identities: []crm.Identity{{Kind: crm.ByPhone, Value: "+6281200000001"}, {Kind: crm.ByEmail, Value: "sari@example.com"}, {Kind: crm.ByExternal, Value: "Lead-7"}},
			Source:     crm.Source{Kind: "ad"}, OptOut: crm.OptOut{Out: true},
			Fields:    map[string]string{"city": "Bandung", "budget": "50000000.5", "start": "2026-11-02", "scholar": "false", "intake": "July", "note": "soon", "blank": " "},
			CreatedAt: time.Date(2026, 11, 1, 20, 0, 0, 0, time.UTC), // 3 in the morning of the 2nd in Jakarta
			UpdatedAt: now.Add(-25 * time.Hour),
		},
		Threads: []*crm.Conversation{
			{AssigneeID: me, Status: crm.Resolved, LastMessage: crm.LastMessage{At: now.Add(-72 * time.Hour)}},
			{Status: crm.Open, LastMessage: crm.LastMessage{At: now.Add(-time.Hour)}},
		},
	}
}

var schema = filter.NewSchema([]*crm.Field{
	{Key: "city", Type: crm.TextField}, {Key: "budget", Type: crm.NumberField}, {Key: "start", Type: crm.DateField},
	{Key: "scholar", Type: crm.BoolField}, {Key: "intake", Type: crm.ChoiceField, Choices: []string{"July", "February"}},
	{Key: "note", Type: crm.NumberField}, {Key: "blank", Type: crm.TextField},
})

// rows are conditions as they are said, and whether Sari fits. A tilde before
// the value stands for none.
const rows = `
name is "sari dewi" yes
name is "SARI   DEWI" yes
name is "Sari" no
name is "sari 🌸" yes
name is "0812-0000-0001" no
name is "+62 812 0000 0001" yes
name is_not "Sari" yes
name contains "i d" yes
name contains "81200" yes
name contains "example.com" yes
name contains "Budi" no
name not_contains "Budi" yes
name not_contains "dewi" no
name starts_with "sari" yes
name starts_with "dewi" no
name any_of ["budi","sari dewi"] yes
name none_of ["budi","sari dewi"] no
name is_set ~ yes
name is_not_set ~ no
phone is "+6281200000001" yes
phone is "6281200000001" no
phone starts_with "+628" yes
phone contains "0000" yes
phone not_contains "0000" no
phone any_of ["+1","+6281200000001"] yes
phone none_of ["+1"] yes
phone is_set ~ yes
wa_id is_set ~ no
wa_id is_not_set ~ yes
user_id is_not "ID.1" yes
email is "sari@example.com" yes
email starts_with "SARI" no
external_id is "Lead-7" yes
external_id is "lead-7" no
external_id is_not "lead-7" yes
lead_status is "qualified" yes
lead_status is_not "qualified" no
lead_status any_of ["new","qualified"] yes
lead_status none_of ["new","won"] yes
lead_status is_set ~ yes
lead_status is_not_set ~ no
temperature is "warm" yes
temperature is "hot" no
temperature is_not "hot" yes
temperature any_of ["hot","cold"] no
temperature none_of ["hot","cold"] yes
temperature is_set ~ yes
source is "ad" yes
source is_not "ad" no
opted_out is true yes
opted_out is false no
opted_out is_not true no
opted_out is_set ~ yes
blocked is true no
blocked is false yes
blocked is_not false no
blocked is_not_set ~ yes
created_at on "2026-11-02" yes
created_at on "2026-11-01" no
created_at before "2026-11-02" no
created_at before "2026-11-03" yes
created_at after "2026-11-01" yes
created_at after "2026-11-02" no
created_at after "2026-11-01T19:59:59Z" yes
created_at after "2026-11-01T20:00:00Z" no
created_at on "2026-11-01T20:00:00Z" yes
created_at between ["2026-11-01","2026-11-02"] yes
created_at between ["2026-11-03","2026-11-09"] no
created_at in_last {"days":4} yes
created_at in_last {"days":3} no
created_at not_in_last {"days":3} yes
created_at is_set ~ yes
updated_at in_last {"hours":26} yes
updated_at in_last {"hours":24} no
updated_at not_in_last {"hours":24} yes
updated_at is_not_set ~ no
tag is "00000000-0000-0000-0000-000000000001" yes
tag is "00000000-0000-0000-0000-000000000002" no
tag is_not "00000000-0000-0000-0000-000000000002" yes
tag any_of ["00000000-0000-0000-0000-000000000002","00000000-0000-0000-0000-000000000001"] yes
tag all_of ["00000000-0000-0000-0000-000000000002","00000000-0000-0000-0000-000000000001"] no
tag none_of ["00000000-0000-0000-0000-000000000002"] yes
tag is_set ~ yes
tag is_not_set ~ no
last_message_at in_last {"hours":2} yes
last_message_at in_last {"days":1} yes
last_message_at before "2026-11-03" no
last_message_at on "2026-11-05" yes
last_message_at on "2026-11-02" no
last_message_at not_in_last {"days":1} no
last_message_at is_set ~ yes
assignee is "me" yes
assignee is "00000000-0000-0000-0000-000000000004" no
assignee is_not "me" no
assignee any_of ["me","00000000-0000-0000-0000-000000000004"] yes
assignee none_of ["00000000-0000-0000-0000-000000000004"] yes
assignee is_set ~ yes
assignee is_not_set ~ no
conversation_status is "open" yes
conversation_status is "pending" no
conversation_status is_not "resolved" no
conversation_status any_of ["pending","resolved"] yes
conversation_status none_of ["pending","snoozed"] yes
conversation_status is_set ~ yes
fields.city is "bandung" yes
fields.city is_not "bandung" no
fields.city contains "AND" yes
fields.city starts_with "ban" yes
fields.city not_contains "x" yes
fields.city any_of ["jakarta"] no
fields.city none_of ["jakarta"] yes
fields.city is_set ~ yes
fields.blank is_set ~ no
fields.blank is_not_set ~ yes
fields.blank is_not "x" yes
fields.budget is 50000000.5 yes
fields.budget is 50000000 no
fields.budget is_not 50000000 yes
fields.budget less_than 50000000.5 no
fields.budget less_than 50000000.500001 yes
fields.budget at_most 50000000.5 yes
fields.budget more_than 50000000.499999 yes
fields.budget more_than 50000000.5 no
fields.budget at_least 50000000.5 yes
fields.budget between [1,50000000.5] yes
fields.budget between [50000001,60000000] no
fields.budget is_set ~ yes
fields.note more_than -1 no
fields.note at_most 0 no
fields.note is_not 0 yes
fields.note is_set ~ yes
fields.start on "2026-11-02" yes
fields.start before "2026-11-02" no
fields.start before "2026-11-03" yes
fields.start after "2026-11-01" yes
fields.start after "2026-11-02" no
fields.start between ["2026-11-02","2026-11-02"] yes
fields.start in_last {"days":3} yes
fields.start in_last {"days":2} no
fields.start not_in_last {"days":2} yes
fields.start in_next {"days":30} no
fields.start is_set ~ yes
fields.start is_not_set ~ no
fields.budget is_not_set ~ no
fields.scholar is false yes
fields.scholar is true no
fields.scholar is_not true yes
fields.scholar is_set ~ yes
fields.intake is "July" yes
fields.intake is_not "July" no
fields.intake any_of ["February"] no
fields.intake none_of ["February"] yes
fields.intake is_set ~ yes
`

func TestOperators(t *testing.T) {
	t.Parallel()
	asked := map[string]bool{}
	for row := range strings.Lines(strings.TrimSpace(rows)) {
		field, rest, _ := strings.Cut(strings.TrimSpace(row), " ")
		op, rest, _ := strings.Cut(rest, " ")
		value, want := rest[:strings.LastIndex(rest, " ")], rest[strings.LastIndex(rest, " ")+1:] == "yes"
		raw := fmt.Sprintf(`{"field":%q,"op":%q,"value":%s}`, field, op, value)
		if value == "~" {
			raw = fmt.Sprintf(`{"field":%q,"op":%q}`, field, op)
		}
		e, err := filter.Decode([]byte(raw), schema)
		if err != nil {
			t.Errorf("%s: %v", raw, err)
			continue
		}
		if got := e.Resolve(filter.Context{Now: now, Me: me}).Match(sari()); got != want {
			t.Errorf("%s fits Sari: %t, want %t", raw, got, want)
		}
		for _, f := range schema.Fields() {
			if f.Name == field {
				asked[string(f.Type)+" "+op] = true
			}
		}
	}
	for kind, ops := range filter.Operators {
		for _, op := range ops {
			if !asked[string(kind)+" "+string(op)] {
				t.Errorf("no row asks %s of a %s", op, kind)
			}
		}
	}
}

func TestJoins(t *testing.T) {
	t.Parallel()
	yes, no := `{"field":"name","op":"is_set"}`, `{"field":"name","op":"is_not_set"}`
	for raw, want := range map[string]bool{
		`{"and":[` + yes + `]}`: true, `{"and":[` + yes + `,` + no + `]}`: false, `{"and":[` + yes + `,` + yes + `]}`: true,
		`{"or":[` + no + `]}`: false, `{"or":[` + no + `,` + yes + `]}`: true,
		`{"or":[{"and":[` + no + `,` + yes + `]},{"and":[` + yes + `]}]}`: true,
	} {
		e, err := filter.Decode([]byte(raw), schema)
		if err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if got := e.Resolve(filter.Context{Now: now}).Match(sari()); got != want {
			t.Errorf("%s fits Sari: %t, want %t", raw, got, want)
		}
	}
}

// What is wrong is named.
func TestDecodeRefuses(t *testing.T) {
	t.Parallel()
	long := `[` + strings.Repeat(`"a",`, filter.MaxValues) + `"a"]`
	deep := strings.Repeat(`{"and":[`, filter.MaxDepth+1) + `{"field":"name","op":"is_set"}` + strings.Repeat(`]}`, filter.MaxDepth+1)
	for raw, names := range map[string]string{
		``: "not JSON", `{`: "not JSON", `[]`: "object", `"name"`: "object", `null`: "object", `{}`: "a field and an op", `{"and":[]}`: `"and"`, `{"or":{}}`: `"or"`,
		`{"and":[null]}`: "object", `{"and":[{"field":"name","op":"is_set"}],"or":[]}`: "alone", `{"not":[]}`: `"not"`,
		`{"field":"colour","op":"is","value":"red"}`:                           `"colour"`,
		`{"field":"fields.colour","op":"is","value":"red"}`:                    `"fields.colour"`,
		`{"field":"Name","op":"is","value":"red"}`:                             `"Name"`,
		`{"field":"name","op":"like","value":"red"}`:                           `"like"`,
		`{"field":"name","op":"at_least","value":"red"}`:                       `"at_least"`,
		`{"field":"opted_out","op":"contains","value":"red"}`:                  `"contains"`,
		`{"field":"name","op":"is"}`:                                           "text",
		`{"field":"name","op":"is","value":null}`:                              "text",
		`{"field":"name","op":"is","value":7}`:                                 "text",
		`{"field":"name","op":"is","value":" "}`:                               "empty",
		`{"field":"name","op":"is","value":["a"]}`:                             "text",
		`{"field":"name","op":"any_of","value":"a"}`:                           "array",
		`{"field":"name","op":"any_of","value":[]}`:                            "array",
		`{"field":"name","op":"any_of","value":` + long + `}`:                  "200 values",
		`{"field":"name","op":"is_set","value":true}`:                          "no value",
		`{"field":"name","op":"is","value":"a","case":true}`:                   `"case"`,
		`{"field":"name","field":"phone","op":"is_set"}`:                       "twice",
		`{"field":7,"op":"is_set"}`:                                            "texts",
		`{"field":"temperature","op":"is","value":"boiling"}`:                  `"boiling"`,
		`{"field":"fields.intake","op":"is","value":"May"}`:                    `"May"`,
		`{"field":"conversation_status","op":"is","value":"x"}`:                `"x"`,
		`{"field":"tag","op":"is","value":"me"}`:                               `"me"`,
		`{"field":"assignee","op":"is","value":"nobody"}`:                      `"nobody"`,
		`{"field":"created_at","op":"before","value":"yesterday"}`:             `"yesterday"`,
		`{"field":"created_at","op":"before","value":"1969-01-01"}`:            `"1969-01-01"`,
		`{"field":"fields.start","op":"on","value":"2026-11-02T00:00:00Z"}`:    "a day such as",
		`{"field":"created_at","op":"between","value":["2026-11-02"]}`:         "two values",
		`{"field":"created_at","op":"in_last","value":7}`:                      `{"days": 7}`,
		`{"field":"created_at","op":"in_last","value":{"days":0}}`:             `{"days": 7}`,
		`{"field":"created_at","op":"in_last","value":{"days":1.5}}`:           `{"days": 7}`,
		`{"field":"created_at","op":"in_last","value":{"days":-1}}`:            `{"days": 7}`,
		`{"field":"created_at","op":"in_last","value":{"weeks":1}}`:            `{"days": 7}`,
		`{"field":"created_at","op":"in_last","value":{"days":999999}}`:        `{"days": 7}`,
		`{"field":"created_at","op":"in_last","value":{"hours":999999999999}}`: `{"days": 7}`,
		`{"field":"fields.start","op":"in_last","value":{"hours":1}}`:          `{"days": 7}`,
		`{"field":"fields.budget","op":"is","value":"7"}`:                      "number",
		`{"field":"fields.budget","op":"is","value":1e3}`:                      "number",
		`{"field":"fields.budget","op":"is","value":0.1234567}`:                "number",
		`{"field":"opted_out","op":"is","value":"true"}`:                       "true or false",
		deep: "4 deep", `{"field":"name","op":"is","value":"` + strings.Repeat("a", filter.MaxBytes) + `"}`: "bytes",
	} {
		_, err := filter.Decode([]byte(raw), schema)
		var failed *crm.Error
		if !errors.As(err, &failed) || failed.Code != crm.Invalid || failed.Reason != filter.BadFilter || !strings.Contains(failed.Msg, names) {
			t.Errorf("Decode(%.100s) = %v, want invalid_filter that names %s", raw, err, names)
		}
	}
}

func TestNeedsMe(t *testing.T) {
	t.Parallel()
	for raw, want := range map[string]bool{
		`{"or":[{"field":"name","op":"is_set"},{"field":"assignee","op":"any_of","value":["me"]}]}`: true,
		`{"field":"assignee","op":"is","value":"00000000-0000-0000-0000-000000000004"}`:             false,
	} {
		e, err := filter.Decode([]byte(raw), schema)
		if err != nil || e.NeedsMe() != want {
			t.Errorf("%s needs to know who asks: %t, %v, want %t", raw, !want, err, want)
		}
	}
}

func TestNumbers(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int64{
		"0": 0, "-0": 0, "7": 7_000_000, "-3.25": -3_250_000, "0.000001": 1, "999999999999.999999": 999_999_999_999_999_999,
	} {
		if got, ok := filter.ParseNumber(text); !ok || got != want {
			t.Errorf("ParseNumber(%q) = %d, %t, want %d", text, got, ok, want)
		}
	}
	for _, text := range []string{"", "-", ".5", "5.", "1,5", "1e3", "+1", "01", "00", " 1", "1 ", "1.0000001", "1000000000000", "Infinity", "NaN", "0x1", "１", "--1", "1.-1"} {
		if got, ok := filter.ParseNumber(text); ok {
			t.Errorf("ParseNumber(%q) = %d, want it refused", text, got)
		}
	}
	for n, want := range map[int64]string{0: "0", 1: "0.000001", -1: "-0.000001", 50_000_000_500_000: "50000000.5", -7_000_000: "-7"} {
		if got := filter.FormatNumber(n); got != want {
			t.Errorf("FormatNumber(%d) = %s, want %s", n, got, want)
		}
		if back, ok := filter.ParseNumber(want); !ok || back != n {
			t.Errorf("ParseNumber(%q) = %d, %t, want %d", want, back, ok, n)
		}
	}
}

// FuzzDecode: an expression is refused with invalid_filter or answers about any
// contact, and what negates is the opposite.
func FuzzDecode(f *testing.F) {
	for row := range strings.Lines(strings.TrimSpace(rows)) {
		parts := strings.SplitN(strings.TrimSpace(row), " ", 3)
		f.Add([]byte(fmt.Sprintf(`{"and":[{"field":%q,"op":%q,"value":%s}]}`, parts[0], parts[1], parts[2][:strings.LastIndex(parts[2], " ")])))
	}
	f.Add([]byte(`{"or":[{"field":"name","op":"is_set"},{"and":[{"field":"tag","op":"is_not_set"}]}]}`))
	subjects := []filter.Subject{sari(), {Contact: &crm.Contact{}}}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := filter.Decode(raw, schema)
		if err != nil {
			var failed *crm.Error
			if !errors.As(err, &failed) || failed.Code != crm.Invalid || failed.Reason != filter.BadFilter {
				t.Fatalf("Decode(%q) = %v, want invalid_filter", raw, err)
			}
			return
		}
		test := e.Resolve(filter.Context{Now: now, Me: me})
		if slices.ContainsFunc(subjects, func(s filter.Subject) bool {
			return test.Match(s) == filter.Test{Kind: filter.None, Of: []filter.Test{test}}.Match(s)
		}) {
			t.Fatalf("%s and its opposite say the same", raw)
		}
	})
}
