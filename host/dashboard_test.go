package host_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/host/hosttest"
)

// TestDashboardInTheBrowser lets a customer write and the owner answer, and looks
// at what the page made of it.
func TestDashboardInTheBrowser(t *testing.T) {
	onBoth(t, func(t *testing.T, o hosttest.Options) {
		w := hosttest.Start(t, o)
		b := signIn(t, w)
		holds := func(path string, wanted ...string) {
			t.Helper()
			got := b.get(path)
			if got.Status != 200 {
				t.Fatalf("%s answers %d %s", path, got.Status, got.Body)
			}
			for _, want := range wanted {
				if !strings.Contains(string(got.Body), want) {
					t.Errorf("%s lacks %q", path, want)
				}
			}
		}
		holds("/dashboard", "Received: 0. Sent: 0", "Nothing happened in this range yet.", `role="img"`)
		address := thread(t, w, "Halo, masih buka?")
		holds("/dashboard", "Received: 1. Sent: 0", "Nobody yet, or a program", `<dt>Waiting for a reply</dt><dd><a href="/inbox">1</a>`)
		if got := b.post(address+"/messages", fill(b.get(address), "text", "Buka, Kak")); got.Status != 303 {
			t.Fatalf("the reply answers %d %s", got.Status, got.Body)
		}
		holds("/dashboard?days=7", "Received: 1. Sent: 1", "Answers: 1.", `<dt>Waiting for a reply</dt><dd><a href="/inbox">0</a>`, `<option value="7" selected>`)
		holds("/dashboard?member="+w.Owner.ID.String(), "Received: 0. Sent: 1")
		holds("/dashboard?days=12&channel=nonsense", `<option value="30" selected>`, "Received: 1. Sent: 1")
	})
}
