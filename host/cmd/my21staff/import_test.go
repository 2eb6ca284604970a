package main_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/my21staff/my21staff/adapters/pgtest"
)

// write writes a file and returns its name.
func write(t testing.TB, name, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestImportAndExportCommands(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		i.must(`workspace`, "workspace", "create", "-name", "Impor", "-owner", "Owner", "-email", "owner@example.com")
		file := write(t, "kontak.csv", "Nama;No. HP;Label;Asal\r\nBudi;0812-0000-0001;VIP;Medan\r\nSari;6,28E+12;;Bandung\r\n=Tono;081200000003;;\r\n")
		wrong := strings.TrimSuffix(file, ".csv") + ".errors.csv"

		dry := i.run("import", file, "--workspace", "impor", "--dry-run")
		if dry.code != 0 || !strings.Contains(dry.out, "column 2   No. HP: phone\n") || !strings.Contains(dry.out, "rows       3: 2 created, 0 updated, 0 unchanged, 1 failed\ndry run    nothing was stored\nerrors     "+wrong) {
			t.Errorf("a dry run ends with %d: %s%s", dry.code, dry.out, dry.errors)
		}
		if out := i.run("export").out; strings.Count(out, "\r\n") != 1 {
			t.Errorf("after a dry run there is %q", out)
		}
		i.must(`rows       3: 2 created, 0 updated, 0 unchanged, 1 failed\nerrors     `, "import", "--workspace", "impor", file, "-map", "asal=field:Kota, 3=skip")
		content, err := os.ReadFile(wrong)
		if err != nil || !strings.Contains(string(content), "Sari;\"6,28E+12\";;Bandung;3;No. HP;phone_rounded;") {
			t.Errorf("the file of errors is %q, %v", content, err)
		}
		export := filepath.Join(t.TempDir(), "export.csv")
		if r := i.run("export", export, "-delimiter", ";", "-q", "tono"); r.code != 0 {
			t.Errorf("export ends with %d: %s", r.code, r.errors)
		}
		content, err = os.ReadFile(export)
		if err != nil || strings.Count(string(content), "\r\n") != 2 || !strings.Contains(string(content), ";'=Tono;;;'+6281200000003;") {
			t.Errorf("the export is %q, %v", content, err)
		}
		all := write(t, "all.csv", i.run("export").out)
		i.must(`rows       2: 0 created, 0 updated, 2 unchanged, 0 failed`, "import", all, "-policy", "overwrite")
		corrected := write(t, "corrected.csv", strings.Replace(string(mustRead(t, wrong)), "\"6,28E+12\"", "081200000002", 1))
		i.must(`rows       1: 1 created, 0 updated, 0 unchanged, 0 failed`, "import", corrected)
		for _, c := range []struct {
			args string
			code int
			want string
		}{
			{"import", 2, "which file"},
			{"import a b", 2, "which file"},
			{"import /missing.csv", 2, "cannot be opened"},
			{"import " + file + " -map asal", 2, "pairs"},
			{"import " + file + " -map Umur=phone", 2, "no column \"Umur\"; it has Nama, No. HP, Label, Asal"},
			{"import " + file + " -map 2=number", 2, "nothing that a column can be"},
			{"import " + file + " -policy merge", 2, "policy"},
			{"import -resume x", 2, "not an id"},
			{"import -resume 01a2212b-7c81-7000-893b-3ea7d7d14ac6", 3, "no such import"},
			{"export -delimiter |", 2, "semicolon"},
			{"export -tag Emas", 3, "no tag"},
			{"export a b", 2, "too many"},
			{"export /missing/a.csv", 2, "cannot be written"},
		} {
			r := i.run(strings.Fields(c.args)...)
			if r.code != c.code || !strings.Contains(r.errors, c.want) {
				t.Errorf("my21staff %s ends with %d: %s%s; want %d and %q", c.args, r.code, r.out, r.errors, c.code, c.want)
			}
		}
	})
}

func mustRead(t testing.TB, name string) []byte {
	t.Helper()
	content, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return content
}

const killRows = 12_000

// manyContacts is a file in which people come again, rows are wrong, and tags
// are new.
func manyContacts() string {
	var file strings.Builder
	file.WriteString("nama,no hp,email,label,catatan,kota\n")
	for n := range killRows {
		switch {
		case n%97 == 96:
			fmt.Fprintf(&file, "Salah %d,6E+12,,,,\n", n)
		case n%7 == 6:
			fmt.Fprintf(&file, "Lagi %d,+62812000%06d,lagi%d@example.com,label %d,\"catatan\n%d\",Kota %d\n", n, n/2, n/2, n%11, n%3, n)
		default:
			fmt.Fprintf(&file, "Nama %d,0812000%06d,,label %d,catatan,\n", n, n, n%5)
		}
	}
	return file.String()
}

// TestKilledImportGoesOn kills the host in the middle of an import. Another host
// finds it as far as it came, and the command that goes on with it leaves what one
// run that nothing befell leaves.
func TestKilledImportGoesOn(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		file := write(t, "kontak.csv", manyContacts())
		clean := install(t, "")
		clean.must(`workspace`, "workspace", "create", "-name", "Clean", "-owner", "Owner", "-email", "owner@example.com")
		counts := clean.must(`rows       (.*)\n`, "import", file, "-errors", file+".clean")

		i.must(`workspace`, "workspace", "create", "-name", "Kill", "-owner", "Owner", "-email", "owner@example.com")
		d := &driver{t: t, key: i.must(`key  (m21_\S+)`, "key", "create", "-name", "kill", "-scopes", "admin")}
		host := i.serve()
		ready(t, host)
		var im struct {
			ID, State string
			Done      struct{ Rows int }
		}
		d.send(host, "/api/imports", "text/csv", string(mustRead(t, file)), &im)
		path := "/api/imports/" + im.ID
		d.send(host, path+"/start", "application/json", `{}`, &im)
		for end := time.Now().Add(time.Minute); im.Done.Rows == 0 && time.Now().Before(end); time.Sleep(5 * time.Millisecond) {
			d.get(host, path, &im)
		}
		host.end(syscall.SIGKILL)

		host = i.serve()
		ready(t, host)
		if d.get(host, path, &im); im.State != "running" || im.Done.Rows == 0 || im.Done.Rows >= killRows {
			t.Errorf("after the kill it is %s with %d of %d rows: it was not in the middle", im.State, im.Done.Rows, killRows)
		}
		host.end(syscall.SIGTERM)
		if got := i.must(`rows       (.*)\n`, "import", "-resume", im.ID, "-errors", file+".killed"); got != counts {
			t.Errorf("it ends with %s, want %s", got, counts)
		}
		if got, want := mustRead(t, file+".killed"), mustRead(t, file+".clean"); !bytes.Equal(got, want) {
			t.Errorf("the rows that failed are others than those of a clean run")
		}
		if got, want := i.contacts(), clean.contacts(); !slices.Equal(got, want) {
			t.Errorf("%d contacts are not those of a clean run, which are %d", len(got), len(want))
		}
	})
}

// ours is what an export says that another installation would say otherwise.
var ours = regexp.MustCompile(`(?m)^[0-9a-f-]{36}|[0-9-]{10}T[0-9:]{8}Z`)

// contacts are the lines of an export, sorted, without ids and times.
func (i *installation) contacts() []string {
	i.t.Helper()
	lines := strings.Split(ours.ReplaceAllString(i.run("export").out, ""), "\r\n")
	slices.Sort(lines)
	return lines
}

// send posts a body and decodes the answer, which must be one of success.
func (d *driver) send(host *process, path, kind, body string, into any) {
	d.t.Helper()
	req, err := http.NewRequest("POST", host.url+path, strings.NewReader(body))
	if err != nil {
		d.t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", d.key)
	req.Header.Set("Content-Type", kind)
	response, err := http.DefaultTransport.RoundTrip(req)
	if err != nil {
		d.t.Fatal(err)
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err == nil {
		err = json.Unmarshal(answer, into)
	}
	if err != nil || response.StatusCode/100 != 2 {
		d.t.Fatalf("%s answers %d %s (%v)", path, response.StatusCode, answer, err)
	}
}

// mostMemory is how many MB an import may take: the bar.
const mostMemory = 100

// TestImportMemory: an import takes little memory however long the file is. After
// 20,000 rows it has long taken all that it ever does.
func TestImportMemory(t *testing.T) {
	onBoth(t, func(t *testing.T, i *installation) {
		i.must(`workspace`, "workspace", "create", "-name", "Impor", "-owner", "Owner", "-email", "owner@example.com")
		cmd := exec.CommandContext(t.Context(), i.program, "import", write(t, "kontak.csv", sheet(20_000)))
		cmd.Env = i.env
		if most := memory(t, cmd); most > mostMemory || most == 0 {
			t.Errorf("an import took %.0f MB of memory, want at most %d", most, mostMemory)
		}
	})
}

// memory runs a command and returns how many MB it had at most, as the kernel says
// while it runs. What it says at the end will not do: that begins with the memory of
// who started the command.
func memory(tb testing.TB, cmd *exec.Cmd) (most float64) {
	tb.Helper()
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Start(); err != nil {
		tb.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	peak := regexp.MustCompile(`VmHWM:\s+(\d+) kB`)
	for {
		select {
		case err := <-ended:
			if err != nil {
				tb.Fatalf("%v: %s", err, &out)
			}
			return most
		case <-tick.C:
			status, _ := os.ReadFile(fmt.Sprintf("/proc/%d/status", cmd.Process.Pid))
			if found := peak.FindSubmatch(status); found != nil {
				kb, _ := strconv.ParseFloat(string(found[1]), 64)
				most = max(most, kb*1024/1e6)
			}
		}
	}
}

// sheet is a file of contacts.
func sheet(rows int) string {
	var file strings.Builder
	file.WriteString("Nama;No. HP;Email;Label;Status;Catatan;Kota\r\n")
	for n := range rows {
		fmt.Fprintf(&file, "Nama Contoh %d;+62812000%06d;nama%d@example.com;VIP, Kota %d;new;;Kota %d\r\n", n, n, n, n%20, n%100)
	}
	return file.String()
}

// BenchmarkImport imports 100,000 rows into an empty workspace, and again, by the
// command: rows a second, seconds of the command's CPU, and its memory at most.
func BenchmarkImport(b *testing.B) {
	const rows = 100_000
	name := write(b, "kontak.csv", sheet(rows))
	for database, dsn := range map[string]string{"sqlite": "", "postgres": pgtest.DSN(b)} {
		env := []string{"HOME=" + b.TempDir(), "M21_DATA_DIR=" + b.TempDir(), "M21_DATABASE=" + dsn}
		command := func(args ...string) *exec.Cmd {
			cmd := exec.CommandContext(b.Context(), binary, args...)
			cmd.Env = env
			return cmd
		}
		memory(b, command("workspace", "create", "-name", "Impor", "-owner", "Owner", "-email", "owner@example.com"))
		for _, time := range []string{"first", "again"} {
			b.Run(database+"/"+time, func(b *testing.B) {
				for b.Loop() {
					cmd := command("import", name)
					b.ReportMetric(memory(b, cmd), "MB")
					b.ReportMetric(rows/b.Elapsed().Seconds(), "rows/s")
					b.ReportMetric((cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()).Seconds(), "cpu-s")
				}
			})
		}
	}
}
