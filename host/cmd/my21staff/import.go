package main

import (
	"context"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/access"
	"github.com/my21staff/my21staff/crm/csvio"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host"
)

func importCommand() command {
	return command{
		name: "import", args: "file.csv", short: "Import contacts from a CSV file, or a sheet saved as CSV.",
		long: "Encoding, delimiter, header and columns are found out. A row whose number, e-mail address or id a contact has changes that contact; the same file again changes nothing. " +
			"Rows that cannot be imported are written to a file beside it, with why; corrected, that can be imported. It works while a host runs and while none does. " +
			"One that is broken off is gone on with by a host that runs, by -resume, or by importing the file again.",
		flags: func(fs *flag.FlagSet) action {
			i := importer{}
			fs.StringVar(&i.workspace, "workspace", "", "id or name (default: the only one)")
			fs.StringVar(&i.mapping, "map", "", `what columns are, where the guess is wrong: "No HP=phone,Kota=field:City,3=skip" (name, phone, wa_id, user_id, email, external_id, tags, lead_status, note, opt_out, skip)`)
			fs.StringVar(&i.policy, "policy", string(crm.FillEmpty), "what a row does to a contact that is there: fill what is empty, or overwrite")
			fs.BoolVar(&i.dryRun, "dry-run", false, "store nothing, only say what would become of the rows")
			fs.StringVar(&i.delimiter, "delimiter", "", "the character between cells, where it cannot be found out")
			fs.StringVar(&i.errors, "errors", "", `where the rows that failed go (default: the file's name with ".errors.csv")`)
			fs.StringVar(&i.resume, "resume", "", "id of an import that was broken off, to go on with it")
			return func(ctx context.Context, p *program, in invocation) error {
				if len(in.args) != 1 && i.resume == "" || len(in.args) > 1 {
					return usage("Say which file to import: my21staff import contacts.csv.")
				}
				i.program, i.file = p, strings.Join(in.args, "")
				return serviced(ctx, in, i.run)
			}
		},
	}
}

// commandCache is how much of the embedded database a command keeps in memory,
// in KiB: what it reads and writes it reads and writes once.
const commandCache = 8 << 10

// serviced opens the store, does something with little memory, and closes it.
func serviced(ctx context.Context, in invocation, do func(context.Context, *host.Services) error) error {
	saveMemory()
	in.config.CacheKB = commandCache
	s, err := host.OpenServices(ctx, in.config, nil)
	if err != nil {
		return err
	}
	defer s.Close()
	return do(ctx, s)
}

// importer imports the file that its fields name.
type importer struct {
	*program
	workspace, file, mapping, policy, delimiter, errors, resume string
	dryRun                                                      bool
}

func (i *importer) run(ctx context.Context, s *host.Services) error {
	w, err := findWorkspace(ctx, s, i.workspace)
	if err != nil {
		return err
	}
	system := access.System(w.ID)
	var im *crm.Import
	if i.resume != "" {
		id, err := crm.ParseID[crm.Import](i.resume)
		if err != nil {
			return err
		}
		if im, err = s.Imports.Import(ctx, system, id); err != nil {
			return err
		}
		i.dryRun = im.DryRun
	} else if im, err = i.begin(ctx, s, system, w.Region); err != nil {
		return err
	}
	if im, err = i.watch(ctx, s, system, im); err != nil {
		return err
	}
	return i.report(ctx, s, system, im)
}

// begin uploads the file and starts the import.
func (i *importer) begin(ctx context.Context, s *host.Services, system access.Principal, region string) (*crm.Import, error) {
	file, err := os.Open(i.file)
	if err != nil {
		return nil, unreadable(err)
	}
	defer file.Close()
	im, preview, err := s.Imports.Upload(ctx, system, people.Upload{
		Filename: filepath.Base(i.file), Options: csvio.Options{Delimiter: i.delimiter}, Region: region, File: file,
	})
	if err != nil {
		return nil, err
	}
	id := im.ID
	mapping, err := mapped(preview, i.mapping)
	if err == nil {
		im, err = s.Imports.Start(ctx, system, id, people.Start{Mapping: mapping, Policy: crm.ImportPolicy(i.policy), DryRun: i.dryRun})
	}
	if err != nil {
		_, _ = s.Imports.Cancel(ctx, system, id) // nobody will start it
		return nil, err
	}
	fmt.Fprintf(i.stdout, "import     %s  %d rows, %s, delimiter %q\n", im.ID, im.Rows, im.Encoding, im.Delimiter)
	for n, word := range im.Mapping {
		fmt.Fprintf(i.stdout, "column %-3d %s: %s\n", n+1, columnName(im.Columns, n), word)
	}
	return im, nil
}

func unreadable(err error) error {
	return &crm.Error{Op: "open file", Code: crm.Invalid, Msg: "The file cannot be opened: " + err.Error(), Err: err}
}

func columnName(header []string, n int) string {
	if n < len(header) && header[n] != "" {
		return header[n]
	}
	return "(no name)"
}

// mapped returns the guess with what the flag says otherwise: pairs of a
// column's name or number and what it is.
func mapped(preview *csvio.Preview, flag string) ([]csvio.Target, error) {
	mapping := slices.Clone(preview.Columns)
	for pair := range strings.SplitSeq(flag, ",") {
		if strings.TrimSpace(pair) == "" {
			continue
		}
		at := strings.LastIndex(pair, "=")
		if at < 0 {
			return nil, usage("-map has pairs like \"No HP=phone\", not %q.", pair)
		}
		name, target := strings.TrimSpace(pair[:at]), csvio.Target(strings.TrimSpace(pair[at+1:]))
		n := slices.IndexFunc(preview.Header, func(column string) bool { return strings.EqualFold(column, name) })
		if n < 0 {
			number, err := strconv.Atoi(name)
			if err != nil || number < 1 || number > len(mapping) {
				return nil, usage("The file has no column %q; it has %s.", name, strings.Join(preview.Header, ", "))
			}
			n = number - 1
		}
		mapping[n] = target
	}
	return mapping, nil
}

const (
	lookEvery = 200 * time.Millisecond
	barWidth  = 30
)

// watch works on the import, unless a host does, and shows how far it is until
// it ended.
func (i *importer) watch(ctx context.Context, s *host.Services, system access.Principal, im *crm.Import) (*crm.Import, error) {
	worked := make(chan error, 1)
	go func() { worked <- work(ctx, s, system, im.ID) }()
	tick := time.NewTicker(lookEvery)
	defer tick.Stop()
	bar := progressBar{out: i.stderr, start: time.Now(), from: im.Progress.Rows, shown: isTerminal(i.stderr)}
	for {
		select {
		case err := <-worked:
			if err != nil {
				bar.end()
				return nil, i.broken(ctx, im, err)
			}
			im, err = s.Imports.Import(ctx, system, im.ID)
			if err == nil {
				bar.show(im)
			}
			bar.end()
			return im, err
		case <-tick.C:
			if now, err := s.Imports.Import(ctx, system, im.ID); err == nil {
				bar.show(now)
			}
		}
	}
}

// work works on an import until it ended, whoever does it.
func work(ctx context.Context, s *host.Services, system access.Principal, id crm.ImportID) error {
	for {
		if _, err := s.Imports.Run(ctx, id); err != nil {
			return err
		}
		im, err := s.Imports.Import(ctx, system, id)
		if err != nil || im.State.Ended() {
			return err
		}
		select { // a host works on it, or did and its lease is not over
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lookEvery):
		}
	}
}

// broken says how an import that was broken off goes on.
func (i *importer) broken(ctx context.Context, im *crm.Import, err error) error {
	if ctx.Err() != nil {
		return &crm.Error{Op: "import", Code: crm.Unavailable, Msg: fmt.Sprintf("It was broken off, and goes on with: my21staff import -resume %s.", im.ID)}
	}
	return err
}

// report says what became of the rows and writes those that failed to a file.
func (i *importer) report(ctx context.Context, s *host.Services, system access.Principal, im *crm.Import) error {
	if im.State != crm.ImportDone {
		return &crm.Error{Op: "import", Code: crm.Refused, Reason: string(im.State), Msg: strings.TrimSpace(fmt.Sprintf("The import is %s. %s", im.State, im.Reason))}
	}
	p := im.Progress
	fmt.Fprintf(i.stdout, "rows       %d: %d created, %d updated, %d unchanged, %d failed\n", p.Rows, p.Created, p.Updated, p.Unchanged, p.Failed)
	if im.DryRun {
		fmt.Fprintln(i.stdout, "dry run    nothing was stored")
	}
	if p.Failed > 0 {
		if i.errors == "" {
			i.errors = strings.TrimSuffix(i.file, filepath.Ext(i.file)) + ".errors.csv"
		}
		if err := writeFile(i.errors, func(to io.Writer) error { return s.Imports.Errors(ctx, system, im.ID, to) }); err != nil {
			return err
		}
		fmt.Fprintf(i.stdout, "errors     %s\n", i.errors)
	}
	if im.DryRun && i.resume == "" {
		_, err := s.Imports.Cancel(ctx, system, im.ID)
		return err
	}
	return nil
}

// writeFile writes a file that only its owner may read; one that fails is taken
// away.
func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return &crm.Error{Op: "write file", Code: crm.Invalid, Msg: "The file cannot be written: " + err.Error(), Err: err}
	}
	err = write(file)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = os.Remove(name)
	}
	return err
}

// progressBar shows how far an import is, on a terminal.
type progressBar struct {
	out   io.Writer
	start time.Time
	from  int // rows that were done before
	shown bool
}

func (b *progressBar) show(im *crm.Import) {
	if !b.shown || im.Rows == 0 {
		return
	}
	done := min(im.Progress.Rows, im.Rows)
	full := done * barWidth / im.Rows
	rate := float64(done-b.from) / time.Since(b.start).Seconds()
	fmt.Fprintf(b.out, "\r[%s%s] %3d%%  %d of %d rows, %.0f a second ", strings.Repeat("#", full), strings.Repeat(".", barWidth-full), done*100/im.Rows, done, im.Rows, rate)
}

func (b *progressBar) end() {
	if b.shown {
		fmt.Fprintln(b.out)
	}
}

// isTerminal reports whether somebody looks at what is written.
func isTerminal(w io.Writer) bool {
	file, ok := w.(*os.File)
	if !ok {
		return false
	}
	info, err := file.Stat()
	return err == nil && info.Mode()&os.ModeCharDevice != 0
}
