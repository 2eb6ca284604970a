package api

import (
	"fmt"
	"reflect"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/filter"
	"github.com/my21staff/my21staff/crm/people"
)

// Doc describes a route beside its handler. The query parameters are also what
// the handler takes: others are refused.
type Doc struct {
	Tag     string // the group it stands in
	Summary string
	About   string // what the summary leaves open
	Query   []Param
	Headers []Param
	Body    any    // a value of the type the JSON body is read into; nil for none
	Or      string // another media type that the body may be of, for what this API does not describe
	Example string // a body, shown and tested
	File    bool   // the body is a file
	Answers []Answer
}

// Param is a query parameter or header.
type Param struct {
	Name     string
	About    string
	Required bool
	Schema   object // nil: any text
}

// Answer is one way a route answers when it does what it should.
type Answer struct {
	Status int
	Value  any // a value of the type that is encoded; nil for no body, or a File, Text, HTML, Stream or Plain
	About  string
}

// What an answer holds that is no view of ours.
type (
	File   struct{} // whatever type the file has
	Text   struct{} // text/plain
	HTML   struct{} // text/html
	Stream struct{} // text/event-stream
	Plain  struct{} // any JSON
)

// object is a JSON object in the making.
type object map[string]any

var (
	idSchema   = object{"type": "string", "format": "uuid"}
	limitParam = Param{Name: "limit", About: fmt.Sprintf("How many rows at most: %d if left out, up to %d", defaultLimit, maxLimit),
		Schema: object{"type": "integer", "minimum": 1, "maximum": maxLimit, "default": defaultLimit}}
	cursorParam = Param{Name: "cursor", About: "The next of the page before"}
)

func idParam(name, about string) Param { return Param{Name: name, About: about, Schema: idSchema} }

func flagParam(name, about string) Param {
	return Param{Name: name, About: about, Schema: object{"type": "boolean"}}
}

func wordsParam[W ~string](name, about string) Param {
	return Param{Name: name, About: about, Schema: object{"type": "string", "enum": wordsOf[W]()}}
}

// words lists the closed sets of words by their type: what a request may hold
// and what the description says.
var words = map[reflect.Type][]string{
	reflect.TypeFor[crm.ConversationStatus](): texts(crm.Open, crm.Pending, crm.Snoozed, crm.Resolved),
	reflect.TypeFor[crm.Mode]():               texts(crm.Human, crm.Bot),
	reflect.TypeFor[crm.Temperature]():        texts(crm.Hot, crm.Warm, crm.Cold),
	reflect.TypeFor[crm.Direction]():          texts(crm.Inbound, crm.Outbound),
	reflect.TypeFor[crm.MessageStatus](): texts(crm.Received, crm.Queued, crm.Sending, crm.Unknown, crm.Sent,
		crm.Failed, crm.Delivered, crm.Read, crm.Played),
	reflect.TypeFor[crm.ActorKind]():    texts(crm.ByContact, crm.ByMember, crm.ByKey, crm.ByBot, crm.ByApp, crm.BySystem),
	reflect.TypeFor[crm.IdentityKind](): texts(crm.ByPhone, crm.ByWaID, crm.ByUserID, crm.ByEmail, crm.ByExternal),
	reflect.TypeFor[crm.Role]():         texts(crm.Owner, crm.Admin, crm.Agent),
	reflect.TypeFor[crm.Provider]():     texts(crm.Kapso, crm.Meta),
	reflect.TypeFor[crm.Verdict]():      texts(crm.DeliveryApplied, crm.DeliveryPartly, crm.DeliveryUnknown, crm.DeliveryUnreadable),
	reflect.TypeFor[crm.FieldType](): texts(crm.TextField, crm.NumberField, crm.DateField, crm.BoolField, crm.ChoiceField,
		crm.URLField, crm.PhoneField, crm.EmailField),
	reflect.TypeFor[crm.StageKind](): texts(crm.OpenStage, crm.WonStage, crm.LostStage),
	reflect.TypeFor[people.Sort]():   texts(people.Sorts...),
	reflect.TypeFor[filter.Type]():   texts(filter.Types...),
	reflect.TypeFor[access.Action](): texts(access.Actions()...),
	reflect.TypeFor[sendKind](): texts(crm.KindText, crm.KindImage, crm.KindVideo, crm.KindAudio, crm.KindDocument, crm.KindSticker,
		crm.KindLocation, crm.KindContacts, crm.KindInteractive, crm.KindReaction, crm.KindTemplate),
	reflect.TypeFor[crm.ImportState]():  texts(crm.ImportUploading, crm.ImportReady, crm.ImportRunning, crm.ImportDone, crm.ImportCancelled, crm.ImportFailed),
	reflect.TypeFor[crm.BulkState]():    texts(crm.BulkRunning, crm.BulkDone, crm.BulkCancelled, crm.BulkFailed),
	reflect.TypeFor[crm.RescoreState](): texts(crm.RescoreRunning, crm.RescoreDone, crm.RescoreCancelled, crm.RescoreFailed),
	reflect.TypeFor[crm.ImportPolicy](): texts(crm.FillEmpty, crm.Overwrite),
	reflect.TypeFor[windowReason]():     {crm.WindowClosed, crm.WindowNever},
	reflect.TypeFor[languagePolicy]():   texts(deterministic),
}

func wordsOf[W ~string]() []string { return words[reflect.TypeFor[W]()] }

func texts[W ~string](list ...W) []string {
	var texts []string
	for _, word := range list {
		texts = append(texts, string(word))
	}
	return texts
}
