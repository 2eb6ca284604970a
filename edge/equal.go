package edge

// equal is bytes.Equal, eight bytes at a time, of which the last may overlap those
// before them. Where Go does that itself it is not used, but tested.
func equal(a, b []byte) bool {
	n := len(a)
	if n != len(b) {
		return false
	}
	if n < 8 {
		for i := range a {
			if a[i] != b[i] {
				return false
			}
		}
		return true
	}
	for i := 0; i < n-8; i += 8 {
		if le64(a[i:]) != le64(b[i:]) {
			return false
		}
	}
	return le64(a[n-8:]) == le64(b[n-8:])
}
