package csvio

import (
	"errors"
	"io"
)

// How many records are looked at: shown, and weighed for the guess.
const (
	PreviewRows = 10
	guessRows   = 100
)

// Preview is what a file seems to be.
type Preview struct {
	Format   Format
	Header   []string // nil if the file has none
	Columns  []Target // a guess
	Seen     int      // how many records were looked at, without blank ones
	Rows     []Record // the first, at most PreviewRows, without blank ones
	Drafts   []Draft  // what each of the rows would be by the guess
	Problems []Problem
}

// Look reads the first records of a file and says what it seems to be. Problems
// are those of the rows it shows. The reader stands behind them.
func Look(r *Reader, region string, limits Limits) (Preview, error) {
	preview := Preview{Format: r.Format(), Header: r.Header()}
	var rows []Record
	for len(rows) < guessRows {
		record, err := r.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return Preview{}, err
		}
		if !record.Blank() {
			rows = append(rows, record)
		}
	}
	preview.Seen = len(rows)
	preview.Columns = Guess(preview.Header, rows, region)
	preview.Rows = rows[:min(len(rows), PreviewRows)]
	plan := Plan{Header: preview.Header, Columns: preview.Columns, Region: region, Limits: limits}
	for _, record := range preview.Rows {
		draft, problems := plan.Draft(record)
		preview.Drafts = append(preview.Drafts, draft)
		preview.Problems = append(preview.Problems, problems...)
	}
	return preview, nil
}
