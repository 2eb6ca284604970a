package pgtest

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"
)

var errNoBinaries = errors.New("pgtest: no PostgreSQL server binaries (initdb, postgres, pg_ctl) in PATH or /usr/lib/postgresql/*/bin; " +
	"`make test` installs them, or set M21_TEST_POSTGRES to the DSN of a superuser")

// binaries returns the folder of the server programs: the one in PATH, else the
// newest of Debian's.
func binaries() (string, error) {
	if found, err := exec.LookPath("initdb"); err == nil {
		if real, err := filepath.EvalSymlinks(found); err == nil && complete(filepath.Dir(real)) {
			return filepath.Dir(real), nil
		}
	}
	folders, err := filepath.Glob("/usr/lib/postgresql/*/bin")
	if err != nil {
		return "", fmt.Errorf("pgtest: look for binaries: %w", err)
	}
	best, newest := "", -1
	for _, folder := range folders {
		version, err := strconv.Atoi(filepath.Base(filepath.Dir(folder)))
		if err == nil && version > newest && complete(folder) {
			best, newest = folder, version
		}
	}
	if best == "" {
		return "", errNoBinaries
	}
	return best, nil
}

func complete(folder string) bool {
	for _, name := range []string{"initdb", "postgres", "pg_ctl"} {
		if _, err := os.Stat(filepath.Join(folder, name)); err != nil {
			return false
		}
	}
	return true
}

// serverUser returns whom the server runs as: nil for the test's own user, the
// user postgres when the test runs as root, whom initdb and postgres refuse.
func serverUser() (*syscall.Credential, error) {
	if os.Geteuid() != 0 {
		return nil, nil
	}
	u, err := user.Lookup("postgres")
	if err != nil {
		return nil, fmt.Errorf("pgtest: PostgreSQL does not run as root and there is no user postgres: %w", err)
	}
	uid, uidErr := strconv.ParseUint(u.Uid, 10, 32)
	gid, gidErr := strconv.ParseUint(u.Gid, 10, 32)
	if err := errors.Join(uidErr, gidErr); err != nil {
		return nil, fmt.Errorf("pgtest: read the ids of user postgres: %w", err)
	}
	return &syscall.Credential{Uid: uint32(uid), Gid: uint32(gid)}, nil
}
