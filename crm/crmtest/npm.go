package crmtest

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
)

// Packages installs the npm packages that package-lock.json in a folder of the
// module pins, into .build/npm under the folder's name, and returns where they
// are. What is there already stays.
func Packages(tb testing.TB, folder string) string {
	tb.Helper()
	dir, err := install(ModuleRoot(tb), folder)
	if err != nil {
		tb.Fatal(err)
	}
	return dir
}

var installing sync.Mutex

func install(root, folder string) (string, error) {
	installing.Lock()
	defer installing.Unlock()
	if _, err := exec.LookPath("npm"); err != nil {
		return "", fmt.Errorf("the tests need npm for what they run in JavaScript: install Node.js 20 or newer with npm (Debian: apt-get install nodejs npm): %w", err)
	}
	from, to := filepath.Join(root, folder), filepath.Join(root, ".build", "npm", filepath.Base(folder))
	lock, err := os.ReadFile(filepath.Join(from, "package-lock.json"))
	if err != nil {
		return "", err
	}
	done := filepath.Join(to, "installed-lock.json") // written last
	if there, err := os.ReadFile(done); err == nil && bytes.Equal(there, lock) {
		return to, nil
	}
	if err := os.RemoveAll(to); err != nil {
		return "", err
	}
	manifest, err := os.ReadFile(filepath.Join(from, "package.json"))
	if err != nil {
		return "", err
	}
	if err := os.MkdirAll(to, 0o755); err != nil {
		return "", err
	}
	for name, contents := range map[string][]byte{"package.json": manifest, "package-lock.json": lock} {
		if err := os.WriteFile(filepath.Join(to, name), contents, 0o644); err != nil {
			return "", err
		}
	}
	command := exec.Command("npm", "ci", "--no-audit", "--no-fund")
	command.Dir = to
	if out, err := command.CombinedOutput(); err != nil {
		return "", fmt.Errorf("npm ci of %s failed; the packages have to come from a registry: %w\n%s", folder, err, out)
	}
	return to, os.WriteFile(done, lock, 0o644)
}
