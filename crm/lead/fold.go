package lead

import "unicode"

// mark is what a combining accent folds to: nothing.
const mark rune = -1

// fold returns a character as words are compared: a small letter without its
// accent, in the ordinary width. A character of its own script stays.
func fold(r rune) rune {
	switch {
	case r >= 'A' && r <= 'Z':
		return r + 'a' - 'A'
	case r < 0x80:
		return r
	case r >= 0x300 && r <= 0x36f, r == 0x200d, r == 0xfe0f: // accents of their own, joiners of emoji
		return mark
	case r >= 0xff01 && r <= 0xff5e: // full width
		return fold(r - 0xff01 + '!')
	case r >= 0xc0 && r < 0xc0+rune(len(latin)):
		if base := latin[r-0xc0]; base != '.' {
			return rune(base)
		}
	}
	return unicode.ToLower(r)
}

// latin has the base letters of U+00C0 to U+017F; a dot where there is none.
const latin = "aaaaaaaceeeeiiiidnooooo.ouuuuy.s" + "aaaaaaaceeeeiiiidnooooo.ouuuuy.y" +
	"aaaaaaccccccccddddeeeeeeeeeegggggggghhhh" + "iiiiiiiiii..jjkk.lllllllllln" + "nnnnn..oooooooorrrrrrsssssssstttttt" +
	"uuuuuuuuuuuuwwyyyzzzzzzs"
