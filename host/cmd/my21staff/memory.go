package main

import (
	"os"
	"runtime/debug"
)

const (
	garbagePercent = 400
	memoryLimit    = 320 << 20
)

// saveMemory does the opposite of tuneMemory, for a command that makes much
// garbage beside a host that needs the memory: the heap grows by half before
// garbage is looked for. With commandCache an import of 100,000 rows took a fifth
// less memory and an eighth more of the CPU (bench/crm -only import).
func saveMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(50)
	}
}

// tuneMemory lets the heap grow to five times what lives in it before garbage is
// looked for, as long as the program stays small. What lives is little, and every
// webhook leaves garbage: with Go's default of twice, a sixth of the CPU that
// ingestion took went into looking (and, with each look, into stacks that shrank
// and grew again). Near the limit it is looked for as often as needed. GOGC and
// GOMEMLIMIT in the environment win.
func tuneMemory() {
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(garbagePercent)
	}
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(memoryLimit)
	}
}
