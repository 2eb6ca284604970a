package csvio

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// The bounds of a record: beyond them it has a fault and is cut off there.
const (
	MaxRecord = 1 << 20 // bytes of its cells together
	MaxCells  = 1000
)

// Record is one row of a file.
type Record struct {
	Line  int      // the line of the file it begins on, from 1
	Cells []string // values: without quotes and escapes
	Fault Code     // why it cannot be relied on; empty for none
}

// Blank reports whether no cell has anything in it, as spreadsheets write rows
// that once had something.
func (r Record) Blank() bool {
	for _, cell := range r.Cells {
		if strings.TrimSpace(cell) != "" {
			return false
		}
	}
	return r.Fault == ""
}

// Format is how a file is written down.
type Format struct {
	Encoding  Encoding `json:"encoding"`
	Delimiter string   `json:"delimiter"` // one character
	Header    bool     `json:"header"`    // the first record names the columns
}

// Options say what is known of a file. The zero Options leave all of it to be
// found out.
type Options struct {
	Delimiter string // one ASCII character; empty: found out
	Header    *bool  // nil: found out
}

// Reader reads the records of a file. It is of use to one goroutine.
type Reader struct {
	format Format
	header []string
	file   *text
	in     *bufio.Reader
	line   int
	record []byte // the cells of the record under way, one after the other
	ends   []int  // where in record each of them ends
}

// Open finds out how a file is written down, from its first 64 KiB, and returns
// a reader before its first record after the header. A file without a record
// has no columns and no records. The error is Invalid for options that cannot
// be, else the file's own.
func Open(file io.Reader, o Options) (*Reader, error) {
	if len(o.Delimiter) > 1 || o.Delimiter != "" && strings.Contains("\"\r\n'", o.Delimiter) || o.Delimiter > "\x7f" {
		return nil, invalid("delimiter", "%q is not a delimiter; it is one character such as , or ;", o.Delimiter)
	}
	decoded, err := newText(file)
	if err != nil {
		return nil, err
	}
	r := &Reader{file: decoded, in: bufio.NewReaderSize(decoded, headSize), line: 1}
	head, err := r.in.Peek(headSize)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, err
	}
	r.format = Format{Encoding: decoded.encoding, Delimiter: o.Delimiter}
	if delimiter, size := named(head); size > 0 {
		if _, err := r.in.Discard(size); err != nil {
			return nil, err
		}
		head, r.line = head[size:], 2
		r.format.Delimiter = first(r.format.Delimiter, delimiter)
	}
	cut := len(head) >= headSize-len("sep=,\r\n")
	r.format.Delimiter = first(r.format.Delimiter, sniff(head, cut))
	r.format.Header = o.Header != nil && *o.Header || o.Header == nil && hasHeader(records(head, r.format.Delimiter, cut))
	if !r.format.Header {
		return r, nil
	}
	record, err := r.Read()
	if errors.Is(err, io.EOF) {
		return r, nil
	}
	r.header = trimmed(record.Cells)
	return r, err
}

// Format returns how the file is written down.
func (r *Reader) Format() Format { return r.format }

// Header returns the names of the columns, without blanks around them; nil for
// a file without a header. Cells that are empty to the end are no columns.
func (r *Reader) Header() []string { return r.header }

// Read returns the next record, or io.EOF after the last. Lines without any
// character are no records; records of empty cells are. A record with a Fault
// is followed by the next one all the same. Any other error is the file's own.
func (r *Reader) Read() (Record, error) {
	r.record, r.ends = r.record[:0], r.ends[:0]
	record := Record{Line: r.line}
	s := scanner{Reader: r, delimiter: r.format.Delimiter[0]}
	for {
		b, err := r.in.ReadByte()
		if err != nil && !errors.Is(err, io.EOF) {
			return Record{}, err
		}
		if err != nil {
			if s.state == blank {
				return Record{}, io.EOF
			}
			s.end()
			break
		}
		done, err := s.take(b)
		if err != nil {
			return Record{}, err
		}
		if done && s.state != blank {
			break
		}
		if done {
			record.Line = r.line
		}
	}
	record.Cells, record.Fault = r.cells(), s.fault
	return record, nil
}

// cells returns the values of the record that was scanned.
func (r *Reader) cells() []string {
	all, from := string(r.record), 0
	cells := make([]string, len(r.ends))
	for i, end := range r.ends {
		cells[i] = unescape(all[from:end])
		from = end
	}
	return cells
}

// state is where in a record the scanner is.
type state int

const (
	blank  state = iota // nothing of the record was seen
	begin               // a cell begins
	plain               // in a cell
	quoted              // in a cell, between quotes
	closed              // after the quote that may end it
)

// scanner takes one record apart, byte by byte.
type scanner struct {
	*Reader
	delimiter byte
	state     state
	fault     Code
}

// take scans a byte and reports whether it ended the record.
func (s *scanner) take(b byte) (done bool, err error) {
	if b == '\r' || b == '\n' {
		return s.newline(b)
	}
	switch {
	case s.state == quoted && b == '"':
		s.state = closed
	case s.state == closed && b == '"': // two of them are one
		s.add(b)
		s.state = quoted
	case s.state == quoted:
		s.add(b)
	case b == s.delimiter:
		s.cut()
		s.state = begin
	case s.state <= begin && b == '"':
		s.state = quoted
	case s.state == closed && b == ' ':
	case s.state == closed:
		s.blame(BadQuote)
		s.add(b)
		s.state = plain
	default:
		s.add(b)
		s.state = plain
	}
	return false, nil
}

// newline scans the end of a line, which may be CR, LF or both, and which is the
// end of the record unless it is quoted.
func (s *scanner) newline(b byte) (done bool, err error) {
	s.line++
	both := false
	if b == '\r' {
		next, err := s.in.Peek(1)
		if err != nil && !errors.Is(err, io.EOF) {
			return false, err
		}
		if both = err == nil && next[0] == '\n'; both {
			if _, err := s.in.Discard(1); err != nil {
				return false, err
			}
		}
	}
	if s.state == quoted {
		s.add(b)
		if both {
			s.add('\n')
		}
		return false, nil
	}
	if s.state != blank {
		s.end()
	}
	return true, nil
}

// end ends the record.
func (s *scanner) end() {
	if s.state == quoted {
		s.blame(OpenQuote)
	}
	s.cut()
}

// add adds a byte to the cell, within bounds.
func (s *scanner) add(b byte) {
	if len(s.record) >= MaxRecord {
		s.blame(RecordTooLarge)
		return
	}
	s.record = append(s.record, b)
}

// cut ends the cell, within bounds.
func (s *scanner) cut() {
	if len(s.ends) >= MaxCells {
		s.record = s.record[:s.ends[MaxCells-1]]
		s.blame(RecordTooLarge)
		return
	}
	s.ends = append(s.ends, len(s.record))
}

// blame notes the first fault.
func (s *scanner) blame(fault Code) {
	if s.fault == "" {
		s.fault = fault
	}
}

func first(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// trimmed returns the names of columns without blanks around and without empty
// ones at the end.
func trimmed(cells []string) []string {
	names, last := make([]string, len(cells)), 0
	for i, cell := range cells {
		names[i] = strings.TrimSpace(cell)
		if names[i] != "" {
			last = i + 1
		}
	}
	return names[:last]
}
