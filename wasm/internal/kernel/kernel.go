// Package kernel writes two functions as WebAssembly by hand: the block function
// of SHA-256, and the scan of a JSON document (scan.go). They are where a webhook's
// time goes.
//
// Compiled Go spends most of a webhook's time in SHA-256: its back end keeps
// no value in a register from one round to the next. [Blocks] is the
// standard's (FIPS 180-4, 6.2.2) with all 64 rounds written out, the eight
// working variables and the sixteen words of the schedule in locals, and no
// variable ever moved: the next round only calls them by other names.
//
// The form of each expression was chosen by measuring it in wazero's compiler
// (BenchmarkBlocks). It writes an operation with two operands as a copy of the
// first and an operation on the copy, so a value that is used no more comes
// first; together that is a fifth faster than the standard's forms. It checks the
// bound of every access to memory but of those that it knows to lie below one that
// it has checked, so the access at the highest offset from an address comes first.
//
// The scan is as fast as native code's. It has what that has not, vectors of
// sixteen bytes, and what compiled Go has not in WebAssembly, its state in locals.
package kernel

import (
	"math/big"
	"slices"

	"github.com/my21staff/my21staff/wasm/internal/module"
)

// BlockSize is how many bytes a block has.
const BlockSize = 64

// Blocks returns the type and the body of
//
//	sha256_blocks(state i32, data i32, blocks i32)
//
// which hashes that many blocks at the address data into the state: eight
// little-endian words of 32 bits at the address state. Nothing need be aligned.
// The module's memory must be its first one and hold both; otherwise the
// function traps.
func Blocks() (module.FuncType, []byte) {
	params := []byte{module.I32, module.I32, module.I32}
	locals := module.AppendU([]byte{1}, uint64(localCount-len(params)))
	locals = append(locals, module.I32)
	return module.FuncType{Params: params}, slices.Concat(locals, function())
}

// local is the number of a local.
type local uint64

// The locals: the three parameters, the working variables a to h, the words
// of the schedule, and what one round leaves to the next.
const (
	state  local = 0
	data   local = 1
	blocks local = 2
	work   local = 3
	words  local = work + 8
	aXorB  local = words + 16

	localCount = int(aXorB) + 1
)

// function returns the body without its locals: a loop over the blocks, if
// there are any.
func function() code {
	each := slices.Concat(checkBlock(), rounds(), addState(), next())
	return slices.Concat(
		loadState(),
		code{opBlock, noResult}, blocks.get(), code{opEqz, opBranchIf, 0},
		code{opLoop, noResult}, each, code{opEnd},
		code{opEnd},
		code{opEnd},
	)
}

// loadState reads the working variables from the state.
func loadState() code {
	var out code
	for i := range local(8) {
		out = append(out, (work + i).set(load(state, i*4))...)
	}
	return out
}

// checkBlock loads the last word of the block, which is loaded again in its round.
// An engine that checks the bound of an access then knows that the others are
// within it.
func checkBlock() code { return (words + 15).set(load(data, 15*4)) }

// addState adds the working variables to the state, in memory and in them. The
// words come from memory and not from eight more locals: more of those than
// the processor has registers would be in memory too.
func addState() code {
	var out code
	for k := range local(8) {
		i := 7 - k // the last one first, as of the block
		sum := add((work + i).get(), load(state, i*4))
		out = slices.Concat(out, state.get(), (work + i).tee(sum), code{opStore, 0}, module.AppendU(nil, uint64(i)*4))
	}
	return out
}

// next goes to the next block, or on if this was the last.
func next() code {
	return slices.Concat(
		data.set(add(data.get(), constant(BlockSize))),
		blocks.tee(add(blocks.get(), constant(^uint32(0)))),
		code{opBranchIf, 0},
	)
}

// rounds returns the 64 rounds. After each, every variable has the name of the
// one before it; 64 is a multiple of eight, so at the end all have their own.
func rounds() code {
	v := [8]local{work, work + 1, work + 2, work + 3, work + 4, work + 5, work + 6, work + 7}
	out := aXorB.set(xor(v[1].get(), v[2].get())) // as if of a round before the first
	for i, k := range roundConstants() {
		out = append(out, round(v, k, schedule(i))...)
		v = [8]local{v[7], v[0], v[1], v[2], v[3], v[4], v[5], v[6]}
	}
	return out
}

// round adds to h, which the next round calls a, and to d, its e.
func round(v [8]local, k uint32, word code) code {
	a, b, d, e, f, g, h := v[0], v[1], v[3], v[4], v[5], v[6], v[7]
	choose := xor(and(xor(f.get(), g.get()), e.get()), g.get())
	// maj(a,b,c) = (a^b)&(b^c) ^ b, of which b^c is a^b of the round before.
	majority := xor(and(aXorB.get(), aXorB.tee(xor(a.get(), b.get()))), b.get())
	return slices.Concat(
		h.set(add(add(add(add(h.get(), constant(k)), word), choose), sum(e, 6, 11, 25))),
		d.set(add(d.get(), h.get())),
		h.set(add(add(h.get(), majority), sum(a, 2, 13, 22))),
	)
}

// schedule returns the word of round i, which it keeps: a word of the data, and
// from the seventeenth on a mixture of four before it.
func schedule(i int) code {
	word := func(back int) local { return words + local((i-back)&15) }
	if i < 16 {
		return word(0).tee(bigEndian(i))
	}
	before := add(word(16).get(), word(7).get())
	return word(0).tee(add(add(before, mix(word(15), 7, 18, 3)), mix(word(2), 17, 19, 10)))
}

// bigEndian loads word i of the block; WebAssembly loads little-endian.
func bigEndian(i int) code {
	w := words + local(i)
	return slices.Concat(w.set(load(data, local(i)*4)), or(
		and(rotate(w.get(), 24), constant(0x00ff00ff)),
		and(rotate(w.get(), 8), constant(0xff00ff00)),
	))
}

// sum is the standard's capital sigma, three rotations xored, as one rotation
// after another: each is of what the last one gave, so that no copy of x is
// made but the first.
func sum(x local, r1, r2, r3 uint32) code {
	inner := rotate(x.get(), r3-r2)
	middle := rotate(xor(inner, x.get()), r2-r1)
	return rotate(xor(middle, x.get()), r1)
}

// mix is the small sigma, two rotations and a shift xored.
func mix(x local, r1, r2, shift uint32) code {
	rotations := rotate(xor(rotate(x.get(), r2-r1), x.get()), r1)
	return xor(rotations, binary(opShift, x.get(), constant(shift)))
}

// roundConstants returns the first 32 bits of the fractional parts of the cube
// roots of the first 64 primes (FIPS 180-4, 4.2.2).
func roundConstants() [64]uint32 {
	var out [64]uint32
	n := int64(1)
	for i := range out {
		for n++; !big.NewInt(n).ProbablyPrime(0); n++ {
		}
		out[i] = uint32(cubeRoot(new(big.Int).Lsh(big.NewInt(n), 96)))
	}
	return out
}

// cubeRoot returns the whole part of the cube root of x, which is less than
// 2^41.
func cubeRoot(x *big.Int) uint64 {
	var root uint64
	for bit := 40; bit >= 0; bit-- {
		try := new(big.Int).SetUint64(root | 1<<bit)
		if new(big.Int).Exp(try, big.NewInt(3), nil).Cmp(x) <= 0 {
			root |= 1 << bit
		}
	}
	return root
}
