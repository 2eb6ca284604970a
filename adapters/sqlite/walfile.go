package sqlite

import (
	"sync"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite writes a page of a commit into the WAL with two system calls, one for the 24
// bytes before it, and a commit has fifty pages and more: they were a fifth of what a
// message cost. The writer's connection has a VFS that gathers them, and writes what
// was gathered with one call before anything else is done with the file, above all
// before the sync that makes a commit durable.
//
// Nobody misses what is still gathered: others look for a commit's pages when they are
// in the WAL's index, and SQLite puts them there after that sync. It does so where
// "synchronous" is FULL, so the VFS is for such a connection alone (SQLite, "The OS
// Backend" and "WAL-mode File Format").

// gathers is the VFS's name.
const gathers = "my21staff"

// mostGathered is how many bytes are written at once, more than the largest page.
const mostGathered = 128 << 10

// walFile is a WAL that is open.
type walFile struct {
	system *sqlite3.Tsqlite3_io_methods // what is done with it
	*walMemory
	address uintptr // of the memory
	n       int     // how many bytes were gathered
	offset  int64   // where in the file they belong
}

// walMemory is what of it SQLite looks at, and so is in SQLite's memory.
type walMemory struct {
	ours sqlite3.Tsqlite3_io_methods // what SQLite calls in place of the system's
	held [mostGathered]byte          // what was gathered
}

// walFiles are those that are open, by SQLite's handle.
var walFiles sync.Map

// openFile is how the system opens a file.
var openFile func(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32

// registerGathers makes the VFS known: the system's, but for how a file is opened.
func registerGathers() {
	tls := libc.NewTLS()
	defer tls.Close()
	vfs := libc.Xmalloc(tls, types.Size_t(unsafe.Sizeof(sqlite3.Tsqlite3_vfs{}))) // it stays
	name, err := libc.CString(gathers)
	if vfs == 0 || err != nil {
		return // and no connection of a writer can be opened
	}
	made := at[sqlite3.Tsqlite3_vfs](vfs)
	*made = *at[sqlite3.Tsqlite3_vfs](sqlite3.Xsqlite3_vfs_find(tls, 0))
	openFile = function[func(*libc.TLS, uintptr, uintptr, uintptr, int32, uintptr) int32](made.FxOpen)
	made.FzName, made.FxOpen = name, handle(openGathering)
	sqlite3.Xsqlite3_vfs_register(tls, vfs, 0)
}

// at, function and handle are the ways between Go's pointers and SQLite's.
func at[T any](address uintptr) *T     { return *(**T)(unsafe.Pointer(&address)) }
func function[F any](handle uintptr) F { return *(*F)(unsafe.Pointer(&handle)) }
func handle[F any](function F) uintptr { return *(*uintptr)(unsafe.Pointer(&function)) }

// openGathering opens a file, and if it is a WAL takes what is done with it.
func openGathering(tls *libc.TLS, vfs, name, file uintptr, flags int32, out uintptr) int32 {
	rc := openFile(tls, vfs, name, file, flags, out)
	if rc != sqlite3.SQLITE_OK || flags&sqlite3.SQLITE_OPEN_WAL == 0 {
		return rc
	}
	memory := libc.Xmalloc(tls, types.Size_t(unsafe.Sizeof(walMemory{})))
	if memory == 0 {
		return rc // it works as it was
	}
	opened := at[sqlite3.Tsqlite3_file](file)
	w := &walFile{system: at[sqlite3.Tsqlite3_io_methods](opened.FpMethods), walMemory: at[walMemory](memory), address: memory}
	w.ours = *w.system
	w.ours.FxWrite, w.ours.FxRead = handle(writeWAL), handle(readWAL)
	w.ours.FxSync, w.ours.FxTruncate, w.ours.FxFileSize, w.ours.FxClose = handle(syncWAL), handle(truncateWAL), handle(sizeOfWAL), handle(closeWAL)
	walFiles.Store(file, w)
	opened.FpMethods = memory + unsafe.Offsetof(w.walMemory.ours)
	return rc
}

// walOf returns the WAL with a handle.
func walOf(file uintptr) *walFile {
	w, _ := walFiles.Load(file)
	return w.(*walFile)
}

// transfer is a function that reads or writes bytes of a file.
type transfer = func(tls *libc.TLS, file, bytes uintptr, n int32, offset int64) int32

// flush writes what was gathered.
func (w *walFile) flush(tls *libc.TLS, file uintptr) int32 {
	n := w.n
	if n == 0 {
		return sqlite3.SQLITE_OK
	}
	w.n = 0 // also if it fails: then the commit does
	return function[transfer](w.system.FxWrite)(tls, file, w.address+unsafe.Offsetof(w.walMemory.held), int32(n), w.offset)
}

func writeWAL(tls *libc.TLS, file, bytes uintptr, n int32, offset int64) int32 {
	w := walOf(file)
	if offset != w.offset+int64(w.n) || w.n+int(n) > mostGathered {
		if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
			return rc
		}
		w.offset = offset
	}
	w.n += copy(w.held[w.n:], unsafe.Slice(at[byte](bytes), n))
	return sqlite3.SQLITE_OK
}

func readWAL(tls *libc.TLS, file, bytes uintptr, n int32, offset int64) int32 {
	w := walOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[transfer](w.system.FxRead)(tls, file, bytes, n, offset)
}

func syncWAL(tls *libc.TLS, file uintptr, flags int32) int32 {
	w := walOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[func(*libc.TLS, uintptr, int32) int32](w.system.FxSync)(tls, file, flags)
}

func truncateWAL(tls *libc.TLS, file uintptr, size int64) int32 {
	w := walOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[func(*libc.TLS, uintptr, int64) int32](w.system.FxTruncate)(tls, file, size)
}

func sizeOfWAL(tls *libc.TLS, file, size uintptr) int32 {
	w := walOf(file)
	if rc := w.flush(tls, file); rc != sqlite3.SQLITE_OK {
		return rc
	}
	return function[func(*libc.TLS, uintptr, uintptr) int32](w.system.FxFileSize)(tls, file, size)
}

func closeWAL(tls *libc.TLS, file uintptr) int32 {
	w := walOf(file)
	w.flush(tls, file) // of a commit that was not finished
	walFiles.Delete(file)
	defer libc.Xfree(tls, w.address)
	return function[func(*libc.TLS, uintptr) int32](w.system.FxClose)(tls, file)
}
