package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5"
)

// postgres is a server on a folder of its own, that can be killed and started
// again. It listens on a socket and, for a proxy in between, on a loopback port.
type postgres struct {
	bin, dir   string
	port       string
	credential *syscall.Credential
	made       int

	server *exec.Cmd
	exited chan struct{}
}

// newPostgres makes a server's folder and starts it.
func newPostgres(ctx context.Context, dir string) (*postgres, error) {
	p := &postgres{dir: dir}
	var err error
	if p.bin, err = binaries(); err != nil {
		return nil, err
	}
	if p.credential, err = serverUser(); err != nil {
		return nil, err
	}
	addresses, err := freePorts(1)
	if err != nil {
		return nil, err
	}
	p.port = addresses[0][len("127.0.0.1:"):]
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	if p.credential != nil {
		if err := os.Chown(dir, int(p.credential.Uid), int(p.credential.Gid)); err != nil {
			return nil, err
		}
	}
	if out, err := p.command("initdb", "-D", p.data(), "-U", "postgres", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8").CombinedOutput(); err != nil {
		return nil, fmt.Errorf("initdb: %w: %s", err, out)
	}
	if err := p.configure(); err != nil {
		return nil, err
	}
	_, err = p.start(ctx)
	return p, err
}

// binaries returns the folder of the newest server programs.
func binaries() (string, error) {
	folders, _ := filepath.Glob("/usr/lib/postgresql/*/bin") // the pattern is good
	if found, err := exec.LookPath("initdb"); err == nil {
		if found, err = filepath.EvalSymlinks(found); err == nil {
			return filepath.Dir(found), nil
		}
	}
	best, newest := "", -1
	for _, folder := range folders {
		if version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder))); err == nil && version > newest {
			best, newest = folder, version
		}
	}
	if best == "" {
		return "", errors.New("there are no PostgreSQL server programs (initdb, postgres); `make test` installs them")
	}
	return best, nil
}

// serverUser returns whom the server runs as: the user postgres for root, whom
// initdb refuses.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("PostgreSQL does not run as root: %w", err)
	}
	uid, err := strconv.ParseUint(u.Uid, 10, 32)
	if err != nil {
		return nil, err
	}
	gid, err := strconv.ParseUint(u.Gid, 10, 32)
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, err
}

func (p *postgres) data() string { return filepath.Join(p.dir, "data") }

func (p *postgres) configure() error {
	file, err := os.OpenFile(filepath.Join(p.data(), "postgresql.conf"), os.O_APPEND|os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(file, "listen_addresses = '127.0.0.1'\nport = %s\nunix_socket_directories = '%s'\nmax_connections = 200\n", p.port, p.dir)
	return errors.Join(err, file.Close())
}

func (p *postgres) command(program string, args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(p.bin, program), args...)
	cmd.Dir, cmd.Env = p.dir, []string{"PATH=" + os.Getenv("PATH"), "TZ=UTC"}
	cmd.SysProcAttr = &syscall.SysProcAttr{Credential: p.credential, Setpgid: true}
	return cmd
}

// start starts the server and returns how long it takes until it accepts
// connections. After a kill the shared memory lasts until the last backend has
// noticed; until then it is tried again.
func (p *postgres) start(ctx context.Context) (time.Duration, error) {
	begin := time.Now()
	for end := begin.Add(time.Minute); ; {
		err := p.launch()
		for err == nil && p.runs() && ctx.Err() == nil {
			conn, dialled := pgx.Connect(ctx, p.dsn("postgres"))
			if dialled == nil {
				return time.Since(begin), conn.Close(ctx)
			}
			time.Sleep(5 * time.Millisecond)
		}
		if time.Now().After(end) || ctx.Err() != nil {
			log, _ := os.ReadFile(filepath.Join(p.dir, "log"))
			return 0, fmt.Errorf("PostgreSQL does not start: %w: %s", errors.Join(err, ctx.Err()), log[max(0, len(log)-2000):])
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (p *postgres) launch() error {
	log, err := os.OpenFile(filepath.Join(p.dir, "log"), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return err
	}
	defer log.Close()
	p.server, p.exited = p.command("postgres", "-D", p.data()), make(chan struct{})
	p.server.Stdout, p.server.Stderr = log, log
	if err := start(p.server.SysProcAttr, p.server.Start); err != nil {
		return err
	}
	go func(cmd *exec.Cmd, exited chan struct{}) {
		_ = cmd.Wait() // how it ended is in its log
		close(exited)
	}(p.server, p.exited)
	return nil
}

func (p *postgres) runs() bool {
	select {
	case <-p.exited:
		return false
	default:
		return true
	}
}

// end sends the postmaster a signal and waits for its end: SIGINT is a fast
// shutdown, SIGQUIT an immediate one, SIGKILL a crash.
func (p *postgres) end(signal syscall.Signal) {
	_ = p.server.Process.Signal(signal) // an error means that it has ended
	<-p.exited
}

// dsn is the superuser's way in, which no row is hidden from.
func (p *postgres) dsn(database string) string {
	return "postgres://postgres@/" + database + "?sslmode=disable&port=" + p.port + "&host=" + url.QueryEscape(p.dir)
}

// exec runs a statement as the superuser.
func (p *postgres) exec(ctx context.Context, statement string) error {
	conn, err := pgx.Connect(ctx, p.dsn("postgres"))
	if err != nil {
		return err
	}
	_, err = conn.Exec(ctx, statement)
	return errors.Join(err, conn.Close(ctx))
}

func (p *postgres) name() string { return "postgres" }

// fresh makes a database that belongs to a role without privileges, as the host
// wants it.
func (p *postgres) fresh(ctx context.Context) (dsn, look string, err error) {
	p.made++
	database := fmt.Sprintf("torture%d", p.made)
	if p.made == 1 {
		if err := p.exec(ctx, "create role crm login"); err != nil {
			return "", "", err
		}
	}
	if err := p.exec(ctx, "create database "+database+" owner crm"); err != nil {
		return "", "", err
	}
	return p.hostDSN(database, p.port), p.dsn(database), nil
}

// hostDSN is the host's way in, by TCP so that something can stand in between.
func (p *postgres) hostDSN(database, port string) string {
	return "postgres://crm@127.0.0.1:" + port + "/" + database + "?sslmode=disable"
}

// remove ends the server for good.
func (p *postgres) remove() {
	if p.server != nil {
		p.end(syscall.SIGQUIT)
	}
	_ = os.RemoveAll(p.dir)
}
