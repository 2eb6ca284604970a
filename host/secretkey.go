package host

import (
	"crypto/rand"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"strings"

	"github.com/my21staff/my21staff/adapters/chacha"
	"github.com/my21staff/my21staff/crm"
)

// secretKeyFile is the name of the file in the data folder.
const secretKeyFile = "secret.key"

// SecretKeys returns the keys that seal secrets, newest first: those of the
// configuration, else those of the file in the data folder (one a line), which is made, for its owner alone, if it is missing. A file that
// others may read is Invalid.
func SecretKeys(c Config) ([]crm.Secret, error) {
	if len(c.SecretKey) > 0 {
		return c.SecretKey, nil
	}
	path := filepath.Join(c.DataDir, secretKeyFile)
	text, err := readPrivate(path)
	if errors.Is(err, fs.ErrNotExist) {
		text = string(chacha.NewKey())
		err = WritePrivate(path, text+"\n")
	}
	if err != nil {
		return nil, err
	}
	var keys []crm.Secret
	if err := setSecretKeys(&keys, strings.Join(strings.Fields(text), ",")); err != nil || len(keys) == 0 {
		return nil, &crm.Error{Op: "read secret key", Code: crm.Invalid, Msg: path + " does not hold keys of 32 bytes in base64, one a line."}
	}
	return keys, nil
}

// readPrivate returns what stands in a file that only its owner may read;
// fs.ErrNotExist if there is none.
func readPrivate(path string) (string, error) {
	info, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows" { // which has no such bits
		return "", &crm.Error{Op: "read secret key", Code: crm.Invalid,
			Msg: path + " can be read by others than its owner. Run: chmod 600 " + path}
	}
	text, err := os.ReadFile(path)
	return string(text), err
}

// WritePrivate writes a new file that only its owner may read, and the folder
// it lies in. A file that exists is an error.
func WritePrivate(path, text string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	file, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = file.WriteString(text)
	return errors.Join(err, file.Sync(), file.Close())
}

// randomBytes returns n bytes nobody can guess; crypto/rand does not fail.
func randomBytes(n int) []byte {
	b := make([]byte, n)
	_, _ = rand.Read(b)
	return b
}
