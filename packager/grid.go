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
	Wall          time.Time // capture time of Start, as PROGRAM-DATE-TIME says it
}

// Bounds of the grid.
const (
	// segmentSlack is how far a keyframe may be off the nominal segment and
	// still end it: the rounding of timestamps to milliseconds, many times over.
	segmentSlack = media.TicksPerSecond / 20
	// minSegment is the shortest segment between keyframes that come
	// irregularly. With a keyframe in every nominal segment it keeps the next
	// boundary within the target duration.
	minSegment = media.TicksPerSecond / 2
	// gridKeep is how many boundaries are remembered for renditions that lag.
	gridKeep = 64
)

// grid decides every boundary of a program. It is pure: the lead's keyframes,
// or a clock while there is no lead, go in, and boundaries come out.
type grid struct {
	segment media.Ticks // nominal
	limit   media.Ticks // longest that rounds to the target duration
	next    int64       // MSN of the next boundary

	list    []Boundary // newest last
	covered media.Ticks
	started bool

	discontinuities int64 // so far

	lastSync, gap, gapBefore media.Ticks // keyframe distances, for steady
}

func newGrid(first int64, segment media.Ticks, target int) *grid {
	return &grid{
		segment: segment,
		limit:   media.Ticks(target)*media.TicksPerSecond + media.TicksPerSecond/2 - 1,
		next:    first,
	}
}

// sync tells the grid that the lead has a keyframe at t, and returns the
// boundary if that begins a segment; force makes it one, with a discontinuity.
func (g *grid) sync(t media.Ticks, force bool) (Boundary, bool) {
	if g.started {
		g.gapBefore, g.gap = g.gap, t-g.lastSync
	}
	g.lastSync = t
	g.cover(t)
	if !g.started {
		return g.add(t, force), true
	}
	d := t - g.list[len(g.list)-1].Start
	if force || d >= g.segment-segmentSlack || (d >= minSegment && d+g.worst() > g.limit) {
		return g.add(t, force), true
	}
	return Boundary{}, false
}

// worst is how far away the next keyframe may be: as far as the last one if
// they come steadily, else a nominal segment, which the ladder guarantees.
func (g *grid) worst() media.Ticks {
	if d := g.gap - g.gapBefore; d < -segmentSlack || d > segmentSlack {
		return max(g.segment, g.gap)
	}
	return g.gap
}

// cover tells the grid that the lead has reached t: no boundary that is still
// unknown can be at t or before.
func (g *grid) cover(t media.Ticks) { g.covered = max(g.covered, t) }

// clock lays boundaries by the clock up to t, while the lead is silent.
func (g *grid) clock(t media.Ticks) {
	if !g.started {
		return
	}
	for {
		next := g.list[len(g.list)-1].Start + g.segment
		if next > t {
			break
		}
		g.add(next, false)
	}
	g.cover(t)
}

func (g *grid) add(t media.Ticks, discontinuity bool) Boundary {
	b := Boundary{MSN: g.next, Start: t, Discontinuity: discontinuity}
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

// stamp sets the capture time of the newest boundary.
func (g *grid) stamp(wall time.Time) { g.list[len(g.list)-1].Wall = wall }

// after returns the first boundary that starts after t.
func (g *grid) after(t media.Ticks) (Boundary, bool) {
	for i := range g.list {
		if g.list[i].Start > t {
			return g.list[i], true
		}
	}
	return Boundary{}, false
}

// first returns the oldest boundary that is remembered.
func (g *grid) first() (Boundary, bool) {
	if len(g.list) == 0 {
		return Boundary{}, false
	}
	return g.list[0], true
}
