package module

import "fmt"

// TableSegment fills a table with functions from an offset on.
type TableSegment struct {
	Offset    uint32
	Functions []uint32
}

// TableSegments returns what fills the table. Only the form that Go's linker
// writes can be read: active, in the first table, function indexes.
func (m *Module) TableSegments() ([]TableSegment, error) {
	var segments []TableSegment
	err := m.vector(Element, func(r *Reader) {
		s := TableSegment{Offset: r.active()}
		for range r.Len() {
			s.Functions = append(s.Functions, r.U32())
		}
		segments = append(segments, s)
	})
	return segments, err
}

// DataSegment fills the memory with bytes from an offset on.
type DataSegment struct {
	Offset uint32
	Bytes  []byte
}

// DataSegments returns what fills the memory. Only active segments of the first
// memory can be read. The bytes are a part of the section.
func (m *Module) DataSegments() ([]DataSegment, error) {
	var segments []DataSegment
	err := m.vector(Data, func(r *Reader) {
		segments = append(segments, DataSegment{Offset: r.active(), Bytes: r.Bytes(r.Len())})
	})
	return segments, err
}

// PageSize is how many bytes a page of memory has.
const PageSize = 1 << 16

// Pages returns how many pages of memory the module starts with. It must have
// one memory, without a maximum, as Go's linker writes it.
func (m *Module) Pages() (uint32, error) {
	var pages uint32
	memories := 0
	err := m.vector(Memory, func(r *Reader) {
		if flags := r.Byte(); flags != 0 {
			r.Fail("a memory with the limits %#x", flags)
		}
		pages = r.U32()
		memories++
	})
	switch {
	case err != nil:
		return 0, err
	case memories != 1:
		return 0, fmt.Errorf("the module has %d memories", memories)
	case pages > maxPages:
		return 0, fmt.Errorf("the module has %d pages of memory", pages)
	}
	return pages, nil
}

const maxPages = 1 << 16

// Image returns the memory that the module starts with.
func (m *Module) Image() ([]byte, error) {
	pages, err := m.Pages()
	if err != nil {
		return nil, err
	}
	segments, err := m.DataSegments()
	if err != nil {
		return nil, err
	}
	size := uint64(pages) * PageSize
	for _, s := range segments {
		if uint64(s.Offset)+uint64(len(s.Bytes)) > size {
			return nil, fmt.Errorf("a data segment at %#x is outside of the memory", s.Offset)
		}
	}
	memory := make([]byte, size)
	for _, s := range segments {
		copy(memory[s.Offset:], s.Bytes)
	}
	return memory, nil
}

// Segments returns what of a memory is not zero, in runs that gap zeros or more
// part. Their bytes are parts of it.
func Segments(memory []byte, gap int) []DataSegment {
	var segments []DataSegment
	for at := 0; at < len(memory); {
		if memory[at] == 0 {
			at++
			continue
		}
		end := at
		for i := at; i < len(memory) && i-end < gap; i++ {
			if memory[i] != 0 {
				end = i + 1
			}
		}
		segments = append(segments, DataSegment{Offset: uint32(at), Bytes: memory[at:end]})
		at = end
	}
	return segments
}

// DataSection returns the body of a data section of the segments.
func DataSection(segments []DataSegment) []byte {
	out := AppendU(nil, uint64(len(segments)))
	for _, s := range segments {
		out = AppendS(append(out, 0, OpI32Const), int64(int32(s.Offset)))
		out = AppendBytes(append(out, OpEnd), s.Bytes)
	}
	return out
}

// active reads the form and the offset of a segment that is active, in the
// first table or memory, and at a constant offset.
func (r *Reader) active() uint32 {
	if form := r.U32(); form != 0 {
		r.Fail("segment of the form %d", form)
	}
	if op := r.Byte(); op != OpI32Const {
		r.Fail("the offset of a segment is no constant but %#x", op)
	}
	offset := r.S()
	if offset != int64(int32(offset)) {
		r.Fail("offset %d of a segment", offset)
	}
	if op := r.Byte(); op != OpEnd {
		r.Fail("the offset of a segment goes on with %#x", op)
	}
	return uint32(offset)
}
