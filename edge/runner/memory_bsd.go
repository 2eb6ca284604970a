//go:build unix && !linux

package runner

import "os"

func unnamedFile() (*os.File, error) { return temporary() }
