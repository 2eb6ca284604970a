package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
)

// Journal is an append-only file of lines. One fsync serves all lines that came
// while the one before ran. Its methods may be used from several goroutines.
type Journal struct {
	file *os.File

	mu      sync.Mutex
	cond    *sync.Cond
	pending []byte
	written int64 // bytes handed in
	synced  int64 // bytes that are durable
	closed  bool
	err     error
	done    chan struct{}
}

// Create makes a journal; an existing file is continued.
func Create(path string) (*Journal, error) {
	file, err := os.OpenFile(path, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		return nil, err
	}
	j := &Journal{file: file, done: make(chan struct{})}
	j.cond = sync.NewCond(&j.mu)
	go j.run()
	return j, nil
}

// Append adds values and returns when they are durable.
func (j *Journal) Append(values ...any) error { return j.add(true, values) }

// Note adds values that need not be durable before anything else happens.
func (j *Journal) Note(values ...any) error { return j.add(false, values) }

func (j *Journal) add(wait bool, values []any) error {
	var text []byte
	for _, value := range values {
		line, err := json.Marshal(value)
		if err != nil {
			return err
		}
		text = append(append(text, line...), '\n')
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.closed {
		return errors.New("the journal is closed")
	}
	j.pending = append(j.pending, text...)
	j.written += int64(len(text))
	mine := j.written
	j.cond.Broadcast()
	for wait && j.synced < mine && j.err == nil {
		j.cond.Wait()
	}
	return j.err
}

// run writes and syncs what is pending, over and over.
func (j *Journal) run() {
	defer close(j.done)
	j.mu.Lock()
	defer j.mu.Unlock()
	for {
		for len(j.pending) == 0 && !j.closed {
			j.cond.Wait()
		}
		if len(j.pending) == 0 || j.err != nil {
			return
		}
		text, upTo := j.pending, j.written
		j.pending = nil
		j.mu.Unlock()
		_, err := j.file.Write(text)
		if err == nil {
			err = j.file.Sync()
		}
		j.mu.Lock()
		j.synced, j.err = upTo, errors.Join(j.err, err)
		j.cond.Broadcast()
	}
}

// Close makes everything durable and closes the file.
func (j *Journal) Close() error {
	j.mu.Lock()
	j.closed = true
	j.cond.Broadcast()
	j.mu.Unlock()
	<-j.done
	return errors.Join(j.err, j.file.Close())
}

// ReadLines reads a file of JSON lines. A last line that was cut off, as by a
// killed writer, is left out; anything else that is no T is an error. A file
// that is not there has no lines.
func ReadLines[T any](path string) ([]T, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer file.Close()
	var all []T
	in := bufio.NewReaderSize(file, 1<<20)
	for n := 1; ; n++ {
		line, err := in.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		var value T
		if err := json.Unmarshal(line, &value); err != nil {
			return nil, fmt.Errorf("%s:%d: %w", path, n, err)
		}
		all = append(all, value)
	}
}
