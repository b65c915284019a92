package packager

import (
	"slices"

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
// allows and not after the nominal length.
//
// Where frames do not fit between 85 % and 100 % of PART-TARGET, because of their
// rate or because the encoder skipped some, a cutter that may move decodes the
// first frame of the next part earlier, and its composition offset makes up for
// it: what viewers see does not change. So a pause is bridged by the frames that
// come after it; only one that a segment ends in leaves a hole.
type cutter struct {
	target  int64 // PART-TARGET
	nominal int64 // where a part is cut if frames allow
	floor   int64 // what a part must last that is no exception
	round   int64 // jitter of timestamps rounded to milliseconds
	slip    int64 // how much later a frame may decode to make a part long enough
	moves   bool  // decode times may differ from what is asked for

	open    []cmaf.Sample // the last one's duration is not known yet
	start   int64         // decode time of open[0]
	last    int64         // decode time of the last of open
	natural int64         // and what was asked for
	step    int64         // between the last two samples that came
}

// newCutter returns a cutter for parts of at most target, in a timescale. One that
// moves may choose decode times: that of video, not of audio.
func newCutter(target, timescale int64, moves bool) *cutter {
	return &cutter{
		target:  target,
		nominal: target * nominalNum / nominalDen,
		floor:   (target*floorPercent + 99) / 100,
		round:   timescale * 2 / 1000,
		slip:    timescale / slipPerSecond,
		moves:   moves,
	}
}

const (
	// PART-TARGETs of 0.35 and 0.21 s are cut at 1/3 and 1/5 s: there whole frames
	// at 23.976 to 60 fps and whole AAC frames at 44.1 and 48 kHz find room.
	nominalNum = 20
	nominalDen = 21
	// floorPercent of PART-TARGET is the least a part may last (rfc8216bis §4.4.4.9).
	floorPercent = 85
	// slipPerSecond is the reciprocal of the most, in seconds, by which a frame
	// decodes late: 20 ms, less than a frame of B-frame reordering does.
	slipPerSecond = 50
)

// push appends the sample s that decodes at `at`, and calls emit for each part
// that is finished by it. The samples of a piece are valid until the next call.
// Times must grow.
func (c *cutter) push(at int64, s cmaf.Sample, emit func(piece)) {
	asked := at
	if len(c.open) > 0 {
		step := asked - c.natural
		if c.step == 0 {
			c.step = step
		}
		at = c.fit(at, s.Sync, min(step, c.step), emit)
		c.step = step
	}
	if len(c.open) == 0 {
		c.start = at
	}
	s.CTO += int32(asked - at)
	c.open = append(c.open, s)
	c.last, c.natural = at, asked
}

// fit emits the open part if a sample at `at` cannot be in it, and returns when
// that sample decodes. frame is a guess at how long it lasts.
func (c *cutter) fit(at int64, sync bool, frame int64, emit func(piece)) int64 {
	if !c.moves {
		c.settle(at, emit)
	}
	if len(c.open) == 0 {
		return at
	}
	d := at - c.start
	switch {
	case d > c.target && sync && c.part(at, emit):
		return c.fit(at, sync, frame, emit)
	case d > c.target:
		at = c.start + c.nominal
	case d >= c.nominal-c.round:
	case d+frame > c.target && (d >= c.floor || !c.moves || independent(c.open)):
	default:
		c.lasts(at)
		return at
	}
	c.lasts(at)
	c.emit(len(c.open), at, emit)
	return at
}

// lasts notes that the last sample ends at `at`.
func (c *cutter) lasts(at int64) { c.open[len(c.open)-1].Dur = uint32(at - c.last) }

// finish ends the open part at `at`, where the next segment begins.
func (c *cutter) finish(at int64, emit func(piece)) {
	if len(c.open) == 0 {
		return
	}
	if !c.moves {
		c.settle(at, emit)
	} else if at-c.start > c.target {
		c.part(at, emit)
	}
	if len(c.open) > 0 {
		c.lasts(at)
		c.emit(len(c.open), at, emit)
	}
}

// part makes all open samples but the last a part of their own, if they may be,
// and the last one can then last until `at`. A few milliseconds are made up by
// decoding the last one later.
func (c *cutter) part(at int64, emit func(piece)) bool {
	short, ok := c.parts(at)
	if !ok {
		return false
	}
	n := len(c.open)
	if short > 0 {
		c.open[n-1].CTO -= int32(short)
		c.last += short
		c.open[n-2].Dur += uint32(short)
	}
	c.emit(n-1, c.last, emit)
	return true
}

// parts reports whether part can do so, and by how much later the last one decodes
// then.
func (c *cutter) parts(at int64) (short int64, ok bool) {
	n := len(c.open)
	if n < 2 || at-c.last > c.target {
		return 0, false
	}
	if short = c.start + c.floor - c.last; short <= 0 || independent(c.open[:n-1]) {
		return 0, true
	}
	return short, short <= c.slip && !c.open[n-1].Sync && c.last+short < at
}

// fills reports whether what is open lasts until `at`, if it is finished there.
func (c *cutter) fills(at int64) bool {
	if len(c.open) == 0 || at-c.start <= c.target {
		return true
	}
	_, ok := c.parts(at)
	return ok
}

// independent reports whether a part of these samples may be short, since decoding
// can start in it.
func independent(samples []cmaf.Sample) bool {
	return slices.ContainsFunc(samples, func(s cmaf.Sample) bool { return s.Sync })
}

// settle notes that the last sample lasts until `at`. Where that makes the part
// longer than PART-TARGET, the samples before it become a part of their own.
func (c *cutter) settle(at int64, emit func(piece)) {
	n := len(c.open)
	c.lasts(at)
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
	if len(c.open) < 2 {
		return c.last + max(c.nominal/16, 1)
	}
	return c.last + max(min(c.step, c.target), 1)
}
