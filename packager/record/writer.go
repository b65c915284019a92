package record

import (
	"context"
	"fmt"
	"path"
	"time"
)

// write is the goroutine that waits for the disk.
func (r *Recorder) write(ctx context.Context) error {
	var line []byte
	for {
		it, ok := r.next()
		if !ok {
			return nil
		}
		var err error
		if line, err = it.entry.appendLine(line[:0]); err != nil {
			r.cfg.Log.Error("a line of the recording is left out", "err", err)
			r.taken(it)
			continue
		}
		for {
			err = r.put(it, line)
			r.settle(err)
			if err == nil {
				break
			}
			if !again(ctx) {
				return fmt.Errorf("recording %s: %w", r.dir, err)
			}
		}
		r.taken(it)
	}
}

// again waits until it is time to ask the disk again; it reports false if ctx
// ends before.
func again(ctx context.Context) bool {
	t := time.NewTimer(retryEvery)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// next waits for an item and leaves it in the queue, where it counts until it is
// on disk. It reports false when nothing more comes.
func (r *Recorder) next() (item, bool) {
	for {
		r.mu.Lock()
		if len(r.queue) > 0 {
			defer r.mu.Unlock()
			r.busySince = r.cfg.Now()
			return r.queue[0], true
		}
		closed := r.closed
		r.mu.Unlock()
		if closed {
			return item{}, false
		}
		<-r.wake
	}
}

// put writes an item: its file, then its line.
func (r *Recorder) put(it item, line []byte) error {
	if it.size > 0 {
		free, err := r.cfg.FS.Free()
		if err != nil {
			return err
		}
		if free < MinFree {
			return fmt.Errorf("%w: %d MiB are free, %d are left to the rest", ErrNoRoom, free>>20, int64(MinFree)>>20)
		}
	}
	if it.data != nil {
		if err := r.cfg.FS.WriteFile(path.Join(r.dir, it.entry.file()), it.data()); err != nil {
			return err
		}
	}
	name := path.Join(r.dir, JournalName)
	if r.journal < 0 { // what a crash left of a line is cut off
		whole, err := r.cfg.FS.Whole(name)
		if err != nil {
			return err
		}
		r.journal = whole
	}
	if err := r.cfg.FS.WriteAt(name, r.journal, line); err != nil {
		return err
	}
	r.journal += int64(len(line))
	return nil
}

// settle notes how a write went.
func (r *Recorder) settle(err error) {
	r.mu.Lock()
	r.err = err
	if !r.busySince.IsZero() {
		r.took = r.cfg.Now().Sub(r.busySince)
	}
	r.busySince = time.Time{}
	r.mu.Unlock()
	r.report()
}

// taken removes the oldest item, which is on disk.
func (r *Recorder) taken(it item) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queue[0] = item{}
	r.queue = r.queue[1:]
	r.queued -= it.size
	r.written += it.size
	if it.entry.Type == typeSegment {
		r.segments++
	}
}

// report logs, once, that the state of the disk is another.
func (r *Recorder) report() {
	r.mu.Lock()
	s := r.status()
	changed := s.State != r.said
	r.said = s.State
	r.mu.Unlock()
	switch {
	case !changed:
	case s.State == Fine:
		r.cfg.Log.Info("the recording goes on", "lost", s.Lost)
	default:
		r.cfg.Log.Error("the recording cannot be written; viewers are not affected", "disk", s.State.String(), "err", s.Err, "waiting", s.Queued, "lost", s.Lost)
	}
}
