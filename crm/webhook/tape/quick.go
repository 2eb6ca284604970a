//go:build !kernel

package tape

// quick returns how many nodes it made of a document, or 0 for one that scan has
// to look at: here, all of them.
func quick([]byte, []node, *Names) int { return 0 }

func address(string) uint64 { return 0 }
