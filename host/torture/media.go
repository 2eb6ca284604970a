//go:build torture

package torture

import (
	"context"
	"io"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/api"
)

// Media puts the points of a file's way in front of who keeps a provider's
// files.
func (h *Harness) Media(m api.Media) api.Media { return media{m, h} }

type media struct {
	api.Media
	h *Harness
}

// Upload implements api.Media.
func (m media) Upload(ctx context.Context, ch *crm.Channel, f crm.File) (string, error) {
	if err := m.h.at("media.beforeUpload"); err != nil {
		return "", err
	}
	id, err := m.Media.Upload(ctx, ch, f)
	if err != nil {
		return "", err
	}
	return id, m.h.at("media.afterUpload")
}

// Download implements api.Media.
func (m media) Download(ctx context.Context, ch *crm.Channel, id string) (*crm.File, error) {
	if err := m.h.at("media.beforeDownload"); err != nil {
		return nil, err
	}
	file, err := m.Media.Download(ctx, ch, id)
	if err != nil {
		return nil, err
	}
	if err := m.h.at("media.afterDownload"); err != nil {
		_ = file.Body.Close()
		return nil, err
	}
	file.Body = &body{ReadCloser: file.Body, h: m.h}
	return file, nil
}

// body passes its point once, when a part of it has been read.
type body struct {
	io.ReadCloser
	h    *Harness
	told bool
}

// Read implements io.Reader.
func (b *body) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n == 0 || b.told {
		return n, err
	}
	b.told = true
	if failed := b.h.at("media.midDownload"); failed != nil {
		return 0, failed
	}
	return n, err
}
