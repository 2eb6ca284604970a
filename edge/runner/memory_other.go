//go:build !unix

package runner

// image is what the memory of every instance begins with.
type image struct {
	data []byte
	size int
}

// newImage keeps data, for memories of up to size bytes.
func newImage(data []byte, size int) (*image, error) { return &image{data, size}, nil }

// newSecretImage is newImage: nothing comes to a disk.
func newSecretImage(data []byte, size int) (*image, error) {
	return newImage(append([]byte(nil), data...), size)
}

// memory returns a new memory with a copy of the data.
func (i *image) memory() (*memory, error) {
	return &memory{bytes: append([]byte(nil), i.data...), limit: i.size}, nil
}

func (i *image) close() error { return nil }

// memory is the linear memory of an instance, on the heap.
type memory struct {
	bytes []byte
	limit int
}

// Reallocate returns a memory of size bytes that begins with what it had; nil
// beyond the limit.
func (m *memory) Reallocate(size uint64) []byte {
	if size > uint64(m.limit) {
		return nil
	}
	if more := int(size) - len(m.bytes); more > 0 {
		m.bytes = append(m.bytes, make([]byte, more)...)
	}
	return m.bytes[:size]
}

// Free leaves the memory to the garbage collector.
func (m *memory) Free() {}
