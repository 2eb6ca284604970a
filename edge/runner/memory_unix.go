//go:build unix

package runner

import (
	"bytes"
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
	file, err := memoryFile()
	if err != nil {
		file, err = temporary()
	}
	return imageIn(file, err, data, size)
}

// newSecretImage is newImage for data that may not come to a disk. It is an error
// where there are no files in memory.
func newSecretImage(data []byte, size int) (*image, error) {
	file, err := memoryFile()
	return imageIn(file, err, data, size)
}

func imageIn(file *os.File, err error, data []byte, size int) (*image, error) {
	if err != nil {
		return nil, err
	}
	if err = errors.Join(writeSparse(file, data), file.Truncate(int64(size))); err != nil {
		return nil, errors.Join(err, file.Close())
	}
	return &image{file, size}, nil
}

// writeSparse writes data and leaves out pages of zeros, most of a memory.
func writeSparse(file *os.File, data []byte) error {
	zeros := make([]byte, os.Getpagesize())
	for at := 0; at < len(data); at += len(zeros) {
		page := data[at:min(at+len(zeros), len(data))]
		if bytes.Equal(page, zeros[:len(page)]) {
			continue
		}
		if _, err := file.WriteAt(page, int64(at)); err != nil {
			return err
		}
	}
	return nil
}

// memory returns a new memory. It is a private map of the file: the kernel
// copies a page when it is written for the first time. It is an error if the
// image is closed.
func (i *image) memory() (*memory, error) {
	const prot, flags = syscall.PROT_READ | syscall.PROT_WRITE, syscall.MAP_PRIVATE
	file, err := i.file.SyscallConn()
	if err != nil {
		return nil, err
	}
	var mapped []byte
	var failed error
	err = file.Control(func(fd uintptr) { mapped, failed = syscall.Mmap(int(fd), 0, i.size, prot, flags) })
	if err = errors.Join(err, os.NewSyscallError("mmap", failed)); err != nil {
		return nil, err
	}
	return &memory{bytes: mapped}, nil
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
