//go:build unix

package runner

import (
	"errors"
	"os"
	"sync"
	"syscall"
)

// image is what the memory of every instance begins with. The file is as long
// as a memory may become; behind the data it is a hole, which takes no room and
// reads as zeros.
type image struct {
	file *os.File
	size int
}

// newImage puts data into a file without a name, for memories of up to size
// bytes.
func newImage(data []byte, size int) (*image, error) {
	file, err := unnamedFile()
	if err != nil {
		return nil, err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Truncate(int64(size))); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &image{file, size}, nil
}

// memory returns a new memory. It is a private map of the file: the kernel
// copies a page when it is written for the first time.
func (i *image) memory() (*memory, error) {
	const prot, flags = syscall.PROT_READ | syscall.PROT_WRITE, syscall.MAP_PRIVATE
	bytes, err := syscall.Mmap(int(i.file.Fd()), 0, i.size, prot, flags)
	if err != nil {
		return nil, os.NewSyscallError("mmap", err)
	}
	return &memory{bytes: bytes}, nil
}

func (i *image) close() error { return i.file.Close() }

// memory is the linear memory of an instance. It is reserved in full, so that
// growing neither moves nor copies it, and takes room where it was written.
type memory struct {
	bytes []byte
	once  sync.Once
}

// Reallocate returns the first size bytes; nil beyond the reserved ones.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(len(m.bytes)) {
		return nil
	}
	return m.bytes[:size]
}

// Free gives the memory back. Freeing it again does nothing: wazero frees the
// memory of a module that it closed, but not always of one that was closed
// because its deadline passed.
func (m *memory) Free() { m.once.Do(func() { _ = syscall.Munmap(m.bytes) }) }

// temporary returns an empty file in the directory for temporary files that is
// gone when it is closed.
func temporary() (*os.File, error) {
	file, err := os.CreateTemp("", "edge-image-")
	if err != nil {
		return nil, err
	}
	return file, os.Remove(file.Name())
}
