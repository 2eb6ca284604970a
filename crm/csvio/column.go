package csvio

import (
	"slices"
	"strings"
	"unicode"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/phone"
)

// Target is what a column is of a contact: one of the words below, or a field of
// the workspace's own, "field:" and its name.
type Target string

// The targets. Several columns may be identities, tags, notes or names: names
// are joined by a space, notes by a line.
const (
	Skip       Target = "skip"
	Name       Target = "name"
	Phone      Target = "phone"
	WaID       Target = "wa_id"
	UserID     Target = "user_id"
	Email      Target = "email"
	ExternalID Target = "external_id"
	Tags       Target = "tags"
	LeadStatus Target = "lead_status"
	Note       Target = "note"
	OptOut     Target = "opt_out"
)

const fieldPrefix = "field:"

// FieldTarget returns the target of a field of the workspace's own.
func FieldTarget(name string) Target { return Target(fieldPrefix + name) }

// Field returns the name of the field that a target is, if it is one.
func (t Target) Field() (name string, ok bool) { return strings.CutPrefix(string(t), fieldPrefix) }

// Targets lists the words above.
func Targets() []Target {
	return []Target{Skip, Name, Phone, WaID, UserID, Email, ExternalID, Tags, LeadStatus, Note, OptOut}
}

// Valid reports whether t is a target.
func (t Target) Valid() bool {
	if field, ok := t.Field(); ok {
		return strings.TrimSpace(field) != ""
	}
	return slices.Contains(Targets(), t)
}

// kinds are the identities that columns hold, in the order a contact gets them.
var kinds = map[Target]crm.IdentityKind{
	Phone: crm.ByPhone, WaID: crm.ByWaID, UserID: crm.ByUserID, Email: crm.ByEmail, ExternalID: crm.ByExternal,
}

// names are the words that people and programs put over columns, in Indonesian
// and in English, without blanks, marks and digits.
var names = map[Target]string{
	Name: `name nama namalengkap fullname namakontak contactname displayname namacustomer namapelanggan namaklien
		namasiswa namapeserta namaanak namaorangtua namacalonsiswa customer customername pelanggan kontak contact klien
		client leadname namalead`,
	Phone: `phone phonenumber telephone telepon telp tel tlp telpon nomortelepon notelepon notelp notlp nomortelp notelpon
		hp nohp nomorhp handphone nohandphone nomorhandphone hphone mobile mobilephone mobilenumber cell cellphone ponsel
		nomorponsel noponsel wa nowa nomorwa whatsapp nowhatsapp nomorwhatsapp whatsappnumber wanumber nomor number
		contactnumber nokontak nomorkontak phonevalue kontakhp kontakwa telepongenggam nowahp nohpwa hpwa wahp teleponwa`,
	WaID:   `waid whatsappid`,
	UserID: `userid bsuid businessscopeduserid`,
	Email: `email emailaddress alamatemail mail surel emailvalue e-mail primaryemail emailpribadi emailsiswa
		alamatsurel`,
	ExternalID: `externalid idpelanggan idcustomer customerid idkontak contactid iddata kodepelanggan kodecustomer
		customercode nomoranggota noanggota memberid nis nisn nopelanggan idsiswa studentid idklien clientid leadid idlead`,
	Tags:       `tag tags label labels kategori category grup group groups kelompok groupmembership`,
	LeadStatus: `status leadstatus statuslead statusprospek tahap stage leadstage pipeline statusleads`,
	Note:       `note notes catatan keterangan ket komentar comment comments remark remarks memo notescatatan`,
	OptOut:     `optout unsubscribe unsubscribed berhenti stop berhentilangganan jangandihubungi donotcontact`,
	// What an export says that only this program can know, and what the file of
	// problems adds.
	Skip: `id createdat updatedat temperature suhu source sumber profilename username no nourut nomorurut
		importline importcolumn importcode importalasan importreason timestamp`,
}

// halves are columns that are a name together.
var halves = []string{"firstname", "middlename", "lastname", "namadepan", "namatengah", "namabelakang", "givenname", "familyname", "surname"}

// targets is names by word.
var targets = func() map[string]Target {
	byWord := map[string]Target{}
	for target, words := range names {
		for _, word := range strings.Fields(words) {
			byWord[plainWord(word)] = target
		}
	}
	return byWord
}()

// plainWord returns the letters of a header's name, in lower case: "No. HP (2)"
// is "nohp".
func plainWord(name string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsLetter(r) {
			return -1
		}
		return unicode.ToLower(r)
	}, name)
}

// known reports whether a name is one that we know.
func known(name string) bool {
	word := plainWord(name)
	return targets[word] != "" || slices.Contains(halves, word) || strings.HasPrefix(name, fieldPrefix)
}

// Guess returns what the columns of a file are, by their names and, where a
// name says nothing, by the values of the first rows. A column that nobody
// knows is a field of its name; one without a name, and a second of what a
// contact has once, is skipped.
func Guess(header []string, rows []Record, region string) []Target {
	width := len(header)
	if header == nil {
		for _, row := range rows {
			width = max(width, len(trimmed(row.Cells)))
		}
	}
	guess := make([]Target, width)
	for i := range guess {
		guess[i] = byName(nameAt(header, i))
	}
	lookAtValues(guess, rows, region)
	for i, target := range guess {
		if name := nameAt(header, i); target == "" && name != "" {
			guess[i] = FieldTarget(name)
		}
	}
	findName(guess, header, rows)
	takeOnce(guess, header)
	return guess
}

// lookAtValues finds identities by what is in the columns, where no name says
// which it is: the number of a father beside the column "HP" is a field. A
// column named "contact" may hold names or numbers.
func lookAtValues(guess []Target, rows []Record, region string) {
	for i, target := range guess {
		if target != "" && target != Name {
			continue
		}
		if found := byValues(column(rows, i), region); found != "" && !slices.Contains(guess, found) {
			guess[i] = found
		}
	}
}

// nameAt returns the name of a column, "" if it has none.
func nameAt(header []string, i int) string {
	if i < len(header) {
		return header[i]
	}
	return ""
}

// findName finds the name where no column is called so: in the halves of it, or
// in the first column of words of a file without a header.
func findName(guess []Target, header []string, rows []Record) {
	if slices.Contains(guess, Name) {
		return
	}
	for i := range guess {
		switch {
		case slices.Contains(halves, plainWord(nameAt(header, i))):
			guess[i] = Name
		case header == nil && guess[i] == "" && wordy(column(rows, i)):
			guess[i] = Name
			return
		}
	}
}

// takeOnce lets what a contact has once be one column: a second is a field of
// its own name, or skipped.
func takeOnce(guess []Target, header []string) {
	taken := map[Target]bool{}
	for i, target := range guess {
		half := target == Name && slices.Contains(halves, plainWord(nameAt(header, i)))
		_, isField := target.Field()
		once := isField || !half && (target == Name || target == LeadStatus || target == OptOut)
		if once && taken[target] {
			target = Skip
			if own := FieldTarget(nameAt(header, i)); own.Valid() && !taken[own] {
				target = own
			}
		}
		if target == "" {
			target = Skip
		}
		guess[i] = target
		taken[target] = true
	}
}

// byName returns what the name of a column says, or "".
func byName(name string) Target {
	if field, ok := Target(name).Field(); ok && Target(name).Valid() {
		return FieldTarget(field)
	}
	return targets[plainWord(name)]
}

// column returns the values of a column that has any, without blanks around.
func column(rows []Record, i int) []string {
	var values []string
	for _, row := range rows {
		if i < len(row.Cells) {
			if value := strings.TrimSpace(row.Cells[i]); value != "" {
				values = append(values, value)
			}
		}
	}
	return values
}

// byValues returns what at least four values of five are, or "".
func byValues(values []string, region string) Target {
	for _, kind := range []struct {
		target Target
		is     func(string) bool
	}{
		{Email, func(v string) bool { return crm.CheckEmail("email", v) == nil && strings.Contains(v, ".") }},
		{UserID, phone.IsUserID},
		{Phone, func(v string) bool { return looksLikePhone(v, region) }},
	} {
		fit := 0
		for _, value := range values {
			if kind.is(value) {
				fit++
			}
		}
		if len(values) > 0 && fit*5 >= len(values)*4 {
			return kind.target
		}
	}
	return ""
}

// looksLikePhone reports whether a value is a number long enough to be nothing
// else, or what a spreadsheet made of one.
func looksLikePhone(value, region string) bool {
	if scientific.MatchString(value) {
		return true
	}
	number, err := phone.Parse(plainNumber(value), region)
	return err == nil && len(number) >= len("+6281200000") && len(phone.Digits(value)) >= 9
}

// wordy reports whether the values are words.
func wordy(values []string) bool {
	letters := 0
	for _, value := range values {
		if strings.ContainsFunc(value, unicode.IsLetter) {
			letters++
		}
	}
	return len(values) > 0 && letters*5 >= len(values)*4
}
