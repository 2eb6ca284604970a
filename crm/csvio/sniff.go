package csvio

import (
	"bufio"
	"bytes"
	"strings"
)

// delimiters are those that spreadsheets write, likeliest first.
var delimiters = []string{",", ";", "\t"}

// sniffRows is how many records are compared to find the delimiter.
const sniffRows = 100

// named returns the delimiter that a first line such as "sep=;" names, and the
// size of that line with its end; 0 if there is none. Excel reads such a line,
// and so people write it.
func named(head []byte) (string, int) {
	line := head
	if at := bytes.IndexAny(head, "\r\n"); at >= 0 {
		line = head[:at]
	}
	if len(line) != len("sep=;") || !strings.EqualFold(string(line[:4]), "sep=") || strings.IndexByte("\"'", line[4]) >= 0 || line[4] >= 0x80 {
		return "", 0
	}
	size := len(line)
	if bytes.HasPrefix(head[size:], []byte("\r\n")) {
		size += 2
	} else if size < len(head) {
		size++
	}
	return string(line[4]), size
}

// sniff returns the delimiter that splits most records into as many cells as
// the first has, and of several such the one that makes more cells.
func sniff(head []byte, cut bool) string {
	best, most := delimiters[0], 0
	for _, delimiter := range delimiters {
		rows := records(head, delimiter, cut)
		if len(rows) == 0 || len(rows[0].Cells) < 2 {
			continue
		}
		score, width := 0, len(rows[0].Cells)
		for _, row := range rows {
			if len(row.Cells) == width && row.Fault == "" {
				score += 1000
			}
		}
		if score = score/len(rows)*MaxCells + width; score > most {
			best, most = delimiter, score
		}
	}
	return best
}

// records returns the first records of a head. The last is left out if the head
// may have been cut off within it.
func records(head []byte, delimiter string, cut bool) []Record {
	r := &Reader{format: Format{Delimiter: delimiter}, in: bufio.NewReaderSize(bytes.NewReader(head), 16), line: 1}
	var rows []Record
	for len(rows) < sniffRows {
		row, err := r.Read()
		if err != nil {
			if cut && len(rows) > 1 {
				rows = rows[:len(rows)-1]
			}
			break
		}
		rows = append(rows, row)
	}
	return rows
}

// hasHeader reports whether the first record names the columns: it has a name
// that we know, or it has nothing that looks like a value where the others do.
func hasHeader(rows []Record) bool {
	if len(rows) == 0 || rows[0].Blank() {
		return false
	}
	names := trimmed(rows[0].Cells)
	values := 0
	for _, name := range names {
		if known(name) {
			return true
		}
		if looksLikeValue(name) {
			values++
		}
	}
	if values > 0 || len(rows) < 2 {
		return false
	}
	for _, row := range rows[1:] {
		for _, cell := range row.Cells {
			if looksLikeValue(strings.TrimSpace(cell)) {
				return true
			}
		}
	}
	return false
}

// looksLikeValue reports whether no column would be named so: it has an @, or
// more digits than letters.
func looksLikeValue(cell string) bool {
	digits, letters := 0, 0
	for _, r := range cell {
		switch {
		case r == '@':
			return true
		case r >= '0' && r <= '9':
			digits++
		case r > ' ' && !strings.ContainsRune("+-.,()/", r):
			letters++
		}
	}
	return digits > letters
}
