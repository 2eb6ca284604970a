package gateway

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/edge"
)

// maxDocument bounds a configuration: more than a million routes.
const maxDocument = 64 << 20

// ReadDocument returns the document in a file. It holds secrets: a file that
// others than its owner may read is Invalid, as is one that cannot be read.
func ReadDocument(path string) ([]byte, error) {
	refuse := func(format string, args ...any) error {
		return &crm.Error{Op: "read edge configuration", Code: crm.Invalid, Msg: fmt.Sprintf(format, args...)}
	}
	info, err := os.Stat(path)
	switch {
	case err != nil:
		return nil, refuse("The edge configuration cannot be read: %v.", err)
	case info.Mode().Perm()&0o077 != 0 && runtime.GOOS != "windows": // which has no such bits
		return nil, refuse("%s holds secrets and can be read by others than its owner. Run: chmod 600 %[1]s", path)
	case info.Size() > maxDocument:
		return nil, refuse("%s is larger than %d bytes.", path, maxDocument)
	}
	document, err := os.ReadFile(path)
	if err != nil {
		return nil, refuse("The edge configuration cannot be read: %v.", err)
	}
	return document, nil
}

// stamp tells one state of a file from another without reading it.
type stamp struct {
	at   time.Time
	size int64
}

func stampOf(path string) stamp {
	info, err := os.Stat(path)
	if err != nil {
		return stamp{}
	}
	return stamp{info.ModTime(), info.Size()}
}

// File is a document on disk that is in force.
type File struct {
	gateway *Gateway
	path    string
	seen    stamp
	sum     [sha256.Size]byte // of what was read
	settled bool              // the stamp tells this content from any later one
}

// Open puts the document in a file in force. A file that cannot be read and a
// document that is not sound are Invalid with a sentence.
func (g *Gateway) Open(path string) (*File, error) {
	f := &File{gateway: g, path: path}
	return f, f.load()
}

func (f *File) load() error {
	f.seen, f.settled = stampOf(f.path), false // before it is read: what changes meanwhile is seen next time
	document, err := ReadDocument(f.path)
	if err != nil {
		return err
	}
	f.sum = sha256.Sum256(document)
	return Refusal(f.path, f.gateway.Configure(document))
}

// changed reports whether the file is another than was read. File systems count
// in ticks of some milliseconds: two files of the same size that were written in
// one tick have the same stamp. So a young file is read until it is older.
func (f *File) changed() bool {
	now := stampOf(f.path)
	if now != f.seen || f.settled {
		return now != f.seen
	}
	f.settled = time.Since(now.at) > time.Second
	document, err := os.ReadFile(f.path)
	return err == nil && sha256.Sum256(document) != f.sum
}

// Refusal returns the error of a document as Invalid with a sentence that names
// the file and the field; nil for none.
func Refusal(path string, err error) error {
	var refused *edge.ConfigError
	if !errors.As(err, &refused) {
		return err
	}
	return &crm.Error{Op: "read edge configuration", Code: crm.Invalid,
		Msg: fmt.Sprintf("%s is refused: %s %s.", path, refused.Field, refused.Problem), Err: err}
}

// Follow loads the file again whenever it has changed and whenever again says
// so, until ctx ends. What is refused is logged, once for each change, and the
// document before stays in force.
//
// A file is best replaced by renaming another over it; one that is seen half
// written is refused, and loaded when it is whole.
func (f *File) Follow(ctx context.Context, again <-chan os.Signal) {
	ticker := time.NewTicker(f.gateway.options.Poll)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-again:
		case <-ticker.C:
			if !f.changed() {
				continue
			}
		}
		if err := f.load(); err != nil {
			f.gateway.refused(f.path, err)
		}
	}
}

// refused says loudly why a changed file is not in force.
func (g *Gateway) refused(path string, err error) {
	line := []any{"file", path, "error", err}
	var refused *edge.ConfigError
	if errors.As(err, &refused) {
		line = append(line, "field", refused.Field, "problem", refused.Problem)
	}
	g.log.Error("the edge configuration is refused; the one before stays in force", line...)
}
