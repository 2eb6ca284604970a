package host

import (
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/auth"
	"github.com/my21staff/my21staff/host/gather"
	"github.com/my21staff/my21staff/host/hook"
	"github.com/my21staff/my21staff/host/sse"
	"github.com/my21staff/my21staff/host/telemetry"
	"github.com/my21staff/my21staff/host/web"
	"github.com/my21staff/my21staff/host/worker"
)

// Host is the whole program on an open store.
type Host struct {
	*Services
	config  Config
	version string
	log     *slog.Logger
	metrics *telemetry.Metrics
	guard   *auth.Guard
	door    *door      // nil: webhooks come straight to the hook
	edge    *hook.Edge // whose envelopes are opened; nil: nobody's
	gather  *gather.Gatherer
	sends   *gather.Sends
	web     *web.Web
	hub     *sse.Hub
	sender  *worker.Sender
	workers *worker.Group
	server  *server
	streams *worker.Group // apart from the workers, because they end first
}

// Open opens the store and starts the workers. Serve answers requests; Close
// ends everything.
func Open(ctx context.Context, c Config, version string, log *slog.Logger) (*Host, error) {
	services, err := OpenServices(ctx, c, log)
	if err != nil {
		return nil, err
	}
	h := &Host{Services: services, config: c, version: version, log: log, metrics: telemetry.New()}
	origin := auth.Origin{PublicURL: c.PublicURL, Proxies: c.TrustedProxies, Now: time.Now}
	h.guard = auth.New(services.Directory, origin)
	h.hub = sse.New(services.seams.Stream(services.Feed), h.guard, sse.Options{Max: c.MaxStreams, Log: log, Timing: serverTiming})
	together := gather.Options{Commits: c.commits(), Timeout: c.RequestTimeout}
	h.gather = gather.New(services.Inbox, h.metrics, together)
	h.sends = gather.NewSends(services.Inbox, h.metrics, together)
	h.metrics.Waiting(h.gather.Waiting)
	h.web = &web.Web{
		Directory: services.Directory, Inbox: services.Inbox, Sends: h.sends, People: services.People, Imports: services.Imports, Erasures: services.Erasures,
		Figures: services.Figures, Feed: services.Feed,
		Guard: h.guard, Now: time.Now,
		Checkers: map[crm.Provider]web.Checker{crm.Kapso: services.kapso, crm.Meta: services.meta},
		Media:    map[crm.Provider]web.Media{crm.Kapso: services.seams.Media(services.kapso), crm.Meta: services.seams.Media(services.meta)},
	}
	h.sender = worker.NewSender(services.Outbox, c.Senders, log, h.metrics)
	if h.door, err = openDoor(ctx, c, services.Directory, h.metrics, log); err != nil {
		return nil, errors.Join(err, services.Close())
	}
	if len(c.EdgeSecrets) > 0 {
		h.edge = hook.NewEdge(c.EdgeSecrets, time.Now)
	}
	h.server = newServer(c, origin, log, h.metrics)
	h.server.routes, h.server.doors = h.mount(), h.doors()
	h.metrics.Streams(h.hub.Open)
	h.metrics.LargeBodies(h.server.bodies.lent)
	h.work()
	return h, nil
}

// work starts everything that runs beside the requests.
func (h *Host) work() {
	h.streams = worker.NewGroup(h.log, h.metrics)
	h.streams.Go("event streams", func(ctx context.Context) error { h.hub.Run(ctx); return nil })
	h.workers = worker.NewGroup(h.log, h.metrics)
	h.workers.Go("feed watch", h.watch)
	h.workers.Go("sender", h.sender.Run)
	h.workers.Go("snooze", h.workers.Every(5*time.Second, "snooze", h.wake))
	reconciler := &worker.Reconciler{
		Channels: h.Directory, Inbox: h.Inbox, Listers: map[crm.Provider]worker.Lister{crm.Kapso: h.seams.Lister(h.kapso)},
		Now: time.Now, Found: h.metrics.Reconciled, Log: h.log,
	}
	h.workers.Go("reconciliation", h.workers.Every(h.config.ReconcileEvery, "reconciliation", reconciler.Turn))
	retention := &worker.Retention{
		Store: h.store, Journal: h.Inbox, Feed: h.Feed, JournalDays: h.config.JournalDays, FeedDays: h.config.FeedDays, Now: time.Now, Log: h.log,
	}
	h.workers.Go("retention", h.workers.Every(worker.RetentionEvery, "retention", retention.Turn))
	h.workers.Go("imports", h.workers.Every(worker.ImportEvery, "imports", worker.Drain(h.Imports.Turn)))
	h.workers.Go("bulk changes", h.workers.Every(worker.BulkEvery, "bulk changes", worker.Drain(h.Bulks.Turn)))
	h.workers.Go("rescores", h.workers.Every(worker.RescoreEvery, "rescores", worker.Drain(h.People.RescoreTurn)))
	h.workers.Go("erasures", h.workers.Every(worker.EraseEvery, "erasures", worker.Drain(h.Erasures.Turn)))
	old := &worker.OldImports{Imports: h.Imports, Log: h.log}
	h.workers.Go("old imports", h.workers.Every(worker.RetentionEvery, "old imports", old.Turn))
	aging := &worker.Aging{Leads: h.Aging}
	h.workers.Go("aging", h.workers.Every(worker.AgingEvery, "aging", aging.Turn))
	h.workers.Go("assignment", h.workers.Every(worker.AssignEvery, "assignment", worker.Drain(h.Inbox.Assign)))
	templates := &worker.TemplateSync{
		Channels: h.Directory, Inbox: h.Inbox, Now: time.Now, Log: h.log,
		Listers: map[crm.Provider]worker.TemplateLister{crm.Kapso: h.kapso, crm.Meta: h.meta},
	}
	h.workers.Go("templates", h.workers.Every(5*time.Second, "templates", templates.Turn))
}

// watch tells streams and sender when there is news.
func (h *Host) watch(ctx context.Context) error {
	err := h.Feed.Watch(ctx, func(workspaces []crm.WorkspaceID) {
		h.hub.Wake(workspaces)
		h.sender.Kick()
	})
	if ctx.Err() != nil {
		return nil
	}
	return errors.Join(errors.New("the watch ended"), err)
}

// wake opens the conversations whose snooze ended.
func (h *Host) wake(ctx context.Context) error {
	for {
		n, err := h.Inbox.Wake(ctx)
		if n == 0 || err != nil {
			return err
		}
	}
}

// Serve answers requests on ln until Close.
func (h *Host) Serve(ln net.Listener) error {
	if h.config.TLSCert != "" {
		pair, err := tls.LoadX509KeyPair(h.config.TLSCert, h.config.TLSKey)
		if err != nil {
			return &crm.Error{Op: "serve", Code: crm.Invalid, Msg: "tls_cert and tls_key cannot be used: " + err.Error(), Err: err}
		}
		ln = tls.NewListener(ln, &tls.Config{Certificates: []tls.Certificate{pair}, MinVersion: tls.VersionTLS12})
	}
	return h.server.http.Serve(ln)
}

// Close stops cleanly, at most until ctx ends: streams are told to come back,
// requests and attempts to send under way are finished, the store is closed.
func (h *Host) Close(ctx context.Context) error {
	h.server.draining.Store(true)
	err := errors.Join(h.seams.At("close.beforeDrain"), h.streams.Stop(ctx))
	err = errors.Join(err, h.server.http.ShutdownWithContext(ctx), h.seams.At("close.midDrain"))
	err = errors.Join(err, h.workers.Stop(ctx), h.door.close(), h.seams.At("close.afterDrain"))
	return errors.Join(err, h.Services.Close())
}

// Run serves on ln until ctx ends, and then closes the host, within the
// configured time.
func (h *Host) Run(ctx context.Context, ln net.Listener) error {
	served := make(chan error, 1)
	go func() { served <- h.Serve(ln) }()
	var err error
	select {
	case err = <-served: // it could not begin, or the listener broke
	case <-ctx.Done():
		h.log.Info("stopping")
	}
	limit, cancel := context.WithTimeout(context.Background(), h.config.ShutdownTimeout)
	defer cancel()
	err = errors.Join(err, h.Close(limit))
	h.log.Info("stopped")
	return err
}
