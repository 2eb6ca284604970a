package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"
)

// importRows is how many contacts are imported.
const importRows = 100_000

// imports measures the command that imports contacts, in a process of its own
// beside no host: its rate, its processor time and the most memory it had
// resident. It imports the same file twice: the second time everybody is there.
func (b *bench) imports(ctx context.Context, w *world) error {
	file := filepath.Join(b.work, "contacts.csv")
	if err := writeContacts(file, importRows); err != nil {
		return err
	}
	for _, what := range []string{"import", "import again"} {
		cmd := exec.CommandContext(ctx, b.binaries[0], "import", file, "-workspace", w.offices[len(w.offices)-1].id.String())
		cmd.Env = []string{"HOME=" + w.dir, "M21_DATA_DIR=" + w.dir, "M21_DATABASE=" + w.dsn, "TZ=UTC"}
		began := time.Now()
		memory, err := runWatched(cmd)
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		took, state := time.Since(began), cmd.ProcessState
		b.report.fact(w.kind, what, "rows/s", importRows/took.Seconds())
		b.report.fact(w.kind, what+", processor time of the command", "us/row", float64((state.UserTime()+state.SystemTime()).Microseconds())/importRows)
		b.report.fact(w.kind, what+", most memory of the command", "MB", float64(memory)/1e6)
		b.say("%s: %s: %s, %s", w.kind, what, took.Round(time.Second), b.report.Facts[len(b.report.Facts)-1])
	}
	return nil
}

// runWatched runs a command and returns the most bytes it had resident, as the kernel
// said while it ran: what wait tells begins with the memory of who started it, and
// this program has more.
func runWatched(cmd *exec.Cmd) (most int64, err error) {
	var output bytes.Buffer
	cmd.Stdout, cmd.Stderr = &output, &output
	if err := cmd.Start(); err != nil {
		return 0, err
	}
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-ended:
			if err != nil {
				err = fmt.Errorf("%w\n%s", err, &output)
			}
			return most, err
		case <-tick.C:
			most = max(most, residentOf(cmd.Process.Pid, peakLine))
		}
	}
}

// writeContacts writes a file of contacts.
func writeContacts(name string, rows int) error {
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return err
	}
	defer file.Close()
	to, r := bufio.NewWriter(file), rand.New(rand.NewPCG(21, 5))
	to.WriteString("Nama,No HP,Email,Kota,Tags,Catatan\n") // Flush says
	for n := range rows {
		fmt.Fprintf(to, "%s %d,0812%08d,kontak%d@example.com,%s,%s,%s\n", names[r.IntN(len(names))], n, n, n, cities[r.IntN(len(cities))],
			[]string{"beasiswa", "vip", ""}[n%3], []string{"tertarik kuliah", "", ""}[n%3])
	}
	return to.Flush()
}
