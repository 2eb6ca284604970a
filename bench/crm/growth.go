package main

import (
	"context"
	"fmt"
	"time"
)

// grow measures the reads on more and more data, each step on a database of its
// own. Before a step it says how long it will take and how much disk, from the
// step before.
func (b *bench) grow(ctx context.Context, kind string) error {
	var perMessage, reads time.Duration
	var bytes float64
	for _, messages := range b.steps {
		if perMessage > 0 {
			free, err := freeDisk(b.work)
			if err != nil {
				return err
			}
			needed := 1.3 * bytes * float64(messages) // the log and what sorting takes
			b.say("%s: the next step, %d messages, takes about %s and %.1f GB of disk; %.1f GB are free",
				kind, messages, (reads + perMessage*time.Duration(messages)).Round(time.Second), needed/1e9, float64(free)/1e9)
			if needed > float64(free) {
				b.say("%s: that does not fit, so it ends here", kind)
				return nil
			}
		}
		began := time.Now()
		size, seeding, err := b.step(ctx, kind, messages)
		if err != nil {
			return fmt.Errorf("%d messages: %w", messages, err)
		}
		perMessage, reads = seeding/time.Duration(messages), time.Since(began)-seeding
		bytes = float64(size) / float64(messages)
	}
	return nil
}

func (b *bench) step(ctx context.Context, kind string, messages int) (size int64, seeding time.Duration, err error) {
	w, err := b.newWorld(ctx, kind, shape{Workspaces: 20, Conversations: messages / 10, Messages: messages})
	if err != nil {
		return 0, 0, err
	}
	defer w.close()
	if size, err = w.size(ctx); err != nil {
		return 0, 0, err
	}
	before := len(b.report.Rows)
	if err := b.reads(ctx, w); err != nil {
		return 0, 0, err
	}
	for i := range b.report.Rows[before:] {
		b.report.Rows[before+i].Messages = messages
	}
	return size, w.seeding, nil
}
