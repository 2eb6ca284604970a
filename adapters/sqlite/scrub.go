package sqlite

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
)

// SQLite overwrites what is deleted (secure_delete), but a page that was split
// keeps, in the part it no longer uses, copies of the rows that moved to another
// page; when these are deleted there, the copies stay. So the pages of the file
// are gone through, and the unused part of each is overwritten. What is unused is
// read from the page itself, as "Database File Format", 1.6, describes it.

// The kinds of b-tree pages, by their first byte. Every other page begins with a
// page number of four bytes (of the overflow page or free list that goes on), or
// with zeros: below 33 million pages, 128 GiB, none begins with one of these.
const (
	interiorIndex = 2
	interiorTable = 5
	leafIndex     = 10
	leafTable     = 13
	mostPages     = 1 << 25
)

// fileHeader is how much of the first page is not its b-tree's.
const fileHeader = 100

// scrub overwrites what a page does not use with zeros, and reports whether
// anything else stood there. A page of another kind, or that is not as it should
// be, is left alone.
func scrub(page []byte, first bool) bool {
	at := 0
	if first {
		at = fileHeader
	}
	cells := at + 8
	switch page[at] {
	case leafIndex, leafTable:
	case interiorIndex, interiorTable:
		cells += 4
	default:
		return false
	}
	u16 := func(at int) int { return int(binary.BigEndian.Uint16(page[at:])) }
	from, to := cells+2*u16(at+3), u16(at+5)
	if to == 0 {
		to = 1 << 16
	}
	if from > to || to > len(page) {
		return false
	}
	unused := [][2]int{{from, to}}
	for block := u16(at + 1); block != 0; { // what was freed between the rows: where the next one is, its own size, nothing
		if block < to || block+4 > len(page) {
			return false
		}
		next, size := u16(block), u16(block+2)
		if size < 4 || block+size > len(page) || next != 0 && next < block+size {
			return false
		}
		unused = append(unused, [2]int{block + 4, block + size})
		block = next
	}
	changed := false
	for _, part := range unused {
		for i, c := range page[part[0]:part[1]] {
			if c != 0 {
				changed, page[part[0]+i] = true, 0
			}
		}
	}
	return changed
}

// scrubPages scrubs some pages of the file in one transaction, which others who
// write wait for, and returns the page to go on with, 0 at the end.
func scrubPages(ctx context.Context, on *sql.DB, from, count int) (next int, err error) {
	tx, err := on.BeginTx(ctx, nil)
	if err != nil {
		return 0, err
	}
	defer tx.Rollback()
	var pages int
	if err := tx.QueryRowContext(ctx, "pragma page_count").Scan(&pages); err != nil || pages >= mostPages {
		return 0, err
	}
	read, err := tx.PrepareContext(ctx, "select data from sqlite_dbpage where pgno = ?")
	if err != nil {
		return 0, err
	}
	defer read.Close()
	write, err := tx.PrepareContext(ctx, "update sqlite_dbpage set data = ? where pgno = ?")
	if err != nil {
		return 0, err
	}
	defer write.Close()
	to := min(from+count, pages+1)
	for n := from; n < to; n++ {
		var page []byte
		err := read.QueryRowContext(ctx, n).Scan(&page)
		switch {
		case errors.Is(err, sql.ErrNoRows): // the page of the locks, which has nothing in it
			continue
		case err != nil:
			return 0, err
		case !scrub(page, n == 1):
			continue
		}
		if _, err := write.ExecContext(ctx, page, n); err != nil {
			return 0, err
		}
	}
	if to > pages {
		to = 0
	}
	return to, tx.Commit()
}
