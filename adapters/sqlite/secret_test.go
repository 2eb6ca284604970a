package sqlite_test

import (
	"bytes"
	"context"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/my21staff/my21staff/adapters/sqlite"
	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
)

// TestSecretsAreSealed looks for a channel's secrets in the bytes on the disk.
func TestSecretsAreSealed(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	path := filepath.Join(dir, "store.db")
	store, err := sqlite.Open(t.Context(), path, sqlite.Options{Sealer: sealer(t)})
	if err != nil {
		t.Fatal(err)
	}
	c := crmtest.NewCompany(crmtest.NewClock().Mint(1))
	if err := store.Directory().SaveChannel(t.Context(), c.Channel); err != nil {
		t.Fatal(err)
	}
	secrets := append([]crm.Secret{c.Channel.Credentials.Token, c.Channel.Credentials.VerifyToken}, c.Channel.Credentials.WebhookSecrets...)
	look := func(when string) {
		found := false
		for _, name := range []string{path, path + "-wal"} {
			text, err := os.ReadFile(name)
			if err != nil && !os.IsNotExist(err) {
				t.Fatal(err)
			}
			found = found || bytes.Contains(text, []byte(c.Channel.PhoneNumberID))
			for _, secret := range secrets {
				if bytes.Contains(text, []byte(secret)) {
					t.Errorf("%s %s holds %q in clear", when, filepath.Base(name), string(secret))
				}
			}
		}
		if !found {
			t.Errorf("%s the files do not hold the channel at all", when)
		}
	}
	look("while the store is open")
	for _, name := range []string{path, path + "-wal"} {
		if info, err := os.Stat(name); err != nil || info.Mode().Perm()&0o077 != 0 {
			t.Errorf("%s has the mode %v, %v, want it for its owner alone", filepath.Base(name), info.Mode(), err)
		}
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	look("after it was closed")
	reopened, err := sqlite.Open(t.Context(), path, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer reopened.Close()
	if _, err := reopened.Directory().AllChannels(context.Background()); !errors.Is(err, crm.Internal) || reasonOf(err) != "no_sealer" {
		t.Errorf("reading credentials without a key = %v, want no_sealer", err)
	}
	if err := reopened.Directory().SaveChannel(t.Context(), c.Channel); reasonOf(err) != "no_sealer" {
		t.Errorf("keeping credentials without a key = %v, want no_sealer", err)
	}
	c.Channel.Credentials = crm.Credentials{}
	if err := reopened.Directory().SaveChannel(t.Context(), c.Channel); err != nil {
		t.Errorf("keeping a channel without credentials, without a key: %v", err)
	}
}

func reasonOf(err error) string {
	var failed *crm.Error
	if errors.As(err, &failed) {
		return failed.Reason
	}
	return ""
}

// TestEmptyPath holds a store without a path to leaving nothing behind.
func TestEmptyPath(t *testing.T) {
	dir := t.TempDir()
	t.Setenv("TMPDIR", dir)
	store, err := sqlite.Open(t.Context(), "", sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := store.Directory().Workspaces(t.Context()); err != nil {
		t.Error(err)
	}
	if err := store.Close(); err != nil {
		t.Error(err)
	}
	left, err := os.ReadDir(dir)
	if err != nil || len(left) > 0 {
		t.Errorf("after Close the temporary folder holds %v, %v", left, err)
	}
}

// TestOpenRefuses names what cannot be a database.
func TestOpenRefuses(t *testing.T) {
	t.Parallel()
	for what, path := range map[string]string{
		"a folder":             t.TempDir(),
		"a folder that is not": filepath.Join(t.TempDir(), "no", "store.db"),
	} {
		store, err := sqlite.Open(t.Context(), path, sqlite.Options{})
		if err == nil {
			store.Close()
		}
		if !errors.Is(err, crm.Unavailable) {
			t.Errorf("Open(%s) = %v, want Unavailable", what, err)
		}
	}
	odd := filepath.Join(t.TempDir(), "100% of what? #1.db")
	store, err := sqlite.Open(t.Context(), odd, sqlite.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer store.Close()
	if _, err := os.Stat(odd); err != nil {
		t.Errorf("a file with an odd name: %v", err)
	}
}
