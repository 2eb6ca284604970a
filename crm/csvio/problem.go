package csvio

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/my21staff/my21staff/crm"
)

// Code names what is wrong with a row. It is stable: programs may ask for it.
type Code string

// The codes.
const (
	BadQuote       Code = "bad_quote"     // text after the quote that ends a cell
	OpenQuote      Code = "open_quote"    // a quote that nothing ends
	RecordTooLarge Code = "too_large"     // beyond MaxRecord or MaxCells
	ExtraCells     Code = "extra_cells"   // more values than the header has columns
	NoIdentity     Code = "no_identity"   // nothing that the contact could be known by
	BadPhone       Code = "bad_phone"     // no phone number
	PhoneRounded   Code = "phone_rounded" // 6,28E+12: the spreadsheet threw digits away
	SheetError     Code = "sheet_error"   // #N/A, #REF!, ####
	BadWaID        Code = "bad_wa_id"     // no WhatsApp id
	BadUserID      Code = "bad_user_id"   // no business-scoped user id
	BadEmail       Code = "bad_email"     // no e-mail address
	TooLong        Code = "too_long"      // beyond the limit of what it is
	TooManyTags    Code = "too_many_tags" // beyond the limit of a row
	BadText        Code = "bad_text"      // a character that is no text
	BadOptOut      Code = "bad_opt_out"   // neither yes nor no
	TwoContacts    Code = "two_contacts"  // its identities are two contacts'
	UnknownTag     Code = "unknown_tag"   // not on the workspace's list, and not to be added
	BadValue       Code = "bad_value"     // the workspace refuses the value
)

// sentences are what people read: Indonesian, then English. The words that vary
// stand in the same order in both.
var sentences = map[Code][2]string{
	BadQuote: {
		`Ada teks setelah tanda kutip penutup. Tulis tanda kutip di dalam sel dua kali ("").`,
		`There is text after the quote that ends a cell. Write a quote inside a cell twice ("").`,
	},
	OpenQuote: {
		`Tanda kutip di baris ini tidak pernah ditutup, jadi sisa berkas ikut terbaca sebagai satu sel.`,
		`A quote on this row is never closed, so the rest of the file was read as one cell.`,
	},
	RecordTooLarge: {
		`Baris ini terlalu besar. Mungkin ada tanda kutip yang tidak ditutup.`,
		`This row is too large. Perhaps a quote is not closed.`,
	},
	ExtraCells: {
		`Baris ini punya lebih banyak isi daripada kolom di judul. Mungkin ada pemisah di dalam sel tanpa tanda kutip.`,
		`This row has more values than the header has columns. Perhaps a cell with the delimiter in it is not quoted.`,
	},
	NoIdentity: {
		`Baris ini tidak punya nomor, e-mail, atau ID, jadi kontaknya tidak bisa dikenali.`,
		`This row has no number, e-mail address or id, so nobody could tell whose contact it is.`,
	},
	BadPhone: {`%q bukan nomor telepon.`, `%q is not a phone number.`},
	PhoneRounded: {
		`Excel menyingkat nomor ini menjadi %s dan angkanya hilang. Di Excel: pilih kolomnya, klik kanan > Format Sel > Angka dengan 0 desimal (atau Teks), lalu simpan lagi sebagai CSV.`,
		`Excel shortened this number to %s and its digits are lost. In Excel: select the column, right-click > Format Cells > Number with 0 decimals (or Text), then save as CSV again.`,
	},
	SheetError: {
		`Sel ini berisi pesan galat dari lembar kerja (%s), bukan nilai. Perbaiki rumusnya atau lebarkan kolomnya, lalu simpan lagi.`,
		`This cell holds an error of the spreadsheet (%s) instead of a value. Correct the formula or widen the column, then save again.`,
	},
	BadWaID:     {`%q bukan ID WhatsApp, yaitu angka nomor dengan kode negara.`, `%q is not a WhatsApp id, which is the digits of a number with its country code.`},
	BadUserID:   {`%q bukan ID pengguna bisnis.`, `%q is not a business-scoped user id.`},
	BadEmail:    {`%q bukan alamat e-mail.`, `%q is not an e-mail address.`},
	TooLong:     {`Isi sel ini terlalu panjang: paling banyak %d %s.`, `This value is too long: at most %d %s.`},
	TooManyTags: {`Terlalu banyak label: paling banyak %d.`, `Too many tags: at most %d.`},
	BadText:     {`Sel ini berisi karakter yang bukan teks.`, `This cell has a character that is no text.`},
	BadOptOut:   {`%q bukan ya atau tidak.`, `%q is neither yes nor no.`},
	TwoContacts: {
		`Baris ini cocok dengan dua kontak yang berbeda (%s). Gabungkan dulu kontaknya, atau pisahkan barisnya.`,
		`This row matches two different contacts (%s). Merge them first, or split the row.`,
	},
	BadValue: {`Nilai ini ditolak: %s`, `This value is refused: %s`},
	UnknownTag: {
		`Label %q belum ada, dan impor ini tidak boleh menambah label.`,
		`There is no tag %q, and this import may not add to the tags.`,
	},
}

// Problem is why a row was not imported, and where to look.
type Problem struct {
	Line   int    `json:"line"`             // of the file, from 1
	Column string `json:"column,omitempty"` // its name, or its number where there is no header; empty for the whole row
	Code   Code   `json:"code"`
	ID     string `json:"alasan"` // a sentence in Indonesian
	EN     string `json:"reason"` // the same in English
}

// problem returns a problem with the sentences of its code.
func problem(code Code, line int, column string, words ...any) Problem {
	s, known := sentences[code]
	if !known {
		s = [2]string{string(code), string(code)}
	}
	return Problem{Line: line, Column: column, Code: code, ID: fmt.Sprintf(s[0], words...), EN: fmt.Sprintf(s[1], words...)}
}

// Matches returns the problem of a row whose identities are several contacts'.
func Matches(d Draft, contacts []string) Problem {
	return problem(TwoContacts, d.Line, "", strings.Join(contacts, ", "))
}

// NoTag returns the problem of a row with a tag that is none.
func NoTag(d Draft, tag string) Problem { return problem(UnknownTag, d.Line, "", short(tag)) }

// Refused returns the problem of a row that the workspace refused, with the
// sentence of the error.
func Refused(line int, column string, err error) Problem {
	var e *crm.Error
	code, why := BadValue, err.Error()
	if errors.As(err, &e) && e.Msg != "" {
		why = e.Msg
	}
	return problem(code, line, column, why)
}

// ProblemsHeader returns the header of the file of problems: the width columns
// of the file that was read, then what is wrong. Corrected, it can be imported:
// the columns it adds are skipped.
func ProblemsHeader(header []string, width int) []string {
	names := slices.Clone(header)
	for len(names) < width {
		names = append(names, "")
	}
	return append(names, "import_line", "import_column", "import_code", "import_alasan", "import_reason")
}

// ProblemsRow returns a record with its problems, of which there must be one,
// under ProblemsHeader. Cells beyond the width are left out.
func ProblemsRow(cells []string, width int, problems []Problem) []string {
	row := slices.Clone(cells[:min(len(cells), width)])
	for len(row) < width {
		row = append(row, "")
	}
	of := func(part func(Problem) string) string {
		parts := make([]string, len(problems))
		for i, p := range problems {
			parts[i] = part(p)
		}
		return strings.Join(parts, "\n")
	}
	return append(row, strconv.Itoa(problems[0].Line),
		of(func(p Problem) string { return p.Column }), of(func(p Problem) string { return string(p.Code) }),
		of(func(p Problem) string { return p.ID }), of(func(p Problem) string { return p.EN }))
}

func invalid(field, sentence string, args ...any) error {
	return &crm.Error{Op: "check " + field, Code: crm.Invalid, Reason: "bad_" + field, Msg: fmt.Sprintf(sentence, args...)}
}
