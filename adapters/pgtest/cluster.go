package pgtest

import (
	"context"
	"fmt"
	"io"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// patience bounds each step of a server's life on a busy machine.
const patience = time.Minute

// cluster is a data folder with a server on it, and the guard that clears up.
type cluster struct {
	bin        string
	dir        string // holds the data, the socket and the log
	credential *syscall.Credential

	server  *exec.Cmd // nil while it does not run
	exited  chan struct{}
	crashed bool // it was killed and has not started since

	guard *exec.Cmd
	alive io.Closer // the pipe the guard waits on
}

// newCluster makes a cluster and starts it.
func newCluster() (_ *cluster, err error) {
	c := &cluster{}
	if c.bin, err = binaries(); err != nil {
		return nil, err
	}
	if c.credential, err = serverUser(); err != nil {
		return nil, err
	}
	if c.dir, err = os.MkdirTemp("", "m21pg"); err != nil {
		return nil, fmt.Errorf("pgtest: make a folder: %w", err)
	}
	if c.credential != nil {
		if err = os.Chown(c.dir, int(c.credential.Uid), int(c.credential.Gid)); err != nil {
			return nil, fmt.Errorf("pgtest: give the folder to user postgres: %w", err)
		}
	}
	if err = c.setGuard(); err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			c.remove()
		}
	}()
	if err = c.initialise(); err != nil {
		return nil, err
	}
	return c, c.start()
}

// initialise makes the data folder and writes the few settings tests need.
func (c *cluster) initialise() error {
	// C.UTF-8 knows upper and lower case beyond ASCII, as production does, and
	// sorts by code point everywhere; where it is missing plain C has to do.
	initdb := func(locale string) ([]byte, error) {
		return c.command("initdb", "-D", c.data(), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale="+locale).CombinedOutput()
	}
	if _, err := initdb("C.UTF-8"); err != nil {
		if output, err := initdb("C"); err != nil {
			return fmt.Errorf("pgtest: initdb in %s: %w\n%s", c.dir, err, output)
		}
	}
	settings := fmt.Sprintf("listen_addresses = ''\nunix_socket_directories = '%s'\nmax_connections = 400\nmax_wal_size = '2GB'\n",
		strings.ReplaceAll(c.dir, "'", "''"))
	file, err := os.OpenFile(filepath.Join(c.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return fmt.Errorf("pgtest: configure: %w", err)
	}
	defer file.Close()
	if _, err := file.WriteString(settings); err != nil {
		return fmt.Errorf("pgtest: configure: %w", err)
	}
	return nil
}

// start starts the server and returns when it accepts connections. A server
// that was killed leaves shared memory behind until its last backend noticed,
// and a new one refuses to start before: then it is tried again.
func (c *cluster) start() error {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	again := time.NewTicker(50 * time.Millisecond)
	defer again.Stop()
	for {
		err := c.launch()
		if err == nil {
			err = c.ready(ctx)
		}
		if err == nil {
			c.crashed = false
			return nil
		}
		c.stop(syscall.SIGINT)
		if !c.crashed || ctx.Err() != nil {
			log, _ := os.ReadFile(filepath.Join(c.dir, "log"))
			return fmt.Errorf("pgtest: start PostgreSQL: %w\n%s", err, log)
		}
		<-again.C
	}
}

// launch starts the server's process.
func (c *cluster) launch() error {
	log, err := os.OpenFile(filepath.Join(c.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return fmt.Errorf("pgtest: open the log: %w", err)
	}
	defer log.Close()
	server := c.command("postgres", "-D", c.data())
	server.Stdout, server.Stderr = log, log
	if err := server.Start(); err != nil {
		return fmt.Errorf("pgtest: start postgres: %w", err)
	}
	exited := make(chan struct{})
	go func() {
		defer close(exited)
		_ = server.Wait() // how it ended is in its log
	}()
	c.server, c.exited = server, exited
	return nil
}

// ready waits until the server accepts connections; an error means that it
// ended or ctx did.
func (c *cluster) ready(ctx context.Context) error {
	again := time.NewTicker(10 * time.Millisecond)
	defer again.Stop()
	for {
		conn, err := pgx.Connect(ctx, c.adminDSN())
		if err == nil {
			return conn.Close(ctx)
		}
		select {
		case <-c.exited:
			return fmt.Errorf("the server ended: %w", err)
		case <-ctx.Done():
			return err
		case <-again.C:
		}
	}
}

// stop sends the server a signal it ends by and waits for the end. A server
// that does not run is left alone.
func (c *cluster) stop(signal syscall.Signal) {
	if c.server == nil {
		return
	}
	_ = c.server.Process.Signal(signal) // an error means that it has ended
	<-c.exited
	c.server, c.crashed = nil, c.crashed || signal == syscall.SIGKILL
}

// setGuard starts the shell that outlives us; see the package's comment.
func (c *cluster) setGuard() error {
	const script = `read -r word; "$1" -D "$2/data" -m immediate -w -t 20 stop; rm -rf -- "$2"`
	c.guard = exec.Command("/bin/sh", "-c", script, "sh", filepath.Join(c.bin, "pg_ctl"), c.dir)
	c.own(c.guard)
	pipe, err := c.guard.StdinPipe()
	if err != nil {
		return fmt.Errorf("pgtest: make the guard's pipe: %w", err)
	}
	c.alive = pipe
	if err := c.guard.Start(); err != nil {
		return fmt.Errorf("pgtest: start the guard: %w", err)
	}
	return nil
}

// remove lets the guard stop the server and remove the folder, now.
func (c *cluster) remove() {
	_ = c.alive.Close()
	_ = c.guard.Wait() // it has nothing to tell
}

// command returns a call of one of PostgreSQL's programs.
func (c *cluster) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(c.bin, program), args...)
	c.own(cmd)
	return cmd
}

// own makes a process the server's user's, in the cluster's folder and out of
// reach of a terminal's interrupt: the guard alone ends the server. The
// environment is kept small because PG* variables would change the programs.
func (c *cluster) own(cmd *exec.Cmd) {
	cmd.Dir = c.dir
	cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: c.credential, Setpgid: true}
}

func (c *cluster) data() string { return filepath.Join(c.dir, "data") }

// adminDSN is the superuser's way in.
func (c *cluster) adminDSN() string {
	return "postgres://postgres@/postgres?sslmode=disable&host=" + url.QueryEscape(c.dir)
}
