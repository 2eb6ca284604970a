package runner

import (
	"os"
	"runtime"
	"syscall"
	"unsafe"
)

// memfdCreate is the number of the system call memfd_create, which package
// syscall has not for all of them (Linux, syscall tables of each architecture).
var memfdCreate = map[string]uintptr{
	"386": 356, "amd64": 319, "arm": 385, "arm64": 279, "loong64": 279,
	"ppc64": 360, "ppc64le": 360, "riscv64": 279, "s390x": 350,
}

// memoryFile returns a file in memory: no directory has to be writable, and
// nobody else can read it.
func memoryFile() (*os.File, error) {
	const closeOnExec = 1
	number, ok := memfdCreate[runtime.GOARCH]
	if !ok {
		return nil, syscall.ENOSYS
	}
	name := []byte("edge-image\x00")
	fd, _, errno := syscall.Syscall(number, uintptr(unsafe.Pointer(&name[0])), closeOnExec, 0)
	if errno != 0 {
		return nil, os.NewSyscallError("memfd_create", errno)
	}
	return os.NewFile(fd, "edge-image"), nil
}
