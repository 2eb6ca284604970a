package auth

// Remembered returns how many addresses are held against their clients.
func (g *Guard) Remembered() int {
	g.failures.mu.Lock()
	defer g.failures.mu.Unlock()
	return len(g.failures.by)
}
