//go:build torture

package torture

import "slices"

// Point is a place at which a fault can be planted.
type Point struct {
	Name  string `json:"name"`
	About string `json:"about"`
}

// points is every point there is. "commit" is every transaction's of the
// process; what stands before it by name is inside or around one of its own.
var points = []Point{
	{"ingest.afterRead", "a webhook's body has been read, nothing has been looked at"},
	{"ingest.beforeChannel", "a number's channel is looked up: of the one it seems to be for, and when it is signed and decoded, of each fact's"},
	{"ingest.beforeLoad", "in its transaction, before anything is read"},
	{"ingest.afterLoad", "in its transaction, what is known has been read and locked"},
	{"ingest.beforeInsert", "in its transaction, it is decided what to write"},
	{"ingest.afterInsert", "in its transaction, everything of a workspace has been written"},
	{"ingest.beforeCommit", "in its transaction, nothing is left to do but to commit"},
	{"ingest.afterCommit", "it is committed, and the receiver has not been told"},
	{"ingest.beforeAck", "the receiver is done, the answer has not been written"},

	{"send.beforeLoad", "a request to send, in its transaction, before anything is read"},
	{"send.beforeInsert", "in its transaction, message and job are decided"},
	{"send.beforeCommit", "in its transaction, message and job are written"},
	{"send.afterCommit", "message and job are committed, the client has no answer"},

	{"edit.beforeCommit", "a change of a conversation is written and not committed"},
	{"edit.afterCommit", "it is committed, the client has no answer"},

	{"outbox.beforeClaim", "due jobs are about to be leased"},
	{"outbox.afterClaim", "they are leased, nothing has been sent"},
	{"outbox.beforeCall", "a message is about to go to its provider"},
	{"outbox.afterCall", "the provider has answered, nothing is recorded; as an error it is an answer that was lost"},
	{"outbox.beforeResult", "the provider's answer is about to be recorded"},
	{"outbox.beforeResultCommit", "in its transaction, the result is written"},
	{"outbox.afterResult", "the result is committed, the worker has not been told"},

	{"feed.beforeReplay", "a reader's missing facts are about to be read"},
	{"feed.betweenReplayAndLive", "a reader has been given what it missed and is about to be given what is new"},
	{"feed.beforeWake", "a commit's news are about to wake the streams"},
	{"feed.afterWake", "the streams have been woken"},

	{"reconcile.beforeList", "a provider's list is about to be read"},
	{"reconcile.afterList", "it has been read"},
	{"reconcile.beforeCommit", "in its transaction, what the list brought is written"},
	{"reconcile.afterCommit", "it is committed"},

	{"snooze.afterFind", "conversations to open have been found"},
	{"snooze.beforeCommit", "in its transaction, one has been opened"},
	{"snooze.afterCommit", "it is committed"},

	{"media.beforeUpload", "a file is about to go to the provider"},
	{"media.afterUpload", "the provider has it, the client has no answer"},
	{"media.beforeDownload", "a file is about to be asked for"},
	{"media.afterDownload", "the provider has begun to give it"},
	{"media.midDownload", "a part of it has been passed on"},

	{"people.beforeCommit", "a change of contacts or of what belongs to the lead database is written and not committed"},
	{"people.afterCommit", "it is committed, the client has no answer"},

	{"import.afterClaim", "an import is leased, nothing more of it is done"},
	{"import.beforeCommit", "in its transaction, some rows and how far the import is are written"},
	{"import.afterCommit", "it is committed, the worker has not been told"},

	{"bulk.afterClaim", "a bulk change is leased, nothing more of it is done"},
	{"bulk.beforeCommit", "in its transaction, some contacts and how far the change is are written"},
	{"bulk.afterCommit", "it is committed, the worker has not been told"},

	{"rescore.afterClaim", "a rescore is leased, nothing more of it is done"},
	{"rescore.beforeCommit", "in its transaction, some leads and how far the rescore is are written"},
	{"rescore.afterCommit", "it is committed, the worker has not been told"},

	{"erase.beforeCommit", "in its transaction, a contact is hidden and what it is known by is noted"},
	{"erase.afterCommit", "it is committed, the client has no answer"},
	{"erase.afterClaim", "an erasure is leased, nothing more is taken away"},
	{"erase.beforeStep", "some rows are about to be taken away"},
	{"erase.afterStep", "they are, and that is committed; the worker has not been told"},
	{"erasing.beforeCommit", "in its transaction, an erasure is taken to its next stage, or through an import"},
	{"erasing.afterCommit", "it is committed"},

	{"figures.beforeWrite", "in any transaction, the figures are about to be written, on SQLite with the rows they count there already"},

	{"migrate.beforeStep", "in a migration's transaction, the lock is taken and nothing done"},
	{"migrate.midStep", "in its transaction, the schema is changed and that is not noted"},
	{"migrate.afterStep", "it is committed"},

	{"commit.before", "any transaction's COMMIT is about to be sent"},
	{"commit.after", "the database has committed; as an error, its answer was lost"},

	{"close.beforeDrain", "the host has been told to stop, nothing has been ended"},
	{"close.midDrain", "streams and requests have ended, the workers have not"},
	{"close.afterDrain", "the workers have ended, the store is open"},
}

func known(point string) bool {
	return slices.ContainsFunc(points, func(p Point) bool { return p.Name == point })
}

// Listing is what "my21staff torture" prints.
type Listing struct {
	Points []Point `json:"points"`
	Bugs   []*Bug  `json:"bugs"`
}

// Listed returns every point and every bug.
func Listed() Listing { return Listing{slices.Clone(points), slices.Clone(bugs)} }
