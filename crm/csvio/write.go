package csvio

import (
	"bufio"
	"io"
	"strings"
)

// Writer writes records as spreadsheets read them without a question: a mark
// that says UTF-8, lines that end in CR LF, no cell that is a formula.
type Writer struct {
	out       *bufio.Writer
	delimiter byte
	err       error
}

// NewWriter returns a writer that splits cells with a comma or, for a
// spreadsheet whose region writes decimals with one, a semicolon or a tab.
func NewWriter(out io.Writer, delimiter byte) *Writer {
	w := Continue(out, delimiter)
	w.text("\ufeff")
	return w
}

// Continue returns a writer of more records of a file that NewWriter began.
func Continue(out io.Writer, delimiter byte) *Writer {
	return &Writer{out: bufio.NewWriter(out), delimiter: delimiter}
}

// Write writes a record of at least one cell; the cells must be UTF-8. It
// reports the first error of the writer below, and writes nothing after it.
func (w *Writer) Write(cells ...string) error {
	for i, cell := range cells {
		if i > 0 {
			w.byte(w.delimiter)
		}
		w.cell(escape(cell), len(cells) == 1)
	}
	w.byte('\r')
	w.byte('\n')
	return w.err
}

// Flush writes what is still held back.
func (w *Writer) Flush() error {
	if w.err == nil {
		w.err = w.out.Flush()
	}
	return w.err
}

// cell writes one cell, in quotes where some reader would otherwise see more or
// less than a cell: a line without any character is no record, and one that
// begins with "sep=" names the delimiter.
func (w *Writer) cell(cell string, alone bool) {
	bare := !strings.ContainsAny(cell, ",;\t\r\n\"\ufeff") && strings.Trim(cell, " ") == cell &&
		!(alone && cell == "") && !strings.HasPrefix(strings.ToLower(cell), "sep=") && strings.IndexByte(cell, w.delimiter) < 0
	if bare {
		w.text(cell)
		return
	}
	w.byte('"')
	w.text(strings.ReplaceAll(cell, `"`, `""`))
	w.byte('"')
}

func (w *Writer) byte(b byte) {
	if w.err == nil {
		w.err = w.out.WriteByte(b)
	}
}

func (w *Writer) text(s string) {
	if w.err == nil {
		_, w.err = w.out.WriteString(s)
	}
}
