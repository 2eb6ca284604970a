package bunstore

import (
	"cmp"
	"database/sql"
	"encoding/hex"
	"encoding/json"
	"maps"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/uptrace/bun"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/figures"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// contactRow carries the contact's identities and tags, so that reading one is
// reading one row and locking it locks them. The tables identities and
// contact_tags and the search index are how a contact is found by them; only
// batch.contacts and batch.deleteTags write any of these.
type contactRow struct {
	bun.BaseModel `bun:"table:contacts,alias:contacts"`

	WorkspaceID  uid    `bun:"workspace_id,pk"`
	ID           uid    `bun:"id,pk"`
	Name         text   `bun:"name"`
	ProfileName  text   `bun:"profile_name"`
	ProfileAt    moment `bun:"profile_at"`
	Username     text   `bun:"username"`
	Identities   text   `bun:"identities"` // JSON
	Tags         text   `bun:"tags"`       // hex ids, each followed by a space
	Fields       text   `bun:"fields"`     // JSON
	LeadStatus   text   `bun:"lead_status"`
	Temperature  text   `bun:"temperature"`
	Score        int    `bun:"score"`  // of the lead; see batch.leads
	Source       text   `bun:"source"` // JSON
	OptedOut     bool   `bun:"opted_out"`
	OptOutAt     moment `bun:"opt_out_at"`
	OptOutReason text   `bun:"opt_out_reason"`
	BlockedAt    moment `bun:"blocked_at"`
	CreatedAt    stamp  `bun:"created_at"`
	UpdatedAt    stamp  `bun:"updated_at"`
	Folded       text   `bun:"folded"` // what searches look into; see foldedNames
	SourceKind   text   `bun:"source_kind"`
	SortName     text   `bun:"sort_name"` // the first line of Folded
}

// identityRow makes an identity unique in its workspace.
type identityRow struct {
	bun.BaseModel `bun:"table:identities,alias:identities"`

	WorkspaceID uid  `bun:"workspace_id,pk"`
	Kind        text `bun:"kind,pk"`
	Value       text `bun:"value,pk"`
	ContactID   uid  `bun:"contact_id"`
}

// contactTagRow finds the contacts of a tag.
type contactTagRow struct {
	bun.BaseModel `bun:"table:contact_tags,alias:contact_tags"`

	WorkspaceID uid   `bun:"workspace_id,pk"`
	TagID       uid   `bun:"tag_id,pk"`
	ContactID   uid   `bun:"contact_id,pk"`
	UpdatedAt   stamp `bun:"updated_at"` // the contact's, as is the score; see batch.follow
	Score       int   `bun:"score"`
}

// contactFieldRow finds the contacts with a value in a custom field.
type contactFieldRow struct {
	bun.BaseModel `bun:"table:contact_fields,alias:contact_fields"`

	WorkspaceID uid           `bun:"workspace_id,pk"`
	ContactID   uid           `bun:"contact_id,pk"`
	Field       text          `bun:"field,pk"`
	Words       text          `bun:"words"`
	Ordinal     sql.NullInt64 `bun:"ordinal"`
	UpdatedAt   stamp         `bun:"updated_at"` // the contact's; see batch.follow
}

const replaceField = "conflict (workspace_id, contact_id, field) do update"

// fieldKey is what a custom field's value is compared by.
type fieldKey struct {
	words   string
	ordinal sql.NullInt64
}

// fieldKeys returns what custom fields are found by. A name that is longer than
// any field's own finds nobody, and neither does an empty value.
func fieldKeys(fields map[string]string) map[string]fieldKey {
	keys := make(map[string]fieldKey, len(fields))
	for _, name := range slices.Sorted(maps.Keys(fields)) {
		key := fieldKey{words: filter.Fold(fields[name])}
		key.ordinal.Int64, key.ordinal.Valid = filter.Ordinal(fields[name])
		if key.words != "" && utf8.RuneCountInString(name) <= people.MaxFieldName {
			keys[clean(name)] = key
		}
	}
	return keys
}

// known is what a contact is found and sorted by: as it is stored, or will be.
type known struct {
	identities []crm.Identity
	tags       []crm.TagID
	fields     map[string]fieldKey // custom fields by their names
	folded     string
	score      int
	updatedAt  int64 // milliseconds
}

func findable(c *crm.Contact) known {
	return known{identities: cleanIdentities(c), tags: slices.Clone(c.Tags), fields: fieldKeys(c.Fields), folded: foldedNames(c), score: c.Score, updatedAt: c.UpdatedAt.UnixMilli()}
}

// cleanIdentities returns a contact's identities as their table has them.
func cleanIdentities(c *crm.Contact) []crm.Identity {
	identities := slices.Clone(c.Identities)
	for i := range identities {
		identities[i].Value = clean(identities[i].Value)
	}
	return identities
}

func contactOf(c *crm.Contact) (contactRow, error) {
	identities, err := json.Marshal(cleanIdentities(c))
	if err != nil {
		return contactRow{}, err
	}
	fields, err := json.Marshal(c.Fields)
	if err != nil {
		return contactRow{}, err
	}
	source, err := json.Marshal(c.Source)
	if err != nil {
		return contactRow{}, err
	}
	names := foldedNames(c)
	sortName, _, _ := strings.Cut(names, "\n")
	return contactRow{
		WorkspaceID: uid(c.WorkspaceID), ID: uid(c.ID),
		Name: text(c.Name), ProfileName: text(c.ProfileName), ProfileAt: moment(c.ProfileAt), Username: text(c.Username),
		Identities: text(identities), Tags: tagList(c.Tags), Fields: text(fields),
		LeadStatus: text(c.LeadStatus), Temperature: text(c.Temperature), Score: c.Score, Source: text(source),
		OptedOut: c.OptOut.Out, OptOutAt: moment(c.OptOut.At), OptOutReason: text(c.OptOut.Reason),
		BlockedAt: moment(c.BlockedAt), CreatedAt: stamp(c.CreatedAt), UpdatedAt: stamp(c.UpdatedAt), Folded: text(names),
		SourceKind: text(c.Source.Kind), SortName: text(sortName),
	}, nil
}

func (r *contactRow) contact() (*crm.Contact, error) {
	c := &crm.Contact{
		WorkspaceID: crm.WorkspaceID(r.WorkspaceID), ID: crm.ContactID(r.ID),
		Name: string(r.Name), ProfileName: string(r.ProfileName), ProfileAt: time.Time(r.ProfileAt), Username: string(r.Username),
		LeadStatus: string(r.LeadStatus), Temperature: crm.Temperature(r.Temperature), Score: r.Score,
		OptOut:    crm.OptOut{Out: r.OptedOut, At: time.Time(r.OptOutAt), Reason: string(r.OptOutReason)},
		BlockedAt: time.Time(r.BlockedAt), CreatedAt: time.Time(r.CreatedAt), UpdatedAt: time.Time(r.UpdatedAt),
	}
	for _, digits := range strings.Fields(string(r.Tags)) {
		var id uid
		if err := id.parse(digits); err != nil {
			return nil, err
		}
		c.Tags = append(c.Tags, crm.TagID(id))
	}
	if err := json.Unmarshal([]byte(r.Identities), &c.Identities); err != nil {
		return nil, err
	}
	if err := json.Unmarshal([]byte(r.Fields), &c.Fields); err != nil {
		return nil, err
	}
	return c, json.Unmarshal([]byte(r.Source), &c.Source)
}

// tagList writes tags so that one can be taken out by replacing its text.
func tagList(tags []crm.TagID) text {
	var b strings.Builder
	for _, id := range tags {
		b.WriteString(tagMark(id))
	}
	return text(b.String())
}

func tagMark(id crm.TagID) string { return hex.EncodeToString(id[:]) + " " }

// remember keeps what contacts are found by and counted as, so that writing them
// back touches only what changed of it.
func (t *tx) remember(contacts []*crm.Contact) {
	for _, c := range contacts {
		t.contacts[key{uid(c.WorkspaceID), uid(c.ID)}] = findable(c)
		t.picture.People[c.ID] = figures.PersonOf(c)
	}
}

// contacts replaces contacts with their identities and tags.
func (b *batch) contacts(contacts []*crm.Contact) {
	contacts = slices.SortedFunc(slices.Values(contacts), func(a, c *crm.Contact) int {
		return cmp.Or(a.WorkspaceID.Compare(c.WorkspaceID), a.ID.Compare(c.ID))
	})
	putFresh(b, rowsOf(b, contacts, contactOf), func(r *contactRow) key { return key{r.WorkspaceID, r.ID} }, upsert{on: replaceByID})
	for _, c := range contacts {
		b.t.told.gone = append(b.t.told.gone, key{uid(c.WorkspaceID), uid(c.ID)})
		b.unfind(c)
	}
	b.find(contacts)
	b.follow(contacts)
	b.t.remember(contacts)
}

// unfind takes away what a contact is found by no longer. All that goes, goes
// before anything comes: a number may move from one contact to another.
func (b *batch) unfind(c *crm.Contact) {
	ws, id := uid(c.WorkspaceID), uid(c.ID)
	before, after := b.t.contacts[key{ws, id}], findable(c)
	for _, old := range without(before.identities, after.identities) {
		b.do("delete from identities where workspace_id = ? and kind = ? and value = ? and contact_id = ?", ws, text(old.Kind), text(old.Value), id)
	}
	for _, old := range without(before.tags, after.tags) {
		b.do("delete from contact_tags where workspace_id = ? and tag_id = ? and contact_id = ?", ws, uid(old), id)
	}
	for _, old := range slices.Sorted(maps.Keys(before.fields)) {
		if _, kept := after.fields[old]; !kept {
			b.do("delete from contact_fields where workspace_id = ? and contact_id = ? and field = ?", ws, id, text(old))
		}
	}
}

// find adds what contacts are found by from now on.
func (b *batch) find(contacts []*crm.Contact) {
	var identities []identityRow
	var tags []contactTagRow
	var fields []contactFieldRow
	var docs []Document
	for _, c := range contacts {
		ws, id := uid(c.WorkspaceID), uid(c.ID)
		before, after := b.t.contacts[key{ws, id}], findable(c)
		for _, fresh := range without(after.identities, before.identities) {
			identities = append(identities, identityRow{WorkspaceID: ws, Kind: text(fresh.Kind), Value: text(fresh.Value), ContactID: id})
		}
		for _, fresh := range without(after.tags, before.tags) {
			tags = append(tags, contactTagRow{WorkspaceID: ws, TagID: uid(fresh), ContactID: id, UpdatedAt: stamp(c.UpdatedAt), Score: c.Score})
		}
		for _, name := range slices.Sorted(maps.Keys(after.fields)) {
			if key := after.fields[name]; key != before.fields[name] {
				fields = append(fields, contactFieldRow{WorkspaceID: ws, ContactID: id, Field: text(name), Words: text(key.words), Ordinal: key.ordinal, UpdatedAt: stamp(c.UpdatedAt)})
			}
		}
		if before.folded != after.folded {
			docs = append(docs, namesDocument(c.WorkspaceID, c.ID, after.folded, before.folded != ""))
		}
	}
	put(b, identities, "")
	put(b, tags, "")
	put(b, fields, replaceField)
	b.index(docs)
}

// follow brings what lists are sorted by to the tags and fields that contacts keep,
// where it is copied: those that came have it.
func (b *batch) follow(contacts []*crm.Contact) {
	tags, fields := lookupBy(byContact), lookupBy(byContact)
	for _, c := range contacts {
		at := key{uid(c.WorkspaceID), uid(c.ID)}
		before, after := b.t.contacts[at], findable(c)
		moved := before.updatedAt != after.updatedAt
		if (moved || before.score != after.score) && slices.ContainsFunc(before.tags, func(tag crm.TagID) bool { return slices.Contains(after.tags, tag) }) {
			tags.add(at.ws, &at.id)
		}
		if moved && keepsField(before.fields, after.fields) {
			fields.add(at.ws, &at.id)
		}
	}
	b.bring("contact_tags", tags, "updated_at", "score")
	b.bring("contact_fields", fields, "updated_at")
}

// keepsField reports whether a field has the same value before and after.
func keepsField(before, after map[string]fieldKey) bool {
	for name, value := range after {
		if before[name] == value {
			return true
		}
	}
	return false
}

// bring copies columns of contacts to their rows in a table beside them.
func (b *batch) bring(table string, of *lookup, columns ...string) {
	if of.empty() {
		return
	}
	set := make([]string, len(columns))
	for i, column := range columns {
		set[i] = column + " = (select contacts." + column + " from contacts where contacts.workspace_id = " + table + ".workspace_id and contacts.id = " + table + ".contact_id)"
	}
	b.named("update "+table+" set "+strings.Join(set, ", "), of, "")
}

// without returns what is in a and not in b, each once.
func without[E comparable](a, b []E) []E {
	var left []E
	for _, e := range a {
		if !slices.Contains(b, e) && !slices.Contains(left, e) {
			left = append(left, e)
		}
	}
	return left
}
