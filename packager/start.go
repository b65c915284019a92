package packager

import (
	"time"

	"vitrine/internal/media"
)

// decision is what a program found out about its source before it begins.
type decision struct {
	source bool // publish it
	video  bool // there is some
	audio  bool
	target int // TARGETDURATION, s
}

// decide looks at what is held, which has come to `now`, and reports whether
// that is enough to begin: the source's second keyframe, or its absence.
func (p *Program) decide(now media.Ticks) (decision, bool) {
	var syncs []media.Ticks
	d := decision{target: p.target}
	first := now
	for _, h := range p.held {
		first = min(first, h.unit.PTS)
		switch {
		case h.unit.Track.Kind == media.Audio:
			d.audio = true
		case h.name == Source:
			d.video = true
			if h.unit.Sync {
				syncs = append(syncs, h.unit.PTS)
			}
		}
	}
	waited := (now - first).Duration()
	patience := p.cfg.Segment + media.Ticks(2*segmentSlack).Duration()
	full := len(p.held) >= maxHeld
	switch {
	case len(syncs) > 1:
		gap := syncs[1] - syncs[0]
		fits := gap <= media.TicksOf(p.cfg.Segment)+segmentSlack
		d.source = p.cfg.Source && fits || len(p.cfg.Rungs) == 0
		d.target = p.targetFor(gap, d.source)
		return d, true
	case len(syncs) == 1 && waited-(syncs[0]-first).Duration() > patience && len(p.cfg.Rungs) > 0:
		return d, true
	case !d.video && d.audio && waited > patience:
		return d, true
	case waited > maxKeyframeWait || full:
		d.source = len(p.cfg.Rungs) == 0 && len(syncs) > 0
		d.target = p.targetFor(now-first, d.source)
		return d, len(syncs) > 0 || d.audio
	}
	return d, false
}

// targetFor returns the target duration for keyframes that are gap apart: a
// source that has no ladder beside it dictates it.
func (p *Program) targetFor(gap media.Ticks, source bool) int {
	if !source {
		return p.target
	}
	return max(p.target, int((gap+media.TicksPerSecond/2)/media.TicksPerSecond))
}

// start makes the renditions and feeds them what was held.
func (p *Program) start(d decision) error {
	p.target = d.target
	p.grid = *newGrid(p.first, media.TicksOf(p.cfg.Segment), d.target)
	if d.video {
		if d.source {
			p.all = append(p.all, newRendition(p, Source, media.Video))
		}
		for _, rung := range p.cfg.Rungs {
			r := newRendition(p, rung.Name, media.Video)
			r.meter.declared = rung.Bitrate
			p.all = append(p.all, r)
		}
	}
	if d.audio {
		p.all = append(p.all, newRendition(p, Audio, media.Audio))
	}
	p.lead = p.all[0]
	held := p.held
	p.held, p.known = nil, true
	p.cfg.Log.Info("program begins", "source", d.source, "video", d.video, "audio", d.audio, "target", d.target)
	close(p.ready)
	for _, h := range held {
		for _, r := range p.all {
			if r.name == h.name {
				if err := p.accept(r, h.unit); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// Tick tells the program that time passes, also where no unit comes: it gives up
// as a gap what is overdue. Call it a few times per part.
func (p *Program) Tick(now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.cfg.Timeline.Media(now)
	if !ok || p.ended {
		return
	}
	if !p.known {
		p.tickHeld(at)
		return
	}
	limit := media.TicksOf(outageAfter)
	if p.away {
		limit = media.TicksOf(awayAfter)
	}
	if !p.out && p.grid.started && at-p.grid.covered > limit {
		p.outage()
	}
	if p.out {
		upto := at - media.TicksOf(p.cfg.PartTarget)
		p.grid.clock(upto)
		p.stampAll()
		for _, r := range p.all {
			r.gapTo(upto)
		}
		return
	}
	for _, r := range p.all {
		if behind := p.grid.covered - media.TicksOf(lagLimit); r != p.lead && r.ticks(r.end) < behind {
			r.giveUp()
			r.gapTo(behind)
		}
	}
}

// tickHeld decides without a second keyframe, if the source has fallen silent:
// while units come, it is they who tell how far the source has come.
func (p *Program) tickHeld(at media.Ticks) {
	newest := media.Ticks(0)
	for _, h := range p.held {
		newest = max(newest, h.unit.PTS)
	}
	if (at - newest).Duration() < awayAfter {
		return
	}
	if d, ok := p.decide(at); ok {
		if err := p.start(d); err != nil {
			p.cfg.Log.Error("program does not begin", "err", err)
		}
	}
}

// outage ends what is open and lets the clock lay the grid.
func (p *Program) outage() {
	p.cfg.Log.Warn("the encoder is silent: the playlist goes on with a gap")
	p.out = true
	for _, r := range p.all {
		for _, u := range r.pending {
			if err := r.feed(u); err != nil {
				p.cfg.Log.Error("unit is lost", "rendition", r.name, "err", err)
			}
		}
		r.pending = nil
		r.giveUp()
	}
}

// stampAll gives a capture time to boundaries that the clock has laid.
func (p *Program) stampAll() {
	for i := range p.grid.list {
		if b := &p.grid.list[i]; b.Wall.IsZero() {
			b.Wall = p.capture(*b)
		}
	}
}
