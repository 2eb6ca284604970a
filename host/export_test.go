package host

import (
	"log/slog"
	"time"
)

// Surface returns the method and path of everything the host answers.
func (h *Host) Surface() [][2]string {
	var surface [][2]string
	for _, r := range h.surface() {
		surface = append(surface, [2]string{r.method, r.path})
	}
	return surface
}

// BodyMemory is how much memory large bodies share.
const BodyMemory = bodyMemory

// Refusals and its method let tests look at what is logged of refusals.
type Refusals = refusals

// Line is line.
func (r *refusals) Line(now time.Time, line []slog.Attr) []slog.Attr { return r.line(now, line) }
