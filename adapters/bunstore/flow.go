package bunstore

import "context"

// flow runs statements one after the other, beside the goroutine that makes them. Where
// there is no way between, so that nothing is won by sending them together, the next
// rows are turned into columns while the database is at work on the ones before.
// (Measured on SQLite: 256 clients have a twentieth more messages stored a second.)
type flow struct {
	steps    chan step
	done     chan struct{} // closed when steps was and everything was run
	err      error         // the first; nothing is run after it
	panicked any
}

// enoughToFlow is from how many messages on a write is worth a goroutine of its own: with
// few, to wake it takes longer than what it saves.
const enoughToFlow = 16

// begin begins a flow, one trip to the database. Its maker closes steps.
func (l link) begin(ctx context.Context) *flow {
	const ahead = 16 // statements; there are hardly more
	f := &flow{steps: make(chan step, ahead), done: make(chan struct{})}
	go func() {
		defer close(f.done)
		counted := measured
		for s := range f.steps {
			if f.err == nil && f.panicked == nil {
				f.run(func() error { return l.send(ctx, counted, []step{s}) })
				counted = continued
			}
		}
	}()
	return f
}

// run keeps what came of a statement. A panic is its maker's, who knows what to do
// about it.
func (f *flow) run(statement func() error) {
	defer func() { f.panicked = recover() }()
	f.err = statement()
}
