package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/lead"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host"
)

// maxRulesFile bounds what is read of a document, in bytes; package lead takes less.
const maxRulesFile = 4 << 20

func rulesCommand() command {
	return command{name: "rules", short: "Read, check, replace and try the rules that leads are scored and assigned by.", under: []command{
		{
			name: "get", short: "Print the rules in force, as a document that put reads.",
			flags: func(fs *flag.FlagSet) action {
				workspace := workspaceFlag(fs)
				begin := fs.String("default", "", "print a document to begin from instead: education or sales")
				return withServices(func(ctx context.Context, p *program, _ invocation, s *host.Services) error {
					return getRules(ctx, p, s, *workspace, *begin)
				})
			},
		},
		{
			name: "check", args: "[file.json]", short: "Say what is wrong with a document, each field by its path.",
			long:  "Without a file, or with -, the document is read from the standard input. No database is needed.",
			flags: func(*flag.FlagSet) action { return checkRules },
		},
		{
			name: "put", args: "[file.json]", short: "Put a document in force and have every contact scored again.",
			long: "Without a file, or with -, the document is read from the standard input. It gets the next version, whatever it says.",
			flags: func(fs *flag.FlagSet) action {
				workspace := workspaceFlag(fs)
				replaces := fs.Int("replaces", 0, "the version in force that it is to replace (default: the document's own, as get prints it)")
				return withFile(func(ctx context.Context, p *program, s *host.Services, document []byte) error {
					return putRules(ctx, p, s, *workspace, document, *replaces)
				})
			},
		},
		{
			name: "try", args: "message...", short: "Say what somebody would score who says such things, and who would get the conversation.",
			long: "Nothing is stored.",
			flags: func(fs *flag.FlagSet) action {
				t := rulesTrial{workspace: workspaceFlag(fs)}
				fs.StringVar(&t.document, "document", "", "the file of a document; default: the rules in force")
				fs.StringVar(&t.tags, "tags", "", "the contact's tags, with commas")
				fs.StringVar(&t.language, "language", "", "of the reasons: id or en (default: the workspace's)")
				return t.run
			},
		},
	}}
}

// withFile is withServices with the one file that the arguments name.
func withFile(do func(ctx context.Context, p *program, s *host.Services, content []byte) error) action {
	return func(ctx context.Context, p *program, in invocation) error {
		content, err := p.read(in.args)
		if err != nil {
			return err
		}
		return serviced(ctx, in, func(ctx context.Context, s *host.Services) error { return do(ctx, p, s, content) })
	}
}

// read returns the content of the file that the words name, or of the standard
// input.
func (p *program) read(words []string) ([]byte, error) {
	if len(words) > 1 {
		return nil, usage("%q is one word too many.", words[1])
	}
	from := p.stdin
	if len(words) == 1 && words[0] != "-" {
		file, err := os.Open(words[0])
		if err != nil {
			return nil, usage("The file cannot be read: %v.", err)
		}
		defer file.Close()
		from = file
	}
	content, err := io.ReadAll(io.LimitReader(from, maxRulesFile+1))
	switch {
	case err != nil:
		return nil, usage("The document cannot be read: %v.", err)
	case len(content) > maxRulesFile:
		return nil, usage("The document has more than %d bytes.", maxRulesFile)
	}
	return content, nil
}

func getRules(ctx context.Context, p *program, s *host.Services, workspace, begin string) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	rules, _, err := s.People.LeadRules(ctx, access.System(w.ID))
	if err != nil {
		return err
	}
	if begin != "" {
		if lead.Defaults[begin] == nil {
			return usage("There are no default rules %q; there are education and sales.", begin)
		}
		doc := lead.Defaults[begin]().Document()
		doc.Version = rules.Version() // which is what it would replace
		if rules, err = lead.New(doc); err != nil {
			return err
		}
	}
	encoder := json.NewEncoder(p.stdout)
	encoder.SetEscapeHTML(false) // <number> stands for one
	encoder.SetIndent("", "  ")
	return encoder.Encode(json.RawMessage(rules.Encode()))
}

func checkRules(_ context.Context, p *program, in invocation) error {
	document, err := p.read(in.args)
	if err != nil {
		return err
	}
	rules, err := lead.ParseVersion(document, crm.DefaultRules+1)
	if err != nil {
		return badRules(err)
	}
	state := "off"
	if rules.Routing().Enabled {
		state = "on"
	}
	_, err = fmt.Fprintf(p.stdout, "good: %d signals, assignment is %s\n", len(rules.Document().Signals), state)
	return err
}

// badRules is the error of a document that names all that is wrong with it, a line
// each.
func badRules(err error) error {
	problems := lead.Problems(err)
	if len(problems) == 0 {
		return err
	}
	lines := []string{"The document is not good:"}
	for _, problem := range problems {
		lines = append(lines, strings.TrimPrefix("  "+problem.Path+": "+problem.Sentence, "  : "))
	}
	return &crm.Error{Op: "read lead rules", Code: crm.Invalid, Msg: strings.Join(lines, "\n")}
}

func putRules(ctx context.Context, p *program, s *host.Services, workspace string, document []byte, replaces int) error {
	w, err := findWorkspace(ctx, s, workspace)
	if err != nil {
		return err
	}
	if replaces == 0 {
		var of struct {
			Version int `json:"version"`
		}
		_ = json.Unmarshal(document, &of) // what is wrong with it, the service says
		replaces = of.Version
	}
	rules, _, err := s.People.SetLeadRules(ctx, access.System(w.ID), document, replaces)
	if err != nil {
		return badRules(err)
	}
	_, err = fmt.Fprintf(p.stdout, "version %d is in force; a host that serves scores every contact again\n", rules.Version())
	return err
}

// rulesTrial is what somebody says, and by which rules that is looked at.
type rulesTrial struct {
	workspace                *string
	document, tags, language string
}

func (t *rulesTrial) run(ctx context.Context, p *program, in invocation) error {
	if len(in.args) == 0 {
		return usage("Say what the customer says: my21staff rules try 'Berapa biayanya?'")
	}
	trial := people.Trial{Messages: in.args, Tags: strings.FieldsFunc(t.tags, func(r rune) bool { return r == ',' })}
	if t.document != "" {
		document, err := p.read([]string{t.document})
		if err != nil {
			return err
		}
		trial.Document = document
	}
	return serviced(ctx, in, func(ctx context.Context, s *host.Services) error {
		w, err := findWorkspace(ctx, s, *t.workspace)
		if err != nil {
			return err
		}
		tried, err := s.People.TryLeadRules(ctx, access.System(w.ID), trial)
		if err != nil {
			return badRules(err)
		}
		if t.language == "" {
			t.language = w.Locale
		}
		return t.show(ctx, p, s, w, tried)
	})
}

// show prints the score with its evidence, and the decision.
func (t *rulesTrial) show(ctx context.Context, p *program, s *host.Services, w *crm.Workspace, tried people.Tried) error {
	out := tabwriter.NewWriter(p.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "score\t%d\t%s\n", tried.Score.Total, tried.Decision.Temperature)
	for _, part := range tried.Score.Parts {
		for _, line := range part.Lines {
			fmt.Fprintf(out, "%s\t%+d\t%s\n", part.Category, line.Points, line.Why.In(t.language))
		}
	}
	who := "(" + tried.Decision.Queue + ")"
	if id := tried.Decision.Assignee; !id.IsZero() {
		m, err := s.Directory.Member(ctx, w.ID, id)
		if err != nil {
			return err
		}
		who = m.Name
	}
	fmt.Fprintf(out, "goes to\t%s\t%s\n", who, tried.Decision.Why.Text.In(t.language))
	return out.Flush()
}
