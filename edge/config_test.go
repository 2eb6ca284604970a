package edge_test

import (
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// unsoundDocument is a document and the field that its error names.
type unsoundDocument struct{ document, field string }

// unsoundDocuments are made of a sound one by changing one thing.
func unsoundDocuments() []unsoundDocument {
	const source = `{"name":"app","provider":"meta","secrets":["s"]}`
	key := "whsec_" + strings.Repeat("A", 32)
	long := strings.Repeat("x", 257)
	document := func(version, sources, cells, rest string) string {
		return `{"version":` + version + `,"sources":[` + sources + `],"cells":[` + cells + `]` + rest + `}`
	}
	var all []unsoundDocument
	add := func(field, document string) { all = append(all, unsoundDocument{document, field}) }

	for _, text := range []string{``, `{`, `[]`, `null`, `7`, "{\"version\":1,\"\xff\":1}", strings.Repeat("[", 49)} {
		add("document", text)
	}
	top := func(field, rest string) { add(field, document("1", source, `{"name":"a"}`, rest)) }
	add("version", document(`2`, source, `{"name":"a"}`, ``))
	add("version", document(`"1"`, source, `{"name":"a"}`, ``))
	add("version", document(`1.0`, source, `{"name":"a"}`, ``))
	add("version", `{}`)
	top("version", `,"version":1`)
	top("unknown", `,"unknown":1`)
	top(`""`, `,"":1`)
	top("epoch", `,"epoch":-1`)
	top("epoch", `,"epoch":4294967296`)
	top("epoch", `,"epoch":"7"`)
	top("epoch", `,"epoch":1e3`)
	top("epoch", `,"epoch":null`)
	top("journal", `,"journal":"b"`)
	top("journal", `,"journal":0`)
	top("drop", `,"drop":"call"`)
	top("drop[0]", `,"drop":["calls"]`)
	top("drop[0]", `,"drop":[""]`)
	top("drop[1]", `,"drop":["call","call"]`)
	top("limits", `,"limits":[]`)
	top("limits.body", `,"limits":{"body":0}`)
	top("limits.body", `,"limits":{"body":4194305}`)
	top("limits.events", `,"limits":{"events":4097}`)
	top("limits.events", `,"limits":{"events":1,"events":2}`)
	top("limits.depth", `,"limits":{"depth":3}`)
	top("routes", `,"routes":[]`)
	top("routes.1", `,"routes":{"1":"b"}`)
	top("routes.1", `,"routes":{"1":"a","1":"a"}`)
	top(`routes.""`, `,"routes":{"":"a"}`)
	top("routes. 1", `,"routes":{" 1":"a"}`)
	top("routes."+long, `,"routes":{"`+long+`":"a"}`)
	top("accounts", `,"accounts":"a"`)
	top("accounts.1", `,"accounts":{"1":"a"}`)
	top("accounts.1", `,"accounts":{"1":[]}`)
	top("accounts.1[0]", `,"accounts":{"1":["b"]}`)
	top("accounts.1", `,"accounts":{"1":["a"],"\u0031":["a"]}`)
	top("accounts."+long, `,"accounts":{"`+long+`":["a"]}`)

	add("cells", `{"version":1,"sources":[`+source+`]}`)
	cell := func(field, cells string) { add(field, document("1", source, cells, ``)) }
	cell("cells", ``)
	cell("cells", numbered(65))
	cell("cells[0]", `"a"`)
	cell("cells[0].name", `{}`)
	cell("cells[0].name", `{"name":""}`)
	cell("cells[0].name", `{"name":7}`)
	cell("cells[1].name", `{"name":"a"},{"name":"a"}`)
	cell("cells[0].weight", `{"name":"a","weight":-1}`)
	cell("cells[0].weight", `{"name":"a","weight":1000001}`)
	cell("cells[0].weight", `{"name":"a","weight":1.5}`)
	cell("cells[0].name", `{"name":"a b"}`)
	cell("cells[0].name", `{"name":"A"}`)
	for _, url := range []string{``, `a.example.com`, `ftp://a`, `https://`, `https:///x`, `https://a/`, `http://a b`, `https://ä`, `HTTPS://a`} {
		cell("cells[0].url", `{"name":"a","url":"`+url+`"}`)
	}
	for _, secret := range []string{`x`, `whsec_`, `whsec_` + strings.Repeat("A", 28), `whsec_` + strings.Repeat("A", 33), `whsec_` + strings.Repeat("A", 92), `whsec_` + strings.Repeat("A", 31) + `-`, `whsec_` + strings.Repeat("A", 33) + `===`, `whsec_` + strings.Repeat("A", 32) + `====`} {
		cell("cells[0].secrets[0]", `{"name":"a","secrets":["`+secret+`"]}`)
	}
	cell("cells[0].secrets[1]", `{"name":"a","secrets":["`+key+`","`+key+`"]}`)
	cell("cells[0].secrets", `{"name":"a","secrets":["`+key+`","`+key[:37]+`B","`+key[:37]+`C"]}`)
	cell("cells[0].port", `{"name":"a","port":80}`)

	add("sources", `{"version":1,"cells":[{"name":"a"}]}`)
	from := func(field, sources string) { add(field, document("1", sources, `{"name":"a"}`, ``)) }
	from("sources", ``)
	from("sources[0]", `1`)
	from("sources[0].name", `{"provider":"meta","secrets":["s"]}`)
	for _, name := range []string{`App`, `a b`, `a/b`, `é`, strings.Repeat("a", 65)} {
		from("sources[0].name", `{"name":"`+name+`","provider":"meta","secrets":["s"]}`)
	}
	from("sources[1].name", source+`,`+source)
	from("sources[0].provider", `{"name":"app","secrets":["s"]}`)
	from("sources[0].provider", `{"name":"app","provider":"Meta","secrets":["s"]}`)
	from("sources[0].secrets", `{"name":"app","provider":"meta"}`)
	from("sources[0].secrets", `{"name":"app","provider":"meta","secrets":[]}`)
	from("sources[0].secrets", `{"name":"app","provider":"meta","secrets":"s"}`)
	secrets := func(field, secrets string) {
		from("sources[0].secrets"+field, `{"name":"app","provider":"meta","secrets":[`+secrets+`]}`)
	}
	secrets("[0]", `""`)
	secrets("[0]", `7`)
	secrets("[0].secret", `{}`)
	secrets("[0].secret", `{"secret":""}`)
	secrets("[0].kid", `{"secret":"s","kid":"1"}`)
	secrets("[1].not_before", `"s",{"secret":"t","not_before":"2026-12-01"}`)
	secrets("[0].not_after", `{"secret":"s","not_after":1796083200}`)
	secrets("[0].not_after", `{"secret":"s","not_before":"2026-12-01T00:00:00Z","not_after":"2026-12-01T07:00:00+07:00"}`)
	secrets("[0].not_after", `{"secret":"s","not_after":"1970-01-01T00:00:00Z"}`)
	secrets("", `"s","t","u"`)
	secrets("", `"s","t","u","v","w"`)
	secrets("", `"s",{"secret":"t","not_after":"2026-12-01T00:00:00Z"},{"secret":"u","not_before":"2026-11-30T23:59:59Z"}`)
	from("sources[0].verify_tokens[0]", `{"name":"app","provider":"meta","secrets":["s"],"verify_tokens":[""]}`)
	from("sources[0].verify_tokens", `{"name":"app","provider":"meta","secrets":["s"],"verify_tokens":["1","2","3","4","5"]}`)
	from("sources[0].numbers[1]", `{"name":"app","provider":"meta","secrets":["s"],"numbers":["1","1"]}`)
	from("sources[0].numbers[0]", `{"name":"app","provider":"meta","secrets":["s"],"numbers":["`+long+`"]}`)
	from("sources[0].numbers[0]", `{"name":"app","provider":"meta","secrets":["s"],"numbers":["1\u00a0"]}`)
	from("sources[1].numbers[0]", `{"name":"app","provider":"meta","secrets":["s"],"numbers":["1"]},{"name":"b","provider":"kapso","secrets":["s"],"numbers":["1"]}`)
	from("sources[0].number", `{"name":"app","provider":"meta","secrets":["s"],"number":"1"}`)
	from("sources", numberedSources(65))
	return all
}

// numbered returns n cells.
func numbered(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"name":"n%d"}`, i))
	}
	return strings.Join(all, ",")
}

func numberedSources(n int) string {
	var all []string
	for i := range n {
		all = append(all, fmt.Sprintf(`{"name":"n%d","provider":"meta","secrets":["s"]}`, i))
	}
	return strings.Join(all, ",")
}

func TestConfigErrorsNameTheField(t *testing.T) {
	t.Parallel()
	door := edge.New(parse(t, edgetest.OneCell))
	for _, tt := range unsoundDocuments() {
		c, err := edge.Parse([]byte(tt.document))
		var wrong *edge.ConfigError
		if c != nil || !errors.As(err, &wrong) || wrong.Field != tt.field || wrong.Problem == "" || !strings.Contains(err.Error(), tt.field+" "+wrong.Problem) {
			t.Errorf("Parse(%.300s) = %v, want an error about %s", tt.document, err, tt.field)
			continue
		}
		answer := string(door.ConfigureWith([]byte(tt.document), []byte("kept")))
		if want := "kept\x01" + wrong.Field + "\x00" + wrong.Problem; answer != want {
			t.Errorf("ConfigureWith(%.300s) = %q, want %q", tt.document, answer, want)
		}
	}
	if got := door.ConfigureWith([]byte(edgetest.Documents[1]), nil); string(got) != "\x00\x07\x00\x00\x00" {
		t.Errorf("ConfigureWith says %x, want 0 and the epoch 7", got)
	}
}

// TestConfigRefusedChangesNothing gives a door a document that is not sound.
func TestConfigRefusedChangesNothing(t *testing.T) {
	t.Parallel()
	door := edge.New(parse(t, edgetest.OneCell))
	frame := edge.AppendRequest(nil, edgetest.Signed(edge.Meta, "", body(600)), edgetest.Now)
	before := door.Handle(frame, nil)
	door.ConfigureWith([]byte(`{"version":1,"epoch":9,"sources":[],"cells":[{"name":"z"}]}`), nil)
	if after := door.Handle(frame, nil); string(after) != string(before) {
		t.Errorf("after a document that is not sound the door says %x, want %x", after, before)
	}
}

func TestConfigIsRead(t *testing.T) {
	t.Parallel()
	c := parse(t, `{"version":1,"epoch":7,"sources":[
		{"name":"app_1-x","provider":"meta","verify_tokens":["t"],"secrets":["s",{"secret":"u","not_before":"2026-12-01T07:00:00+07:00","not_after":"2027-01-01T00:00:00.5Z"}],"numbers":["5"]}],
		"cells":[{"name":"a","url":"https://a.example.com:8443/x","secrets":["whsec_`+strings.Repeat("A", 86)+`=="]},{"name":"b","weight":7}],"journal":"b"}`)
	want := &edge.Config{
		Epoch: 7, Journal: 1,
		Sources: []edge.Source{{
			Name: "app_1-x", Provider: edge.Meta, Tokens: []string{"t"}, Numbers: []string{"5"},
			Secrets: []edge.Secret{{Value: "s"}, {Value: "u", NotBefore: edgetest.Now, NotAfter: 1798761600500}},
		}},
		Cells: []edge.Cell{
			{Name: "a", URL: "https://a.example.com:8443/x", Weight: 100, Secrets: []string{"whsec_" + strings.Repeat("A", 86) + "=="}},
			{Name: "b", Weight: 7},
		},
	}
	if c.Epoch != want.Epoch || c.Journal != want.Journal || !reflect.DeepEqual(c.Sources, want.Sources) || !reflect.DeepEqual(c.Cells, want.Cells) {
		t.Errorf("the document reads\n%+v\nwant\n%+v", c, want)
	}
}

// TestKeys lists the keys that may sign, in their order, as secrets come and go.
func TestKeys(t *testing.T) {
	t.Parallel()
	const begin = edgetest.Now // document 3: old until then, new from a millisecond before, next from one after
	for _, tt := range []struct {
		document int
		provider edge.Provider
		source   string
		now      int64
		want     string
	}{
		{3, edge.Meta, "", begin - 2, "0.0"},
		{3, edge.Meta, "", begin - 1, "0.0 0.1"},
		{3, edge.Meta, "", begin, "0.1"},
		{3, edge.Meta, "", begin + 1, "0.1 0.2"},
		{3, edge.Meta, "", begin + 86400_000 - 1, "0.1 0.2"},
		{3, edge.Meta, "", begin + 86400_000, "0.1"},
		{3, edge.Meta, "", begin + 1e12, "0.1 0.3"},
		{3, edge.Meta, "", -1, ""}, // a secret without a beginning began in 1970
		{3, edge.Kapso, "", begin, "1.0"},
		{3, edge.Kapso, "", begin + 1, ""},
		{3, edge.Kapso, "", begin - 1, ""},
		{2, edge.Meta, "", begin, "0.0 1.0 1.1 2.0"},
		{2, edge.Meta, "two", begin, "1.0 1.1"},
		{2, edge.Meta, "k1", begin, ""},
		{2, edge.Meta, "tw", begin, ""},
		{2, edge.Kapso, "", begin, "3.0 4.0"},
		{2, 0, "", begin, ""},
		{9, edge.Meta, "", begin, ""},
	} {
		c := parse(t, edgetest.Documents[tt.document])
		var got []string
		r := &edge.Request{Provider: tt.provider, Source: []byte(tt.source)}
		c.Keys(r, tt.now, func(source, key int) bool {
			got = append(got, fmt.Sprintf("%d.%d", source, key))
			return true
		})
		if strings.Join(got, " ") != tt.want {
			t.Errorf("document %d at %d: %v %q has keys %v, want %s", tt.document, tt.now-begin, tt.provider, tt.source, got, tt.want)
		}
		n := 0
		c.Keys(r, tt.now, func(int, int) bool { n++; return false })
		if n > 1 {
			t.Errorf("Keys goes on %d times after it was told to stop", n-1)
		}
	}
}
