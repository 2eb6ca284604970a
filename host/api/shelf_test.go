package api_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"sync"

	"github.com/my21staff/my21staff/crm"
)

// shelf is a provider's file store in memory.
type shelf struct {
	mu    sync.Mutex
	files map[string]shelved
}

type shelved struct {
	channel crm.ChannelID
	name    string
	kind    string
	body    []byte
}

// Upload keeps a file.
func (s *shelf) Upload(_ context.Context, ch *crm.Channel, f crm.File) (string, error) {
	defer f.Body.Close()
	body, err := io.ReadAll(f.Body)
	if err != nil || int64(len(body)) != f.Size {
		return "", &crm.Error{Op: "upload", Code: crm.Invalid, Msg: "The file is not whole.", Err: err}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	id := fmt.Sprintf("90000000000000%02d", len(s.files))
	s.files[id] = shelved{ch.ID, f.Name, f.MIME, body}
	return id, nil
}

// Download opens a file of the channel's.
func (s *shelf) Download(ctx context.Context, ch *crm.Channel, mediaID string) (*crm.File, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	f, ok := s.files[mediaID]
	if !ok || f.channel != ch.ID {
		return nil, &crm.Error{Op: "download", Code: crm.NotFound, Msg: "The file is no longer there."}
	}
	return &crm.File{Name: f.name, MIME: f.kind, Size: int64(len(f.body)), Body: &open{ctx, bytes.NewReader(f.body)}}, nil
}

// open is a file that can be read as long as its context lives, as one that
// comes over a connection.
type open struct {
	ctx context.Context
	io.Reader
}

// Read fails once the context has ended.
func (o *open) Read(p []byte) (int, error) {
	if err := o.ctx.Err(); err != nil {
		return 0, err
	}
	return o.Reader.Read(p)
}

// Close does nothing.
func (o *open) Close() error { return nil }
