package edge

import (
	"github.com/my21staff/my21staff/edge/mac"
)

const hubPrefix = "sha256="

// claimed reads the MAC that a request claims to be signed with, as
// crm/webhook.Verify does: of Kapso's requests X-Webhook-Signature decides if it
// is there, else X-Hub-Signature-256.
func claimed(r *Request, sum *[mac.Size]byte) Reason {
	header, prefix := &r.Hub, hubPrefix
	if r.Provider == Kapso && r.Signature.Count > 0 {
		header, prefix = &r.Signature, ""
	}
	switch {
	case header.Count == 0:
		return SignatureMissing
	case header.Count > 1:
		return SignatureRepeated
	}
	text := trim(header.Value)
	if len(text) != len(prefix)+2*mac.Size || string(text[:len(prefix)]) != prefix {
		return SignatureMalformed
	}
	if !unhex(sum, text[len(prefix):]) {
		return SignatureMalformed
	}
	return 0
}

// unhex decodes 64 lower-case hexadecimal digits, eight at a time; false if
// there is something else.
func unhex(sum *[mac.Size]byte, text []byte) bool {
	const each = 0x0101010101010101
	var bad uint64
	for i := range mac.Size / 4 {
		digits := le64(text[8*i:])
		letter := digits >> 6 & each // 'a' to 'f' are 0x61 to 0x66
		value := digits&(each*0x0f) + letter*9
		bad |= digits ^ (value + each*'0' + letter*('a'-'9'-1)) // spelt otherwise
		bad |= value & (each * 0x10)                            // beyond 'f'
		bad |= (value+each*6)>>4&each ^ letter                  // beyond '9', or before 'a'
		pairs := (value<<4 | value>>8) & 0x00ff00ff00ff00ff
		pairs = (pairs | pairs>>8) & 0x0000ffff0000ffff
		put32(sum[4*i:], uint32(pairs|pairs>>16))
	}
	return bad == 0
}

// trim takes spaces and tabs off both ends.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[0] == ' ' || b[0] == '\t') {
		b = b[1:]
	}
	for len(b) > 0 && (b[len(b)-1] == ' ' || b[len(b)-1] == '\t') {
		b = b[:len(b)-1]
	}
	return b
}

// verify finds who signed the body. The decision has the MAC afterwards; the
// reason is 0 if there is one.
func (d *Door) verify(r *Request, now int64) Reason {
	var want [mac.Size]byte
	if why := claimed(r, &want); why != 0 {
		return why
	}
	out := d.out
	i, candidates := 0, 0
	for s := range d.config.Sources {
		source := &d.config.Sources[s]
		for k := range source.Secrets {
			i++
			if !d.config.maySign(s, k, r, now) {
				continue
			}
			sum := d.sum(r, d.keys[i-1], candidates)
			candidates++
			if mac.Equal(sum, &want) {
				out.Source, out.Key, out.MAC = s, k, want
				return 0
			}
		}
	}
	if candidates == 0 {
		return UnknownSource
	}
	return SignatureWrong
}

// sum returns the MAC of the body under the key, which is the nth that is tried.
func (d *Door) sum(r *Request, key *mac.Key, nth int) *[mac.Size]byte {
	if nth < len(r.MACs) {
		return &r.MACs[nth]
	}
	key.Sum(r.Body, &d.mac)
	return &d.mac
}
