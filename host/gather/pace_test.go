package gather_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/my21staff/my21staff/host/gather"
)

// ordinary teaches a pace what commits cost on an ordinary day: a fixed cost, so
// much a fact, and some noise.
func ordinary(p *gather.Pace, fixed, each time.Duration, most int) {
	rnd := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		facts := 1 + rnd.IntN(most)
		p.Learn(facts, fixed+time.Duration(facts)*each+time.Duration(rnd.Int64N(int64(fixed/10)+1)))
	}
}

// The room is what makes a commit five times as long as its fixed cost, on any
// disk, however the ordinary day was.
func TestRoomIsWhatACommitDoesWellWith(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name        string
		fixed, each time.Duration
		most        int
		least, room int
	}{
		{"an ordinary disk", 10 * time.Millisecond, 100 * time.Microsecond, 60, 480, 560},
		{"the same on a quiet day", 10 * time.Millisecond, 100 * time.Microsecond, 8, 400, 700},
		{"a slow disk", 100 * time.Millisecond, 200 * time.Microsecond, 300, 1200, 1300},
		{"a fast disk keeps the least", time.Millisecond, 100 * time.Microsecond, 40, 256, 256},
		{"a fast host too keeps the least time", time.Millisecond, 50 * time.Microsecond, 40, 475, 525},
		{"a very slow one is bounded", 5 * time.Second, 500 * time.Microsecond, 300, 256, 1200},
	} {
		var p gather.Pace
		if got := p.Room(); got != 256 {
			t.Errorf("before anything was seen the room is %d, want 256", got)
		}
		ordinary(&p, c.fixed, c.each, c.most)
		if got := p.Room(); got < c.least || got > c.room {
			t.Errorf("%s: the room is %d, want %d to %d", c.name, got, c.least, c.room)
		}
	}
}

func TestCommitsThatAreAllAlikeSayNothing(t *testing.T) {
	t.Parallel()
	var p gather.Pace
	ordinary(&p, 10*time.Millisecond, 100*time.Microsecond, 60)
	before := p.Room()
	for i := range 1000 {
		p.Learn(500, 60*time.Millisecond+time.Duration(i%7)*time.Millisecond)
	}
	if got := p.Room(); got < before/2 || got > 2*before {
		t.Errorf("after commits of one size the room is %d, before it was %d", got, before)
	}
	var fresh gather.Pace
	for range 1000 {
		fresh.Learn(1, 10*time.Millisecond)
	}
	if got := fresh.Room(); got != 256 {
		t.Errorf("commits of one fact each make a room of %d, want the least", got)
	}
}

// What commits take in a crowd is not learned, unless there is no other way to
// find out that the disk has changed.
func TestACrowdTeachesNothing(t *testing.T) {
	t.Parallel()
	begin := time.Unix(1_800_000_000, 0)
	crowd := func(p *gather.Pace) {
		p.Look(begin, 5000)
		p.Look(begin.Add(time.Second), 5000)
		if !p.Crowded() {
			t.Fatal("5000 facts that wait for a second are no crowd")
		}
	}
	var p gather.Pace
	ordinary(&p, 10*time.Millisecond, 100*time.Microsecond, 60)
	before := p.Room()
	crowd(&p)
	for range 100 {
		p.Learn(500, 60*time.Millisecond)
	}
	if got := p.Room(); got < before*9/10 || got > before {
		t.Errorf("in a crowd whose commits cost what they should the room went from %d to %d", before, got)
	}
	for range 100 {
		p.Learn(before, 10*time.Millisecond+time.Duration(before)*180*time.Microsecond)
	}
	if got := p.Room(); got < before/2 || got > before*6/10 {
		t.Errorf("facts cost 1.8 times as much and the room went from %d to %d", before, got)
	}
	p.Look(begin.Add(time.Minute), 0)
	p.Look(begin.Add(time.Minute), 0)
	if got := p.Room(); got != before {
		t.Errorf("after the crowd the room is %d, before it was %d", got, before)
	}
	var least gather.Pace
	ordinary(&least, time.Millisecond, 100*time.Microsecond, 60)
	crowd(&least)
	ordinary(&least, 100*time.Millisecond, 100*time.Microsecond, 256)
	if got := least.Room(); got <= 275 {
		t.Errorf("the disk has become slow and the room stays %d", got)
	}
}

// A crowd is what lasts; one that is served soon is a burst. It is over when hardly
// anybody has to be turned away any more.
func TestACrowdIsWhatLasts(t *testing.T) {
	t.Parallel()
	type look struct {
		at             int // milliseconds
		waiting        int
		want           bool
		stored, turned int // until the next look
	}
	for _, c := range []struct {
		name  string
		looks []look
	}{
		{"a burst", []look{{at: 0, waiting: 300}, {at: 400, waiting: 300}, {at: 450, waiting: 10}, {at: 800, waiting: 300}, {at: 1200, waiting: 300}}},
		{"a crowd", []look{{at: 0, waiting: 300}, {at: 501, waiting: 257, want: true}}},
		{"as much as there is room for", []look{{at: 0, waiting: 256}, {at: 5000, waiting: 256}}},
		{"it lasts while many are turned away", []look{
			{at: 0, waiting: 300, stored: 300, turned: 900}, {at: 600, waiting: 300, want: true, stored: 1000, turned: 51},
			{at: 1599, waiting: 0, want: true}, {at: 1600, waiting: 0, want: true, stored: 1000, turned: 50},
			{at: 2599, waiting: 0, want: true}, {at: 2600, waiting: 0}}},
		{"of the time before it nothing counts", []look{{at: 0, waiting: 300, turned: 900}, {at: 600, waiting: 300, want: true, stored: 10}, {at: 1600, waiting: 0}}},
		{"and begins anew only when it lasts again", []look{
			{at: 0, waiting: 300}, {at: 600, waiting: 300, want: true, turned: 9}, {at: 1700, waiting: 300, want: true}, {at: 2650, waiting: 5, want: true},
			{at: 3000, waiting: 5}, {at: 3100, waiting: 300}, {at: 3700, waiting: 300, want: true}}},
	} {
		var p gather.Pace
		begin := time.Unix(1_800_000_000, 0)
		for _, l := range c.looks {
			now := begin.Add(time.Duration(l.at) * time.Millisecond)
			p.Look(now, l.waiting)
			if p.Crowded() != l.want {
				t.Errorf("%s: at %d ms, with %d waiting, crowded is %t, want %t", c.name, l.at, l.waiting, p.Crowded(), l.want)
			}
			if l.stored > 0 {
				p.Learn(l.stored, 10*time.Millisecond)
			}
			p.Refused(l.turned)
		}
	}
}
