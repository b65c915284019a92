package transcode

import (
	"sync"
	"time"

	"vitrine/internal/media"
)

// ticksPerMS is how many ticks FLV cannot tell apart.
const ticksPerMS = media.TicksPerSecond / 1000

// originMS is where a run's first frame stands on FFmpeg's clock: late enough
// that sound a little older, and AAC's priming, do not fall below zero.
const originMS = 10_000

// maxStamps bounds the frames that are remembered on their way: half a minute
// at 60 frames/s. A frame that is forgotten keeps its time to the nearest ms.
const maxStamps = 2048

// clock is one run's view of time: FFmpeg's clock counts ms from an origin of
// the run's own, so that a show may last as long as it likes, and the clock
// remembers which tick each of those ms was.
type clock struct {
	base   media.Ticks // the tick at origin
	origin int64       // ms on FFmpeg's clock

	mu     sync.Mutex
	stamps map[int64]stamp // by ms
	order  []int64         // the keys, oldest first, as a ring
	oldest int
}

// stamp is what is known of a frame that went in.
type stamp struct {
	pts media.Ticks
	in  time.Time
}

func newClock(base media.Ticks, origin int64) *clock {
	return &clock{base: base, origin: origin, stamps: make(map[int64]stamp, maxStamps)}
}

// ms returns t on FFmpeg's clock, to the nearest ms.
func (c *clock) ms(t media.Ticks) int64 {
	return c.origin + media.Rescale(int64(t-c.base), media.TicksPerSecond, 1000)
}

// remember notes that the frame of pts went in as ms.
func (c *clock) remember(ms int64, pts media.Ticks, now time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if _, known := c.stamps[ms]; !known {
		if len(c.order) < maxStamps {
			c.order = append(c.order, ms)
		} else {
			delete(c.stamps, c.order[c.oldest])
			c.order[c.oldest] = ms
			c.oldest = (c.oldest + 1) % maxStamps
		}
	}
	c.stamps[ms] = stamp{pts: pts, in: now}
}

// ticks returns the tick that FFmpeg calls ts (90 kHz, unwrapped).
func (c *clock) ticks(ts int64) media.Ticks {
	if s, ok := c.stampOf(ts); ok {
		return s.pts
	}
	return c.after(ts)
}

// stampOf returns what went in as ts (90 kHz, unwrapped).
func (c *clock) stampOf(ts int64) (stamp, bool) {
	if ts%ticksPerMS != 0 {
		return stamp{}, false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	s, ok := c.stamps[ts/ticksPerMS]
	return s, ok
}

// after returns the tick that stands as far from the base as ts (90 kHz,
// unwrapped) from the origin.
func (c *clock) after(ts int64) media.Ticks {
	return c.base + media.Ticks(ts-c.origin*ticksPerMS)
}
