package gather_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/crmtest"
	"github.com/my21staff/my21staff/crm/inbox"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/host/gather"
	"github.com/my21staff/my21staff/host/telemetry"
)

const secret = "secret-of-the-town"

// town has a workspace behind every number of one digit.
type town struct{}

func (town) Channel(_ context.Context, p crm.Provider, number string) (*crm.Channel, error) {
	ws := crm.WorkspaceID{15: number[0]}
	return &crm.Channel{WorkspaceID: ws, ID: crm.ChannelID(ws), Provider: p, Credentials: crm.Credentials{WebhookSecrets: []crm.Secret{secret}}}, nil
}

func (town) Secrets(context.Context, crm.Provider) ([]crm.Secret, error) {
	return []crm.Secret{secret}, nil
}

func (town) VerifyTokens(context.Context, crm.Provider) ([]crm.Secret, error) { return nil, nil }

func (town) Account(context.Context, crm.Provider, string) ([]*crm.Channel, error) { return nil, nil }

// desk prepares as the inbox does; its commits take a second and answer as told.
type desk struct {
	*inbox.Service
	mu      sync.Mutex
	commits []string // of each, whose requests it held, in order
	answer  func(commit int) error

	hold     chan struct{} // requests are being prepared until it is closed; nil: for no time
	prepared atomic.Int64
}

// Prepare implements gather.Inbox.
func (d *desk) Prepare(ctx context.Context, r webhook.Request) (*inbox.Arrival, error) {
	d.prepared.Add(1)
	if d.hold != nil {
		<-d.hold
	}
	return d.Service.Prepare(ctx, r)
}

// shelf is a store that packs no bodies; nothing else is asked of it.
type shelf struct{ inbox.Store }

func (shelf) Pack([]byte) []byte { return nil }

func newDesk() *desk {
	return &desk{Service: inbox.New(shelf{}, town{}, crmtest.NewClock().Mint(1)), answer: func(int) error { return nil }}
}

// Commit implements gather.Inbox.
func (d *desk) Commit(_ context.Context, arrivals []*inbox.Arrival) []inbox.Result {
	whose := ""
	for _, a := range arrivals {
		whose += string(a.Workspace()[15])
	}
	d.mu.Lock()
	d.commits = append(d.commits, whose)
	n := len(d.commits)
	d.mu.Unlock()
	time.Sleep(time.Second)
	results := make([]inbox.Result, len(arrivals))
	for i := range results {
		results[i] = inbox.Result{Receipt: inbox.Receipt{Applied: n}, Err: d.answer(n)}
	}
	return results
}

// held returns whose requests each commit held.
func (d *desk) held() string {
	d.mu.Lock()
	defer d.mu.Unlock()
	return strings.Join(d.commits, " ")
}

// request is a webhook with messages for a number.
func request(number string, messages int) webhook.Request {
	list := make([]string, messages)
	for i := range list {
		list[i] = fmt.Sprintf(`{"from":"6281200000001","id":"wamid.%d","timestamp":"1793600000","type":"text","text":{"body":"hi"}}`, i)
	}
	body := fmt.Appendf(nil, `{"object":"whatsapp_business_account","entry":[{"id":"1","changes":[{"field":"messages","value":`+
		`{"messaging_product":"whatsapp","metadata":{"phone_number_id":%q},"messages":[%s]}}]}]}`, number, strings.Join(list, ","))
	_, signature := webhook.Sign(crm.Meta, secret, body)
	return webhook.Request{Provider: crm.Meta, Hub: []string{signature}, Body: body}
}

// crowd sends requests that come one after the other, none waiting for another,
// and keeps what each was answered.
type crowd struct {
	g       *gather.Gatherer
	running sync.WaitGroup
	mu      sync.Mutex
	codes   map[string][]crm.Code // by number
}

func newCrowd(g *gather.Gatherer) *crowd { return &crowd{g: g, codes: map[string][]crm.Code{}} }

func (c *crowd) comes(ctx context.Context, numbers string, messages int) {
	for _, number := range strings.Split(numbers, "") {
		c.running.Go(func() {
			result := c.g.Receive(ctx, request(number, messages))[0]
			c.mu.Lock()
			defer c.mu.Unlock()
			c.codes[number] = append(c.codes[number], crm.CodeOf(result.Err))
		})
		synctest.Wait() // it stands in the queue
	}
}

// told returns what the requests of a number were answered, in order.
func (c *crowd) told(number string) string {
	c.running.Wait()
	return fmt.Sprintf("%q", c.codes[number])
}

// leavesNothing holds the gatherer to keeping nothing of what is done.
func (c *crowd) leavesNothing(t *testing.T) {
	t.Helper()
	c.running.Wait()
	synctest.Wait()
	if waiting, lanes := c.g.Waiting(), c.g.Lanes(); waiting != 0 || lanes != 0 {
		t.Errorf("%d facts still wait when all are done, and something is kept of %d workspaces", waiting, lanes)
	}
}

func TestRequestsThatWaitShareACommit(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name    string
		options gather.Options
		come    string
		facts   int
		want    string
	}{
		{"the first is not kept waiting, the others go together", gather.Options{}, "1111", 1, "1 111"},
		{"workspaces are served in turn", gather.Options{}, "1111112233", 1, "1 123123111"},
		{"a batch holds no more facts than it may", gather.Options{Batch: 4}, "1111112", 2, "1 12 11 11"},
		{"a request larger than a batch goes alone", gather.Options{Batch: 4}, "112", 5, "1 1 2"},
		{"few wait for the end of the commit that runs, and go together", gather.Options{Commits: 2}, "1211", 1, "1 211"},
	} {
		t.Run(c.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				d := newDesk()
				crowd := newCrowd(gather.New(d, telemetry.New(), c.options))
				crowd.comes(t.Context(), c.come, c.facts)
				crowd.running.Wait()
				if got := d.held(); got != c.want {
					t.Errorf("when %s come the commits hold %q, want %q", c.come, got, c.want)
				}
				crowd.leavesNothing(t)
			})
		})
	}
}

// TestCommitsBesideEachOther: a commit of other workspaces begins beside one that
// runs when enough wait for it.
func TestCommitsBesideEachOther(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		come string
		want time.Duration // in commits of a second
	}{
		{"122", 2 * time.Second},
		{"1222", 2 * time.Second}, // "1" and "222", and no more come
		{"12222", 1 * time.Second},
		{"1111", 2 * time.Second}, // two of one workspace would wait for each other
		{"11112222", 2 * time.Second},
	} {
		synctest.Test(t, func(t *testing.T) {
			crowd := newCrowd(gather.New(newDesk(), telemetry.New(), gather.Options{Commits: 2, Batch: 128}))
			began := time.Now()
			crowd.comes(t.Context(), c.come, 1)
			crowd.running.Wait()
			if got := time.Since(began); got != c.want {
				t.Errorf("when %s come it takes %v, want %v", c.come, got, c.want)
			}
		})
	}
}

// TestWorkspacesKeepOutOfEachOthersWay: whichever two workspaces they are, what one has
// waiting is committed beside the other; two that were committed together are parted
// when both have enough; and who comes while little is there goes along with it.
func TestWorkspacesKeepOutOfEachOthersWay(t *testing.T) {
	t.Parallel()
	start := func() (*desk, *crowd) {
		d := newDesk()
		return d, newCrowd(gather.New(d, telemetry.New(), gather.Options{Commits: 2, Batch: 128}))
	}
	for _, pair := range []string{"12", "13", "14", "23", "24", "34"} {
		synctest.Test(t, func(t *testing.T) {
			_, crowd := start()
			began := time.Now()
			crowd.comes(t.Context(), pair[:1]+strings.Repeat(pair[1:], 4), 1)
			crowd.running.Wait()
			if took := time.Since(began); took != time.Second {
				t.Errorf("four of %s beside one of %s take %v, want the time of one commit", pair[1:], pair[:1], took)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		d, crowd := start()
		crowd.comes(t.Context(), "121", 1)
		time.Sleep(1500 * time.Millisecond) // the second and third are being committed
		crowd.comes(t.Context(), "11112222", 1)
		crowd.running.Wait()
		if got := d.held(); got != "1 21 2222 1111" && got != "1 21 1111 2222" {
			t.Errorf("the commits hold %q, want those of 1 and 2 that have become many in commits of their own", got)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		d, crowd := start()
		crowd.comes(t.Context(), "1234", 1)
		crowd.running.Wait()
		if got := d.held(); got != "1 234" {
			t.Errorf("the commits hold %q, want all who wait for the first in one", got)
		}
	})
}

func TestEachRequestIsToldWhatBecameOfIt(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.answer = func(commit int) error { return map[int]error{2: crm.Uncertain, 3: crm.Invalid}[commit] }
		crowd := newCrowd(gather.New(d, telemetry.New(), gather.Options{Batch: 2}))
		crowd.comes(t.Context(), "12345", 1)
		for number, want := range map[string]string{"1": `[""]`, "2": `["uncertain"]`, "3": `["uncertain"]`, "4": `["invalid"]`, "5": `["invalid"]`} {
			if got := crowd.told(number); got != want {
				t.Errorf("%s is told %s, want %s", number, got, want)
			}
		}
		forged := request("1", 1)
		forged.Hub = nil
		if got := crm.CodeOf(crowd.g.Receive(t.Context(), forged)[0].Err); got != crm.Unauthenticated || d.held() != "1 23 45" {
			t.Errorf("a request nobody signed is told %q, and the commits hold %q", got, d.held())
		}
		crowd.leavesNothing(t)
	})
}

func TestAFullQueueRefusesAndKeepsRoomForOthers(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		crowd := newCrowd(gather.New(d, telemetry.New(), gather.Options{Queue: 8}))
		crowd.comes(t.Context(), "1"+"1111"+"2233"+"4455", 1)
		// The first is being committed; of a workspace two may wait, of all eight.
		for number, want := range map[string]string{
			"1": `["unavailable" "unavailable" "" "" ""]`, "2": `["" ""]`, "3": `["" ""]`, "4": `["" ""]`, "5": `["unavailable" "unavailable"]`,
		} {
			if got := crowd.told(number); got != want {
				t.Errorf("%s is told %s, want %s", number, got, want)
			}
		}
		if got := d.held(); got != "1 12341234" {
			t.Errorf("the commits hold %q, want what found room", got)
		}
	})
}

func TestBytesAreBoundedToo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		size := len(request("1", 1).Body)
		crowd := newCrowd(gather.New(d, telemetry.New(), gather.Options{Bytes: 2 * size}))
		crowd.comes(t.Context(), "1"+"123", 1)
		// A lane's part is less than one body, which an empty lane takes all the same.
		if got := crowd.told("1") + crowd.told("2") + crowd.told("3"); got != `["" ""][""]["unavailable"]` {
			t.Errorf("with room for the bodies of two they are told %s", got)
		}
	})
}

// A request that gives up while it waits is not stored, and one whose commit has
// begun is told what became of it: an answer of 503 would be a lie.
func TestWhoGivesUpIsStoredOrToldSo(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		crowd := newCrowd(gather.New(d, telemetry.New(), gather.Options{}))
		ctx, cancel := context.WithCancel(t.Context())
		crowd.comes(ctx, "123", 1)
		crowd.comes(t.Context(), "4", 1)
		cancel()
		synctest.Wait()
		if got := crowd.told("1") + crowd.told("2") + crowd.told("3") + crowd.told("4"); got != `[""]["unavailable"]["unavailable"][""]` {
			t.Errorf("those that gave up are told %s", got)
		}
		if got := d.held(); got != "1 4" {
			t.Errorf("the commits hold %q: who gave up in the queue must not be in one", got)
		}
		crowd.leavesNothing(t)
	})
}

func TestAPanicIsToldToItsBatchAlone(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		d.answer = func(commit int) error {
			if commit == 2 {
				panic("broken")
			}
			return nil
		}
		metrics := telemetry.New()
		crowd := newCrowd(gather.New(d, metrics, gather.Options{}))
		crowd.comes(t.Context(), "123", 1)
		if got := crowd.told("1") + crowd.told("2") + crowd.told("3"); got != `[""]["internal"]["internal"]` {
			t.Errorf("around a panic they are told %s", got)
		}
		crowd.comes(t.Context(), "4", 1)
		if got := crowd.told("4"); got != `[""]` {
			t.Errorf("after a panic the next is told %s", got)
		}
		var text strings.Builder
		metrics.Write(&text)
		for _, want := range []string{`m21_panics_total{where="commit"} 1`, "m21_commit_requests_count 3", "m21_commit_facts_sum 4"} {
			if !strings.Contains(text.String(), want) {
				t.Errorf("the metrics lack %s", want)
			}
		}
	})
}

// The requests of an envelope enter the queue in their order, and wait for one
// another only when there is no room.
func TestRequestsThatComeTogether(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		queue int
		want  string
	}{{0, "12341"}, {4, "12 134"}} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk()
			g := gather.New(d, telemetry.New(), gather.Options{Queue: c.queue})
			forged := request("9", 1)
			forged.Hub = nil
			results := g.Receive(t.Context(), request("1", 1), forged, request("2", 1), request("1", 1), request("3", 1), request("4", 1))
			var codes []crm.Code
			for _, r := range results {
				codes = append(codes, crm.CodeOf(r.Err))
			}
			if want := []crm.Code{"", crm.Unauthenticated, "", "", "", ""}; !slices.Equal(codes, want) {
				t.Errorf("with a queue of %d they are told %q, want %q", c.queue, codes, want)
			}
			if got := d.held(); got != c.want {
				t.Errorf("with a queue of %d the commits hold %q, want %q", c.queue, got, c.want)
			}
		})
	}
	if !errors.Is(gather.New(newDesk(), telemetry.New(), gather.Options{Queue: 1}).Receive(t.Context(), request("1", 2))[0].Err, crm.Unavailable) {
		t.Error("a request that is larger than the whole queue is taken")
	}
}

// crowded returns a crowd before a host that is overloaded by one workspace, at a
// moment when a commit has just begun and nothing waits.
func crowded(t *testing.T, d *desk) *crowd {
	t.Helper()
	c := newCrowd(gather.New(d, telemetry.New(), gather.Options{}))
	c.comes(t.Context(), "1", 100)
	for range 3 { // commits with more waiting than there is room for
		c.comes(t.Context(), "1111", 100)
		time.Sleep(time.Second)
		synctest.Wait()
	}
	if got := c.g.Waiting(); got != 0 {
		t.Fatalf("%d facts wait after a commit began", got)
	}
	return c
}

// While the host is overloaded there is room for 256 facts. One that has nothing
// waiting finds room beside one that floods the host.
func TestAnOverloadedHostLetsFewWait(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := crowded(t, newDesk())
		c.comes(t.Context(), "1111", 100) // of them two fit, as of the last four in the crowd
		c.comes(t.Context(), "22", 50)    // the first finds an empty lane
		c.comes(t.Context(), "3", 300)    // so does one that is larger than the room
		if got := c.told("1"); strings.Count(got, "unavailable") != 4 || strings.Count(got, `""`) != 13 {
			t.Errorf("of 17 requests of who floods the host are told %s, want four refusals", got)
		}
		if got := c.told("2"); got != `["unavailable" ""]` {
			t.Errorf("another workspace's requests are told %s, want the first taken", got)
		}
		if got := c.told("3"); got != `[""]` {
			t.Errorf("a large request is told %s, want it taken", got)
		}
		time.Sleep(2 * time.Second) // a commit looks that comes after the calm
		c.comes(t.Context(), "4", 1)
		time.Sleep(time.Second)
		c.comes(t.Context(), "55555", 100)
		if got := c.told("5"); got != `["" "" "" "" ""]` {
			t.Errorf("after a while without refusals a burst is told %s", got)
		}
	})
}

// Of those that share the room each has the same part.
func TestWorkspacesShareTheRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := crowded(t, newDesk())
		c.comes(t.Context(), "32222233", 40)
		// 256/2 facts are three requests; who is first keeps nothing from the other.
		if got := c.told("2"); got != `["unavailable" "unavailable" "" "" ""]` {
			t.Errorf("five requests of a workspace that shares the room are told %s, want three taken", got)
		}
		if got := c.told("3"); got != `["" "" ""]` {
			t.Errorf("three requests of the other are told %s, want all taken", got)
		}
	})
}

// Who is to be refused is refused before the signature is looked at, when a
// request about the same number was signed before.
func TestRefusingIsCheap(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		c := crowded(t, newDesk())
		c.comes(t.Context(), "11", 100)
		forged := func(number string, messages int) crm.Code {
			r := request(number, messages)
			r.Hub = nil
			return crm.CodeOf(c.g.Receive(t.Context(), r)[0].Err)
		}
		if got := forged("1", 50); got != crm.Unauthenticated {
			t.Errorf("with room for 56 facts a forged request of 50 is told %q", got)
		}
		if got := forged("1", 100); got != crm.Unavailable {
			t.Errorf("with room for 56 facts a request of 100 about a known number is told %q: it was verified first", got)
		}
		c.comes(t.Context(), "1", 50)
		if got := forged("1", 10); got != crm.Unavailable {
			t.Errorf("with room for 6 facts a request of 10 about a known number is told %q: it was verified first", got)
		}
		if got := forged("8", 100); got != crm.Unauthenticated {
			t.Errorf("a request about an unknown number is told %q", got)
		}
		c.running.Wait()
	})
}

// A queue that is full to its bounds, as when the database stands still, refuses
// unseen as well, and says so of a body of which only the beginning is there.
func TestAFullQueueRefusesUnseen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		c := newCrowd(gather.New(d, telemetry.New(), gather.Options{Queue: 8}))
		c.comes(t.Context(), "11", 2) // one is being committed, the other fills its workspace's part
		d.prepared.Store(0)
		for _, r := range []struct {
			number string
			want   crm.Code
		}{{"1", crm.Unavailable}, {"2", ""}, {"", ""}} {
			beginning := request(r.number, 50)
			beginning.Hub, beginning.Body = nil, beginning.Body[:300]
			if got := crm.CodeOf(c.g.Full(beginning, 9000)); got != r.want {
				t.Errorf("the beginning of a body about %q is told %q, want %q", r.number, got, r.want)
			}
		}
		c.comes(t.Context(), "1", 50)
		if got := d.prepared.Load(); got != 0 {
			t.Errorf("%d requests were prepared that there was no room for", got)
		}
		c.comes(t.Context(), "2", 1)
		if c.told("2") != `[""]` || c.g.Full(request("1", 1), 300) != nil {
			t.Error("another workspace's request is refused, or one when the queue is empty again")
		}
	})
}

// Those that are being prepared count as if they waited: of many that come at
// once only so many are prepared as may come in.
func TestWhoIsPreparedTakesRoom(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		d := newDesk()
		c := crowded(t, d)
		d.hold = make(chan struct{})
		d.prepared.Store(0)
		c.comes(t.Context(), "1111111111", 100)
		if got := d.prepared.Load(); got < 2 || got > 4 {
			t.Errorf("of ten requests that come at once %d are prepared, want as many as there is room for", got)
		}
		close(d.hold)
		c.running.Wait()
		c.comes(t.Context(), "1", 100)
		if got := c.told("1"); !strings.HasSuffix(got, `""]`) {
			t.Errorf("when they are through the next is told %s", got)
		}
		c.leavesNothing(t)
	})
}

// quick is an inbox that has nothing to wait for.
type quick struct{ *desk }

// Commit implements gather.Inbox.
func (quick) Commit(_ context.Context, arrivals []*inbox.Arrival) []inbox.Result {
	return make([]inbox.Result, len(arrivals))
}

// TestCommitsThatTakeNoTime: a request may be committed, and its result be there, as
// soon as it waits, before who brought it does anything more. A database that is away
// answers so fast.
func TestCommitsThatTakeNoTime(t *testing.T) {
	t.Parallel()
	const callers, rounds = 8, 2000
	g := gather.New(quick{newDesk()}, telemetry.New(), gather.Options{})
	r := request("1", 1)
	var all sync.WaitGroup
	for range callers {
		all.Go(func() {
			for range rounds {
				if result := g.Receive(t.Context(), r)[0]; result.Err != nil {
					t.Error(result.Err)
				}
			}
		})
	}
	all.Wait()
}
