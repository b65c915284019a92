package packager

import "vitrine/internal/media"

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
	var picture media.Ticks // the source's latest; sound may run ahead of it, and the clock
	d := decision{target: p.target}
	first := now
	for _, h := range p.held {
		first = min(first, h.unit.PTS)
		switch {
		case h.unit.Track.Kind == media.Audio:
			d.audio = true
		case h.name == Source:
			d.video, picture = true, max(picture, h.unit.PTS)
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
	case len(syncs) == 1 && (picture-syncs[0]).Duration() > patience && len(p.cfg.Rungs) > 0:
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
	return max(p.target, int((gap+segmentSlack+media.TicksPerSecond/2)/media.TicksPerSecond))
}

// start makes the renditions and feeds them what was held.
func (p *Program) start(d decision) error {
	p.target = d.target
	p.grid = *newGrid(p.first, media.TicksOf(p.cfg.Segment), d.target)
	if d.video {
		if d.source || p.cfg.Source && len(p.cfg.Rungs) > 0 { // one that is left out is back when its keyframes fit
			p.all = append(p.all, newRendition(p, Source, media.Video))
		}
		for _, rung := range p.cfg.Rungs {
			r := newRendition(p, rung.Name, media.Video)
			r.meter.declared = rung.Bitrate
			p.all = append(p.all, r)
		}
	}
	if d.audio || d.video { // sound may come later, and is listed when it does
		p.all = append(p.all, newRendition(p, Audio, media.Audio))
		if p.cfg.Opus {
			p.all = append(p.all, newRendition(p, Opus, media.Audio))
		}
	}
	p.lead = p.all[0]
	if !d.source && p.lead.name == Source {
		p.lead = p.all[1]
	}
	for _, r := range p.all {
		r.heard = p.clock
	}
	held := p.held
	p.held, p.known = nil, true
	p.cfg.Log.Info("program begins", "source", d.source, "video", d.video, "audio", d.audio, "target", d.target)
	names := make([]string, len(p.all))
	for i, r := range p.all {
		names[i] = r.name
	}
	p.keep(Kept{Renditions: names})
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
