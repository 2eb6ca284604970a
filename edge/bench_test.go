package edge_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/webhook/tape"
	"github.com/my21staff/my21staff/edge"
	"github.com/my21staff/my21staff/edge/edgetest"
)

// body returns a webhook of about n bytes, as Meta sends it: escaped slashes and
// emoji, texts, files and statuses in turn, for one number.
func body(n int) []byte {
	var changes []string
	for i, size := 0, 0; size < n-100; i++ {
		items := fmt.Sprintf(`"messages":[{"from":"6281200000001","from_user_id":"ID.13491208655302741918","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA%06d=","timestamp":"1790000000","type":"text","text":{"body":"Halo kak, mau tanya biaya kuliah di Melbourne untuk tahun depan, apakah masih ada beasiswa? \u2014 terima kasih"}}]`, i)
		if i%2 == 1 {
			items = fmt.Sprintf(`"messages":[{"from":"6281200000002","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgB%06d=","timestamp":"1790000001","type":"image","image":{"id":"800000000000001","mime_type":"image\/jpeg","sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","url":"https:\/\/lookaside.example\/whatsapp_business\/attachments\/?mid=800000000000001","caption":"ini ijazah saya"}}],"statuses":[{"id":"wamid.HBgNTESTTESTTESTTESTVAgARGBI3MTE5MjVBOTE3MDk5QUVFM0YA%06d","status":"delivered","timestamp":"1790000002","recipient_id":"6281200000002"}]`, i, i)
		}
		change := `{"value":{"messaging_product":"whatsapp","metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Sari \ud83d\ude42"},"wa_id":"6281200000001"}],` + items + `},"field":"messages"}`
		size += len(change)
		changes = append(changes, change)
	}
	return []byte(`{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[` + strings.Join(changes, ",") + `]}]}`)
}

func BenchmarkDecide(b *testing.B) {
	c := parse(b, edgetest.OneCell)
	for _, size := range []int{1536, 64 << 10, 3 << 20} {
		body := body(size)
		r := edgetest.Signed(edge.Meta, "", body)
		door := edge.New(c)
		frame := edge.AppendRequest(nil, r, 0)
		var out []byte
		b.Run(fmt.Sprintf("%dB", len(body)), func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				out = door.Handle(frame, out[:0])
			}
		})
		b.Run(fmt.Sprintf("scan/%dB", len(body)), func(b *testing.B) {
			var p tape.Parser
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				p.Scan(body)
			}
		})
	}
}
