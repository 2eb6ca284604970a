package host

// Surface returns the method and path of everything the host answers.
func (h *Host) Surface() [][2]string {
	var surface [][2]string
	for _, r := range h.surface() {
		surface = append(surface, [2]string{r.method, r.path})
	}
	return surface
}
