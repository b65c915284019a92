package media

import (
	"math/bits"
	"time"
)

// Ticks is a time or a duration on a channel's media timeline, in units of
// 1/90000 s: the clock of MPEG-TS, in which every common frame rate is a whole
// number. It is 64 bits wide and never wraps; protocols unwrap theirs first.
type Ticks int64

// TicksPerSecond is the rate of [Ticks].
const TicksPerSecond = 90000

// TicksOf converts a duration to the nearest tick.
func TicksOf(d time.Duration) Ticks {
	return Ticks(Rescale(int64(d), int64(time.Second), TicksPerSecond))
}

// Duration converts t to nanoseconds, to the nearest one.
func (t Ticks) Duration() time.Duration {
	return time.Duration(Rescale(int64(t), TicksPerSecond, int64(time.Second)))
}

// Seconds converts t to seconds.
func (t Ticks) Seconds() float64 { return float64(t) / TicksPerSecond }

// Rescale converts v from a clock of `from` Hz to one of `to` Hz, rounding half
// away from zero. The product is held in 128 bits, so that no time a stream can
// reach overflows; both rates must be positive and the result fit in 64 bits.
func Rescale(v, from, to int64) int64 {
	u := uint64(v)
	if v < 0 {
		u = -u
	}
	hi, lo := bits.Mul64(u, uint64(to))
	lo, carry := bits.Add64(lo, uint64(from)/2, 0)
	q, _ := bits.Div64(hi+carry, lo, uint64(from))
	if v < 0 {
		return -int64(q)
	}
	return int64(q)
}
