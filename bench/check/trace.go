package main

import (
	"bufio"
	"context"
	"errors"
	"io"
	"os"

	"github.com/my21staff/my21staff/bench/check/verdict"
	"github.com/my21staff/my21staff/bench/record"
)

// What returns every table's name, and the query of its rows as text.
const (
	wholeOfSQLite = `select m.name, 'select ' || group_concat('coalesce(cast("' || c.name || '" as text), '''')', ' || '' '' || ') || ' from "' || m.name || '"' ` +
		`from sqlite_schema m, pragma_table_info(m.name) c where m.type = 'table' group by m.name`
	wholeOfPostgres = `select table_name, 'select t::text from ' || quote_ident(table_name) || ' t' from information_schema.tables where table_schema = 'public' and table_type = 'BASE TABLE'`
)

// traces looks in every column of every table, and in the files, for what may be
// traces of contacts that were erased.
func (s *store) traces(ctx context.Context, all *verdict.Store) error {
	all.Traces = map[string][]string{}
	seen := map[[2]string]bool{}
	note := func(place string, text []byte) {
		for _, word := range record.Traces(text) {
			if at := [2]string{word, place}; !seen[at] {
				seen[at] = true
				all.Traces[word] = append(all.Traces[word], place)
			}
		}
	}
	type table struct{ name, rows string }
	tables, err := rows(ctx, s, s.whole, func(r cursor, t *table) error { return r.Scan(&t.name, &t.rows) })
	if err != nil {
		return err
	}
	for _, t := range tables {
		if _, err := rows(ctx, s, t.rows, func(r cursor, _ *struct{}) error {
			var text []byte
			err := r.Scan(&text)
			note("table "+t.name, text)
			return err
		}); err != nil {
			return err
		}
	}
	for _, name := range s.files {
		if err := inFile(name, func(text []byte) { note("the database's files", text) }); err != nil {
			return err
		}
	}
	return nil
}

// overlap is more than any trace has.
const overlap = 256

// inFile hands a file on in pieces that overlap; one that is not there is empty.
func inFile(name string, look func([]byte)) error {
	file, err := os.Open(name)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer file.Close()
	in := bufio.NewReaderSize(file, 1<<20)
	piece := make([]byte, overlap+1<<20)
	for have := 0; ; {
		n, err := io.ReadFull(in, piece[have:])
		look(piece[:have+n])
		if err != nil {
			if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
				return nil
			}
			return err
		}
		have = copy(piece, piece[len(piece)-overlap:])
	}
}
