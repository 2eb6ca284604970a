// Package simulator is a WhatsApp for development and tests. It speaks HTTP as
// Meta's Cloud API (/v24.0/...) and Kapso's proxy (/meta/whatsapp/v24.0/...) do,
// keeps the chats of its customers in memory, and sends signed webhooks with
// the providers' retries.
//
// What it accepts and refuses follows the two providers. Where they differ it
// does both: outside the customer service window Kapso refuses a send at once
// (422, code 131047), Meta takes it and reports it failed with the same code by
// webhook.
//
// What no provider promises can be had on demand: [Fault] duplicates, reorders,
// delays or loses webhooks, and slows, refuses or cuts API calls. Tests steer
// it by Go methods or by HTTP under /_sim/; people by the page at /, which
// looks like a customer's phone.
//
// It is no server for the open net: whoever reaches it may read every chat and
// speak for every customer.
package simulator
