package media

import (
	"context"
	"io"
	"sync"
)

// Queue stands before a stage that may be slow, and is the only lossy place on
// the media road. It never blocks its writer: when its bytes or [MaxQueueUnits]
// are spent, or its reader is [MaxQueueSpan] behind, it forgets what it holds, so
// that its reader is live again at once, and takes video again from the next
// keyframe. Whatever it drops is counted.
type Queue struct {
	capacity int

	mu       sync.Mutex
	units    []Unit
	bytes    int
	awaiting bool // video is dropped until a keyframe
	closed   bool
	dropped  int64
	changed  chan struct{} // closed and replaced when there is something new
}

// MaxQueueUnits is how many units a [Queue] holds, however small they are and
// whatever their times say: four times what 4 s of 240 frames per second and of
// sound are.
const MaxQueueUnits = 8192

// MaxQueueSpan is how much of the show a [Queue] holds: a reader that is slower
// than the show falls behind no further.
const MaxQueueSpan = 4 * TicksPerSecond

// NewQueue returns a Queue that holds at most capacity bytes of sample data.
func NewQueue(capacity int) *Queue {
	return &Queue{capacity: capacity, changed: make(chan struct{})}
}

// WriteUnit appends u. It returns [io.ErrClosedPipe] after Close.
func (q *Queue) WriteUnit(u Unit) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	if q.closed {
		return io.ErrClosedPipe
	}
	if q.bytes+len(u.Data) > q.capacity || len(q.units) >= MaxQueueUnits || len(q.units) > 0 && u.DTS-q.units[0].DTS > MaxQueueSpan {
		q.dropped += int64(len(q.units))
		clear(q.units)
		q.units, q.bytes, q.awaiting = q.units[:0], 0, true
	}
	if u.Track.Kind == Video && q.awaiting {
		if !u.Sync || len(u.Data) > q.capacity {
			q.dropped++
			return nil
		}
		q.awaiting = false
	}
	q.units = append(q.units, u)
	q.bytes += len(u.Data)
	q.wake()
	return nil
}

// Next returns the oldest unit, waiting for one. After Close it drains what is
// left, then returns [io.EOF].
func (q *Queue) Next(ctx context.Context) (Unit, error) {
	for {
		q.mu.Lock()
		if len(q.units) > 0 {
			u := q.units[0]
			q.units[0] = Unit{}
			q.units = q.units[1:]
			q.bytes -= len(u.Data)
			q.mu.Unlock()
			return u, nil
		}
		closed, changed := q.closed, q.changed
		q.mu.Unlock()
		if closed {
			return Unit{}, io.EOF
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return Unit{}, context.Cause(ctx)
		}
	}
}

// Close ends the queue: writers are refused, the reader drains what is left.
func (q *Queue) Close() {
	q.mu.Lock()
	defer q.mu.Unlock()
	if !q.closed {
		q.closed = true
		q.wake()
	}
}

// Dropped returns how many units were lost so far.
func (q *Queue) Dropped() int64 {
	q.mu.Lock()
	defer q.mu.Unlock()
	return q.dropped
}

// wake tells a waiting reader to look again; q.mu is held.
func (q *Queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}
