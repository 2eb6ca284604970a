package runner_test

import (
	"fmt"
	"os"
	"testing"
)

// cache is a directory for compiled code that the tests share: compiling the
// edge module takes a second, and ten times that under the race detector.
var cache string

func TestMain(m *testing.M) {
	var err error
	if cache, err = os.MkdirTemp("", "edge-runner-"); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	code := m.Run()
	if err := os.RemoveAll(cache); err != nil {
		fmt.Fprintln(os.Stderr, err)
	}
	os.Exit(code)
}
