package samples

import "fmt"

// kapso is Kapso's body about a message; after is how the message ends.
func (m *Maker) kapso(peer, message, own, name string) string {
	id := m.hex(16)
	conversation := id[:8] + "-" + id[8:12] + "-4" + id[13:16] + "-8" + id[17:20] + "-" + id[20:]
	return fmt.Sprintf(`{"message":{%s,"kapso":{%s}},"conversation":{"id":"%s",%s"phone_number":"+%s","business_scoped_user_id":"%s","username":null,"status":"active","last_active_at":"%s","created_at":"%s","updated_at":"%s","metadata":{},"phone_number_id":"%s","kapso":{"contact_name":"%s","messages_count":%d,"last_message_id":"%s","last_message_type":"text","last_message_timestamp":"%s","last_message_text":"%s","last_inbound_at":"%s","last_outbound_at":null}},"is_new_conversation":false,"phone_number_id":"%s"}`,
		message, own, conversation, name, peer, m.user(), m.zone(), m.zulu(), m.zulu(), number, m.name(), 1+m.r.IntN(90), m.wamid(peer, true), m.zulu(), m.words(), m.zulu(), number)
}

// kapsoIn is an inbound message.
func kapsoIn(kind, part, content, media string) func(*Maker) string {
	return func(m *Maker) string {
		from := m.customer()
		message := fmt.Sprintf(`"id":"%s","timestamp":"%d","type":"%s","from":"%s","from_user_id":"%s",%s`, m.wamid(from, true), m.tick(), kind, from, m.user(), part)
		own := fmt.Sprintf(`"direction":"inbound","status":"received","processing_status":"pending","origin":"cloud_api","has_media":%t,"phone_number":"+%s","phone_number_id":"%s","content":"%s"%s`,
			media != "", from, number, content, media)
		return m.kapso(from, message, own, fmt.Sprintf(`"contact_name":"%s",`, m.name()))
	}
}

func kapsoText(m *Maker) string {
	words := m.words()
	return kapsoIn("text", `"text":{"body":"`+words+`"}`, words, "")(m)
}

func kapsoFile(kind, mime, name, more string) func(*Maker) string {
	return func(m *Maker) string {
		link := "https://api.kapso.ai/rails/active_storage/blobs/redirect/" + m.hex(40) + "/" + name
		return kapsoIn(kind, fmt.Sprintf(`"%s":{%s"mime_type":"%s","sha256":"%s=","id":"%s"}`, kind, more, mime, m.hex(21), m.digits(16)),
			fmt.Sprintf("%s attached (%s) [Size: %s KB | Type: %s] URL: %s", kind, name, m.digits(3), mime, link),
			fmt.Sprintf(`,"media_url":"%s","media_data":{"url":"%s","filename":"%s","content_type":"%s","byte_size":%s},"message_type_data":{}`, link, link, name, mime, m.digits(6)))(m)
	}
}

// kapsoOut is news of a message we sent, with what was reported so far.
func kapsoOut(statuses ...string) func(*Maker) string {
	return func(m *Maker) string {
		to := m.customer()
		id, words, list := m.wamid(to, false), m.words(), ""
		for i, status := range statuses {
			if i > 0 {
				list += ","
			}
			list += fmt.Sprintf(`{"id":"%s","status":"%s","timestamp":"%d","recipient_id":"%s","recipient_user_id":"%s","pricing":{"billable":false,"pricing_model":"PMP","type":"free_customer_service","category":"service"},"biz_opaque_callback_data":"m21:%s"}`,
				id, status, m.tick(), to, m.user(), m.hex(16))
		}
		message := fmt.Sprintf(`"id":"%s","timestamp":"%d","type":"text","from":"%s","to":"%s","text":{"body":"%s"}`, id, m.tick(), ours, to, words)
		own := fmt.Sprintf(`"direction":"outbound","status":"%s","processing_status":"completed","origin":"cloud_api","has_media":false,"phone_number":"+%s","phone_number_id":"%s","content":"%s","statuses":[%s]`,
			statuses[len(statuses)-1], to, number, words, list)
		return m.kapso(to, message, own, "")
	}
}

func kapsoConversation(status string) func(*Maker) string {
	return func(m *Maker) string {
		return fmt.Sprintf(`{"conversation":{"id":"%s","phone_number":"+%s","status":"%s","last_active_at":"%s","created_at":"%s","updated_at":"%s","metadata":{},"phone_number_id":"%s"},"phone_number_id":"%s"}`,
			m.hex(16), m.customer(), status, m.zulu(), m.zulu(), m.zulu(), number, number)
	}
}

func kapsoBatch(m *Maker) string {
	n := m.r.IntN(1000)
	return fmt.Sprintf(`{"type":"whatsapp.message.received","batch":true,"data":[%s,%s],"batch_info":{"size":2,"window_ms":5000,"first_sequence":%d,"last_sequence":%d,"conversation_id":"%s"}}`,
		kapsoText(m), kapsoText(m), n, n+1, m.hex(16))
}

func kapsoShapes() []shape {
	return []shape{
		{2, kapsoConversation("ended")},
		{4, kapsoConversation("active")},
		{3, kapsoFile("audio", "audio/ogg; codecs=opus", "voice.ogg", `"voice":true,`)},
		{3, kapsoFile("document", "application/pdf", "ijazah.pdf", `"filename":"ijazah.pdf",`)},
		{8, kapsoFile("image", "image/jpeg", "photo.jpg", `"caption":"Bukti transfer",`)},
		{3, kapsoIn("interactive", `"interactive":{"type":"button_reply","button_reply":{"id":"yes","title":"Ya, mau"}}`, "Ya, mau", "")},
		{3, kapsoIn("reaction", `"reaction":{"message_id":"wamid.x","emoji":"👍"}`, "Reacted with 👍 to message wamid.x", "")},
		{3, kapsoIn("location", `"location":{"latitude":-6.2,"longitude":106.8,"name":"Kantor Contoh","address":"Jl. Contoh No. 1, Jakarta"}`, "Location: Kantor Contoh", "")},
		{8, kapsoBatch},
	}
}

// metaBatch is a body with several updates, of customers and of statuses.
func metaBatch(m *Maker) string {
	items := ""
	for i := range 4 {
		if i > 0 {
			items += ","
		}
		to := m.customer()
		items += fmt.Sprintf(`{"id":"%s","status":"%s","timestamp":"%d","recipient_id":"%s","recipient_user_id":"%s"}`, m.wamid(to, false), m.pick("sent", "delivered", "read"), m.tick(), to, m.user())
	}
	return meta("messages", value(`"statuses":[`+items+`]`))
}

// frequentShapes are most of what comes.
func frequentShapes() []shape {
	return []shape{
		{20, kapsoOut("sent")},
		{20, kapsoOut("sent", "delivered")},
		{20, kapsoOut("sent", "delivered", "read")},
		{60, kapsoText},
		{20, metaBatch},
		{30, func(m *Maker) string { return m.metaMessage("text", m.quoted()+`"text":{"body":"`+m.words()+`"},`) }},
		{30, metaStatusIn("sent", "regular", "marketing", "true")},
		{40, metaStatusIn("delivered", "regular", "utility", "true")},
		{80, metaStatusIn("sent", "free_customer_service", "service", "false")},
		{110, metaStatusIn("delivered", "free_customer_service", "service", "false")},
		{110, metaStatus("read", "")},
		{210, func(m *Maker) string { return m.metaMessage("text", `"text":{"body":"`+m.words()+`"},`) }},
	}
}
