package sqlite

import (
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// Where SQLite splits a page it puts the new ones in order, and for a moment gives one
// the number of the page that never holds anything, the one at 1 GB with the bytes that
// are locked. Its cache keeps the highest number it has seen until the commit, when
// what is beyond the end of the database is thrown out: in a smaller database that
// number always is, and so every page in the cache was looked at to find none. Most
// commits split a page; of what one message by itself costs it was a tenth. So the cache
// forgets that number at once (SQLite, balance_nonroot and pcache1Truncate).

// pendingByte is the first byte of those that are locked, which is the same in every
// file (SQLite, "Database File Format", 1.4).
const pendingByte = 1 << 30

// renumber is how SQLite's cache gives a page another number.
var renumber func(tls *libc.TLS, cache, page uintptr, from, to uint32)

// configurePageCache gives SQLite its own page cache with a renumber of ours. Nothing
// changes when another part of the program has used SQLite before.
func configurePageCache() {
	tls := libc.NewTLS()
	defer tls.Close()
	var methods sqlite3.Tsqlite3_pcache_methods2
	memory := libc.Xmalloc(tls, types.Size_t(unsafe.Sizeof(methods)+unsafe.Sizeof(uintptr(0))))
	if memory == 0 {
		return
	}
	defer libc.Xfree(tls, memory)
	args := libc.VaList(memory+unsafe.Sizeof(methods), memory)
	if sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_GETPCACHE2, args) != sqlite3.SQLITE_OK {
		return
	}
	cache := at[sqlite3.Tsqlite3_pcache_methods2](memory)
	renumber = function[func(*libc.TLS, uintptr, uintptr, uint32, uint32)](cache.FxRekey)
	cache.FxRekey = handle(renumberAndForget)
	sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_PCACHE2, args) // it is copied
}

func renumberAndForget(tls *libc.TLS, cache, page uintptr, from, to uint32) {
	held := at[sqlite3.TPCache1](cache)
	highest := held.FiMaxKey
	renumber(tls, cache, page, from, to)
	if to == pendingByte/uint32(held.FszPage)+1 {
		held.FiMaxKey = highest // two more renumberings follow at once, the second of this page
	}
}
