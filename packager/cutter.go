package packager

import (
	"vitrine/packager/cmaf"
)

// piece is a finished run of samples: a part, before it is encoded.
type piece struct {
	samples []cmaf.Sample
	start   int64 // decode time of the first sample
	dur     int64
	hole    int64 // time after it that no sample fills
}

// cutter groups the samples of one rendition into parts. It is pure. All times
// are in the timescale of the track.
//
// A part ends when the sample that begins the next one is known, for only then
// is the duration of its last sample known. It ends as late as PART-TARGET
// allows and not after the nominal length, so that no part is longer than
// PART-TARGET and none but a segment's last is shorter than 85 % of it, as long
// as frames come evenly.
type cutter struct {
	target  int64 // PART-TARGET
	nominal int64 // where a part is cut if frames allow
	round   int64 // jitter of timestamps rounded to milliseconds

	open  []cmaf.Sample // the last one's duration is not known yet
	start int64         // decode time of open[0]
	last  int64         // decode time of the last of open
}

// newCutter returns a cutter for parts of at most target, in a timescale.
func newCutter(target, timescale int64) *cutter {
	return &cutter{
		target:  target,
		nominal: target * nominalNum / nominalDen,
		round:   timescale * 2 / 1000,
	}
}

// PART-TARGETs of 0.35 and 0.21 s are cut at 1/3 and 1/5 s: there whole frames
// at 23.976 to 60 fps and whole AAC frames at 44.1 and 48 kHz find room.
const (
	nominalNum = 20
	nominalDen = 21
)

// push appends the sample s that decodes at `at`, and calls emit for each part
// that is finished by it. The samples of a piece are valid until the next call.
// Times must grow.
func (c *cutter) push(at int64, s cmaf.Sample, emit func(piece)) {
	if len(c.open) > 0 {
		c.settle(at, emit)
	}
	if n := len(c.open); n > 0 {
		frame := at - c.last // a guess at how long s will last
		if n > 1 {
			frame = min(frame, int64(c.open[n-2].Dur))
		}
		if d := at - c.start; d >= c.nominal-c.round || d+frame > c.target {
			c.emit(n, at, emit)
		}
	}
	if len(c.open) == 0 {
		c.start = at
	}
	c.open = append(c.open, s)
	c.last = at
}

// finish ends the open part at `at`, where the next segment begins.
func (c *cutter) finish(at int64, emit func(piece)) {
	if len(c.open) == 0 {
		return
	}
	c.settle(at, emit)
	if len(c.open) > 0 {
		c.emit(len(c.open), at, emit)
	}
}

// settle notes that the last sample lasts until `at`. Where that makes the part
// longer than PART-TARGET, the samples before it become a part of their own.
func (c *cutter) settle(at int64, emit func(piece)) {
	n := len(c.open)
	c.open[n-1].Dur = uint32(at - c.last)
	if n > 1 && at-c.start > c.target {
		c.emit(n-1, c.last, emit)
	}
	if at-c.start > c.target {
		c.emit(1, at, emit)
	}
}

// emit hands on the first n open samples, which end at `end`. A last sample that
// would last beyond PART-TARGET is cut short, and the rest is a hole.
func (c *cutter) emit(n int, end int64, emit func(piece)) {
	p := piece{samples: c.open[:n], start: c.start, dur: end - c.start}
	if over := p.dur - c.target; over > 0 {
		p.samples[n-1].Dur -= uint32(over)
		p.dur, p.hole = c.target, over
	}
	emit(p)
	rest := copy(c.open, c.open[n:])
	clear(c.open[rest:])
	c.open = c.open[:rest]
	c.start = end
}

// expected returns where the open part would end if its last sample lasted as
// long as the one before, at least one unit.
func (c *cutter) expected() int64 {
	n := len(c.open)
	if n < 2 {
		return c.last + max(c.nominal/16, 1)
	}
	return c.last + max(int64(c.open[n-2].Dur), 1)
}
