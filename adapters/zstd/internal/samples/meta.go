package samples

import "fmt"

// meta is Meta's envelope round the value of one change.
func meta(field, value string) string {
	return fmt.Sprintf(`{"object":"whatsapp_business_account","entry":[{"id":"%s","changes":[{"value":%s,"field":"%s"}]}]}`, account, value, field)
}

// value begins a value of one of our numbers.
func value(rest string) string {
	return fmt.Sprintf(`{"messaging_product":"whatsapp","metadata":{"display_phone_number":"%s","phone_number_id":"%s"},%s}`, ours, number, rest)
}

// metaMessage is an inbound message; part is what it holds after its type.
func (m *Maker) metaMessage(kind, part string) string {
	from := m.customer()
	return meta("messages", value(fmt.Sprintf(`"contacts":[{"profile":{"name":"%s"},"wa_id":"%s","user_id":"%s"}],"messages":[{%s}]`,
		m.name(), from, m.user(), m.metaItem(from, kind, part))))
}

func (m *Maker) metaItem(from, kind, part string) string {
	return fmt.Sprintf(`"from":"%s","from_user_id":"%s","id":"%s","timestamp":"%d",%s"type":"%s"`, from, m.user(), m.wamid(from, true), m.tick(), part, kind)
}

// metaFile is a message with a file.
func metaFile(kind, mime, more string) func(*Maker) string {
	return func(m *Maker) string {
		id := m.digits(16)
		return m.metaMessage(kind, fmt.Sprintf(`"%s":{%s"mime_type":"%s","sha256":"%s=","id":"%s","url":"https:\/\/lookaside.fbsbx.com\/whatsapp_business\/attachments\/?mid=%s&source=webhook&ext=%d&hash=%s"},`,
			kind, more, mime, m.hex(21)+"\\/", id, id, m.tick(), m.hex(24)))
	}
}

// metaStatus is a delivery status; rest is what follows the recipient.
func metaStatus(status, rest string) func(*Maker) string {
	return func(m *Maker) string {
		to := m.customer()
		return meta("messages", value(fmt.Sprintf(`"statuses":[{"id":"%s","status":"%s","timestamp":"%d","recipient_id":"%s","recipient_user_id":"%s"%s}]`,
			m.wamid(to, false), status, m.tick(), to, m.user(), rest)))
	}
}

func metaStatusIn(status, kind, category, billable string) func(*Maker) string {
	return func(m *Maker) string {
		return metaStatus(status, fmt.Sprintf(`,"conversation":{"id":"%s","expiration_timestamp":"%d","origin":{"type":"%s"}},"pricing":{"billable":%s,"pricing_model":"PMP","category":"%s","type":"%s"},"biz_opaque_callback_data":"%s"`,
			m.hex(16), m.tick()+86400, category, billable, category, kind, "m21:"+m.hex(16)))(m)
	}
}

func (m *Maker) quoted() string {
	return fmt.Sprintf(`"context":{"from":"%s","id":"%s"},`, ours, m.wamid(m.customer(), false))
}

func with(kind, part string) func(*Maker) string {
	return func(m *Maker) string { return m.metaMessage(kind, part) }
}

func metaShapes() []shape {
	return []shape{
		{1, func(m *Maker) string {
			return meta("message_template_status_update", fmt.Sprintf(`{"event":"%s","message_template_id":%s,"message_template_name":"welcome_offer","message_template_language":"id","reason":"NONE","message_template_category":"%s"}`,
				m.pick("APPROVED", "REJECTED", "PAUSED", "PENDING"), m.digits(16), m.pick("UTILITY", "MARKETING", "AUTHENTICATION")))
		}},
		{1, func(m *Maker) string {
			return meta("message_template_quality_update", fmt.Sprintf(`{"previous_quality_score":"GREEN","new_quality_score":"YELLOW","message_template_id":%s,"message_template_name":"welcome_offer","message_template_language":"id"}`, m.digits(16)))
		}},
		{1, func(*Maker) string {
			return meta("phone_number_quality_update", `{"display_phone_number":"`+ours+`","event":"UPGRADE","current_limit":"TIER_10K","max_daily_conversations_per_business":"TIER_10K"}`)
		}},
		{1, func(*Maker) string {
			return meta("account_update", `{"phone_number":"`+ours+`","event":"VERIFIED_ACCOUNT"}`)
		}},
		{2, func(m *Maker) string {
			id := m.customer()
			return meta("user_preferences", value(fmt.Sprintf(`"contacts":[{"profile":{"name":"%s"},"wa_id":"%s"}],"user_preferences":[{"wa_id":"%s","detail":"User requested to stop marketing messages","category":"marketing_messages","value":"stop","timestamp":%d}]`, m.name(), id, id, m.tick())))
		}},
		{2, with("order", `"order":{"catalog_id":"1000000000000","text":"","product_items":[{"product_retailer_id":"sku-1","quantity":1,"item_price":150000,"currency":"IDR"}]},`)},
		{2, func(m *Maker) string {
			return m.metaMessage("system", `"system":{"body":"User A changed from 6281200000001 to 6281200000002","wa_id":"6281200000002","type":"user_changed_number"},`)
		}},
		{4, with("unsupported", `"errors":[{"code":131051,"title":"Message type unknown","message":"Message type unknown","error_data":{"details":"Message type is currently not supported."}}],`)},
		{4, with("contacts", `"contacts":[{"name":{"first_name":"Budi","last_name":"Contoh","formatted_name":"Budi Contoh"},"org":{"company":"Toko Contoh"},"emails":[{"email":"budi@example.com","type":"WORK"}],"phones":[{"phone":"+62 812-0000-0002","wa_id":"6281200000002","type":"CELL"}]}],`)},
		{5, func(m *Maker) string {
			return m.metaMessage("location", fmt.Sprintf(`"location":{"address":"Jl. Contoh No. 1, Jakarta","latitude":-6.2%s,"longitude":106.8%s,"name":"Kantor Contoh","url":"https:\/\/example.com\/"},`, m.digits(6), m.digits(6)))
		}},
		{4, with("interactive", `"context":{"from":"`+ours+`","id":"wamid.x"},"interactive":{"type":"nfm_reply","nfm_reply":{"response_json":"{\"flow_token\":\"t-1\",\"name\":\"Ani\",\"email\":\"ani@example.com\"}","body":"Sent","name":"flow"}},`)},
		{6, func(m *Maker) string {
			return m.metaMessage("interactive", m.quoted()+`"interactive":{"type":"list_reply","list_reply":{"id":"row-1","title":"Australia","description":"Kuliah di Australia"}},`)
		}},
		{8, func(m *Maker) string {
			return m.metaMessage("interactive", m.quoted()+`"interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Ya, mau"}},`)
		}},
		{6, func(m *Maker) string {
			return m.metaMessage("button", m.quoted()+`"button":{"payload":"yes","text":"Ya, mau"},`)
		}},
		{8, func(m *Maker) string {
			return m.metaMessage("reaction", fmt.Sprintf(`"reaction":{"message_id":"%s","emoji":"%s"},`, m.wamid(m.customer(), false), m.pick(`\ud83d\udc4d`, `\u2764\ufe0f`, `\ud83d\ude4f`)))
		}},
		{6, func(m *Maker) string {
			return m.metaMessage("text", fmt.Sprintf(`"referral":{"source_url":"https:\/\/fb.me\/x","source_type":"ad","source_id":"%s","headline":"Chat with us","body":"Kuliah di luar negeri","media_type":"image","image_url":"https:\/\/scontent.xx.fbcdn.net\/v\/x","ctwa_clid":"%s"},"text":{"body":"%s"},`, m.digits(17), m.hex(30), m.words()))
		}},
		{6, func(m *Maker) string {
			to := m.customer()
			return meta("smb_message_echoes", value(fmt.Sprintf(`"message_echoes":[{"from":"%s","to":"%s","to_user_id":"%s","id":"%s","timestamp":"%d","text":{"body":"%s"},"type":"text"}]`, ours, to, m.user(), m.wamid(to, false), m.tick(), m.words())))
		}},
		{4, metaFile("sticker", "image\\/webp", `"animated":false,`)},
		{5, metaFile("video", "video\\/mp4", "")},
		{8, metaFile("document", "application\\/pdf", `"filename":"ijazah.pdf",`)},
		{10, metaFile("audio", "audio\\/ogg; codecs=opus", `"voice":true,`)},
		{16, metaFile("image", "image\\/jpeg", `"caption":"Bukti transfer",`)},
		{8, metaStatus("failed", `,"errors":[{"code":131047,"title":"Re-engagement message","message":"Re-engagement message","error_data":{"details":"Message failed to send because more than 24 hours have passed since the customer last replied to this number."},"href":"https:\/\/developers.facebook.com\/documentation\/business-messaging\/whatsapp\/support\/error-codes\/"}]`)},
		{6, metaStatus("failed", `,"errors":[{"code":131026,"title":"Message undeliverable","message":"Message undeliverable","error_data":{"details":"Message Undeliverable."},"href":"https:\/\/developers.facebook.com\/docs\/whatsapp\/cloud-api\/support\/error-codes\/"}]`)},
	}
}
