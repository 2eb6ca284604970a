package restructure

import "slices"

// maxFill is the longest memory that is filled by stores: 32 of them are about
// as long as the call they replace is slow.
const maxFill = 256

// fill replaces the operation memory.fill where it writes a number of zeros that
// the code names, as Go clears a variable, and reports whether it used the local
// for that, an additional one of 32 bits. An engine may take the operation for a
// loop of calls: wazero copies what it has filled until all is, so that 84 bytes
// cost eight calls. Stores cost one bounds check, that of the first, which is the
// farthest; so nothing is written unless all is, as with the operation.
func fill(blocks []*block, local int64) bool {
	used := false
	for _, b := range blocks {
		for i := 2; i < len(b.code); i++ {
			size, ok := zeros(b.code[i-2 : i+1])
			if !ok {
				continue
			}
			stores := []instruction{operate(opLocalSet, local)}
			for at := size - 8; at > -8; at -= 8 { // the last may overlap the one before
				stores = append(stores, operate(opLocalGet, local), operate(opI64Const, 0), operate(opI64Store, max(at, 0)))
			}
			b.code = slices.Concat(b.code[:i-2], stores, b.code[i+1:])
			i += len(stores) - 3
			used = true
		}
	}
	return used
}

// zeros returns how many zeros three operations write, if they are a
// memory.fill that stores replace.
func zeros(code []instruction) (size int64, ok bool) {
	value, length, last := code[0], code[1], code[2]
	ok = value.is(opI32Const, 0) && length.op == opI32Const && length.arg >= 8 && length.arg <= maxFill &&
		len(last.raw) > 1 && last.op == opPrefixed && last.raw[1] == memoryFill
	return length.arg, ok
}
