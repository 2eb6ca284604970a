package people

import (
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/csvio"
	"github.com/my21staff/my21staff/crm/phone"
)

// importBatch is some rows of a file against what is stored, row after row: a
// row finds what those before it made. What it does therefore does not depend on
// where batches begin.
type importBatch struct {
	*runner
	im       *crm.Import
	stored   *State // what the rows may be about
	settings State  // the custom fields and the pipeline, and how numbers are read
	now      time.Time
	problems [][]csvio.Problem // of each row
	counts   crm.ImportProgress

	known     map[crm.Identity]*crm.Contact
	threads   map[crm.ContactID][]*crm.Conversation
	tags      map[string]*crm.Tag // by name in lower case
	allTags   []*crm.Tag
	newTags   []*crm.Tag
	changed   []*crm.Contact // each once, in the order of the rows
	changedID map[crm.ContactID]bool
	made      []*crm.Contact
	said      map[NoteText]bool // notes that need not be written
	notes     []*crm.Note
	shown     []*crm.Conversation // that show another name now
}

func newBatch(r *runner, im *crm.Import, problems [][]csvio.Problem) *importBatch {
	return &importBatch{
		runner: r, im: im, now: r.mint.Now(), problems: problems,
		known: map[crm.Identity]*crm.Contact{}, threads: map[crm.ContactID][]*crm.Conversation{},
		tags: map[string]*crm.Tag{}, changedID: map[crm.ContactID]bool{}, said: map[NoteText]bool{},
	}
}

// load loads what the rows may be about.
func (b *importBatch) load(ctx context.Context, tx ImportTx, drafts []csvio.Draft) error {
	need := Need{WorkspaceID: b.im.WorkspaceID, Threads: true, Leads: true, AllTags: true, Settings: true}
	asked := map[crm.Identity]bool{}
	for _, draft := range drafts {
		for _, id := range spellings(draft.Identities) {
			if !asked[id] {
				asked[id] = true
				need.Identities = append(need.Identities, id)
			}
		}
	}
	state, err := tx.Load(ctx, need)
	if err != nil {
		return err
	}
	b.stored = state
	for _, c := range state.Contacts {
		b.know(c)
	}
	for _, cv := range state.Conversations {
		b.threads[cv.ContactID] = append(b.threads[cv.ContactID], cv)
	}
	b.allTags = state.Tags
	b.settings = State{Fields: state.Fields, Pipeline: state.Pipeline, Region: b.im.Region}
	for _, tag := range state.Tags {
		b.tags[strings.ToLower(tag.Name)] = tag
	}
	return b.loadNotes(ctx, tx, drafts)
}

// loadNotes finds out which of the rows' notes are there.
func (b *importBatch) loadNotes(ctx context.Context, tx ImportTx, drafts []csvio.Draft) error {
	var asked []NoteText
	for _, draft := range drafts {
		if found := b.find(draft); draft.Note != "" && len(found) == 1 {
			asked = append(asked, NoteText{found[0].ID, draft.Note})
		}
	}
	if len(asked) == 0 {
		return nil
	}
	there, err := tx.SameNotes(ctx, asked)
	for _, note := range there {
		b.said[note] = true
	}
	return err
}

// know lets rows find a contact.
func (b *importBatch) know(c *crm.Contact) {
	for _, id := range c.Identities {
		b.known[id] = c
	}
}

// spellings are the identities under which contacts may be stored that have the
// ones given.
func spellings(given []crm.Identity) []crm.Identity {
	all := given[:len(given):len(given)]
	for _, id := range given {
		if id.Kind == crm.ByPhone {
			all = append(all, phone.Spellings(id.Value)...)
		}
	}
	return all
}

// find returns the contacts that a row may be about, each once.
func (b *importBatch) find(draft csvio.Draft) []*crm.Contact {
	var found []*crm.Contact
	for _, id := range spellings(draft.Identities) {
		if c := b.known[id]; c != nil && !slices.Contains(found, c) {
			found = append(found, c)
		}
	}
	return found
}

// row does one row.
func (b *importBatch) row(i int, draft csvio.Draft) {
	b.counts.Records++
	if len(b.problems[i]) == 0 && len(draft.Identities) == 0 {
		return // blank
	}
	b.counts.Rows++
	if len(b.problems[i]) == 0 {
		b.problems[i] = b.apply(draft)
	}
	if len(b.problems[i]) > 0 {
		b.counts.Failed++
	}
}

// apply makes or changes the contact that a row is about, or says why not.
func (b *importBatch) apply(draft csvio.Draft) []csvio.Problem {
	found := b.find(draft)
	if len(found) > 1 {
		var names []string
		for _, c := range found {
			names = append(names, c.DisplayName())
		}
		return []csvio.Problem{csvio.Matches(draft, names)}
	}
	tags, missing := b.tagIDs(draft.Tags)
	if missing != "" {
		return []csvio.Problem{csvio.NoTag(draft, missing)}
	}
	var err error
	switch {
	case len(found) == 1:
		err = b.update(found[0], draft, tags)
	case b.wouldHaveMade(draft):
		b.counts.Updated++
	default:
		err = b.create(draft, tags)
	}
	if err != nil {
		return []csvio.Problem{csvio.Refused(draft.Line, b.plan.Column(b.blamed(draft, err)), err)}
	}
	return nil
}

// blamed returns what of a row an edit's error is about; "" for all of it.
func (b *importBatch) blamed(draft csvio.Draft, err error) csvio.Target {
	switch reasonOf(err) {
	case "bad_lead_status":
		return csvio.LeadStatus
	case "bad_fields":
		for _, name := range slices.Sorted(maps.Keys(draft.Fields)) {
			if _, err := fieldValue(b.settings.Fields, name, draft.Fields[name], b.settings.Region); err != nil {
				return csvio.FieldTarget(name)
			}
		}
	}
	return ""
}

// stage returns the key of the status that a row names, by its key or its label
// and in any case: people write what they see. What is neither stays as it is,
// for the edit to refuse.
func (b *importBatch) stage(word string) *string {
	if word == "" {
		return nil
	}
	for _, stage := range b.settings.Pipeline.Stages {
		if strings.EqualFold(stage.Key, word) || strings.EqualFold(stage.Label, word) {
			return &stage.Key
		}
	}
	return &word
}

// wouldHaveMade reports whether a dry run met the row's contact in an earlier
// batch, of which nothing is stored.
func (b *importBatch) wouldHaveMade(draft csvio.Draft) bool {
	return b.im.DryRun && slices.ContainsFunc(draft.Identities, func(id crm.Identity) bool { return b.seen[hashOf(id)] })
}

// tagIDs returns the tags of a row, making those that are not there; missing is
// one that must not be made.
func (b *importBatch) tagIDs(names []string) (ids []crm.TagID, missing string) {
	for _, name := range names {
		if b.tags[strings.ToLower(name)] == nil && (!b.im.MakeTags || b.im.Progress.Tags+len(b.newTags) >= maxImportTags) {
			return nil, name
		}
	}
	for _, name := range names {
		tag := b.tags[strings.ToLower(name)]
		if tag == nil {
			tag = &crm.Tag{ID: crm.NewID[crm.Tag](b.mint), WorkspaceID: b.im.WorkspaceID, Name: name, CreatedAt: b.now}
			b.tags[strings.ToLower(name)] = tag
			b.allTags, b.newTags = append(b.allTags, tag), append(b.newTags, tag)
		}
		ids = append(ids, tag.ID)
	}
	return ids, ""
}

// state is what an edit of a contact with such threads has to know.
func (b *importBatch) state(threads []*crm.Conversation) *State {
	state := b.settings
	state.Tags, state.Conversations = b.allTags, threads
	return &state
}

// create makes the contact of a row.
func (b *importBatch) create(draft csvio.Draft, tags []crm.TagID) error {
	e := Edit{AddIdentities: draft.Identities, AddTags: tags, Fields: given(draft.Fields), OptOut: outOnly(draft.OptOut)}
	if draft.Name != "" {
		e.Name = &draft.Name
	}
	e.LeadStatus = b.stage(draft.LeadStatus)
	c := &crm.Contact{ID: crm.NewID[crm.Contact](b.mint), WorkspaceID: b.im.WorkspaceID, LeadStatus: "new", CreatedAt: b.now}
	if _, err := decideCreate(c, b.state(nil), e, b.im.Author); err != nil {
		return err
	}
	c.Source.Kind = "import"
	b.know(c)
	b.made = append(b.made, c)
	b.change(c)
	b.note(c, draft.Note)
	b.counts.Created++
	return nil
}

// update gives a contact what a row says beyond it, or other than it.
func (b *importBatch) update(c *crm.Contact, draft csvio.Draft, tags []crm.TagID) error {
	e, changed := b.edit(c, draft, tags), cloneContact(c)
	changes, err := decideEdit(changed, b.state(b.threads[c.ID]), e, b.im.Author, b.now)
	if err != nil {
		return err
	}
	if len(changes.Contacts) > 0 {
		*c = *changed // the rows below find it
		b.know(c)
		b.change(c)
	}
	b.threadsChanged(changes.Conversations)
	if noted := b.note(c, draft.Note); noted || len(changes.Contacts) > 0 {
		b.counts.Updated++
	} else {
		b.counts.Unchanged++
	}
	return nil
}

// edit returns what a row does to a contact by the import's policy.
func (b *importBatch) edit(c *crm.Contact, draft csvio.Draft, tags []crm.TagID) Edit {
	over := b.im.Policy == crm.Overwrite
	e := Edit{AddTags: tags, AddIdentities: unknown(c, draft.Identities), OptOut: outOnly(draft.OptOut)}
	if draft.Name != "" && (over || c.Name == "") {
		e.Name = &draft.Name
	}
	if over || c.LeadStatus == "" {
		e.LeadStatus = b.stage(draft.LeadStatus)
	}
	e.Fields = given(draft.Fields)
	for name := range e.Fields {
		if !over && strings.TrimSpace(c.Fields[name]) != "" {
			delete(e.Fields, name)
		}
	}
	return e
}

// unknown returns the identities that a contact has in no spelling.
func unknown(c *crm.Contact, ids []crm.Identity) []crm.Identity {
	return slices.DeleteFunc(slices.Clone(ids), func(id crm.Identity) bool {
		if id.Kind != crm.ByPhone && id.Kind != crm.ByWaID {
			return c.Has(id)
		}
		return slices.ContainsFunc(phone.Spellings("+"+strings.TrimPrefix(id.Value, "+")), c.Has)
	})
}

// given returns the fields of a draft as an edit's.
func given(fields map[string]string) map[string]*string {
	edits := make(map[string]*string, len(fields))
	for name, value := range fields {
		edits[name] = &value
	}
	return edits
}

// outOnly passes on that somebody wants to hear no more. That somebody does
// again, a file does not say.
func outOnly(out *bool) *bool {
	if out == nil || !*out {
		return nil
	}
	return out
}

// change has a contact written.
func (b *importBatch) change(c *crm.Contact) {
	if !b.changedID[c.ID] {
		b.changedID[c.ID] = true
		b.changed = append(b.changed, c)
	}
}

// threadsChanged has conversations written that show another name.
func (b *importBatch) threadsChanged(conversations []*crm.Conversation) {
	for _, cv := range conversations {
		if !slices.Contains(b.shown, cv) {
			b.shown = append(b.shown, cv)
		}
	}
}

// note writes a row's note, unless the contact has it, and reports whether it
// did.
func (b *importBatch) note(c *crm.Contact, body string) bool {
	text := NoteText{c.ID, body}
	if body == "" || b.said[text] {
		return false
	}
	b.said[text] = true
	b.notes = append(b.notes, &crm.Note{
		ID: crm.NewID[crm.Note](b.mint), WorkspaceID: b.im.WorkspaceID, ContactID: c.ID, Author: b.im.Author, Body: body, CreatedAt: b.now,
	})
	return true
}

// finish returns what to write, and brings the import up to there.
func (b *importBatch) finish(ctx context.Context, tx ImportTx, records []csvio.Record, last bool) (crm.Changes, error) {
	part, err := errorsOf(b.im, records, b.problems)
	if err != nil {
		return crm.Changes{}, err
	}
	if len(part) > 0 {
		if err := tx.SaveChunk(ctx, Chunk{b.im.WorkspaceID, b.im.ID, OfErrors, b.im.Progress.ErrorParts}, part); err != nil {
			return crm.Changes{}, err
		}
		b.counts.ErrorParts = 1
	}
	b.counts.Tags = len(b.newTags)
	b.im.Progress.Add(b.counts)
	if last {
		b.im.State, b.im.EndedAt, b.im.Rows = crm.ImportDone, b.now, b.im.Progress.Rows
	}
	if b.im.DryRun {
		return crm.Changes{}, nil
	}
	if last {
		if err := tx.DropFile(ctx, b.im.ID); err != nil {
			return crm.Changes{}, err
		}
	}
	changes := crm.Changes{Tags: b.newTags, Contacts: b.changed, Conversations: b.shown, Notes: b.notes}
	b.stored.score(b.im.WorkspaceID, &changes, b.now) // one fact tells of the batch
	for _, tag := range b.newTags {
		changes.Facts = append(changes.Facts, crm.Fact{
			WorkspaceID: b.im.WorkspaceID, Kind: crm.TagChanged, At: b.now, Actor: b.im.Author,
			Data: data(map[string]any{"tag_id": tag.ID, "name": tag.Name, "color": tag.Color}),
		})
	}
	changes.Facts = append(changes.Facts, importFact(b.im, b.now))
	return changes, nil
}
