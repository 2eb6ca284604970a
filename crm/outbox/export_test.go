package outbox

// Waiting returns how many results wait to be recorded.
func Waiting(s *Service) (n int) {
	s.results.mu.Lock()
	defer s.results.mu.Unlock()
	for _, queue := range s.results.waiting {
		n += len(queue)
	}
	return n
}
