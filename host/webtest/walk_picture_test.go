package webtest_test

import (
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/host/hosttest"
	"github.com/my21staff/my21staff/host/simulator"
)

// room is how much room files of a kind take: one that has come, and one that has not.
const room = `(selector) => {
	const here = [...document.querySelectorAll(selector)].find((f) => f.tagName !== "IMG" || f.naturalWidth > 0);
	const holder = here.closest(".message").cloneNode(true);
	for (const file of holder.querySelectorAll("[src]")) file.removeAttribute("src");
	here.closest(".message").after(holder);
	const [one, other] = [here, holder.querySelector(selector)].map((f) => f.getBoundingClientRect());
	holder.remove();
	return [one.width, one.height, other.width, other.height].map(Math.round);
}`

// Nothing in a conversation moves when a picture or a film comes.
func TestPicturesHaveTheirRoom(t *testing.T) {
	t.Parallel()
	s := newSite(t, hosttest.Options{})
	for _, kind := range []string{"image", "video"} {
		s.say(simulator.Inbound{Chat: simulator.Chat{Provider: crm.Kapso, Customer: chatty}, Kind: kind})
	}
	tab := s.signIn(t, s.Owner)
	tab.open(s.thread(chatty))
	for _, width := range []int64{1600, 360} {
		tab.size(width, 900)
		for _, selector := range []string{".file.image img", "video.file"} {
			tab.until(selector+" is there", func() bool {
				return evaluate[bool](tab, `[...document.querySelectorAll("`+selector+`")].some((f) => f.tagName !== "IMG" || f.naturalWidth > 0) || (document.querySelector("`+selector+`")?.scrollIntoView(), false)`)
			})
			got := evaluate[[]int](tab, `(`+room+`)("`+selector+`")`)
			if len(got) != 4 || got[0] < 100 || got[1] < 75 || got[0] != got[2] || got[1] != got[3] {
				t.Errorf("%d wide %s takes %v, want as much before it comes as then", width, selector, got)
			}
		}
	}
}
