package main

import (
	"runtime"
	"syscall"
	"unsafe"
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

// pin has the programs that are started from now on run on the processors from
// first to below end.
func pin(first, end int) error {
	done := make(chan error)
	starters <- func() {
		var set [16]uint64 // a bit for each processor
		for i := first; i < min(end, 64*len(set)); i++ {
			set[i/64] |= 1 << (i % 64)
		}
		// 0 is this thread; who it begins inherits it.
		_, _, errno := syscall.RawSyscall(syscall.SYS_SCHED_SETAFFINITY, 0, unsafe.Sizeof(set), uintptr(unsafe.Pointer(&set)))
		if errno != 0 {
			done <- errno
			return
		}
		done <- nil
	}
	return <-done
}
