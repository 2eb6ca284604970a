package kernel

import (
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// The layout of what package tape hands over.
const (
	nodeSize = 16 // bytes of a node of the tape: where its text starts and ends, the next node's number, and its info
	maxDepth = 48

	slotBits  = 9 // of the table of names
	slotShift = 5 // a slot has 32 bytes: the first eight of the name, its last eight, its size, its number, its address

	kindNull   = 1
	kindFalse  = 2
	kindTrue   = 3
	kindNumber = 4
	kindString = 5
	kindArray  = 6
	kindObject = 7
	escapedBit = 1 << 8
	nameShift  = 16
)

// Slack is how many bytes behind a body ScanJSON may read.
const Slack = 64

// scanner writes ScanJSON.
type scanner struct {
	assembler
	at, end, nodes, limit, names, factor local    // the parameters; at is where it reads, limit the end of nodes
	base, count, node                    local    // the body's address, how many nodes there are, the next one's address
	top, depth, closer, key              local    // the innermost container's node, how many are open, what closes it, whether a key comes next
	start, char, stops, escaped          local    // of a value; the character at hand; which of sixteen bytes end a run
	size, slot, id, whole, piece         local    // of a name
	bias, first                          local    // 64 bits: twice base; the first bytes of a name
	bytes                                [4]local // 128 bits
	quotes, slashes, controls            local    // 128 bits of one character, the least one that is no control character

	leave, token, plain, text, after, close *label
}

// What may come next, in key.
const (
	noKey = 0
	aKey  = 1
	inKey = 2 // a key has begun
)

// ScanJSON returns the type and the body of
//
//	scan_json(body i32, size i32, nodes i32, capacity i32, names i32, factor i64) i32
//
// which reads a JSON document onto a tape as package tape does, at the addresses
// and in the layout that are tape's. It returns how many nodes it wrote, or 0 for
// a document that it does not take: what is refused, so that one scanner says why,
// what has a byte that is not ASCII or a key with an escape, and what needs more
// than capacity nodes. What is at nodes then is of no use.
//
// It may read, but not write, Slack bytes behind the body.
func ScanJSON() (module.FuncType, []byte) {
	params := []byte{module.I32, module.I32, module.I32, module.I32, module.I32, module.I64}
	s := scanner{at: 0, end: 1, nodes: 2, limit: 3, names: 4, factor: 5}
	s.params = len(params)
	for _, l := range []*local{
		&s.base, &s.count, &s.node, &s.top, &s.depth, &s.closer, &s.key, &s.start, &s.char, &s.stops, &s.escaped,
		&s.size, &s.slot, &s.id, &s.whole, &s.piece,
	} {
		*l = s.local(module.I32)
	}
	s.bias, s.first = s.local(module.I64), s.local(module.I64)
	for _, l := range []*local{&s.bytes[0], &s.bytes[1], &s.bytes[2], &s.bytes[3], &s.quotes, &s.slashes, &s.controls} {
		*l = s.local(module.V128)
	}
	s.leave, s.token, s.close = &label{"leave"}, &label{"token"}, &label{"close"}
	s.plain, s.text, s.after = &label{"plain"}, &label{"text"}, &label{"after"}
	s.document()
	return module.FuncType{Params: params, Results: []byte{module.I32}}, s.body()
}

func (s *scanner) document() {
	s.do(
		s.base.set(s.at.get()),
		s.bias.set(or64(extend(s.at.get()), shiftLeft64(extend(s.at.get()), 32))),
		s.end.set(add(s.end.get(), s.at.get())),
		s.node.set(s.nodes.get()),
		s.limit.set(add(s.nodes.get(), shiftLeft(s.limit.get(), 4))),
		s.quotes.set(every('"')), s.slashes.set(every('\\')), s.controls.set(every(' ')),
	)
	s.block(s.leave, func() {
		s.loop(s.token, func() {
			s.block(s.after, func() {
				s.block(s.text, func() {
					s.block(s.plain, s.name)
					s.value()
				})
				s.string()
			})
			s.loop(s.close, s.afterValue)
		})
	})
	s.do(constant(0))
}

// next reads the character at hand, which is no white space, into char.
func (s *scanner) next() {
	again := &label{"space"}
	s.loop(again, func() {
		s.branchIf(s.leave, notBelow(s.at.get(), s.end.get()))
		s.do(s.char.set(load8(s.at, 0)))
		s.when(below(s.char.get(), constant(' '+1)), func() {
			s.branchIf(s.leave, isZero(isSpace(s.char)))
			s.step(1)
			s.branch(again)
		})
	})
}

// isSpace is 1 for the four characters of white space, of those up to a space.
func isSpace(c local) code {
	const spaces = 1<<' ' | 1<<'\t' | 1<<'\n' | 1<<'\r'
	return wrap(and64(binary(opShift64, constant64(spaces), extend(c.get())), constant64(1)))
}

func (s *scanner) step(n uint32) { s.do(s.at.set(add(s.at.get(), constant(n)))) }

// run goes on to the next quote, backslash, control character or byte that is
// not ASCII, and reads it into char. Most runs end within sixteen bytes; in longer
// ones it looks at four times as many at once.
func (s *scanner) run() {
	again, wide, found := &label{"run"}, &label{"wide"}, &label{"found"}
	s.block(found, func() {
		s.loop(again, func() {
			s.do(
				s.bytes[0].set(vectorLoad(s.at, 0)),
				s.stops.set(bitmask(vectorOr(s.marks(0), vectorLess(s.bytes[0].get(), s.controls.get())))),
			)
			s.branchIf(found, s.stops.get())
			s.step(width)
			s.loop(wide, func() {
				s.branchIf(s.leave, notBelow(s.at.get(), s.end.get()))
				s.do(s.four())
				s.branchIf(again, s.stops.get())
				s.step(4 * width)
				s.branch(wide)
			})
		})
	})
	s.do(s.at.set(add(s.at.get(), trailingZeros(s.stops.get()))), s.char.set(load8(s.at, 0)))
}

// marks has the bytes set that are quotes or backslashes.
func (s *scanner) marks(i int) code {
	return vectorOr(vectorEqual(s.bytes[i].get(), s.quotes.get()), vectorEqual(s.bytes[i].get(), s.slashes.get()))
}

// four loads four vectors and finds out whether one of their bytes ends a run. The
// last one comes first: one check of a bound then serves all of them.
func (s *scanner) four() code {
	var out code
	for i := len(s.bytes) - 1; i >= 0; i-- {
		out = append(out, s.bytes[i].set(vectorLoad(s.at, local(i*width)))...)
	}
	least, marks := s.bytes[0].get(), s.marks(0)
	for i := 1; i < len(s.bytes); i++ {
		least, marks = vectorLeast(least, s.bytes[i].get()), vectorOr(marks, s.marks(i))
	}
	return append(out, s.stops.set(bitmask(vectorOr(marks, vectorLess(least, s.controls.get()))))...)
}

// width is how many bytes a vector has.
const width = 16

// name reads a key and the colon after it, if a key comes next. It leaves for text
// if that is a string.
func (s *scanner) name() {
	s.branchIf(s.plain, equal(s.key.get(), constant(noKey)))
	s.when(equal(s.key.get(), constant(aKey)), func() {
		s.next()
		s.branchIf(s.leave, notEqual(s.char.get(), constant('"')))
		s.begin()
	})
	s.run()
	s.branchIf(s.leave, notEqual(s.char.get(), constant('"')))
	s.find()
	s.step(1)
	s.write(or(constant(kindString), shiftLeft(s.id.get(), nameShift)))
	s.when(equal(load16(s.at, 0), constant(':'|'"'<<8)), func() {
		s.step(1)
		s.begin()
		s.branch(s.text)
	})
	s.next()
	s.branchIf(s.leave, notEqual(s.char.get(), constant(':')))
	s.step(1)
}

// find looks the name between start and at up: id is its number, or 0.
func (s *scanner) find() {
	s.do(
		s.size.set(subtract(subtract(s.at.get(), s.start.get()), constant(1))),
		s.first.set(and64(load64(s.start, 1), choose(
			constant64(-1),
			subtract64(binary(opShiftLeft64, constant64(1), extend(shiftLeft(s.size.get(), 3))), constant64(1)),
			notBelow(s.size.get(), constant(8)),
		))),
		s.slot.set(add(s.names.get(), shiftLeft(wrap(shiftRight64(multiply64(
			add64(xor64(s.first.get(), shiftRight64(s.first.get(), 29)), extend(shiftLeft(s.size.get(), 3))), s.factor.get(),
		), 64-slotBits)), slotShift))),
		s.id.set(load(s.slot, 20)),
	)
	known, other := &label{"known"}, &label{"other"}
	s.block(known, func() {
		s.block(other, func() {
			s.branchIf(other, notEqual64(load64(s.slot, 0), s.first.get()))
			s.branchIf(other, notEqual(load(s.slot, 16), s.size.get()))
			s.branchIf(known, below(s.size.get(), constant(9)))
			s.branchIf(other, notEqual64(load64Before(s.at, 8), load64(s.slot, 8)))
			s.branchIf(known, below(s.size.get(), constant(17)))
			s.compare(other)
			s.branch(known)
		})
		s.do(s.id.set(constant(0)))
	})
}

// compare leaves for differ if the middle of a long name is another, eight bytes
// after the other.
func (s *scanner) compare(differ *label) {
	again := &label{"again"}
	s.do(
		s.whole.set(load(s.slot, 24)), s.piece.set(add(s.start.get(), constant(9))),
	)
	s.loop(again, func() {
		s.branchIf(differ, notEqual64(load64(s.piece, 0), load64(s.whole, 8)))
		s.do(s.whole.set(add(s.whole.get(), constant(8))), s.piece.set(add(s.piece.get(), constant(8))))
		s.branchIf(again, below(s.piece.get(), subtract(s.at.get(), constant(8))))
	})
}

// write appends the node of what is between start and at. Its next one comes
// after it.
func (s *scanner) write(info code) {
	s.branchIf(s.leave, notBelow(s.node.get(), s.limit.get()))
	s.do(
		s.count.set(add(s.count.get(), constant(1))),
		storeWord(s.node, 12, info), storeWord(s.node, 8, s.count.get()),
		store64(s.node, 0, subtract64(or64(extend(s.start.get()), shiftLeft64(extend(s.at.get()), 32)), s.bias.get())),
		s.node.set(add(s.node.get(), constant(nodeSize))),
	)
}

// value reads a value and leaves for after, or, of a container that is not empty,
// goes on with the next token.
func (s *scanner) value() {
	s.next()
	s.when(equal(s.char.get(), constant('"')), func() {
		s.begin()
		s.branch(s.text)
	})
	s.do(s.start.set(s.at.get()))
	s.when(equal(or(s.char.get(), constant(' ')), constant('{')), s.container)
	s.literal("true", kindTrue)
	s.literal("false", kindFalse)
	s.literal("null", kindNull)
	s.number()
	s.write(constant(kindNumber))
	s.branch(s.after)
}

// begin steps over a quote, at which a string starts.
func (s *scanner) begin() {
	s.do(s.start.set(s.at.get()))
	s.step(1)
}

// string reads a string that has begun.
func (s *scanner) string() {
	inside := &label{"inside"}
	s.do(s.escaped.set(constant(0)))
	s.loop(inside, func() {
		s.run()
		s.when(notEqual(s.char.get(), constant('"')), func() {
			s.escape()
			s.branch(inside)
		})
	})
	s.step(1)
	s.write(or(constant(kindString), s.escaped.get()))
}

// escape steps over an escape.
func (s *scanner) escape() {
	s.branchIf(s.leave, or(notEqual(s.char.get(), constant('\\')), notBelow(s.at.get(), s.end.get())))
	s.do(s.escaped.set(constant(escapedBit)), s.char.set(load8(s.at, 1)))
	done := &label{"done"}
	s.block(done, func() {
		s.when(equal(s.char.get(), constant('u')), func() {
			s.branchIf(s.leave, notEqual(hexadecimal(s.char, load(s.at, 2)), constant(0x80808080)))
			s.step(6)
			s.branch(done)
		})
		s.branchIf(s.leave, isZero(escapable(s.char)))
		s.step(2)
	})
}

// hexadecimal has the high bit of each byte set that is a hexadecimal digit. It
// uses a local for the word.
func hexadecimal(l local, word code) code {
	const each, highs = 0x01010101, 0x80808080
	// A byte below 0x80 has its high bit set by an addition exactly if it is at
	// least the rest to 0x80.
	from := func(v code, c uint32) code { return add(v, constant(each*(0x80-c))) }
	between := func(v func() code, first, last uint32) code { return and(from(v(), first), not(from(v(), last+1))) }
	ascii := func() code { return and(l.get(), constant(^uint32(highs))) }
	letters := func() code { return or(ascii(), constant(each*0x20)) }
	return slices.Concat(l.set(word), and(and(
		or(between(ascii, '0', '9'), between(letters, 'a', 'f')), not(l.get()),
	), constant(highs)))
}

// escapable is 1 for the characters that a backslash may stand before, but for u.
func escapable(c local) code {
	bit := func(chars string) int64 {
		var mask int64
		for _, c := range chars {
			mask |= 1 << (c & 63)
		}
		return mask
	}
	in := func(chars string) code {
		return wrap(and64(binary(opShift64, constant64(bit(chars)), extend(c.get())), constant64(1)))
	}
	high := equal(and(c.get(), constant(0xc0)), constant(0x40)) // '@' to DEL
	low := isZero(and(c.get(), constant(0xc0)))
	return or(and(high, in("\\bfnrt")), and(low, in("\"/")))
}

// container opens an array or object. Until it is closed its node has the address
// of the one around it in the place of the next one's number.
func (s *scanner) container() {
	s.branchIf(s.leave, equal(s.depth.get(), constant(maxDepth)))
	s.branchIf(s.leave, notBelow(s.node.get(), s.limit.get()))
	s.do(
		s.depth.set(add(s.depth.get(), constant(1))),
		s.closer.set(add(s.char.get(), constant(2))), // '}' is '{'+2 and ']' is '['+2
		storeWord(s.node, 12, shiftRight(add(s.closer.get(), constant(closerBias)), 5)),
		storeWord(s.node, 8, s.top.get()), storeWord(s.node, 0, subtract(s.start.get(), s.base.get())),
		s.top.set(s.node.get()),
		s.count.set(add(s.count.get(), constant(1))),
		s.node.set(add(s.node.get(), constant(nodeSize))),
	)
	s.step(1)
	s.next()
	s.branchIf(s.after, equal(s.char.get(), s.closer.get()))
	s.do(s.key.set(equal(s.closer.get(), constant('}')))) // aKey or noKey
	s.branch(s.token)
}

// closerBias makes what closes a container of its kind: 32 times the kind, less
// that.
const closerBias = kindArray<<5 - ']'

// literal reads a word if it stands there, and leaves for after.
func (s *scanner) literal(word string, kind uint32) {
	tail := word[len(word)-4:]
	is := equal(load(s.at, local(len(word)-4)), constant(uint32(tail[0])|uint32(tail[1])<<8|uint32(tail[2])<<16|uint32(tail[3])<<24))
	s.when(equal(s.char.get(), constant(uint32(word[0]))), func() {
		s.branchIf(s.leave, isZero(is))
		s.step(uint32(len(word)))
		s.write(constant(kind))
		s.branch(s.after)
	})
}

// number reads a number.
func (s *scanner) number() {
	step := func() {
		s.step(1)
		s.do(s.char.set(load8(s.at, 0)))
	}
	s.when(equal(s.char.get(), constant('-')), step)
	whole := &label{"whole"}
	s.block(whole, func() {
		s.when(equal(s.char.get(), constant('0')), func() {
			step()
			s.branch(whole)
		})
		s.digits()
	})
	s.when(equal(s.char.get(), constant('.')), func() {
		step()
		s.digits()
	})
	s.when(equal(or(s.char.get(), constant(' ')), constant('e')), func() {
		step()
		s.when(or(equal(s.char.get(), constant('+')), equal(s.char.get(), constant('-'))), step)
		s.digits()
	})
}

// digits reads one digit and all that follow; char is what comes then.
func (s *scanner) digits() {
	again := &label{"digits"}
	isDigit := below(subtract(s.char.get(), constant('0')), constant(10))
	s.branchIf(s.leave, isZero(isDigit))
	s.loop(again, func() {
		s.step(1)
		s.branchIf(s.leave, below(s.end.get(), s.at.get()))
		s.do(s.char.set(load8(s.at, 0)))
		s.branchIf(again, isDigit)
	})
}

// afterValue reads what follows a value: closings, then a comma or the end.
func (s *scanner) afterValue() {
	s.when(notBelow(s.at.get(), s.end.get()), func() {
		s.branchIf(s.leave, or(s.depth.get(), notEqual(s.at.get(), s.end.get())))
		s.do(s.count.get(), code{opReturn})
	})
	nearly := or(xor(load16(s.at, 0), constant(','|'"'<<8)), xor(s.closer.get(), constant('}')))
	s.when(isZero(nearly), func() { // nearly always
		s.step(1)
		s.begin()
		s.do(s.key.set(constant(inKey)))
		s.branch(s.token)
	})
	s.do(s.char.set(load8(s.at, 0)))
	s.step(1)
	s.when(below(s.char.get(), constant(' '+1)), func() {
		s.branchIf(s.leave, isZero(isSpace(s.char)))
		s.branch(s.close)
	})
	s.branchIf(s.leave, isZero(s.depth.get()))
	s.when(equal(s.char.get(), constant(',')), func() {
		s.do(s.key.set(equal(s.closer.get(), constant('}')))) // aKey or noKey
		s.branch(s.token)
	})
	s.branchIf(s.leave, notEqual(s.char.get(), s.closer.get()))
	s.do(
		s.start.set(load(s.top, 8)), storeWord(s.top, 8, s.count.get()),
		storeWord(s.top, 4, subtract(s.at.get(), s.base.get())),
		s.top.set(s.start.get()),
		s.depth.set(subtract(s.depth.get(), constant(1))),
		s.closer.set(choose(subtract(shiftLeft(load(s.top, 12), 5), constant(closerBias)), constant(0), s.depth.get())),
	)
	s.branch(s.close)
}
