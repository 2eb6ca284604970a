package tape_test

import (
	"strings"
	"testing"

	"github.com/my21staff/my21staff/crm/webhook/tape"
)

// sample is a webhook of two messages and a status, 1.5 KB as Meta sends it: slashes and
// what is not ASCII escaped.
const sample = `{"object":"whatsapp_business_account","entry":[{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp",` +
	`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Sari \ud83d\ude42"},` +
	`"wa_id":"6281200000001","user_id":"ID.13491208655302741918"}],"messages":[{"from":"6281200000001","from_user_id":"ID.13491208655302741918",` +
	`"id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgA=","timestamp":"1790000000","type":"text",` +
	`"text":{"body":"Halo kak, mau tanya biaya kuliah di Melbourne untuk tahun depan, apakah masih ada beasiswa? \u2014 terima kasih"}}]},` +
	`"field":"messages"}]},{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp",` +
	`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"100000000000001"},"contacts":[{"profile":{"name":"Budi"},` +
	`"wa_id":"6281200000002"}],"messages":[{"from":"6281200000002","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0RgB=",` +
	`"timestamp":"1790000001","type":"image","image":{"id":"800000000000001","mime_type":"image\/jpeg",` +
	`"sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","url":"https:\/\/lookaside.example\/whatsapp_business\/attachments\/?mid=800000000000001",` +
	`"caption":"ini ijazah saya"}}],"statuses":[{"id":"wamid.HBgNTESTTESTTESTTESTVAgARGBI3MTE5MjVBOTE3MDk5QUVFM0YA","status":"delivered",` +
	`"timestamp":"1790000002","recipient_id":"6281200000002","pricing":{"billable":true,"pricing_model":"PMP","category":"utility"}}]},"field":"messages"}]}]}`

func BenchmarkParse(b *testing.B) {
	many := `[` + strings.Repeat(sample+`,`, 64<<10/len(sample)) + sample + `]`
	for _, bench := range []struct{ name, body string }{{"1.5KB", sample}, {"64KB", many}} {
		b.Run(bench.name, func(b *testing.B) {
			var p tape.Parser
			body := []byte(bench.body)
			b.SetBytes(int64(len(body)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := p.Parse(body); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
