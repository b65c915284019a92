package packager

import (
	"slices"
	"time"

	"vitrine/internal/media"
)

// accept feeds u to r at once if r leads, else as soon as the grid covers it.
func (p *Program) accept(r *rendition, u media.Unit) error {
	if u.Sync && r.kind == media.Video && u.PTS > r.keyAt {
		if r.keyAt > 0 {
			r.keyGap = u.PTS - r.keyAt
		}
		r.keyAt = u.PTS
	}
	if r == p.lead {
		return p.guide(u)
	}
	r.heard = p.clock
	if len(r.pending) >= maxPending {
		r.pending = slices.Delete(r.pending, 0, len(r.pending)-maxPending+1)
	}
	r.pending = append(r.pending, u)
	return p.drain(r)
}

// guide takes a unit of the lead, whose keyframes are where segments begin, and
// feeds the others what the grid covers then.
func (p *Program) guide(u media.Unit) error {
	r := p.lead
	if u.Sync {
		r.shift = u.PTS - u.DTS
	}
	at := r.decodeTime(u)
	switch {
	case p.out && at < p.grid.covered:
		if p.grid.covered-at < maxCatchUp {
			r.heard = p.clock // the clock waits for it
		}
		return nil
	case (p.fresh(at) || p.out || r.waiting) && !u.Sync:
		return nil
	}
	if next := p.relief(u, at); next != nil {
		return p.handOver(next, u)
	}
	r.heard = p.clock
	leapt := at-p.grid.covered > leap
	p.bound(r, u, at)
	p.grid.cover(at)
	if !leapt { // or nothing may carry the cues up to there
		p.listCues()
	}
	if err := r.feed(u); err != nil {
		return err
	}
	if leapt {
		p.listCues()
	}
	for _, f := range p.all {
		if f != r {
			if err := p.drain(f); err != nil {
				return err
			}
		}
		p.forget(f)
	}
	return nil
}

// forget gives up as a gap what r lags beyond gridStride segments, before the grid
// forgets where they begin.
func (p *Program) forget(r *rendition) {
	oldest := p.grid.list[max(0, len(p.grid.list)-gridStride)].Start
	if r.open != nil && r.openFrom < oldest {
		r.giveUp()
		r.gapTo(oldest)
	}
}

// fresh reports whether a unit at t is the first encoder's that came after a
// cut, and not what is left of the one before.
func (p *Program) fresh(t media.Ticks) bool { return p.cut && t > p.cutAt }

// bound lays a boundary where u of the lead, which decodes at `at`, begins a
// segment.
func (p *Program) bound(r *rendition, u media.Unit, at media.Ticks) {
	starts, interrupted, last := false, p.out || r.waiting, p.lastCarried()
	if u.Sync && p.grid.past(at) {
		return
	}
	if u.Sync {
		changed := r.track != nil && !sameTrack(r.track, u.Track)
		force := p.grid.started && (p.fresh(at) || p.out || p.changed || changed)
		interrupted = interrupted || force
		if force {
			p.changed = false
		}
		p.cut, p.out = p.cut && !p.fresh(at), false
		_, starts = p.grid.sync(at, force)
		if last := p.grid.list[len(p.grid.list)-1]; !starts && r.waiting && at > last.Start {
			p.grid.add(at, false) // it was interrupted, and can go on
			starts = true
		}
	} else {
		starts = p.grid.pass(at)
	}
	if starts && (interrupted || r.leaves(at)) {
		p.board.postpone(last+1, at, p.keepCue)
	}
	p.stampAll()
	if starts {
		p.prune()
	}
}

// lastCarried returns the last time at which a cue may still be carried, or has
// been: what comes after it waits for the lead's next frame.
func (p *Program) lastCarried() media.Ticks {
	switch {
	case p.out:
		return p.outFrom - 1
	case p.lead.waiting:
		last := media.Ticks(0)
		for _, r := range p.all {
			if r.kind == media.Video {
				last = max(last, r.ticks(r.shown))
			}
		}
		return last - 1
	}
	return p.grid.covered
}

// leaves reports whether a segment that begins at t leaves time before it that r
// has nothing for.
func (r *rendition) leaves(t media.Ticks) bool {
	next, ok := r.prog.grid.after(r.openFrom)
	return ok && t > next.Start+joinSlack || !r.cut.fills(r.scaled(t))
}

// keeps reports whether the keyframes of r fit the segments. A source whose do not
// is left out, and is back when two of them have come in time.
func (r *rendition) keeps() bool {
	return r.name != Source || r == r.prog.lead || r.keyGap > 0 && r.keyGap <= r.prog.grid.segment+segmentSlack
}

// relief returns the rung that is to lead instead of a source whose keyframe is
// overdue, or nil: rungs have one in every segment.
func (p *Program) relief(u media.Unit, at media.Ticks) *rendition {
	if u.Sync || p.lead.name != Source || !p.grid.overdue(at) {
		return nil
	}
	for _, r := range p.all {
		if r.kind == media.Video && r != p.lead && !r.waiting && !p.silent(r, lagLimit) {
			return r
		}
	}
	return nil
}

// handOver makes next the lead. u is a unit of the one before, if there is one
// at hand.
func (p *Program) handOver(next *rendition, more ...media.Unit) error {
	old, pending := p.lead, next.pending
	p.cfg.Log.Info("another rendition leads", "was", old.name, "now", next.name)
	p.lead, next.pending = next, nil
	for _, u := range pending {
		if err := p.accept(next, u); err != nil {
			return err
		}
	}
	for _, u := range more {
		if err := p.accept(old, u); err != nil {
			return err
		}
	}
	return nil
}

// drain feeds r what the grid covers by now. A keyframe that may yet begin a
// segment waits until that is decided; what comes from another encoder, until
// the lead has come from there too.
func (p *Program) drain(r *rendition) error {
	n := 0
	defer func() { r.pending = slices.Delete(r.pending, 0, n) }()
	for n < len(r.pending) {
		u := r.pending[n]
		at := r.decodeTime(u)
		undecided := r.kind == media.Video && u.Sync && !p.out && p.lead.name == Source && p.grid.undecided(at)
		if at+r.reach(u) > p.grid.covered || undecided || p.fresh(u.PTS) {
			return nil
		}
		n++
		if err := r.feed(u); err != nil {
			return err
		}
	}
	return nil
}

// silent reports whether r has brought nothing for longer than d.
func (p *Program) silent(r *rendition, d time.Duration) bool { return p.clock.Sub(r.heard) > d }

// Tick tells the program that time passes, also where no unit comes: it gives up
// as a gap what is overdue. Call it a few times per part.
func (p *Program) Tick(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clock = now
	at, ok := p.cfg.Timeline.Media(now)
	if !ok || p.ended {
		return
	}
	if !p.known {
		p.tickHeld(at)
		return
	}
	for _, r := range p.all {
		if r.heard.IsZero() {
			r.heard = now
		}
	}
	limit := outageAfter
	if p.away {
		limit = awayAfter
	}
	if err := p.watch(at, limit); err != nil {
		p.cfg.Log.Error("units are lost", "err", err)
	}
	for _, r := range p.all {
		if r != p.lead {
			p.giveUp(r, limit)
		}
	}
}

// watch sees to it that the grid goes on if the lead is silent for longer than
// limit: the source leads instead of a ladder that died, else the clock does.
func (p *Program) watch(at media.Ticks, limit time.Duration) error {
	if !p.grid.started || !p.silent(p.lead, limit) {
		return nil
	}
	if first := p.all[0]; first != p.lead && first.name == Source && !p.silent(first, lagLimit) {
		return p.handOver(first)
	}
	if !p.out {
		p.cfg.Log.Warn("the encoder is silent: the playlist goes on with a gap", "rendition", p.lead.name)
		p.lead.giveUp()
		p.out, p.outFrom = true, p.lead.ticks(p.lead.end)
	}
	upto := min(at-media.TicksOf(p.cfg.PartTarget), p.grid.covered+gridStride*p.grid.segment) // the machine may have slept
	other := p.cut && p.clock.Sub(p.cutOn) > outageAfter                                      // an encoder without what leads
	if p.grid.clock(upto, other || p.changed) {
		p.cut, p.changed = p.cut && !other, false
		p.stampAll()
	}
	p.lead.gapTo(p.grid.covered)
	for _, r := range p.all {
		if r != p.lead {
			if err := p.drain(r); err != nil {
				return err
			}
			p.forget(r)
		}
	}
	return nil
}

// giveUp publishes as a gap what r will not bring any more.
func (p *Program) giveUp(r *rendition, limit time.Duration) {
	to := p.grid.covered
	switch {
	case r.waiting && len(r.pending) > 0: // all up to there has come, and nothing could begin
		to = min(to, r.decodeTime(r.pending[0])-r.reach(r.pending[0])) // it may begin the next
	case p.out && p.silent(r, limit):
	case p.silent(r, lagLimit):
		to -= media.TicksOf(lagLimit)
	case r.waiting:
		to = min(to, r.seen)
	default:
		to -= media.TicksOf(maxLag)
	}
	if r.ticks(r.end) < to {
		r.giveUp()
		r.gapTo(to)
	}
}
