//go:build torture

package host

import (
	"os"

	"github.com/my21staff/my21staff/host/torture"
)

// seams put the harness between the parts of the program: it wraps every port
// that services_plain.go hands on as it is.
type seams struct{ *torture.Harness }

func openSeams() (seams, error) {
	h, err := torture.Open(os.Environ())
	return seams{h}, err
}

// Torture returns the harness of an open host, for its tests.
func (s *Services) Torture() *torture.Harness { return s.seams.Harness }
