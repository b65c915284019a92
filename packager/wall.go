package packager

import (
	"slices"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/hls"
)

// PROGRAM-DATE-TIME follows the capture clock fast enough for any encoder's, and
// too slowly for a player to notice: by maxSlew of the time that passes, or, in
// short segments, by the millisecond that it is told to.
const (
	maxSlew       = 0.0004
	dateUnit      = time.Millisecond
	maxSlewedUnit = dateUnit
)

// stampAll gives a capture time to the boundaries that have none.
func (p *Program) stampAll() {
	if n := len(p.grid.list); n == 0 || !p.grid.list[n-1].Wall.IsZero() {
		return
	}
	for i := range p.grid.list {
		if b := &p.grid.list[i]; b.Wall.IsZero() {
			b.Wall = p.capture(*b)
		}
	}
}

// capture returns the capture time of b as it is to be published: anchored at
// the first boundary and at each discontinuity, slewed in between.
func (p *Program) capture(b Boundary) time.Time {
	now, known := p.cfg.Timeline.Wall(b.Start)
	d := (b.Start - p.since).Duration()
	next := p.wall.Add(d)
	switch {
	case p.wall.IsZero() || b.Discontinuity && known:
		next = now.Round(dateUnit)
	case known:
		next = slew(next, now, d)
	}
	p.wall, p.since = next, b.Start
	return next
}

// slew moves next towards now, over a segment of length d. The result is a whole
// number of milliseconds, so that the dates in the playlist are as far apart as
// they are told to be; rounding to it adds half of one at most, and leaves half of
// one at least, without which segments just under a whole millisecond never catch up.
func slew(next, now time.Time, d time.Duration) time.Time {
	most := max(time.Duration(float64(d)*maxSlew), maxSlewedUnit)
	return next.Add(max(-most, min(now.Sub(next), most))).Round(dateUnit)
}

// dateOf returns the capture time of t as the playlists tell it, if the segment
// of t is known.
func (p *Program) dateOf(t media.Ticks) (time.Time, bool) {
	for _, b := range slices.Backward(p.grid.list) {
		if b.Start <= t {
			return b.Wall.Add((t - b.Start).Duration()), !b.Wall.IsZero()
		}
	}
	return time.Time{}, false
}

// listCues lists the cues whose segment is known by now. While the lead is
// interrupted they wait: they are placed anew when it goes on.
func (p *Program) listCues() {
	known := p.grid.covered
	if p.out || p.known && p.lead.waiting {
		known = min(known, p.lastCarried())
	}
	for i := range p.board.cues {
		c := &p.board.cues[i]
		if c.at > known {
			return
		}
		if c.listed {
			continue
		}
		date, ok := p.dateOf(c.at)
		if !ok {
			continue
		}
		c.listed = true
		p.board.buf = appendStamped(p.board.buf[:0], c.cue.Payload, c.at)
		p.ranges.add(hls.NewDateRange(c.cue.ID, date, c.cue.Dur, p.board.buf), c.at, p.grid.covered)
	}
}

// prune forgets the cues and date ranges that no rendition needs any more.
func (p *Program) prune() {
	p.board.prune(p.published(slices.Min[[]media.Ticks]))
	oldest := p.grid.covered
	for _, r := range p.all {
		if len(r.listed) > 0 {
			oldest = min(oldest, r.listedFrom())
		}
	}
	p.ranges.prune(oldest, p.skipBoundary())
}

// skipBoundary returns CAN-SKIP-UNTIL.
func (p *Program) skipBoundary() media.Ticks {
	return media.TicksOf(hls.CanSkipUntil(time.Duration(p.target) * time.Second))
}
