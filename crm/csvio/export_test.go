package csvio_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/leanovate/gopter"
	"github.com/leanovate/gopter/gen"
	"github.com/leanovate/gopter/prop"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
)

func TestExport(t *testing.T) {
	t.Parallel()
	at := time.Date(2026, 11, 28, 7, 0, 0, 0, time.UTC)
	c := &crm.Contact{
		ID: crm.ContactID{1}, Name: "=Budi", ProfileName: "budi", Identities: []crm.Identity{
			{Kind: crm.ByWaID, Value: "6281200000001"}, {Kind: crm.ByPhone, Value: "+6281200000001"}, {Kind: crm.ByWaID, Value: "5215555550100"},
			{Kind: crm.ByEmail, Value: "budi@example.com"}, {Kind: crm.ByEmail, Value: "b@example.com"}, {Kind: crm.ByExternal, Value: "A,1"},
		},
		Tags: []crm.TagID{{1}, {2}, {3}}, Fields: map[string]string{"Kota": "Medan"}, LeadStatus: "new", Temperature: crm.Hot,
		OptOut: crm.OptOut{Out: true}, Source: crm.Source{Kind: "ad"}, CreatedAt: at,
	}
	fields := []string{"Kota", "email"}
	got := write([][]string{csvio.ExportHeader(fields), csvio.ExportRow(c, map[crm.TagID]string{{1}: "VIP", {2}: "a, b"}, fields)}, ',')
	want := "\ufeffid,name,profile_name,username,phone,wa_id,user_id,email,external_id,tags,lead_status,temperature,opt_out,source,created_at,updated_at,Kota,field:email\r\n" +
		"01000000-0000-0000-0000-000000000000,'=Budi,budi,,'+6281200000001,5215555550100,,\"budi@example.com, b@example.com\",\"A,1\",\"VIP, \"\"a, b\"\"\",new,hot,yes,ad,2026-11-28T07:00:00Z,,Medan,\r\n"
	if got != want {
		t.Errorf("the export is\n%s, want\n%s", got, want)
	}
}

// genWord makes what people name things.
func genWord(least int) gopter.Gen {
	return gen.OneGenOf(genText(), gen.OneConstOf("Kota", "nama", "First Name", "field:x", "email", " x ", "id")).
		Map(func(s string) string {
			s = strings.TrimSpace(strings.NewReplacer("\x00", "", "\ufeff", "").Replace(s))
			if s == "" && least > 0 {
				s = "x"
			}
			return s
		})
}

func genContact() gopter.Gen {
	return gopter.CombineGens(genWord(0), gen.SliceOf(genWord(1)), gen.MapOf(genWord(1), genText()), genWord(1), gen.Bool(),
		gen.SliceOf(gen.IntRange(0, 9999)), gen.SliceOf(genWord(1)),
	).Map(func(parts []any) *crm.Contact {
		c := &crm.Contact{ID: crm.ContactID{1}, Name: parts[0].(string), LeadStatus: parts[3].(string), OptOut: crm.OptOut{Out: parts[4].(bool)}}
		for i := range parts[1].([]string) {
			c.Tags = append(c.Tags, crm.TagID{byte(i + 1)})
		}
		for name, value := range parts[2].(map[string]string) {
			if value = strings.ReplaceAll(value, "\x00", ""); strings.TrimSpace(value) != "" {
				if c.Fields == nil {
					c.Fields = map[string]string{}
				}
				c.Fields[name] = value
			}
		}
		add := func(kind crm.IdentityKind, value string) {
			if id := (crm.Identity{Kind: kind, Value: value}); !c.Has(id) {
				c.Identities = append(c.Identities, id)
			}
		}
		add(crm.ByPhone, "+6281200009999")
		add(crm.ByWaID, "6281200009999")
		for _, n := range parts[5].([]int) {
			add(crm.ByPhone, fmt.Sprintf("+628120000%04d", n))
			add(crm.ByWaID, fmt.Sprintf("628120000%04d", n))
		}
		for _, id := range parts[6].([]string) {
			add(crm.ByExternal, id)
		}
		return c
	})
}

// TestExportComesBack: an export, read by the guess alone, is the contact it was
// made of.
func TestExportComesBack(t *testing.T) {
	t.Parallel()
	parameters := gopter.DefaultTestParameters()
	parameters.MinSuccessfulTests = 500
	properties := gopter.NewProperties(parameters)
	properties.Property("import(export(c)) = c", prop.ForAll(func(c *crm.Contact, words []string) string {
		tags, want := map[crm.TagID]string{}, []string{}
		for i, id := range c.Tags {
			if i < len(words) && !slices.ContainsFunc(want, func(have string) bool { return strings.EqualFold(have, words[i]) }) {
				tags[id] = words[i]
				want = append(want, words[i])
			}
		}
		fields := slices.Sorted(maps.Keys(c.Fields))
		file := write([][]string{csvio.ExportHeader(fields), csvio.ExportRow(c, tags, fields)}, ';')
		preview := look(t, file)
		if len(preview.Drafts) != 1 || len(preview.Problems) > 0 {
			return fmt.Sprintf("%q: %d drafts, %v", file, len(preview.Drafts), preview.Problems)
		}
		d := preview.Drafts[0]
		switch {
		case d.Name != c.Name, d.LeadStatus != c.LeadStatus, (d.OptOut != nil) != c.OptOut.Out,
			!maps.Equal(d.Fields, c.Fields), !slices.Equal(d.Identities, c.Identities), !slices.Equal(d.Tags, want) && len(want) > 0:
			return fmt.Sprintf("%q comes back as %+v, want %+v with tags %q", file, d, c, want)
		}
		return ""
	}, genContact(), gen.SliceOfN(20, genWord(1))))
	properties.TestingRun(t)
}
