package main

import (
	"fmt"
	"strings"

	"github.com/my21staff/my21staff/crm"
	"github.com/my21staff/my21staff/crm/webhook"
	"github.com/my21staff/my21staff/edge"
)

const secret = "bench_app_secret_0123456789abcdef"

const document = `{"version":1,"epoch":1,"sources":[{"name":"app","provider":"meta","secrets":["` + secret + `"]}],
	"cells":[{"name":"a"},{"name":"b"}],"routes":{"100000000000001":"a","100000000000002":"b"}}`

// updates are the most that Meta puts into a body.
const updates = 1000

// request returns a signed webhook of about size bytes, as Meta sends it: texts,
// files and statuses, slashes and what is not ASCII escaped. A large one has long
// texts.
func request(size int) *edge.Request {
	var entries []string
	long := strings.Repeat("terima kasih ", max(0, size/updates-450)/len("terima kasih ")*2)
	for total := 0; total+250 < size; total += len(entries[len(entries)-1]) {
		entries = append(entries, entry(len(entries), long))
	}
	body := []byte(`{"object":"whatsapp_business_account","entry":[` + strings.Join(entries, ",") + `]}`)
	_, value := webhook.Sign(crm.Meta, secret, body)
	return &edge.Request{Provider: edge.Meta, Method: edge.Post, Hub: edge.Header{Value: []byte(value), Count: 1}, Body: body}
}

func entry(i int, long string) string {
	items := [...]string{
		`"contacts":[{"profile":{"name":"Sari \ud83d\ude42"},"wa_id":"6281200000001","user_id":"ID.13491208655302741918"}],` +
			`"messages":[{"from":"6281200000001","from_user_id":"ID.13491208655302741918","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0%06d","timestamp":"1790000000",` +
			`"type":"text","text":{"body":"Halo kak, mau tanya biaya kuliah di Melbourne untuk tahun depan, apakah masih ada beasiswa? \u2014 ` + long + `"}}]`,
		`"contacts":[{"profile":{"name":"Budi"},"wa_id":"6281200000002"}],` +
			`"messages":[{"from":"6281200000002","id":"wamid.HBgNTESTTESTTESTTESTVAgASGBQzQTRBNjU5OUFFRTAzODEwMTQ0%06d","timestamp":"1790000001","type":"image",` +
			`"image":{"id":"800000000000001","mime_type":"image\/jpeg","sha256":"SfInY0gGKTsJlUWbwxC1k+FAD0FZHvzwfpvO0zX0GUI=","url":"https:\/\/lookaside.example\/attachments\/?mid=800000000000001","caption":"ini ijazah saya"}}]`,
		`"statuses":[{"id":"wamid.HBgNTESTTESTTESTTESTVAgARGBI3MTE5MjVBOTE3MDk5QUVF%06d","status":"delivered","timestamp":"1790000002","recipient_id":"6281200000002",` +
			`"pricing":{"billable":true,"pricing_model":"PMP","category":"utility"}}]`,
	}
	return fmt.Sprintf(`{"id":"900000000000001","changes":[{"value":{"messaging_product":"whatsapp",`+
		`"metadata":{"display_phone_number":"6281200000099","phone_number_id":"10000000000000%d"},`+items[i%len(items)]+`},"field":"messages"}]}`, 1+i%2, i)
}
