package web

import (
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/lead"
)

const sampleISO = "2026-11-02T08:00:00Z"

func sampleOptions(x string) []leadOption { return []leadOption{{"new", x, true}, {"won", x, false}} }

func sampleLead(x string) leadRow {
	return leadRow{
		ID: "1", Address: "/contacts/1", Name: x, Handle: x, GivenName: x, Temperature: crm.Hot, Blocked: true, OptedOut: true,
		Cells: []leadCell{
			{Column: "phone", Kind: "text", Text: x, Value: x},
			{Column: "lead_status", Kind: "status", Text: x, Value: x},
			{Column: "temperature", Kind: "temperature", Value: "warm"},
			{Column: "tags", Kind: "tags", Tags: []leadTag{{ID: "1", Name: x}}},
			{Column: "updated_at", Kind: "time", Text: "10:00", ISO: sampleISO},
			{Column: "fields.site", Kind: "link", Text: x, Value: "https://example.com/"},
		},
	}
}

// sampleTop has a line of the filter form for each control.
func sampleTop(x string) leadFrame {
	f := leadFrame{
		Tabs: []leadTab{{x, "/leads", true, true}, {x, "/leads?view=1", false, false}}, Query: "/leads?q=" + x, Table: "/leads", Board: "/leads?board=1",
		Search: x, Sorts: sampleOptions(x), SearchKept: []leadInput{{"view", x}}, FilterKept: []leadInput{{"q", x}}, Reset: "/leads", Open: true, Or: true,
		Fields: sampleOptions(x), Own: true, ViewID: "1", ViewName: x, ViewShared: true, Altered: true, Elsewhere: true, CanWrite: true, Problem: x,
	}
	for n, control := range []string{
		controlNone, controlText, controlTexts, controlNumber, controlDate, controlChoice, controlChoices, controlNumbers, controlDates, controlSpan,
	} {
		f.Conditions = append(f.Conditions, conditionView{
			N: n, Field: "fields." + x, Label: x, Ops: sampleOptions(x), Control: control, Options: sampleOptions(x), Values: []string{x, x},
			Units: sampleOptions(x), Words: x, Remove: "/leads", Missing: n == 1, Wrong: n == 2,
		})
	}
	return f
}

func init() {
	show("leads", "empty", func(string) any { return leadsPage{} })
	show("leads", "typical", func(x string) any {
		columns := []leadColumn{{"phone", x, true, "tel", nil}, {"lead_status", x, true, "choice", sampleOptions(x)}, {"fields.x", x, false, "", nil}}
		return leadsPage{
			Frame: outside(x), leadFrame: sampleTop(x), Columns: columns, AllColumns: columns, Rows: []leadRow{sampleLead(x), {ID: "2", Address: "/contacts/2"}},
			Next: "/leads?after=1", First: "/leads", Export: "/api/contacts/export", Undo: true,
			Bulk: bulkForm{
				Stages: sampleOptions(x), Tags: sampleOptions(x), Members: sampleOptions(x), Fields: sampleOptions(x), CanAssign: true, Whole: true,
			},
		}
	})
	show("leads", "reader", func(x string) any {
		return leadsPage{Frame: outside(x), leadFrame: leadFrame{Tabs: []leadTab{{x, "/leads", true, true}}, Search: x}, Rows: []leadRow{sampleLead(x)}}
	})
	show("leads_board", "empty", func(string) any { return boardPage{} })
	show("leads_board", "typical", func(x string) any {
		return boardPage{Frame: outside(x), leadFrame: sampleTop(x), Columns: []boardColumn{
			{Key: "new", Label: x, Kind: crm.OpenStage, Count: "1+", More: "/leads?board=1&stage=new", First: "/leads?board=1", Cards: []boardCard{
				{leadRow: sampleLead(x), Stages: sampleOptions(x), Tags: []leadTag{{"1", x, true}}, At: "10:00", AtISO: sampleISO},
			}},
			{Key: "won", Label: x, Kind: crm.WonStage, Count: "0"},
		}}
	})
	show("leads_bulk", "empty", func(string) any { return bulkPage{} })
	show("leads_bulk", "typical", func(x string) any {
		return bulkPage{
			Frame: outside(x), Seen: "5.000", Changed: "4.000", Failed: []bulkFailed{{"/contacts/1", x}}, More: true,
			Hidden: []leadInput{{"after", x}}, Back: "/leads",
		}
	})
}

func sampleKnown(x string) []contactKnown {
	return []contactKnown{{x, x, "", ""}, {x, x, sampleISO, ""}, {x, x, "", "https://example.com/"}}
}

func sampleHead(x string) contactHead {
	return contactHead{"/contacts/1", x, x, x, crm.Warm, true, true}
}

func sampleTasks(x string) []contactTask {
	return []contactTask{
		{ID: "1", Title: x, Assignee: x, Due: "overdue", At: "10:00", AtISO: sampleISO, Contact: x, Address: "/contacts/1", Token: x, Next: "/tasks"},
		{ID: "2", Title: x, Due: "done", Done: true, Address: "/contacts/1", Token: x, Next: "/tasks"},
		{ID: "3", Title: x, Due: "none", Address: "/contacts/1"},
	}
}

func init() {
	show("contact", "empty", func(string) any { return contactPage{} })
	show("contact", "typical", func(x string) any {
		lines := []contactLine{
			{Kind: "message_in", Text: x, Link: "/inbox/1#m-1", Hour: "10:00", AtISO: sampleISO},
			{Kind: "message_out", Who: x, Text: x, Link: "/inbox/1#m-2", Hour: "10:00", AtISO: sampleISO},
			{Kind: "note", Who: x, Text: x, Hour: "10:00", AtISO: sampleISO}, {Kind: "blocked", Hour: "10:00"},
		}
		return contactPage{
			Frame: outside(x), contactHead: sampleHead(x), Identities: sampleKnown(x), Known: sampleKnown(x), Fields: sampleKnown(x), Stages: sampleOptions(x),
			Tags: []leadTag{{"1", x, true}}, NoTags: []leadTag{{"2", x, false}}, OptOutWhy: x, BlockedSince: x,
			Score: &scoreView{Total: 61, Temperature: crm.Hot, Parts: []scorePart{
				{Category: lead.Intent, Points: 20, Most: 35, Lines: []scoreLine{{20, x, x}}}, {Category: lead.Negative, Points: -3, Most: 30},
			}},
			Threads: []contactThread{{"/inbox/1", crm.Open, x, x, "10:00", sampleISO, 2}, {Address: "/inbox/2", Status: crm.Resolved}},
			Tasks:   sampleTasks(x), Days: []contactDay{{x, lines}}, Twins: []contactTwin{{"2", sampleHead(x)}}, Members: sampleOptions(x), MergeID: "1",
			CanWrite: true, CanMerge: true, Problem: x, NoteText: x, TaskText: x, TaskDue: x,
		}
	})
	show("contact", "reader", func(x string) any {
		return contactPage{Frame: outside(x), contactHead: contactHead{Path: "/contacts/1", Name: x}, Tags: []leadTag{{"1", x, true}}}
	})
	show("contact_erase", "empty", func(string) any { return contactErase{} })
	show("contact_erase", "typical", func(x string) any {
		return contactErase{Frame: outside(x), contactHead: sampleHead(x), Problem: x}
	})
	show("contact_edit", "empty", func(string) any { return contactForm{Fresh: true} })
	show("contact_edit", "typical", func(x string) any {
		return contactForm{
			Frame: outside(x), Action: "/contacts/1/edit", Back: "/contacts/1", Name: x, Stages: sampleOptions(x), Phone: x, Email: x, External: x,
			Known: sampleKnown(x), Tags: []leadTag{{"1", x, true}}, Problem: x,
			Fields: []contactField{{"x", x, "text", x, nil}, {"y", x, "choice", x, sampleOptions(x)}, {"z", x, "number", "1.5", nil}},
		}
	})
	show("tasks", "empty", func(string) any { return tasksPage{} })
	show("tasks", "typical", func(x string) any {
		return tasksPage{Frame: outside(x), Tabs: []leadTab{{x, "/tasks", false, true}}, Groups: []taskGroup{{"overdue", sampleTasks(x)}}, Next: "/tasks?after=1"}
	})
}

func init() {
	show("imports", "empty", func(string) any { return importsPage{} })
	show("imports", "typical", func(x string) any {
		return importsPage{Frame: outside(x), MaxMB: 64, Next: "/imports?after=1", Problem: x, Imports: []importLine{
			{"/imports/1", x, "done", "10", "9", "1", x, "10:00", sampleISO},
		}}
	})
	counts := []importCount{{"created", "9"}, {"failed", "1"}}
	show("import", "empty", func(string) any { return importPage{State: "uploading"} })
	show("import", "typical", func(x string) any {
		return importPage{
			Frame: outside(x), Path: "/imports/1", Name: x, State: "dry_done", Reason: x, Rows: "10", Delimiter: "semicolon", Startable: true, Tried: true,
			Counted: true, Read: 10, Of: 10, Counts: counts, Overwrite: true, Problem: x, Errors: "/api/imports/1/errors", MoreFail: true,
			Columns:  []importColumn{{0, x, []string{x, x}, sampleOptions(x), sampleOptions(x)}},
			Sample:   []importRow{{2, []string{x}, x}, {3, []string{x}, ""}},
			Failures: []importFailure{{"2", x, x, x}},
		}
	})
	show("import", "running", func(x string) any {
		return importPage{Frame: outside(x), Path: "/imports/1", Name: x, State: "running", Running: true, Counted: true, Read: 3, Of: 10, Counts: counts}
	})
}
