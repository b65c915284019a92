package media

import (
	"sync"
	"time"
)

// Bounds of a [Timeline] learnt from arrival.
const (
	timelineBucket  = time.Second // observations are kept as one minimum per bucket
	timelineBuckets = 30          // how far back the minimum reaches
)

// Timeline maps media time to capture wall time and back. Learnt from arrival,
// it takes a frame to have been captured when it came in, and believes the
// frames that came in fastest: the minimum of (arrival − PTS) over the last 30
// seconds. So it sees through jitter, and follows an encoder whose clock runs
// off. The delay inside the encoder is not seen, and is the error it states.
//
// It is safe for concurrent use. Wall times are compared by the monotonic
// clock where they have one, so that a step of the system's clock moves nothing
// between two observations.
type Timeline struct {
	mu      sync.Mutex
	origin  time.Time // what offsets count from; set by the first observation
	buckets [timelineBuckets]bucket
	offset  time.Duration // capture wall time of media time 0, from origin
	known   bool
}

type bucket struct {
	n   int64 // number of the bucket, by arrival
	min time.Duration
	set bool
}

// ArrivalError is what a Timeline learnt from arrival states as its error: a
// zero-latency encoder and a quiet network. An encoder with look-ahead holds
// frames for longer, and nothing in RTMP tells.
const ArrivalError = 100 * time.Millisecond

// Observe notes that the frame of media time pts came in at arrival.
func (t *Timeline) Observe(pts Ticks, arrival time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.origin.IsZero() {
		t.origin = arrival
	}
	since := arrival.Sub(t.origin)
	d := since - pts.Duration()
	n := int64(since / timelineBucket)
	b := &t.buckets[((n%timelineBuckets)+timelineBuckets)%timelineBuckets]
	switch {
	case !b.set || b.n != n:
		*b = bucket{n: n, min: d, set: true}
	case d < b.min:
		b.min = d
	}
	t.known, t.offset = true, d
	for _, b := range t.buckets {
		if b.set && b.n > n-timelineBuckets && b.n <= n {
			t.offset = min(t.offset, b.min)
		}
	}
}

// Reset forgets all observations: another encoder has another delay.
func (t *Timeline) Reset() {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.origin, t.buckets, t.offset, t.known = time.Time{}, [timelineBuckets]bucket{}, 0, false
}

// Wall returns when the frame of media time at was captured. It reports false
// while nothing was observed.
func (t *Timeline) Wall(at Ticks) (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.origin.Add(t.offset + at.Duration()), t.known
}

// Media returns which media time was captured at wall. It reports false while
// nothing was observed.
func (t *Timeline) Media(wall time.Time) (Ticks, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return TicksOf(wall.Sub(t.origin) - t.offset), t.known
}

// Clock says what the Timeline was learnt from.
func (t *Timeline) Clock() Clock { return Clock{Source: ClockArrival, Error: ArrivalError} }
