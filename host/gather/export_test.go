package gather

import "time"

// Pace and the methods below let tests look at how a queue is paced.
type Pace = pace

func (p *pace) Room() int                           { return p.room() }
func (p *pace) Look(now time.Time, waiting int)     { p.look(now, waiting) }
func (p *pace) Refused(facts int)                   { p.refused(facts) }
func (p *pace) Learn(facts int, took time.Duration) { p.learn(facts, took) }
func (p *pace) Crowded() bool                       { return p.crowded }

// Lanes returns of how many workspaces something is kept.
func (g *Gatherer) Lanes() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.lanes)
}
