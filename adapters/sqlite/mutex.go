package sqlite

import (
	"sync"
	"sync/atomic"
	"unsafe"

	"modernc.org/libc"
	"modernc.org/libc/sys/types"
	sqlite3 "modernc.org/sqlite/lib"
)

// SQLite takes a connection's mutex in every call, eight times for a column of a
// row, and the driver has no way to open a connection without one (as
// SQLITE_OPEN_NOMUTEX does). It protects nobody: database/sql lets one goroutine use
// a connection at a time, and the driver forbids more. On Linux it was three tenths
// of what a list of conversations cost. So SQLite is given mutexes of ours, of which
// a connection's does nothing; all others, which connections share, are real
// (SQLite, "sqlite3_config", SQLITE_CONFIG_MUTEX).

// The handles of mutexes: none is a connection's; from static on, those that live as
// long as the process, each at its number; beyond them those that come and go.
const (
	none   = 1
	static = sqlite3.SQLITE_MUTEX_STATIC_MASTER
	gone   = sqlite3.SQLITE_MUTEX_STATIC_VFS3 + 1 // the first that comes and goes
)

// locks are the mutexes by their handles. The slice is never changed, but replaced.
var locks struct {
	sync.Mutex
	all  atomic.Pointer[[]*sync.Mutex]
	free []uintptr
}

// starting is the one recursive mutex that is no connection's: SQLite begins to work
// under it, in whichever goroutine comes first.
var starting struct {
	sync.Mutex
	owner atomic.Int32 // the id of a TLS
	depth int
	over  atomic.Bool // it was given out, and what else is recursive is a connection's
}

// startingHandle is its handle, which no other has.
const startingHandle = ^uintptr(0)

// methods are what SQLite calls.
var methods = sqlite3.Sqlite3_mutex_methods{
	FxMutexInit: *(*uintptr)(unsafe.Pointer(&struct{ f func(*libc.TLS) int32 }{nothing})),
	FxMutexEnd:  *(*uintptr)(unsafe.Pointer(&struct{ f func(*libc.TLS) int32 }{nothing})),
	FxMutexAlloc: *(*uintptr)(unsafe.Pointer(&struct {
		f func(*libc.TLS, int32) uintptr
	}{newMutex})),
	FxMutexFree:  *(*uintptr)(unsafe.Pointer(&struct{ f func(*libc.TLS, uintptr) }{freeMutex})),
	FxMutexEnter: *(*uintptr)(unsafe.Pointer(&struct{ f func(*libc.TLS, uintptr) }{enterMutex})),
	FxMutexTry: *(*uintptr)(unsafe.Pointer(&struct {
		f func(*libc.TLS, uintptr) int32
	}{tryMutex})),
	FxMutexLeave: *(*uintptr)(unsafe.Pointer(&struct{ f func(*libc.TLS, uintptr) }{leaveMutex})),
}

// configureMutexes gives SQLite our mutexes, and reports whether it took them: it
// does not when another part of the program has used it before.
func configureMutexes() bool {
	tls := libc.NewTLS()
	defer tls.Close()
	all := make([]*sync.Mutex, gone)
	for i := range all {
		all[i] = new(sync.Mutex)
	}
	locks.all.Store(&all)
	list := libc.Xmalloc(tls, types.Size_t(unsafe.Sizeof(uintptr(0))))
	if list == 0 {
		return false
	}
	defer libc.Xfree(tls, list)
	return sqlite3.Xsqlite3_config(tls, sqlite3.SQLITE_CONFIG_MUTEX, libc.VaList(list, uintptr(unsafe.Pointer(&methods)))) == sqlite3.SQLITE_OK
}

func nothing(*libc.TLS) int32 { return sqlite3.SQLITE_OK }

// newMutex returns the handle of a mutex of a kind.
func newMutex(_ *libc.TLS, kind int32) uintptr {
	switch {
	case kind == sqlite3.SQLITE_MUTEX_RECURSIVE:
		if starting.over.CompareAndSwap(false, true) {
			return startingHandle
		}
		return none
	case kind >= static:
		return uintptr(kind)
	}
	locks.Lock()
	defer locks.Unlock()
	if n := len(locks.free); n > 0 {
		handle := locks.free[n-1]
		locks.free = locks.free[:n-1]
		return handle
	}
	all := *locks.all.Load()
	more := append(all[:len(all):len(all)], new(sync.Mutex))
	locks.all.Store(&more)
	return uintptr(len(all))
}

func freeMutex(_ *libc.TLS, handle uintptr) {
	if handle < gone || handle == startingHandle {
		return
	}
	locks.Lock()
	defer locks.Unlock()
	locks.free = append(locks.free, handle)
}

func enterMutex(tls *libc.TLS, handle uintptr) {
	switch handle {
	case none:
	case startingHandle:
		if starting.owner.Load() != tls.ID {
			starting.Lock()
			starting.owner.Store(tls.ID)
		}
		starting.depth++
	default:
		(*locks.all.Load())[handle].Lock()
	}
}

func tryMutex(tls *libc.TLS, handle uintptr) int32 {
	switch handle {
	case none:
		return sqlite3.SQLITE_OK
	case startingHandle: // SQLite does not try it
		return sqlite3.SQLITE_BUSY
	}
	if (*locks.all.Load())[handle].TryLock() {
		return sqlite3.SQLITE_OK
	}
	return sqlite3.SQLITE_BUSY
}

func leaveMutex(_ *libc.TLS, handle uintptr) {
	switch handle {
	case none:
	case startingHandle:
		if starting.depth--; starting.depth == 0 {
			starting.owner.Store(0)
			starting.Unlock()
		}
	default:
		(*locks.all.Load())[handle].Unlock()
	}
}
