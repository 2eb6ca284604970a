//go:build !torture

package host

import (
	"database/sql/driver"

	"github.com/my21staff/my21staff/crm/feed"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/outbox"
	"github.com/my21staff/my21staff/crm/people"
	"github.com/my21staff/my21staff/host/api"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/sse"
	"github.com/my21staff/my21staff/host/worker"
)

// seams is where the torture build (services_torture.go) stands between the
// parts of the program. In every other build each part gets the other as it is
// and nothing is left of the seams.
type seams struct{}

func openSeams() (seams, error) { return seams{}, nil }

func (seams) Reads(string) bool                                  { return false } // an environment variable
func (seams) Connector() func(driver.Connector) driver.Connector { return nil }
func (seams) Channels(c inbox.Channels) inbox.Channels           { return c }
func (seams) Inbox(s inbox.Store) inbox.Store                    { return s }
func (seams) Outbox(s outbox.Store) outbox.Store                 { return s }
func (seams) People(s people.Store) people.Store                 { return s }
func (seams) Imports(s people.ImportStore) people.ImportStore    { return s }
func (seams) Bulks(s people.BulkStore) people.BulkStore          { return s }
func (seams) Erasures(s people.EraseStore) people.EraseStore     { return s }
func (seams) Sender(s outbox.Sender) outbox.Sender               { return s }
func (seams) Feed(s feed.Store) feed.Store                       { return s }
func (seams) Stream(f sse.Feed) sse.Feed                         { return f }
func (seams) Receiver(r hook.Receiver) hook.Receiver             { return r }
func (seams) Media(m api.Media) api.Media                        { return m }
func (seams) Lister(l worker.Lister) worker.Lister               { return l }
func (seams) At(string) error                                    { return nil } // a line of the program that no port is at
