package main

import (
	"runtime"
	"syscall"
)

// mount mounts a disk of a size in memory.
func mount(at, size string) error {
	return syscall.Mount("tmpfs", at, "tmpfs", 0, "size="+size+",mode=755")
}

func unmount(at string) { _ = syscall.Unmount(at, syscall.MNT_DETACH) }

// starters is where programs are started: by one thread that lives as long as
// this program, because a child is ended with the thread that began it.
var starters = func() chan func() {
	work := make(chan func())
	go func() {
		runtime.LockOSThread()
		for start := range work {
			start()
		}
	}()
	return work
}()

// start starts a program that ends when this one does, however that is.
func start(attributes *syscall.SysProcAttr, begin func() error) error {
	attributes.Pdeathsig = syscall.SIGKILL
	done := make(chan error)
	starters <- func() { done <- begin() }
	return <-done
}
