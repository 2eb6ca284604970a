package main

import (
	"fmt"
	"syscall"
)

// enoughFiles reports, in words that say what to do, when a process may not have
// n open files. The soft limit Go raises to the hard one by itself, here and in
// the host, so the hard one counts.
func enoughFiles(n int) error {
	var limit syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &limit); err != nil {
		return err
	}
	if most := uint64(limit.Max); most < uint64(n) {
		return fmt.Errorf("a process may have %d open files, and %d are needed: raise the hard limit (ulimit -Hn, or LimitNOFILE of the service)", most, n)
	}
	return nil
}
