package web

import (
	"encoding/json"
	"strconv"
	"strings"
)

// number is a count with its thousands apart: "12.345" in Indonesian, "12,345"
// in English.
func (v *visitor) number(n int) string {
	digits, sign, apart := strconv.Itoa(n), "", ","
	if v.lang == indonesian {
		apart = "."
	}
	if n < 0 {
		digits, sign = digits[1:], "-"
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + apart + digits[i:]
	}
	return sign + digits
}

// money is an amount as a provider wrote it, with its thousands apart and its
// currency before it: "Rp150.000" in Indonesian. What is no plain number stays as it is.
func (v *visitor) money(amount json.Number, currency string) string {
	text, mark := amount.String(), "."
	if v.lang == indonesian {
		mark = ","
	}
	whole, cents, fraction := strings.Cut(text, ".")
	units, err := strconv.Atoi(whole)
	switch _, odd := strconv.ParseUint(cents, 10, 64); {
	case err != nil || fraction && odd != nil:
	case fraction:
		text = v.number(units) + mark + cents
	default:
		text = v.number(units)
	}
	if currency == "IDR" && text != "" {
		return "Rp" + text
	}
	return strings.TrimSpace(currency + " " + text)
}
