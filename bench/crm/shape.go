package main

import (
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"strings"
	"time"

	"github.com/my21staff/my21staff/crm"
)

// shape is how much data there is. The first workspace has 55 % of it, so that
// its list has a page 1,000; the others share the rest, the first of them most.
type shape struct {
	Workspaces    int `json:"workspaces"`
	Conversations int `json:"conversations"`
	Messages      int `json:"messages"`
}

const largest = 0.55

// workspaceOf returns the workspace of a number from 0 to 1.
func (s shape) workspaceOf(u float64) int {
	if u < largest {
		return 0
	}
	u = (u - largest) / (1 - largest)
	return 1 + int(math.Pow(u, 1.5)*float64(s.Workspaces-1))
}

// Time as the data has it: a year up to a fixed day, so that every run has the
// same rows.
var (
	dataEnd   = time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	dataBegin = dataEnd.AddDate(-1, 0, 0)
)

// newID makes an id of a time, as crm's mint does, from a generator with a seed.
func newID(r *rand.Rand, ms int64) (id [16]byte) {
	binary.BigEndian.PutUint64(id[:8], uint64(ms)<<16|0x7000|r.Uint64()&0x0fff)
	binary.BigEndian.PutUint64(id[8:], r.Uint64()>>2|1<<63)
	return id
}

// vocabulary makes texts: some words are in every second one, most are rare.
type vocabulary []string

func newVocabulary(r *rand.Rand) vocabulary {
	syllables := strings.Fields("ka ma sa ta ba ya pe ke me se di ri ni si ti mi lu ku bu su nga ran kan man lah pun ber ter men pin")
	seen := map[string]bool{}
	var words vocabulary
	for len(words) < 3000 {
		var b strings.Builder
		for range 2 + r.IntN(3) {
			b.WriteString(syllables[r.IntN(len(syllables))])
		}
		if word := b.String(); !seen[word] {
			seen[word] = true
			words = append(words, word)
		}
	}
	return words
}

// text returns words, twelve in the mean.
func (v vocabulary) text(r *rand.Rand) string {
	n := 2 + int(r.ExpFloat64()*10)
	words := make([]string, min(n, 120))
	for i := range words {
		words[i] = v[int(math.Pow(r.Float64(), 3)*float64(len(v)))]
	}
	return strings.Join(words, " ")
}

var names = strings.Fields("Sari Budi Dewi Rina Agus Putri Joko Wati Eko Fitri Hendra Indah Lestari Made Nina Oka Ratna Surya Tono Yanti")

// name is what the n-th contact is called, which is what its webhooks say too: hardly
// anybody takes another name, and one who does is written anew in every list and index.
func (v vocabulary) name(n int) (name, word string) {
	r := rand.New(rand.NewPCG(uint64(n), 2026))
	word = v[r.IntN(len(v))]
	return names[r.IntN(len(names))] + " " + word, word
}

// number is the phone number of the n-th contact, in E.164 without the plus.
func number(n int) string { return fmt.Sprintf("62812%09d", n) }

func providerID(n int) string {
	return fmt.Sprintf("wamid.HBgNTESTTESTTESTTESTVAgARGBI3MTE5MjVBOTE3MDk5%012d", n)
}

// thread is a conversation while its messages are made.
type thread struct {
	ws                    int
	id, contact           [16]byte
	began, lastAt, lastIn int64
	lastID                [16]byte
	ingest                int64
	outbound              bool
	preview, status       string
	unread                int
}

// office is what the services made of a workspace.
type office struct {
	id      crm.WorkspaceID
	key     crm.Secret
	secret  crm.Secret // of its webhooks
	channel crm.ChannelID
	number  string // phone_number_id
	members []crm.MemberID
	tags    []crm.TagID
}
