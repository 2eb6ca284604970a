package postgres

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/my21staff/my21staff/crm"
)

// News of a commit goes to other hosts by NOTIFY, after the commit and from one
// goroutine: a NOTIFY inside the transaction takes a lock of the whole database
// at commit and cost more than half of the throughput where it was measured.
// Commits that come while one is being sent go together in the next.

const topic = "my21staff_facts"

// maxPayload is below PostgreSQL's 8000 bytes; beyond it the news is "any
// workspace".
const maxPayload = 7900

// notifier sends news.
type notifier struct {
	sender  string // leaves our own news to the hub, which had it before
	mu      sync.Mutex
	pending map[crm.WorkspaceID]bool
	news    chan struct{} // holds one: something is pending
	stop    context.CancelFunc
	running sync.WaitGroup
}

func startNotifier(db *sql.DB) *notifier {
	ctx, stop := context.WithCancel(context.Background())
	n := &notifier{sender: rand.Text(), pending: make(map[crm.WorkspaceID]bool), news: make(chan struct{}, 1), stop: stop}
	n.running.Go(func() {
		for {
			select {
			case <-ctx.Done():
				return
			case <-n.news:
				n.send(ctx, db)
			}
		}
	})
	return n
}

// tell adds news.
func (n *notifier) tell(workspaces []crm.WorkspaceID) {
	n.mu.Lock()
	defer n.mu.Unlock()
	for _, ws := range workspaces {
		n.pending[ws] = true
	}
	select {
	case n.news <- struct{}{}:
	default:
	}
}

// send sends what is pending. News that cannot be sent is dropped: who must not
// miss a fact asks again every second. A notification is a transaction with a wait
// for the disk like any other, which this one can do without.
func (n *notifier) send(ctx context.Context, db *sql.DB) {
	n.mu.Lock()
	list := make([]string, 0, len(n.pending))
	for ws := range n.pending {
		list = append(list, hex.EncodeToString(ws[:]))
	}
	clear(n.pending)
	n.mu.Unlock()
	payload := n.sender + " " + strings.Join(list, ",")
	if len(payload) > maxPayload {
		payload = n.sender
	}
	rows, err := db.QueryContext(ctx, "select set_config('synchronous_commit', 'off', true), pg_notify('"+topic+"', '"+payload+"') is null")
	if err == nil {
		_ = rows.Close()
	}
}

// close ends the notifier after what is being sent.
func (n *notifier) close() {
	n.stop()
	n.running.Wait()
}

// listen hands on other hosts' news until ctx ends. After a broken connection
// it hands on "any workspace", since it does not know what it missed.
func listen(ctx context.Context, config *pgx.ConnConfig, sender string, wake func([]crm.WorkspaceID)) {
	const shortest, longest = 100 * time.Millisecond, 5 * time.Second
	wait := shortest
	for ctx.Err() == nil {
		if heard := listenOnce(ctx, config, sender, wake); heard {
			wait = shortest
		}
		select {
		case <-ctx.Done():
		case <-time.After(wait):
		}
		wait = min(2*wait, longest)
	}
}

// listenOnce listens until the connection breaks and reports whether there was
// one.
func listenOnce(ctx context.Context, config *pgx.ConnConfig, sender string, wake func([]crm.WorkspaceID)) bool {
	conn, err := pgx.ConnectConfig(ctx, config)
	if err != nil {
		return false
	}
	defer func() {
		ctx, cancel := context.WithTimeout(context.Background(), closeTimeout)
		defer cancel()
		_ = conn.Close(ctx)
	}()
	if _, err := conn.Exec(ctx, "listen "+topic); err != nil {
		return false
	}
	wake(nil)
	for {
		note, err := conn.WaitForNotification(ctx)
		if err != nil {
			return true
		}
		from, list, _ := strings.Cut(note.Payload, " ")
		if from != sender {
			wake(workspacesIn(list))
		}
	}
}

// workspacesIn reads the list of a notification, nil for "any workspace".
func workspacesIn(list string) []crm.WorkspaceID {
	var workspaces []crm.WorkspaceID
	for text := range strings.SplitSeq(list, ",") {
		var ws crm.WorkspaceID
		if n, err := hex.Decode(ws[:], []byte(text)); err != nil || n != len(ws) {
			return nil
		}
		workspaces = append(workspaces, ws)
	}
	return workspaces
}
