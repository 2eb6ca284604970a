package main

import (
	"path/filepath"
	"strings"
	"time"

	"github.com/my21staff/my21staff/bench/record"
)

// outage is a time in which the database or its disk was away, in microseconds
// since 1970. Without a beginning it is not known when it was quite away.
type outage struct {
	down    int64 // from here nothing can be stored
	started int64 // until here, for certain
	back    int64 // here it can
}

// outages compares the journal with times in which nothing could be stored: how
// long after each the first request was acknowledged again, and whether one was
// acknowledged in the middle.
func (r *result) outages(w *world, all []outage) error {
	lines, err := record.ReadLines[record.Line](filepath.Join(w.dir, "journal.jsonl"))
	if err != nil {
		return err
	}
	for _, o := range all {
		first := int64(0)
		for _, line := range lines {
			if line.T != record.Outcome || line.Class != record.OK {
				continue
			}
			end := line.Start + line.Took
			if o.down > 0 && line.Start > o.down && end < o.started {
				r.fail("request %d was acknowledged while nothing could be stored", line.D)
			}
			if end >= o.back && (first == 0 || end < first) {
				first = end
			}
		}
		if first == 0 {
			r.fail("nothing was acknowledged after an outage")
			continue
		}
		took := time.Duration(first-o.back) * time.Microsecond
		r.Healed = append(r.Healed, took)
	}
	return nil
}

// askedBack counts the readers of streams that a stopping host asked to come
// back.
func (r *result) askedBack(w *world) error {
	files, err := filepath.Glob(filepath.Join(w.dir, "stream-*.jsonl"))
	if err != nil {
		return err
	}
	for _, file := range files {
		heard, err := record.ReadLines[record.Heard](file)
		if err != nil {
			return err
		}
		for _, h := range heard {
			if h.T == record.Closed && strings.HasPrefix(h.Note, record.ComeBack) {
				r.Landed["readers asked to come back"]++
			}
		}
	}
	return nil
}

// crossing returns how long after a request was acknowledged by one host a
// reader on another heard of its message.
func (w *world) crossing() ([]time.Duration, error) {
	lines, err := record.ReadLines[record.Line](filepath.Join(w.dir, "journal.jsonl"))
	if err != nil {
		return nil, err
	}
	requests := map[int64][]record.Item{}
	type acknowledged struct {
		at   int64
		host int
	}
	taken := map[record.Tag]acknowledged{}
	for _, line := range lines {
		if line.T == record.Defined && line.Kind == record.Webhook {
			requests[line.D] = line.Items
		}
		if line.T != record.Outcome || line.Class != record.OK {
			continue
		}
		for _, item := range requests[line.D] {
			tag, tagged := record.TagOf(item.Text)
			if before, known := taken[tag]; tagged && item.Kind == record.Message && (!known || line.Start+line.Took < before.at) {
				taken[tag] = acknowledged{line.Start + line.Took, line.Host}
			}
		}
	}
	var all []time.Duration
	files, err := filepath.Glob(filepath.Join(w.dir, "stream-*-steady.jsonl"))
	if err != nil {
		return nil, err
	}
	for _, file := range files {
		heard, err := record.ReadLines[record.Heard](file)
		if err != nil {
			return nil, err
		}
		for _, h := range heard {
			tag, tagged := record.TagOf(h.Preview)
			if by, known := taken[tag]; h.T == record.Event && h.Kind == "message.received" && tagged && known && by.host != h.Host {
				all = append(all, time.Duration(max(h.At-by.at, 0))*time.Microsecond)
			}
		}
	}
	return all, nil
}
