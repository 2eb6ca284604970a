// Package sqlite opens a store in one file, with modernc.org/sqlite: nothing to
// install and nothing to run beside the program.
//
// The database is in WAL mode with synchronous=FULL, so what was committed
// stays after a loss of power. One connection writes (every transaction begins
// as a writer, so none fails half way because another came between), several
// read beside it. The WAL is moved into the database by a goroutine of the
// store, not by whoever commits next. What a commit adds to the WAL is written in few
// pieces (see walFile).
//
// Some thousands of customers who wrote are kept in memory as they stand, in up to 20
// MB, as nobody but the writer changes them; whatever another program commits to the
// file empties it. A customer who is erased is not kept.
package sqlite
