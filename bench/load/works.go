package main

import (
	"bytes"
	"context"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// works has one workspace's host work in the background, one thing after the
// other: it imports a file of pupils, changes them all, scores the workspace by
// other rules, and erases some. It writes down what it asks for before it does,
// and what the host says came of it; what is there then the checker looks for.
type works struct {
	*driver
	client *http.Client
	log    *record.Journal
	w      int
	rows   int // of a file
	round  int
	tag    string // the id of the one that bulk changes add
	stuck  time.Duration
}

// The parts of a file: how many pupils have a number, and are erased; each so
// many rows one says again what another says, and one nobody can import.
const (
	erased  = 2
	twinAt  = 97
	badAt   = 149
	stuckAt = 2 * time.Minute // without a step of the host's work: it is given up
)

// run works round after round until making ends; what has begun then is brought
// to its end, and so is the first round.
func (k *works) run(life, making context.Context) error {
	for k.round = 1; making.Err() == nil; k.round++ {
		for _, step := range []func(context.Context) error{k.importFile, k.change, k.rescore, k.eraseSome} {
			if making.Err() != nil && k.round > 1 {
				return nil
			}
			if err := step(life); err != nil {
				return err
			}
		}
	}
	return nil
}

func (k *works) pupil(n int) record.Pupil {
	return record.Pupil{Run: k.plan.Run, Workspace: k.w, Round: k.round, N: n}
}

// phone is the number of a pupil that is to be erased, which nobody else has in
// any workspace, "" for one that has none.
func (k *works) phone(n int) string {
	i := 1000 + ((k.round-1)*len(k.plan.Workspaces)+k.w)*erased + n
	if n >= erased || i > 9999 {
		return ""
	}
	return peer(i)
}

// file writes the round's file.
func (k *works) file() ([]byte, record.Work) {
	about := record.Work{Workspace: k.w, Round: k.round, Kind: record.Import, Rows: k.rows}
	var text bytes.Buffer
	w := csv.NewWriter(&text)
	_ = w.Write([]string{"name", "email", "external_id", "phone", "tags", "note"}) // a buffer takes all
	for n := range k.rows {
		p := k.pupil(n)
		phone := k.phone(n)
		if phone != "" {
			phone = "+" + phone
		}
		row := []string{p.Name(), p.Email(), p.External(), phone, record.PupilTag, p.Note()}
		_ = w.Write(row)
		if n%twinAt == 1 {
			about.Twins++
			_ = w.Write(row)
		}
		if n%badAt == 1 {
			about.Bad++
			_ = w.Write([]string{"Salah", "bukan-alamat", "", "", "", ""})
		}
	}
	w.Flush()
	return text.Bytes(), about
}

// importFile imports the round's file, and every other time once more.
func (k *works) importFile(life context.Context) error {
	file, about := k.file()
	for _, kind := range []string{record.Import, record.Reimport}[:1+k.round%2] {
		about.Kind = kind
		if err := k.begin(about); err != nil {
			return err
		}
		var up struct{ ID string }
		if _, code := k.ask(life, "POST", "/api/imports?filename=murid.csv", string(file), &up); code != http.StatusCreated {
			return k.odd(life, about, code)
		}
		path := "/api/imports/" + up.ID
		if _, code := k.ask(life, "POST", path+"/start", `{"mapping":["name","email","external_id","phone","tags","note"],"policy":"fill"}`, nil); code != http.StatusOK && code != http.StatusConflict { // an answer that was lost
			return k.odd(life, about, code)
		}
		about.Sure = true
		if err := k.follow(life, about, path); err != nil {
			return err
		}
	}
	return nil
}

// change changes all the round's pupils.
func (k *works) change(life context.Context) error {
	if k.tag == "" {
		_, _ = k.ask(life, "POST", "/api/tags", `{"name":"`+record.BulkTag+`"}`, nil) // one that is there already is as good
		var list struct{ Data []struct{ ID, Name string } }
		k.ask(life, "GET", "/api/tags", "", &list)
		for _, tag := range list.Data {
			if tag.Name == record.BulkTag {
				k.tag = tag.ID
			}
		}
	}
	about := record.Work{Workspace: k.w, Round: k.round, Kind: record.Bulk, Rows: k.rows}
	if err := k.begin(about); err != nil {
		return err
	}
	var run struct{ ID string }
	lost, code := k.ask(life, "POST", "/api/contacts/bulk", fmt.Sprintf(
		`{"filter":{"field":"name","op":"contains","value":%q},"lead_status":%q,"add_tags":[%q],"background":true}`, k.pupil(0).Class()+" 0", record.BulkStatus, k.tag), &run)
	if code != http.StatusAccepted {
		return k.odd(life, about, code)
	}
	about.Sure = !lost
	return k.follow(life, about, "/api/bulks/"+run.ID)
}

// rescore writes rules that nobody had before, by which the host scores everybody
// again.
func (k *works) rescore(life context.Context) error {
	about := record.Work{Workspace: k.w, Round: k.round, Kind: record.Rescore, Points: 10 + k.round%40}
	if err := k.begin(about); err != nil {
		return err
	}
	rules := fmt.Sprintf(`{"version":1,"name":"Murid","caps":{"fit":50,"intent":50,"engagement":0,"readiness":0,"negative":0},"temperature":{"hot":90,"warm":30,"margin":5},"signals":[`+
		`{"id":"pupil","category":"fit","points":%d,"why":{"id":"Murid.","en":"A pupil."},"sources":["import"]},`+
		`{"id":"advice","category":"intent","points":%d,"why":{"id":"Bertanya.","en":"Asks."},"words":[%q],"in":["message"]}]}`,
		about.Points, record.PointsOfAdvice, record.Advice)
	for {
		var had struct{ Version int }
		if _, code := k.ask(life, "GET", "/api/lead-rules", "", &had); code != http.StatusOK {
			return k.odd(life, about, code)
		}
		lost, code := k.ask(life, "PUT", "/api/lead-rules", fmt.Sprintf(`{"version":%d,"document":%s}`, had.Version, rules), nil)
		if code == http.StatusOK || lost && code == http.StatusConflict { // an answer that was lost
			return k.follow(life, about, "/api/lead-rules/rescore")
		}
		if code != http.StatusConflict {
			return k.odd(life, about, code)
		}
	}
}

// eraseSome has pupils write something, and erases them.
func (k *works) eraseSome(life context.Context) error {
	for n := range erased {
		phone := k.phone(n)
		if phone == "" {
			return nil // there are no more numbers
		}
		about := record.Work{Workspace: k.w, Round: k.round, Kind: record.Erase, Pupil: n, Phone: phone, Text: k.wrote(life, n, phone)}
		var contact struct{ ID string }
		if _, code := k.ask(life, "GET", "/api/contacts/by-phone?phone="+url.QueryEscape("+"+phone), "", &contact); code != http.StatusOK {
			return k.odd(life, about, code)
		}
		if err := k.begin(about); err != nil {
			return err
		}
		if _, code := k.ask(life, "DELETE", "/api/contacts/"+contact.ID, "", nil); code != http.StatusAccepted {
			return k.odd(life, about, code)
		}
		if err := k.follow(life, about, "/api/contacts/"+contact.ID+"/erasure"); err != nil {
			return err
		}
	}
	return nil
}

// wrote sends a message of a pupil and returns what it says.
func (k *works) wrote(life context.Context, n int, phone string) string {
	numbers := k.plan.Workspaces[k.w].Numbers
	number := &numbers[(k.round+n)%len(numbers)]
	id := k.mix.number()
	text := record.Tag{Run: k.plan.Run, Workspace: k.w, N: id}.String() + " " + record.Advice + " " + k.pupil(n).External()
	d := k.mix.signed(record.Webhook, number, number.Secret, []record.Item{{
		Kind: record.Gone, Workspace: k.w, Number: number.ID, ID: fmt.Sprintf("wamid.%s.%d", k.plan.Run, id), Peer: phone, At: time.Now().Unix() - 60, Text: text,
	}}, nil)
	d.line.Abandoned = false
	p := k.prepareOne(d)
	if k.journal.Append(d.line, p.intent()) == nil {
		h := k.newHand()
		defer h.close()
		h.settle(life, p)
	}
	return text
}

// begin writes down that something is about to be asked for.
func (k *works) begin(about record.Work) error {
	about.At = record.Now()
	return k.log.Append(about)
}

// follow asks how far the work is until it has ended, and writes down what came
// of it. A host that gets no further is given up.
func (k *works) follow(life context.Context, about record.Work, path string) error {
	for before, moved := "", time.Now(); time.Since(moved) < k.stuck && life.Err() == nil; pause(life, 50*time.Millisecond+rand.N(100*time.Millisecond)) {
		var now struct {
			State, Stage string
			EndedAt      *string `json:"ended_at"`
			Done         map[string]int
			Seen         int
			Changed      int
			Failed       int
			Erased       map[string]int
		}
		answer, code := k.once(life, "GET", path, "", &now)
		if code == 0 || code == http.StatusServiceUnavailable {
			moved = time.Now() // there is no host, which is not the work's fault
		}
		if code != http.StatusOK {
			continue
		}
		if now.EndedAt != nil {
			about.At, about.Done, about.State, about.Told = record.Now(), true, now.State+now.Stage, now.Done
			switch about.Kind {
			case record.Bulk, record.Rescore:
				about.Told = map[string]int{"seen": now.Seen, "changed": now.Changed, "failed": now.Failed}
			case record.Erase:
				about.Told = now.Erased
			}
			return k.log.Append(about)
		}
		if string(answer) != before {
			before, moved = string(answer), time.Now()
		}
	}
	return nil
}

// odd writes down an answer that should not have been.
func (k *works) odd(life context.Context, about record.Work, code int) error {
	if life.Err() != nil {
		return nil
	}
	about.At, about.Done, about.State = record.Now(), true, fmt.Sprintf("answered %d", code)
	return k.log.Append(about)
}

// ask asks until there is an answer that says yes or no. It reports whether one
// was lost on the way: then it may have been done before.
func (k *works) ask(life context.Context, method, path, body string, into any) (lost bool, code int) {
	for {
		_, code = k.once(life, method, path, body, into)
		if code/100 == 2 || code/100 == 4 && code != http.StatusTooManyRequests || life.Err() != nil {
			return lost, code
		}
		lost = lost || code != http.StatusServiceUnavailable && code != http.StatusTooManyRequests
		pause(life, 50*time.Millisecond)
	}
}

// once asks once; the code is 0 if there was no answer.
func (k *works) once(life context.Context, method, path, body string, into any) ([]byte, int) {
	request, err := http.NewRequestWithContext(life, method, "http://"+k.hosts[rand.IntN(len(k.hosts))]+path, strings.NewReader(body))
	if err != nil {
		return nil, 0
	}
	request.Header.Set("X-Api-Key", k.plan.Workspaces[k.w].Key)
	request.Header.Set("Content-Type", "application/json")
	if strings.HasPrefix(path, "/api/imports?") {
		request.Header.Set("Content-Type", "text/csv")
	}
	response, err := k.client.Do(request)
	if err != nil {
		return nil, 0
	}
	defer response.Body.Close()
	answer, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, 0
	}
	if into != nil && response.StatusCode/100 == 2 && json.Unmarshal(answer, into) != nil {
		return nil, 0
	}
	return answer, response.StatusCode
}
