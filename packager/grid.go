package packager

import (
	"time"

	"vitrine/internal/media"
)

// Boundary is where a segment begins, in every rendition alike.
type Boundary struct {
	MSN           int64
	Start         media.Ticks
	Discontinuity bool
	Since         media.Ticks // where the last discontinuity began, or the show
	Open          bool        // no keyframe is needed to begin here
	Wall          time.Time   // capture time of Start, as PROGRAM-DATE-TIME says it
}

// Bounds of the grid.
const (
	// segmentSlack is how far a keyframe may be off the nominal segment and
	// still end it: the rounding of timestamps to milliseconds, many times over.
	segmentSlack = media.TicksPerSecond / 20
	// minSegment is the shortest segment between keyframes that come
	// irregularly. With a keyframe in every nominal segment it keeps the next
	// boundary before the overrun.
	minSegment = media.TicksPerSecond * 3 / 10
	// overrun is how long before the limit a segment ends that no keyframe ends:
	// the longest frame that is expected.
	overrun = media.TicksPerSecond / 10
	// leap is how much of its time a lead must skip to have been interrupted.
	leap = media.TicksPerSecond / 2
	// steadyGaps is how many keyframes must come at equal distances, all there were
	// if they are fewer, for the next one to be expected there: among so many, an
	// encoder that cuts at scenes has another distance.
	steadyGaps = 8
	// gridKeep is how many boundaries are remembered for renditions that lag.
	gridKeep = 512
	// gridStride is how many segments it may go on at once, and how many a rendition
	// may lag: well under what is remembered, so that none is forgotten too early.
	gridStride = 32
)

// grid decides every boundary of a program. It is pure: the lead's keyframes,
// or a clock while there is no lead, go in, and boundaries come out.
type grid struct {
	segment media.Ticks // nominal
	limit   media.Ticks // longest that rounds to the target duration, also if sound ends a frame later
	next    int64       // MSN of the next boundary

	list    []Boundary // newest last
	covered media.Ticks
	started bool

	discontinuities int64       // so far
	since           media.Ticks // the last one

	lastSync media.Ticks
	gaps     [steadyGaps]media.Ticks // keyframe distances, for worst
	known    int                     // how many of them
}

func newGrid(first int64, segment media.Ticks, target int) *grid {
	return &grid{
		segment: segment,
		limit:   media.Ticks(target)*media.TicksPerSecond + media.TicksPerSecond/2 - 1 - segmentSlack,
		next:    first,
	}
}

// sync tells the grid that the lead has a keyframe at t, and returns the
// boundary if that begins a segment; force makes it one, with a discontinuity.
func (g *grid) sync(t media.Ticks, force bool) (Boundary, bool) {
	if g.started {
		g.gaps[g.known%steadyGaps] = t - g.lastSync
		g.known++
	}
	g.lastSync = t
	g.cover(t)
	if !g.started {
		return g.add(t, force), true
	}
	d := t - g.list[len(g.list)-1].Start
	if d > g.limit { // it skipped time, or was silent
		g.clock(t-minSegment, false)
		return g.add(t, force), true
	}
	if force || d >= g.segment-segmentSlack || (d >= minSegment && d+g.worst() > g.limit-overrun) {
		return g.add(t, force), true
	}
	return Boundary{}, false
}

// past reports whether no boundary can be at t any more: an encoder that reorders
// less than before may have a keyframe a little before its turn, and no more.
func (g *grid) past(t media.Ticks) bool {
	return g.started && (t <= g.list[len(g.list)-1].Start || t < g.covered-backLimit)
}

// worst is how far away the next keyframe may be: as far as the last ones if they
// come steadily, else a nominal segment, which the ladder guarantees.
func (g *grid) worst() media.Ticks {
	if g.known == 0 {
		return g.segment
	}
	last := g.gaps[(g.known-1)%steadyGaps]
	steady := g.known > 1
	for _, d := range g.gaps[:min(g.known, steadyGaps)] {
		steady = steady && d > last-segmentSlack && d < last+segmentSlack
	}
	if steady {
		return last
	}
	return max(g.segment, last)
}

// cover tells the grid that the lead has reached t: no boundary that is still
// unknown can be at t or before.
func (g *grid) cover(t media.Ticks) { g.covered = max(g.covered, t) }

// pass tells the grid that the lead has come to t without a keyframe. It returns
// true if that begins a segment all the same, since the last one must end. Where
// the lead skipped time, the clock lays the boundaries in it.
func (g *grid) pass(t media.Ticks) bool {
	leapt := t-g.covered > leap
	g.cover(t)
	if !g.started || t-g.list[len(g.list)-1].Start < g.limit-overrun {
		return false
	}
	if leapt {
		g.clock(t, false)
		return false
	}
	g.add(min(t, g.list[len(g.list)-1].Start+g.limit), false)
	g.list[len(g.list)-1].Open = true
	return true
}

// overdue reports whether the lead, now at t, should have had a keyframe, if
// they come in every nominal segment.
func (g *grid) overdue(t media.Ticks) bool {
	return g.started && t > max(g.lastSync, g.list[len(g.list)-1].Start)+g.segment+segmentSlack
}

// undecided reports whether a keyframe at t may yet turn out to begin a segment.
func (g *grid) undecided(t media.Ticks) bool {
	return g.started && t > g.list[len(g.list)-1].Start+boundaryMatch && t >= g.lastSync+g.segment-segmentSlack
}

// breaks reports whether a discontinuity is known at t or later.
func (g *grid) breaks(t media.Ticks) bool {
	last := g.list[len(g.list)-1]
	return last.Discontinuity && last.Start > t-segmentSlack
}

// clock lays boundaries by the clock up to t, while the lead is silent. The
// first one begins a discontinuity if that is asked for. It reports whether it
// laid one.
func (g *grid) clock(t media.Ticks, discontinuity bool) bool {
	if !g.started {
		return false
	}
	laid := false
	for {
		next := g.list[len(g.list)-1].Start + g.segment
		if next > t {
			break
		}
		g.add(next, discontinuity && !laid)
		laid = true
	}
	g.cover(t)
	return laid
}

func (g *grid) add(t media.Ticks, discontinuity bool) Boundary {
	if discontinuity || !g.started {
		g.since = t
	}
	b := Boundary{MSN: g.next, Start: t, Discontinuity: discontinuity, Since: g.since}
	g.next++
	g.started = true
	if discontinuity {
		g.discontinuities++
	}
	g.list = append(g.list, b)
	if len(g.list) > gridKeep {
		g.list = append(g.list[:0], g.list[1:]...)
	}
	return b
}

// after returns the first boundary that starts after t.
func (g *grid) after(t media.Ticks) (Boundary, bool) {
	i := len(g.list)
	for i > 0 && g.list[i-1].Start > t {
		i--
	}
	if i == len(g.list) {
		return Boundary{}, false
	}
	return g.list[i], true
}
