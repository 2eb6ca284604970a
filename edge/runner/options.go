package runner

import (
	"cmp"
	"errors"
	"runtime"
	"time"
)

// Options says how a pool runs its module. Only Config is needed.
type Options struct {
	Module  []byte // the edge module; nil: the one that comes with the package
	Config  []byte // the first configuration, a document in the form of edge.Config
	Size    int    // how many instances there are at most; 0: GOMAXPROCS
	Waiting int    // how many calls may wait for an instance, more are ErrBusy; 0: 64 for each instance

	// CacheDir is a directory for compiled code, which saves most of the second
	// that the first start takes; empty: none. What lies in it is executed:
	// nobody else may write there.
	CacheDir string

	// MaxMemory bounds the memory of an instance, in bytes; 0: 256 MiB, or 32
	// for an untrusted module. It is address space: an instance takes what it
	// has written, some 0.1 MiB, and one that has grown by more than 4 MiB is replaced
	// after the call. The module needs 136 MiB for the densest body there can be
	// and 18 for a real one as long. Only who knows a secret gets it above 8:
	// nothing is read before its signature is verified.
	MaxMemory int

	// HostMAC has the signatures' HMACs computed outside of the module, five
	// times as fast. The module compares them.
	HostMAC bool

	// Untrusted is for a module of somebody else: each call ends after Timeout
	// (0: one second), at three times the cost of every call. See the package's
	// documentation.
	Untrusted bool
	Timeout   time.Duration
}

// complete fills in what was left to the package.
func (o *Options) complete() (err error) {
	if o.Module == nil {
		if o.Module, err = Module(); err != nil {
			return err
		}
	}
	o.Size = cmp.Or(o.Size, runtime.GOMAXPROCS(0))
	o.Waiting = cmp.Or(o.Waiting, 64*o.Size)
	o.Timeout = cmp.Or(o.Timeout, time.Second)
	if o.MaxMemory == 0 {
		o.MaxMemory = 256 << 20
		if o.Untrusted {
			o.MaxMemory = 32 << 20
		}
	}
	o.MaxMemory -= o.MaxMemory % pageSize
	if o.Size < 0 || o.Waiting < 0 || o.Timeout < 0 || o.MaxMemory <= 0 || int64(o.MaxMemory) > 1<<31 {
		return errors.New("an option is out of its range")
	}
	return nil
}
