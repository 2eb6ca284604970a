package csvio

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/phone"
)

// Limits bound what a row may say, in characters unless said otherwise. A zero
// limit does not bound.
type Limits struct {
	Name, Tag, LeadStatus, Note, FieldName, External int
	FieldValue                                       int // bytes
	Tags                                             int // tags of a row
}

// Plan says what to make of a file's records.
type Plan struct {
	Header  []string // names of the columns, for problems; nil if the file has none
	Columns []Target // what each column is; those beyond are skipped
	Region  string   // where a number without a country code is read: "ID"
	Limits  Limits
}

// Draft is what a row says of a contact. Zero fields say nothing.
type Draft struct {
	Line       int
	Name       string
	Identities []crm.Identity // as they are stored; at least one
	Tags       []string       // names
	LeadStatus string
	Fields     map[string]string
	Note       string
	OptOut     *bool
}

// Check reports whether the plan can be: Invalid for a target that is none, for
// one that a contact has once and two columns are, and for a plan that finds no
// identity.
func (p *Plan) Check() error {
	identity, taken := false, map[Target]bool{}
	for i, target := range p.Columns {
		if !target.Valid() {
			return invalid("mapping", "Column %d: %q is nothing that a column can be.", i+1, target)
		}
		field, isField := target.Field()
		if isField && p.Limits.FieldName > 0 && utf8.RuneCountInString(field) > p.Limits.FieldName {
			return invalid("mapping", "Column %d: a field's name may have at most %d characters.", i+1, p.Limits.FieldName)
		}
		if taken[target] && (isField || target == LeadStatus || target == OptOut) {
			return invalid("mapping", "Two columns are %s, which a contact has once.", target)
		}
		taken[target] = true
		identity = identity || kinds[target] != ""
	}
	if !identity {
		return invalid("mapping", "No column is a number, an e-mail address or an id, so nobody could tell whose row it is.")
	}
	return nil
}

// Draft returns what a record says, or what is wrong with it: one of the two is
// empty. A blank record is neither.
func (p *Plan) Draft(record Record) (Draft, []Problem) {
	if record.Blank() {
		return Draft{}, nil
	}
	row := row{Plan: p, line: record.Line, draft: Draft{Line: record.Line}}
	if record.Fault != "" {
		return Draft{}, []Problem{problem(record.Fault, record.Line, "")}
	}
	for i, cell := range record.Cells {
		switch {
		case i < len(p.Columns):
			row.column = p.name(i)
			row.read(p.Columns[i], cell)
		case len(p.Header) > 0 && i >= len(p.Header) && strings.TrimSpace(cell) != "":
			row.column = ""
			row.blame(ExtraCells)
		}
	}
	if len(row.draft.Identities) == 0 && len(row.problems) == 0 {
		row.column = ""
		row.blame(NoIdentity)
	}
	if len(row.problems) > 0 {
		return Draft{}, row.problems
	}
	return row.draft, nil
}

// Column returns what a problem calls the first column that is a target; "" if
// none is.
func (p *Plan) Column(target Target) string {
	if i := slices.Index(p.Columns, target); i >= 0 {
		return p.name(i)
	}
	return ""
}

// name returns what a problem calls a column.
func (p *Plan) name(i int) string { return cmp.Or(nameAt(p.Header, i), strconv.Itoa(i+1)) }

// row is a record under way to a draft.
type row struct {
	*Plan
	line     int
	column   string
	draft    Draft
	problems []Problem
}

// blame notes a problem of the column, once.
func (r *row) blame(code Code, words ...any) {
	p := problem(code, r.line, r.column, words...)
	if !slices.ContainsFunc(r.problems, func(have Problem) bool { return have.Code == code && have.Column == p.Column }) {
		r.problems = append(r.problems, p)
	}
}

// read reads a cell as what its column is.
func (r *row) read(target Target, cell string) {
	value := strings.TrimSpace(cell)
	if value == "" || target == Skip {
		return
	}
	if !utf8.ValidString(cell) || strings.ContainsRune(cell, 0) {
		r.blame(BadText)
		return
	}
	l, d := &r.Limits, &r.draft
	switch target {
	case Name:
		d.Name = strings.TrimSpace(d.Name + " " + value)
		r.bound(d.Name, l.Name)
	case LeadStatus:
		d.LeadStatus = value
		r.bound(value, l.LeadStatus)
	case Note:
		if d.Note != "" {
			cell = d.Note + "\n" + cell
		}
		d.Note = cell
		r.bound(cell, l.Note)
	case Tags:
		r.tags(value)
	case OptOut:
		r.optOut(value)
	default:
		if field, ok := target.Field(); ok {
			r.field(field, cell)
		} else {
			r.identities(target, value)
		}
	}
}

// bound holds a text against its limit of characters.
func (r *row) bound(text string, most int) {
	if most > 0 && utf8.RuneCountInString(text) > most {
		r.blame(TooLong, most, "karakter/characters")
	}
}

// field keeps a value as it stands, blanks around it included: it is the
// workspace's own, and an export must come back as it was.
func (r *row) field(name, value string) {
	if most := r.Limits.FieldValue; most > 0 && len(value) > most {
		r.blame(TooLong, most, "byte")
		return
	}
	if r.draft.Fields == nil {
		r.draft.Fields = map[string]string{}
	}
	r.draft.Fields[name] = value
}

func (r *row) tags(cell string) {
	for _, tag := range split(cell, wordSeparators) {
		r.bound(tag, r.Limits.Tag)
		if !slices.ContainsFunc(r.draft.Tags, func(have string) bool { return strings.EqualFold(have, tag) }) {
			r.draft.Tags = append(r.draft.Tags, tag)
		}
	}
	if most := r.Limits.Tags; most > 0 && len(r.draft.Tags) > most {
		r.blame(TooManyTags, most)
	}
}

// answers are the words for yes and no.
var answers = map[string]bool{
	"ya": true, "yes": true, "y": true, "true": true, "1": true, "x": true, "stop": true, "benar": true, "berhenti": true,
	"tidak": false, "no": false, "n": false, "false": false, "0": false, "t": false, "salah": false, "-": false,
}

func (r *row) optOut(cell string) {
	out, known := answers[strings.ToLower(cell)]
	if !known {
		r.blame(BadOptOut, short(cell))
		return
	}
	r.draft.OptOut = &out
}

// sheetError is what spreadsheets show instead of a value.
var sheetError = regexp.MustCompile(`^(#(N/A|REF!|VALUE!|NAME\?|DIV/0!|NUM!|NULL!|N/V|SPILL!|CALC!|ERROR!)|#{3,})$`)

func (r *row) identities(target Target, cell string) {
	separators := wordSeparators
	if target == ExternalID {
		separators = lineSeparators
	}
	values := split(cell, separators)
	if target == Phone || target == WaID {
		if cell = plainNumber(cell); scientific.MatchString(cell) || !strings.Contains(cell, ",") {
			values = split(cell, ";|\n") // a comma is a decimal's here
		}
	}
	for _, value := range values {
		if sheetError.MatchString(value) {
			r.blame(SheetError, short(value))
			continue
		}
		ids, code := r.identity(target, value)
		if code != "" {
			r.blameValue(code, value)
		}
		for _, id := range ids {
			if !slices.Contains(r.draft.Identities, id) {
				r.draft.Identities = append(r.draft.Identities, id)
			}
		}
	}
}

func (r *row) blameValue(code Code, value string) {
	if code == TooLong {
		r.blame(code, r.Limits.External, "karakter/characters")
		return
	}
	r.blame(code, short(value))
}

// identity returns a value as the identities it is stored as. A number and
// WhatsApp's digits stand for each other.
func (r *row) identity(target Target, value string) ([]crm.Identity, Code) {
	switch target {
	case Phone:
		exact, ok := expand(value)
		if !ok {
			return nil, PhoneRounded
		}
		e164, err := phone.Parse(plainNumber(exact), r.Region)
		if err != nil {
			return nil, BadPhone
		}
		return phoneIdentities(e164), ""
	case WaID:
		if e164 := phone.FromWaID(strings.TrimPrefix(value, "+")); e164 != "" {
			return phoneIdentities(e164), ""
		}
		return nil, BadWaID
	case UserID:
		if !phone.IsUserID(value) {
			return nil, BadUserID
		}
	case Email:
		value = strings.ToLower(value)
		if crm.CheckEmail("email", value) != nil {
			return nil, BadEmail
		}
	case ExternalID:
		if most := r.Limits.External; most > 0 && utf8.RuneCountInString(value) > most {
			return nil, TooLong
		}
	}
	return []crm.Identity{{Kind: kinds[target], Value: value}}, ""
}

func phoneIdentities(e164 string) []crm.Identity {
	return []crm.Identity{{Kind: crm.ByPhone, Value: e164}, {Kind: crm.ByWaID, Value: e164[1:]}}
}

// short returns a value as a problem shows it.
func short(value string) string {
	if runes := []rune(value); len(runes) > 40 {
		return string(runes[:40]) + "…"
	}
	return value
}

var (
	// scientific is a number that a spreadsheet found too long to show.
	scientific = regexp.MustCompile(`^'?\+?(\d)(?:[.,](\d+))?[eE]\+?(\d{1,2})$`)
	// grouped is a number with commas between its thousands; decimal one with
	// decimals that say nothing.
	grouped = regexp.MustCompile(`^\+?\d{1,3}(,\d{3}){2,}$`)
	decimal = regexp.MustCompile(`^(\+?\d{7,15})[.,]0{1,2}$`)
)

// plainNumber takes off what a spreadsheet does to numbers and a phone number
// never has: an apostrophe before it, thousands, decimals.
func plainNumber(cell string) string {
	cell = strings.TrimLeft(cell, "'’`")
	if grouped.MatchString(cell) {
		return strings.ReplaceAll(cell, ",", "")
	}
	if parts := decimal.FindStringSubmatch(cell); parts != nil {
		return parts[1]
	}
	return cell
}

// expand returns a number that may be in scientific notation with all its
// digits; false if they are not all there.
func expand(value string) (string, bool) {
	parts := scientific.FindStringSubmatch(value)
	if parts == nil {
		return value, true
	}
	places, err := strconv.Atoi(parts[3])
	if err != nil || places != len(parts[2]) {
		return "", false
	}
	return parts[1] + parts[2], true
}
