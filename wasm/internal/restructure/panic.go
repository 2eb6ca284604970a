package restructure

// noReturn lists the functions of Go's runtime that never return to their
// caller: they panic, end the program or go on elsewhere. Go writes nothing
// behind a call to one, so that the code there, which belongs to something
// else, seems to follow.
var noReturn = func() map[string]bool {
	names := map[string]bool{}
	for _, name := range []string{
		"block", "gopanic", "morestack", "morestack_noctxt", "panicdivide", "panicdottypeE", "panicdottypeI",
		"panicmakeslicecap", "panicmakeslicelen", "panicnildottype", "panicoverflow", "panicrangestate", "panicshift",
		"panicunsafeslicelen", "panicunsafeslicenilptr", "panicunsafestringlen", "panicunsafestringnilptr", "panicwrap",
		"sigpanic", "throw", "goPanicIndex", "goPanicSliceAlen", "goPanicSliceAcap", "goPanicSliceB", "goPanicSlice3Alen",
		"goPanicSlice3Acap", "goPanicSlice3B", "goPanicSlice3C", "goPanicSliceConvert",
	} {
		names["runtime."+name] = true
		names["runtime."+name+"U"] = true // the same with an index that has no sign
	}
	return names
}()

// stop ends blocks behind calls that never return: what follows traps.
func stop(entry *block, never map[int64]bool) {
	for _, b := range postorder(entry) {
		n := len(b.code)
		if b.exit == branch && n >= 3 && b.code[n-3].op == opCall && never[b.code[n-3].arg] &&
			b.code[n-2].is(opGlobalGet, 0) && b.code[n-1].is(opLocalSet, stackPointer) {
			b.next = []*block{b.next[0], {code: []instruction{trapping}, exit: leave}}
		}
	}
}
