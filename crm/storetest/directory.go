package storetest

import (
	"crypto/sha256"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/directory"
)

var directoryTests = []test{
	{"replaces a workspace and lists all, oldest first", directoryWorkspaces},
	{"replaces a member and lists a workspace's, oldest first", directoryMembers},
	{"has one member of an e-mail address in a workspace", directoryEmail},
	{"replaces a key, finds it by its hash and lists a workspace's", directoryKeys},
	{"notes when a key was last used", directoryTouch},
	{"replaces a channel and lists a workspace's and all", directoryChannels},
	{"has one channel of a phone number id", directoryNumber},
	{"keeps a channel's credentials", directoryCredentials},
	{"keeps credentials when a service changes the channel", directoryChange},
	{"finds a session until it expires", directorySession},
	{"finds which sessions lapsed, of all workspaces at once", directoryLapsed},
	{"lists where a member is signed in", directorySessions},
	{"hands a session to one of those who race for it", directoryTake},
	{"ends a member's sessions but one", directoryDrop},
	{"keeps a member's password", directoryPassword},
	{"tells of members and sessions with what it tells of", directoryTells},
	{"tells once that a member joined", directoryJoin},
	{"says which tags a workspace does not have", directoryTags},
}

func directoryWorkspaces(t *testing.T, w *world) {
	dir := w.store.Directory()
	same(t, "a workspace", must[*crm.Workspace](t)(dir.Workspace(t.Context(), w.ours.ws)), w.ours.Workspace)
	w.clock.Advance(time.Second)
	third := &crm.Workspace{ID: crm.NewID[crm.Workspace](w.mint), Name: "Third", CreatedAt: w.clock.Now()}
	first := copied(w.ours.Workspace)
	first.Name, first.TimeZone, first.Locale, first.Region = "Renamed", "Asia/Makassar", "en", "MX"
	everyField(t, "a workspace", first, w.ours.Workspace, "ID", "CreatedAt")
	for _, row := range []*crm.Workspace{third, first} {
		if err := dir.SaveWorkspace(t.Context(), copied(row)); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "the workspaces", must[[]*crm.Workspace](t)(dir.Workspaces(t.Context())), []*crm.Workspace{first, w.theirs.Workspace, third})
}

// saveMember stores a member of ours.
func (w *world) saveMember(t *testing.T, m *crm.Member) {
	t.Helper()
	if err := w.store.Directory().SaveMember(t.Context(), copied(m)); err != nil {
		t.Fatal(err)
	}
}

func directoryMembers(t *testing.T, w *world) {
	dir := w.store.Directory()
	w.clock.Advance(time.Second)
	second := w.ours.Member()
	w.saveMember(t, second)
	owner := copied(w.ours.Owner)
	owner.Name, owner.Email, owner.Role, owner.DisabledAt = "Dewi", "dewi@example.com", crm.Admin, w.clock.Now()
	owner.Skills, owner.Capacity, owner.Away = []crm.TagID{w.ours.tag.ID, w.theirs.tag.ID}, 12, true
	everyField(t, "a member", owner, w.ours.Owner, "ID", "WorkspaceID", "CreatedAt")
	w.saveMember(t, owner)
	same(t, "a member with every field changed", must[*crm.Member](t)(dir.Member(t.Context(), w.ours.ws, owner.ID)), owner)
	same(t, "the members", must[[]*crm.Member](t)(dir.Members(t.Context(), w.ours.ws)), []*crm.Member{owner, second})
	gone := must[[]*crm.Member](t)(dir.MembersByEmail(t.Context(), w.ours.Owner.Email))
	same(t, "who has the address that was given up", gone, []*crm.Member{w.theirs.Owner})
}

func directoryEmail(t *testing.T, w *world) {
	dir := w.store.Directory()
	twin := w.ours.Member()
	twin.Email = w.ours.Owner.Email
	wantCode(t, "a second member of an address", dir.SaveMember(t.Context(), twin), crm.Conflict)
	same(t, "the members", must[[]*crm.Member](t)(dir.Members(t.Context(), w.ours.ws)), []*crm.Member{w.ours.Owner})
	for range 2 {
		nameless := w.ours.Member()
		nameless.Email = ""
		w.saveMember(t, nameless)
	}
	// Two companies have an owner of the same address.
	found := must[[]*crm.Member](t)(dir.MembersByEmail(t.Context(), w.ours.Owner.Email))
	if len(found) == 2 && found[0].WorkspaceID == w.theirs.ws {
		found[0], found[1] = found[1], found[0]
	}
	same(t, "a person's memberships", found, []*crm.Member{w.ours.Owner, w.theirs.Owner})
	for _, email := range []string{"", "nobody@example.com"} {
		if found := must[[]*crm.Member](t)(dir.MembersByEmail(t.Context(), email)); len(found) > 0 {
			t.Errorf("the address %q finds %d members", email, len(found))
		}
	}
}

func directoryKeys(t *testing.T, w *world) {
	dir, now := w.store.Directory(), w.clock.Advance(time.Second)
	key := &crm.APIKey{
		ID: crm.NewID[crm.APIKey](w.mint), WorkspaceID: w.ours.ws, Name: "app", Prefix: "m21_example2", Hash: sha256.Sum256([]byte("app")),
		Scopes: []string{"contacts:read", "messages:send"}, CreatedAt: now, ExpiresAt: now.Add(time.Hour),
	}
	revoked := copied(w.ours.key)
	revoked.Name, revoked.Scopes, revoked.RevokedAt = "revoked", nil, now
	everyField(t, "a key", key, nil, "RevokedAt", "LastUsedAt") // see the revoked one, and directoryTouch
	for _, row := range []*crm.APIKey{key, revoked} {
		if err := dir.SaveKey(t.Context(), copied(row)); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "the keys", must[[]*crm.APIKey](t)(dir.Keys(t.Context(), w.ours.ws)), []*crm.APIKey{revoked, key})
	for _, want := range []*crm.APIKey{revoked, key, w.theirs.key} {
		same(t, "the key by hash", must[*crm.APIKey](t)(dir.KeyByHash(t.Context(), want.Hash)), want)
	}
	_, err := dir.KeyByHash(t.Context(), [32]byte{})
	wantCode(t, "KeyByHash of no key", err, crm.NotFound)
	several := must[[]*crm.APIKey](t)(dir.KeysByHash(t.Context(), w.theirs.key.Hash, [32]byte{}, key.Hash))
	slices.SortFunc(several, func(a, b *crm.APIKey) int { return strings.Compare(a.Name, b.Name) })
	same(t, "the keys by several hashes, one of them of no key", several, []*crm.APIKey{key, w.theirs.key})
	if got := must[[]*crm.APIKey](t)(dir.KeysByHash(t.Context())); len(got) > 0 {
		t.Errorf("no hashes find %d keys", len(got))
	}
}

func directoryTouch(t *testing.T, w *world) {
	at := w.clock.Advance(time.Hour)
	if err := w.store.Directory().TouchKey(t.Context(), w.ours.ws, w.ours.key.ID, at); err != nil {
		t.Fatal(err)
	}
	want := copied(w.ours.key)
	want.LastUsedAt = at.Truncate(time.Minute) // "kept to the minute"
	got := must[*crm.APIKey](t)(w.store.Directory().KeyByHash(t.Context(), want.Hash))
	got.LastUsedAt = got.LastUsedAt.Truncate(time.Minute)
	same(t, "a key that was used", got, want)
}

// saveChannel stores a channel.
func (w *world) saveChannel(t *testing.T, c *crm.Channel) {
	t.Helper()
	if err := w.store.Directory().SaveChannel(t.Context(), copied(c)); err != nil {
		t.Fatal(err)
	}
}

func (w *world) channels(t *testing.T) []*crm.Channel {
	t.Helper()
	return must[[]*crm.Channel](t)(w.store.Directory().Channels(t.Context(), w.ours.ws))
}

func directoryChannels(t *testing.T, w *world) {
	now := w.clock.Advance(time.Second)
	second := w.ours.NewChannel()
	w.saveChannel(t, second)
	first := copied(w.ours.Channel)
	first.Provider, first.PhoneNumberID, first.BusinessAccountID, first.DisplayNumber = crm.Meta, "1", "2", "+62 812 0000 9001"
	first.Name, first.BaseURL, first.DisabledAt, first.PausedReason = "Meta", "http://127.0.0.1:1", now, "billing"
	first.Credentials = crm.Credentials{Token: "t", VerifyToken: "v", WebhookSecrets: []crm.Secret{"new", "old"}}
	everyField(t, "a channel", first, w.ours.Channel, "ID", "WorkspaceID", "CreatedAt")
	w.saveChannel(t, first)
	same(t, "the channels", w.channels(t), []*crm.Channel{first, second})
	every := make(map[crm.ChannelID]*crm.Channel)
	for _, c := range must[[]*crm.Channel](t)(w.store.Directory().AllChannels(t.Context())) {
		every[c.ID] = c
	}
	same(t, "the installation's channels", every, map[crm.ChannelID]*crm.Channel{first.ID: first, second.ID: second, w.theirs.Channel.ID: w.theirs.Channel})
}

func directoryNumber(t *testing.T, w *world) {
	for whose, taken := range map[string]*crm.Channel{"our own": w.ours.Channel, "another workspace's": w.theirs.Channel} {
		twin := w.ours.NewChannel()
		twin.PhoneNumberID = taken.PhoneNumberID
		wantCode(t, "a second channel of "+whose+" number", w.store.Directory().SaveChannel(t.Context(), twin), crm.Conflict)
		moved := copied(w.ours.Channel)
		moved.PhoneNumberID = w.theirs.Channel.PhoneNumberID
		wantCode(t, "a channel changed to a number that is taken", w.store.Directory().SaveChannel(t.Context(), moved), crm.Conflict)
		twin.Provider = crm.Meta // the same number with another provider
		w.saveChannel(t, twin)
		twin.PhoneNumberID += "1" // and away again
		w.saveChannel(t, twin)
		heir := w.ours.NewChannel()
		heir.Provider, heir.PhoneNumberID = crm.Meta, taken.PhoneNumberID
		w.saveChannel(t, heir)
	}
	if got := len(w.channels(t)); got != 5 {
		t.Errorf("our workspace has %d channels, want 5", got)
	}
}

func directoryCredentials(t *testing.T, w *world) {
	for _, secrets := range []crm.Credentials{
		{},
		{Token: "token"},
		{VerifyToken: "verify", WebhookSecrets: []crm.Secret{"one"}},
		{Token: "a\x00b\"c\\", VerifyToken: "👍🏽", WebhookSecrets: []crm.Secret{"new", "old"}},
		{Token: crm.Secret(make([]byte, 10_000))},
	} {
		channel := copied(w.ours.Channel)
		channel.Credentials = secrets
		w.saveChannel(t, channel)
		same(t, "the channel", w.channels(t), []*crm.Channel{channel})
	}
}

// directoryChange is what a service does that pauses a channel: the secrets,
// which it may not even have seen, are not lost.
func directoryChange(t *testing.T, w *world) {
	w.pause(t, "billing")
	want := copied(w.ours.Channel)
	want.PausedReason = "billing"
	same(t, "a channel that was paused", w.channels(t), []*crm.Channel{want})
	want.PausedReason = ""
	w.pause(t, "")
	same(t, "a channel that goes on", w.channels(t), []*crm.Channel{want})
}

func directorySession(t *testing.T, w *world) {
	dir, now := w.store.Directory(), w.clock.Now()
	link := &crm.Session{WorkspaceID: w.ours.ws, MemberID: w.ours.Owner.ID, Hash: sha256.Sum256([]byte("link")), Link: true, CreatedAt: now, ExpiresAt: now.Add(time.Minute)}
	renewed := &crm.Session{
		WorkspaceID: w.ours.ws, MemberID: w.ours.Owner.ID, Hash: sha256.Sum256([]byte("renewed")), ByLink: true, Browser: "Mozilla/5.0 (é)",
		BeganAt: now.Add(-time.Hour), CreatedAt: now, ExpiresAt: now.Add(time.Minute),
	}
	everyField(t, "a session", renewed, nil, "Link")
	for _, s := range []*crm.Session{link, renewed} {
		if err := dir.SaveSession(t.Context(), copied(s)); err != nil {
			t.Fatal(err)
		}
	}
	same(t, "a session that was renewed", must[*crm.Session](t)(dir.SessionByHash(t.Context(), renewed.Hash, now)), renewed)
	same(t, "a link", must[*crm.Session](t)(dir.SessionByHash(t.Context(), link.Hash, now)), link)
	same(t, "a session", must[*crm.Session](t)(dir.SessionByHash(t.Context(), w.ours.session.Hash, now)), w.ours.session)
	same(t, "a link in its last moment", must[*crm.Session](t)(dir.SessionByHash(t.Context(), link.Hash, link.ExpiresAt.Add(-time.Millisecond))), link)
	_, err := dir.SessionByHash(t.Context(), link.Hash, link.ExpiresAt)
	wantCode(t, "a link that has expired", err, crm.NotFound)
	_, err = dir.SessionByHash(t.Context(), [32]byte{}, now)
	wantCode(t, "no session", err, crm.NotFound)
}

func directoryLapsed(t *testing.T, w *world) {
	dir, now := w.store.Directory(), w.clock.Now()
	begun := func(name string, member crm.MemberID, link bool, lasts time.Duration) *crm.Session {
		s := &crm.Session{WorkspaceID: w.ours.ws, MemberID: member, Hash: sha256.Sum256([]byte(name)), Link: link, CreatedAt: now, ExpiresAt: now.Add(lasts)}
		if err := dir.SaveSession(t.Context(), copied(s)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	former, agent := copied(w.ours.Owner), copied(w.ours.Owner)
	former.ID, former.Email, former.DisabledAt = crm.NewID[crm.Member](w.mint), "former@example.com", now
	agent.ID, agent.Email, agent.Role = crm.NewID[crm.Member](w.mint), "agent@example.com", crm.Agent
	w.saveMember(t, former)
	w.saveMember(t, agent)
	ours, theirs, short, formers := w.ours.session, w.theirs.session, begun("a short one", agent.ID, false, time.Minute), begun("a former one's", former.ID, false, time.Hour)
	link, nobodys := begun("a link", w.ours.Owner.ID, true, time.Hour), begun("nobody's", crm.NewID[crm.Member](w.mint), false, time.Hour)
	said := []directory.Standing{
		{Hash: ours.Hash, WorkspaceID: w.ours.ws, Role: crm.Owner},
		{Hash: link.Hash, WorkspaceID: w.ours.ws, Role: crm.Owner},
		{Hash: short.Hash, WorkspaceID: w.ours.ws, Role: crm.Agent},
		{Hash: theirs.Hash, WorkspaceID: w.theirs.ws, Role: crm.Owner},
		{WorkspaceID: w.ours.ws, Role: crm.Owner},
		{Hash: nobodys.Hash, WorkspaceID: w.ours.ws, Role: crm.Owner},
		{Hash: ours.Hash, WorkspaceID: w.ours.ws, Role: crm.Agent},    // of another role
		{Hash: ours.Hash, WorkspaceID: w.theirs.ws, Role: crm.Owner},  // of another workspace
		{Hash: ours.Hash, WorkspaceID: w.ours.ws, Role: crm.Owner},    // said twice
		{Hash: formers.Hash, WorkspaceID: w.ours.ws, Role: crm.Owner}, // disabled
	}
	lapsed := func(now time.Time) []int {
		t.Helper()
		places := must[[]int](t)(dir.Lapsed(t.Context(), now, said))
		slices.Sort(places)
		return places
	}
	same(t, "what lapsed", lapsed(now), []int{1, 4, 5, 6, 7, 9})
	same(t, "the same in the short one's last moment", lapsed(short.ExpiresAt.Add(-time.Millisecond)), []int{1, 4, 5, 6, 7, 9})
	same(t, "the same when it has expired", lapsed(short.ExpiresAt), []int{1, 2, 4, 5, 6, 7, 9})
	if none := must[[]int](t)(dir.Lapsed(t.Context(), now, nil)); len(none) > 0 {
		t.Errorf("of nothing lapsed %v", none)
	}
}

func directorySessions(t *testing.T, w *world) {
	dir, now := w.store.Directory(), w.clock.Now()
	session := func(name string, member crm.MemberID, link bool, age, lasts time.Duration) *crm.Session {
		s := &crm.Session{WorkspaceID: w.ours.ws, MemberID: member, Hash: sha256.Sum256([]byte(name)), Link: link, Browser: "Browser of " + name,
			BeganAt: now.Add(-48 * time.Hour), CreatedAt: now.Add(-age), ExpiresAt: now.Add(lasts)}
		if err := dir.SaveSession(t.Context(), copied(s)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	me := crm.NewID[crm.Member](w.mint)
	old, fresh := session("an old one", me, false, time.Hour, time.Minute), session("a fresh one", me, false, 0, time.Millisecond)
	session("a link", me, true, 0, time.Hour)
	session("one that ended", me, false, time.Hour, 0)
	session("another's", crm.NewID[crm.Member](w.mint), false, 0, time.Hour)
	same(t, "the sessions", must[[]*crm.Session](t)(dir.Sessions(t.Context(), w.ours.ws, me, now)), []*crm.Session{fresh, old})
	if got := must[[]*crm.Session](t)(dir.Sessions(t.Context(), w.theirs.ws, me, now)); len(got) != 0 {
		t.Errorf("another workspace has %d of the member's sessions", len(got))
	}
}

func directoryDrop(t *testing.T, w *world) {
	dir, now := w.store.Directory(), w.clock.Now()
	session := func(name string, member crm.MemberID, link bool) *crm.Session {
		s := &crm.Session{WorkspaceID: w.ours.ws, MemberID: member, Hash: sha256.Sum256([]byte(name)), Link: link, ByLink: !link, CreatedAt: now, ExpiresAt: now.Add(time.Hour)}
		if err := dir.SaveSession(t.Context(), copied(s)); err != nil {
			t.Fatal(err)
		}
		return s
	}
	kept, link := session("kept", w.ours.Owner.ID, false), session("a link", w.ours.Owner.ID, true)
	others := session("another's", crm.NewID[crm.Member](w.mint), false)
	if err := dir.DropSessions(t.Context(), w.ours.ws, w.ours.Owner.ID, kept.Hash); err != nil {
		t.Fatal(err)
	}
	for _, want := range []*crm.Session{kept, others, w.theirs.session} {
		same(t, "a session that stays", must[*crm.Session](t)(dir.SessionByHash(t.Context(), want.Hash, now)), want)
	}
	for _, gone := range []*crm.Session{link, w.ours.session} {
		_, err := dir.SessionByHash(t.Context(), gone.Hash, now)
		wantCode(t, "a session that was ended", err, crm.NotFound)
		if err := dir.SaveSession(t.Context(), copied(gone)); err != nil { // nothing of it is left
			t.Error(err)
		}
	}
}

func directoryPassword(t *testing.T, w *world) {
	dir := w.store.Directory()
	_, err := dir.Password(t.Context(), w.ours.ws, w.ours.Owner.ID)
	wantCode(t, "a password nobody set", err, crm.NotFound)
	for _, hash := range []string{"$argon2id$first", "$argon2id$second"} {
		w.clock.Advance(time.Second)
		p := &crm.Password{WorkspaceID: w.ours.ws, MemberID: w.ours.Owner.ID, Hash: hash, SetAt: w.clock.Now()}
		if err := dir.SavePassword(t.Context(), copied(p)); err != nil {
			t.Fatal(err)
		}
		same(t, "a password", must[*crm.Password](t)(dir.Password(t.Context(), w.ours.ws, w.ours.Owner.ID)), p)
	}
	_, err = dir.Password(t.Context(), w.theirs.ws, w.ours.Owner.ID)
	wantCode(t, "a password in another workspace", err, crm.NotFound)
	theirs := &crm.Password{WorkspaceID: w.theirs.ws, MemberID: w.theirs.Owner.ID, Hash: "$argon2id$theirs", SetAt: w.clock.Now()}
	if err := dir.SavePassword(t.Context(), copied(theirs)); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time there is none
		if err := dir.DropPassword(t.Context(), w.ours.ws, w.ours.Owner.ID); err != nil {
			t.Fatal(err)
		}
		_, err = dir.Password(t.Context(), w.ours.ws, w.ours.Owner.ID)
		wantCode(t, "a password that was dropped", err, crm.NotFound)
	}
	same(t, "a password of others", must[*crm.Password](t)(dir.Password(t.Context(), w.theirs.ws, w.theirs.Owner.ID)), theirs)
}

func directoryTake(t *testing.T, w *world) {
	dir := w.store.Directory()
	var takers atomic.Int32
	race(t, func(int) error {
		took, err := dir.TakeSession(t.Context(), w.ours.ws, w.ours.session.Hash)
		if took {
			takers.Add(1)
		}
		return err
	})
	if got := takers.Load(); got != 1 {
		t.Errorf("%d of %d callers took the session, want one", got, racers)
	}
	_, err := dir.SessionByHash(t.Context(), w.ours.session.Hash, w.ours.session.CreatedAt)
	wantCode(t, "a session that was taken", err, crm.NotFound)
	if _, err := dir.SessionByHash(t.Context(), w.theirs.session.Hash, w.theirs.session.CreatedAt); err != nil {
		t.Errorf("another session: %v", err)
	}
}

func directoryTells(t *testing.T, w *world) {
	dir, now := w.store.Directory(), w.mint.Now()
	fact := func(kind crm.FactKind) crm.Fact {
		return crm.Fact{WorkspaceID: w.ours.ws, Kind: kind, At: now, Actor: crm.Actor{Kind: crm.BySystem}}
	}
	_, last, err := w.store.Feed().Bounds(t.Context(), w.ours.ws)
	if err != nil {
		t.Fatal(err)
	}
	session := copied(w.ours.session)
	session.Hash = sha256.Sum256([]byte("another"))
	twin := w.ours.Member()
	twin.Email = w.ours.Owner.Email
	wantCode(t, "a second member of an address", dir.SaveMember(t.Context(), twin, fact("refused")), crm.Conflict)
	for _, err := range []error{
		dir.SaveMember(t.Context(), w.ours.Member(), fact(crm.MemberChanged)),
		dir.SaveSession(t.Context(), session, fact(crm.MemberInvited), fact(crm.MemberJoined)),
		dir.DropSessions(t.Context(), w.ours.ws, w.ours.Owner.ID, [32]byte{}, fact(crm.MemberReset)),
	} {
		if err != nil {
			t.Fatal(err)
		}
	}
	var kinds []crm.FactKind
	for i, f := range must[[]crm.Fact](t)(w.store.Feed().Facts(t.Context(), w.ours.ws, last, all)) {
		if kinds = append(kinds, f.Kind); f.Seq != last+int64(i)+1 {
			t.Errorf("fact %d has the number %d", i, f.Seq)
		}
	}
	if want := []crm.FactKind{crm.MemberChanged, crm.MemberInvited, crm.MemberJoined, crm.MemberReset}; !slices.Equal(kinds, want) {
		t.Errorf("the feed tells %v, want %v", kinds, want)
	}
}

func directoryJoin(t *testing.T, w *world) {
	dir := w.store.Directory()
	_, last, err := w.store.Feed().Bounds(t.Context(), w.ours.ws)
	if err != nil {
		t.Fatal(err)
	}
	fresh := w.ours.Member()
	w.saveMember(t, fresh)
	now := w.mint.Now()
	joined := crm.Fact{WorkspaceID: w.ours.ws, Kind: crm.MemberJoined, At: now, Actor: crm.Actor{Kind: crm.BySystem}}
	race(t, func(int) error { return dir.Join(t.Context(), w.ours.ws, fresh.ID, now, joined) })
	joins := func(when string) {
		t.Helper()
		if told := must[[]crm.Fact](t)(w.store.Feed().Facts(t.Context(), w.ours.ws, last, all)); len(told) != 1 || told[0].Kind != crm.MemberJoined {
			t.Errorf("%s the feed tells %d times that somebody joined, want once", when, len(told))
		}
	}
	joins("after a race")
	w.saveMember(t, fresh) // as it was read before
	for _, member := range []crm.MemberID{fresh.ID, crm.NewID[crm.Member](w.mint)} {
		if err := dir.Join(t.Context(), w.ours.ws, member, now, joined); err != nil {
			t.Fatal(err)
		}
	}
	joins("a member that was saved since, or is not there, joins, and")
}

func directoryTags(t *testing.T, w *world) {
	none := crm.NewID[crm.Tag](w.mint)
	missing := must[[]crm.TagID](t)(w.store.Directory().MissingTags(t.Context(), w.ours.ws, []crm.TagID{w.theirs.tag.ID, w.ours.tag.ID, none}))
	if want := []crm.TagID{w.theirs.tag.ID, none}; !slices.Equal(missing, want) {
		t.Errorf("not ours are %v, want %v", missing, want)
	}
	if missing := must[[]crm.TagID](t)(w.store.Directory().MissingTags(t.Context(), w.ours.ws, nil)); len(missing) > 0 {
		t.Errorf("of no tags %v are missing", missing)
	}
}
