package lead

import "math/bits"

// halves is 2^(-i/64) with 30 bits after the point, rounded; its last entry is
// exactly half of its first. Integers, because the processors' floating point
// need not agree on the last bit.
var halves = [65]uint32{
	1073741824, 1062175491, 1050733751, 1039415261, 1028218693, 1017142735, 1006186087, 995347464,
	984625594, 974019220, 963527098, 953147997, 942880699, 932724001, 922676710, 912737649,
	902905651, 893179563, 883558244, 874040567, 864625413, 855311680, 846098274, 836984114,
	827968132, 819049271, 810226483, 801498734, 792865000, 784324269, 775875538, 767517817,
	759250125, 751071493, 742980960, 734977579, 727060411, 719228525, 711481005, 703816941,
	696235434, 688735596, 681316545, 673977412, 666717336, 659535466, 652430958, 645402981,
	638450708, 631573326, 624770026, 618040012, 611382493, 604796689, 598281827, 591837143,
	585461881, 579155293, 572916640, 566745190, 560640218, 554601009, 548626854, 542717053,
	536870912,
}

// decay returns what is left of milli after age seconds with a half-life, which
// may be 0 for no decay. It never grows with age. An age below zero, of a
// message from the future, is none.
func decay(milli, age, halfLife int64) int64 {
	if halfLife == 0 || age <= 0 {
		return milli
	}
	periods := age / halfLife
	if periods >= 32 {
		return 0
	}
	// Within a period: which of the 64 steps, and how far into it, in 2^-20ths.
	high, low := bits.Mul64(uint64(age%halfLife), 64<<20)
	position, _ := bits.Div64(high, low, uint64(halfLife))
	step, part := position>>20, int64(position&(1<<20-1))
	from, to := int64(halves[step]), int64(halves[step+1])
	factor := from - (from-to)*part>>20
	return milli * factor >> 30 >> periods
}
