package webhook_test

import (
	"fmt"
	"testing"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
)

// sized returns a webhook of about n bytes, as Meta sends it: escaped slashes
// and emoji, a file or a text in turn.
func sized(n int) []byte {
	var messages []string
	for size := 0; size < n-300; size += len(messages[len(messages)-1]) {
		head := fmt.Sprintf(`{"from":"6281200000001","from_user_id":"ID.13491208655302741918","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA%05d=","timestamp":"1790000000",`, len(messages))
		part := `"type":"text","text":{"body":"Halo kak, mau tanya biaya kuliah di Melbourne untuk tahun depan, apakah masih ada beasiswa? \ud83d\ude42 terima kasih"}}`
		if len(messages)%2 == 1 {
			part = `"type":"image","image":{"id":"800000000000001","mime_type":"image\/jpeg","sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","url":"https:\/\/lookaside.example\/whatsapp_business\/attachments\/?mid=800000000000001","caption":"ini ijazah saya"}}`
		}
		messages = append(messages, head+part)
	}
	return envelope(messages...)
}

func BenchmarkDecode(b *testing.B) {
	for _, size := range []int{1536, 64 << 10} {
		body := sized(size)
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := webhook.Decode(crm.Meta, "", body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkVerify(b *testing.B) {
	for _, size := range []int{1536, 64 << 10} {
		body := sized(size)
		r, secrets := signed(crm.Meta, secret, body), []crm.Secret{secret}
		b.Run(fmt.Sprintf("%dB", size), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := webhook.Verify(r, secrets); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
