package verdict_test

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"github.com/my21staff/my21staff/bench/check/verdict"
	"github.com/my21staff/my21staff/bench/record"
)

// world makes a small record of a good run, which each test doctors.
type world struct {
	*verdict.Evidence
	try int64
	seq [2]int64
}

func text(w int, n int64, sent bool) string {
	return record.Tag{Run: "ab12", Workspace: w, N: n, Sent: sent}.String() + " halo"
}

func channel(w int) string { return fmt.Sprintf("channel%d", w) }
func number(w int) string  { return fmt.Sprintf("555%d", w) }
func workspace(w int) string {
	return fmt.Sprintf("ws%d", w)
}

// good returns a record in which nothing is wrong: two workspaces, messages
// alone, repeated and in a batch of both, a request that was refused, one forged
// and one crossed, a send with its reports, and readers of both feeds.
func good() *world {
	w := &world{Evidence: &verdict.Evidence{Plan: &record.Plan{Run: "ab12"}, Now: 5000, API: make([]verdict.Shown, 2)}}
	for i := range 2 {
		w.Plan.Workspaces = append(w.Plan.Workspaces, record.Workspace{
			ID: workspace(i), Numbers: []record.Number{{Provider: "meta", ID: number(i), ChannelID: channel(i)}},
		})
		w.API[i] = verdict.Shown{Messages: map[string][]verdict.ShownMessage{}, Bodies: map[string]string{}}
	}
	w.request(1, record.Webhook, []record.Item{w.message(0, 1, 100)}, record.OK, record.OK)
	w.request(2, record.Webhook, []record.Item{w.message(0, 2, 100)}, record.Info, record.OK)
	w.request(3, record.Webhook, []record.Item{w.message(0, 3, 90), w.message(1, 4, 90)}, record.OK)
	w.request(4, record.Webhook, []record.Item{w.message(1, 5, 95)}, record.Fail)
	w.request(5, record.Forged, []record.Item{w.message(0, 6, 95)}, record.Fail)
	w.request(6, record.Crossed, []record.Item{w.message(0, 7, 95)}, record.OK)
	w.Journal[slices.IndexFunc(w.Journal, func(l record.Line) bool { return l.T == record.Defined && l.D == 4 })].Abandoned = true
	for _, m := range []struct {
		w  int
		n  int64
		at int64
	}{{0, 1, 100}, {0, 2, 100}, {0, 3, 90}, {1, 4, 90}} {
		w.store(m.w, m.n, m.at, true, "received")
	}
	w.request(7, record.Send, []record.Item{{Kind: record.Message, Workspace: 1, Number: number(1), Peer: "62", Text: text(1, 8, true)}}, record.OK)
	w.store(1, 8, 200, false, "delivered").ProviderID = "out1"
	w.Calls = append(w.Calls, record.Call{Number: number(1), Opaque: "m8", To: "+62", Text: text(1, 8, true), ID: "out1", Accepted: true, Answer: "ok"})
	for i, word := range []string{"delivered", "sent"} {
		w.request(int64(8+i), record.Webhook, []record.Item{{Kind: record.Status, Workspace: 1, Number: number(1), ID: "out1", Status: word}}, record.OK)
		w.Store.Statuses = append(w.Store.Statuses, verdict.StatusRow{Workspace: workspace(1), Channel: channel(1), ProviderID: "out1", Status: word})
	}
	w.journalled()
	w.readers()
	w.listed()
	return w
}

func (w *world) message(ws int, n, at int64) record.Item {
	return record.Item{Kind: record.Message, Workspace: ws, Number: number(ws), ID: fmt.Sprint("wamid.", n), Peer: "62", At: at, Text: text(ws, n, false)}
}

func (w *world) request(d int64, kind string, items []record.Item, ends ...string) {
	w.Journal = append(w.Journal, record.Line{T: record.Defined, D: d, Kind: kind, SHA: fmt.Sprintf("sha%d", d), Size: int(40 + d), Items: items})
	if kind == record.Send {
		w.Journal[len(w.Journal)-1].SHA = ""
	}
	for _, class := range ends {
		w.try++
		code := map[string]int{record.OK: 200, record.Fail: 503}[class]
		w.Journal = append(w.Journal, record.Line{T: record.Intent, D: d, Try: w.try}, record.Line{T: record.Outcome, D: d, Try: w.try, Class: class, Code: code})
	}
}

// store adds a message's row, its fact and its place in the conversation.
func (w *world) store(ws int, n, at int64, inbound bool, status string) *verdict.Message {
	w.Store.Messages = append(w.Store.Messages, verdict.Message{
		Workspace: workspace(ws), ID: fmt.Sprint("m", n), Conversation: fmt.Sprint("c", ws), Channel: channel(ws), Contact: "k",
		Inbound: inbound, ProviderID: fmt.Sprint("wamid.", n), Status: status, Text: text(ws, n, !inbound), Time: at * 1000, Ingest: n,
	})
	w.seq[ws]++
	kind := map[bool]string{true: "message.received", false: "message.created"}[inbound]
	w.Store.Facts = append(w.Store.Facts, verdict.Fact{Workspace: workspace(ws), Seq: w.seq[ws], Kind: kind, MessageID: fmt.Sprint("m", n)})
	return &w.Store.Messages[len(w.Store.Messages)-1]
}

// journalled adds the rows of the webhook journal.
func (w *world) journalled() {
	for _, row := range []struct {
		d    int64
		ws   string
		seen int64
	}{{1, workspace(0), 2}, {2, workspace(0), 1}, {3, "ws-none", 1}, {6, "ws-none", 1}, {8, workspace(1), 1}, {9, workspace(1), 1}} {
		id, sha := fmt.Sprint("d", row.d), fmt.Sprintf("sha%d", row.d)
		w.Store.Deliveries = append(w.Store.Deliveries, verdict.Delivery{Workspace: row.ws, ID: id, Key: sha, Seen: row.seen, Size: 40 + row.d})
		if row.ws == workspace(0) {
			w.API[0].Bodies[id] = sha
		}
	}
}

// readers adds a transcript of each workspace that heard everything, the first
// one in two visits.
func (w *world) readers() {
	for ws := range 2 {
		t := record.Transcript{Reader: fmt.Sprint("stream-", ws), Workspace: ws, Lines: []record.Heard{{T: record.Opened}}}
		for _, f := range w.Store.Facts {
			if f.Workspace == workspace(ws) {
				t.Lines = append(t.Lines, record.Heard{T: record.Event, Seq: f.Seq, Kind: f.Kind, MessageID: f.MessageID})
				if f.Seq == 1 {
					t.Lines = append(t.Lines, record.Heard{T: record.Closed}, record.Heard{T: record.Opened, Seq: 1})
				}
			}
		}
		t.Lines = append(t.Lines, record.Heard{T: record.Head, Seq: w.seq[ws]})
		w.Transcripts = append(w.Transcripts, t)
	}
}

// listed adds the conversations' rows and what the API shows.
func (w *world) listed() {
	for ws, last := range []string{"m2", "m8"} {
		c, unread := fmt.Sprint("c", ws), int64(0)
		for _, m := range w.Store.Messages {
			if m.Workspace == workspace(ws) {
				w.API[ws].Messages[c] = append(w.API[ws].Messages[c], verdict.ShownMessage{ID: m.ID, Text: m.Text, Time: m.Time})
			}
			if m.Workspace == workspace(ws) && m.Inbound {
				unread++
			}
		}
		rows := map[string]verdict.Message{}
		for _, m := range w.Store.Messages {
			rows[m.ID] = m
		}
		slices.SortFunc(w.API[ws].Messages[c], func(a, b verdict.ShownMessage) int {
			if a.Time != b.Time {
				return int(b.Time - a.Time)
			}
			return int(rows[b.ID].Ingest - rows[a.ID].Ingest)
		})
		w.API[ws].Conversations = []string{c}
		w.Store.Conversations = append(w.Store.Conversations, verdict.Conversation{Workspace: workspace(ws), ID: c, Channel: channel(ws), Contact: "k", LastMessage: last, Unread: unread})
	}
}

// without removes every row that satisfies gone.
func without[T any](rows *[]T, gone func(T) bool) { *rows = slices.DeleteFunc(*rows, gone) }

// forget removes a message from the store, the feed, the streams and the API,
// as if it had never come.
func (w *world) forget(id string) {
	without(&w.Store.Messages, func(m verdict.Message) bool { return m.ID == id })
	for i := range w.Store.Facts { // the number stays, with other news
		if w.Store.Facts[i].MessageID == id {
			w.Store.Facts[i].MessageID, w.Store.Facts[i].Kind = "", "contact.changed"
		}
	}
	for _, t := range w.Transcripts {
		for i := range t.Lines {
			if t.Lines[i].MessageID == id {
				t.Lines[i].MessageID, t.Lines[i].Kind = "", "contact.changed"
			}
		}
	}
	for _, s := range w.API {
		for c, list := range s.Messages {
			s.Messages[c] = slices.DeleteFunc(list, func(m verdict.ShownMessage) bool { return m.ID == id })
		}
	}
}

// appear adds a message wherever a message is, without a request.
func (w *world) appear(ws int, n, at int64) *verdict.Message {
	m := w.store(ws, n, at, true, "received")
	f := w.Store.Facts[len(w.Store.Facts)-1]
	lines := &w.Transcripts[ws].Lines
	end := len(*lines) - 1
	*lines = slices.Insert(*lines, end, record.Heard{T: record.Event, Seq: f.Seq, Kind: f.Kind, MessageID: f.MessageID})
	(*lines)[end+1].Seq = f.Seq
	c := fmt.Sprint("c", ws)
	w.API[ws].Messages[c] = append(w.API[ws].Messages[c], verdict.ShownMessage{ID: m.ID, Text: m.Text, Time: m.Time})
	w.Store.Conversations[ws].Unread++
	return m
}

func (w *world) row(id string) *verdict.Message {
	return &w.Store.Messages[slices.IndexFunc(w.Store.Messages, func(m verdict.Message) bool { return m.ID == id })]
}

// doctored are records with one thing wrong, and what that is.
var doctored = []struct {
	name string
	want verdict.Verdict
	harm func(*world)
}{
	{"an acknowledged message is gone", verdict.Lost, func(w *world) { w.forget("m3"); w.Store.Conversations[0].Unread-- }},
	{"a message that was retried is gone", verdict.Lost, func(w *world) {
		w.forget("m2")
		w.Store.Conversations[0].Unread--
		w.Store.Conversations[0].LastMessage = "m1"
	}},
	{"an acknowledged report is gone", verdict.Lost, func(w *world) { w.Store.Statuses = w.Store.Statuses[:1] }},
	{"a send that was taken on is gone", verdict.Lost, func(w *world) {
		w.forget("m8")
		w.Calls, w.Store.Conversations[1].LastMessage = nil, "m4"
	}},
	{"the webhook journal lacks a request", verdict.Lost, func(w *world) {
		without(&w.Store.Deliveries, func(d verdict.Delivery) bool { return d.ID == "d1" })
	}},
	{"the API does not list a message", verdict.Lost, func(w *world) { w.API[0].Messages["c0"] = w.API[0].Messages["c0"][1:] }},
	{"the API does not list a conversation", verdict.Lost, func(w *world) { w.API[1].Conversations = nil }},
	{"a refused message is there", verdict.RefusedStored, func(w *world) {
		w.appear(1, 5, 95).ProviderID = "wamid.5"
		w.API[1].Messages["c1"] = sortShown(w.API[1].Messages["c1"])
	}},
	{"a refused request is journalled", verdict.RefusedStored, func(w *world) {
		w.Store.Deliveries = append(w.Store.Deliveries, verdict.Delivery{Workspace: workspace(1), ID: "d4", Key: "sha4", Seen: 1})
	}},
	{"a message nobody sent", verdict.Phantom, func(w *world) { w.appear(0, 77, 80) }},
	{"a forged message is there", verdict.Phantom, func(w *world) { w.appear(0, 6, 80) }},
	{"a report nobody made", verdict.Phantom, func(w *world) {
		w.Store.Statuses = append(w.Store.Statuses, verdict.StatusRow{Workspace: workspace(1), Channel: channel(1), ProviderID: "out1", Status: "read"})
	}},
	{"the provider is given what nobody asked for", verdict.Phantom, func(w *world) {
		w.Calls = append(w.Calls, record.Call{Number: number(1), Opaque: "mx", Text: text(1, 99, true), ID: "out9"})
	}},
	{"a stream tells of a fact that was rolled back", verdict.Phantom, func(w *world) {
		lines := &w.Transcripts[0].Lines
		*lines = slices.Insert(*lines, len(*lines)-1, record.Heard{T: record.Event, Seq: 99, Kind: "message.received", MessageID: "m99"})
	}},
	{"a message is there twice", verdict.Dup, func(w *world) { w.appear(0, 33, 80).ProviderID = "wamid.3"; w.row("m33").Text = text(0, 3, false) }},
	{"a send is there twice", verdict.Dup, func(w *world) {
		m := w.store(1, 81, 150, false, "unknown")
		m.ProviderID, m.Text = "", text(1, 8, true)
		w.Transcripts = w.Transcripts[:1]
		w.API = nil
	}},
	{"a customer has two conversations", verdict.Dup, func(w *world) {
		w.row("m3").Conversation = "c9"
		w.Store.Conversations[0].Unread--
		w.Store.Conversations = append(w.Store.Conversations, verdict.Conversation{Workspace: workspace(0), ID: "c9", LastMessage: "m3", Unread: 1})
		w.API = nil
	}},
	{"the API lists a message twice", verdict.Dup, func(w *world) {
		list := w.API[0].Messages["c0"]
		w.API[0].Messages["c0"] = append(list, list[len(list)-1])
	}},
	{"a raw body differs", verdict.Bytes, func(w *world) { w.API[0].Bodies["d1"] = "other" }},
	{"a raw body nobody may see is cut off", verdict.Bytes, func(w *world) { w.Store.Deliveries[2].Size-- }},
	{"a raw body is not shown", verdict.Bytes, func(w *world) { w.API[0].Bodies["d1"] = "" }},
	{"a message says something else", verdict.Bytes, func(w *world) { w.row("m1").Text = "m21 ab12 w0 n1 hal\uFFFD" }},
	{"a list goes by arrival", verdict.Order, func(w *world) { slices.Reverse(w.API[0].Messages["c0"]) }},
	{"a message has another time", verdict.Order, func(w *world) { w.row("m3").Time = 91_000 }},
	{"a conversation shows an older message", verdict.Order, func(w *world) { w.Store.Conversations[0].LastMessage = "m1" }},
	{"a status went back", verdict.Status, func(w *world) { w.row("m8").Status = "sent" }},
	{"a status nobody reported", verdict.Status, func(w *world) { w.row("m8").Status = "read" }},
	{"a counter is off", verdict.Count, func(w *world) { w.Store.Conversations[1].Unread++ }},
	{"a request was counted too seldom", verdict.Count, func(w *world) { w.Store.Deliveries[0].Seen = 1 }},
	{"the feed has a hole", verdict.Gap, func(w *world) {
		w.Store.Facts = append(w.Store.Facts, verdict.Fact{Workspace: workspace(0), Seq: 9, Kind: "contact.changed"})
	}},
	{"no fact tells of a message", verdict.Gap, func(w *world) {
		w.Store.Facts[0].MessageID = ""
		w.Transcripts[0].Lines[1].MessageID = ""
	}},
	{"a reader missed a fact", verdict.Gap, func(w *world) { w.Transcripts[0].Lines = slices.Delete(w.Transcripts[0].Lines, 4, 5) }},
	{"a reader never came to the end", verdict.Gap, func(w *world) {
		lines := &w.Transcripts[0].Lines
		*lines = slices.Delete(*lines, len(*lines)-2, len(*lines)-1)
	}},
	{"one of a crowd missed a fact", verdict.Gap, func(w *world) { w.ran(1, 1, 3, 3) }},
	{"one of a crowd was told again", verdict.Twice, func(w *world) { w.ran(1, 2, 2, 3) }},
	{"one of a crowd was told of nothing", verdict.Phantom, func(w *world) { w.ran(1, 4, 99, 99) }},
	{"a reader is told to load anew for little", verdict.Gap, func(w *world) { w.Transcripts[0].Lines[4] = record.Heard{T: record.Event, Seq: 2, Kind: "resync"} }},
	{"two facts tell of a message", verdict.Twice, func(w *world) {
		w.seq[0]++
		w.Store.Facts = append(w.Store.Facts, verdict.Fact{Workspace: workspace(0), Seq: w.seq[0], Kind: "message.received", MessageID: "m1"})
	}},
	{"a reader is told twice", verdict.Twice, func(w *world) {
		w.Transcripts[0].Lines = slices.Insert(w.Transcripts[0].Lines, 4, w.Transcripts[0].Lines[1])
	}},
	{"a stream goes back", verdict.Unordered, func(w *world) {
		w.Transcripts[1].Lines[0].Seq = 1
		w.Transcripts[1].Lines = slices.Delete(w.Transcripts[1].Lines, 3, 4)
	}},
	{"the provider accepts a message twice", verdict.DoubleSend, func(w *world) { w.Calls = append(w.Calls, w.Calls[0]) }},
	{"a message that was signed for another number is there", verdict.Phantom, func(w *world) { w.appear(0, 7, 80) }},
	{"an unknown outcome is not settled by its report", verdict.Unsettled, func(w *world) { w.row("m8").Status = "unknown" }},
	{"a message is with another workspace", verdict.Leak, func(w *world) {
		w.row("m3").Workspace = workspace(1)
		w.API = nil
	}},
	{"a stream tells of another workspace", verdict.Leak, func(w *world) { w.Transcripts[1].Lines[1].Preview = text(0, 1, false) }},
	{"the API lists another's conversation", verdict.Leak, func(w *world) { w.API[0].Conversations = append(w.API[0].Conversations, "c1") }},
	{"the API lists another's message", verdict.Leak, func(w *world) {
		list := w.API[0].Messages["c0"]
		w.API[0].Messages["c0"] = append(list, verdict.ShownMessage{ID: "m4", Time: 1})
	}},
	{"the API shows another's words", verdict.Leak, func(w *world) { w.API[0].Foreign = []string{"it does"} }},
	{"a reader saw another's words", verdict.Leak, func(w *world) { w.Journal = append(w.Journal, record.Line{T: record.Read, Note: "it did"}) }},
	{"a message leaves by another's number", verdict.Leak, func(w *world) {
		w.Calls[0].Number = number(0)
		w.row("m8").Status = "sent"
		w.row("m8").ProviderID = ""
	}},
	{"a request is never taken", verdict.Unsettled, func(w *world) {
		w.request(10, record.Webhook, []record.Item{w.message(0, 10, 90)}, record.Info, record.Fail)
	}},
	{"an intent has no outcome", verdict.Unsettled, func(w *world) {
		w.request(10, record.Webhook, []record.Item{w.message(0, 10, 90)})
		w.Journal = append(w.Journal, record.Line{T: record.Intent, D: 10, Try: 99})
	}},
	{"a message waits and nobody works on it", verdict.Unsettled, func(w *world) {
		w.row("m8").Status, w.row("m8").ProviderID = "queued", ""
		w.Calls, w.Store.Statuses = nil, nil
		without(&w.Journal, func(l record.Line) bool { return l.D == 8 || l.D == 9 })
		without(&w.Store.Deliveries, func(d verdict.Delivery) bool { return d.ID == "d8" || d.ID == "d9" })
	}},
}

func sortShown(list []verdict.ShownMessage) []verdict.ShownMessage {
	slices.SortFunc(list, func(a, b verdict.ShownMessage) int { return int(b.Time - a.Time) })
	return list
}

// A good record has no verdict: a checker that finds fault with everything
// would pass the tests below.
func TestGoodRecordIsClean(t *testing.T) {
	t.Parallel()
	report := verdict.Examine(good().Evidence)
	if !report.Clean() {
		t.Errorf("a good record has %v: %v", report.Verdicts, report.Samples)
	}
	want := verdict.Counts{
		Deliveries: 9, Tries: 11, Retries: 2, Infos: 1, Messages: 4, Absorbed: 1, Sends: 1, Accepted: 1, Facts: 5, Events: 5, Resumes: 2, Bodies: 2,
	}
	if report.Counts != want {
		t.Errorf("it counts %+v, want %+v", report.Counts, want)
	}
}

// Every doctored record has its verdict and no other.
func TestEachWrongHasItsVerdict(t *testing.T) {
	t.Parallel()
	seen := map[verdict.Verdict]bool{}
	for _, tt := range doctored {
		seen[tt.want] = true
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := good()
			tt.harm(w)
			report := verdict.Examine(w.Evidence)
			if got := slices.Collect(maps.Keys(report.Verdicts)); len(got) != 1 || got[0] != tt.want {
				t.Errorf("the verdicts are %v: %v; want %s alone", got, report.Samples, tt.want)
			}
		})
	}
	for _, tt := range misdone {
		for _, v := range tt.want {
			seen[v] = true
		}
	}
	for _, v := range verdict.All {
		if !seen[v] {
			t.Errorf("no record is doctored for %s", v)
		}
	}
}

// ran adds one of a crowd to the first workspace, that heard of two runs of
// facts.
func (w *world) ran(from, to, from2, to2 int64) {
	newest := w.seq[0]
	w.Transcripts = append(w.Transcripts, record.Transcript{Reader: "crowd-0-1", Lines: []record.Heard{
		{T: record.Opened}, {T: record.Ran, Seq: from, To: to}, {T: record.Opened, Seq: to}, {T: record.Ran, Seq: from2, To: to2},
		{T: record.Ran, Seq: to2 + 1, To: newest}, {T: record.Head, Seq: newest},
	}})
}
