package packager

import (
	"slices"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/hls"
)

// closeSegment completes the open segment, which ends at `end`.
func (r *rendition) closeSegment(end int64) {
	s := r.open
	r.open = nil
	for _, p := range s.Parts {
		s.Dur += p.Dur
	}
	s.Gap = s.Gap || !slices.ContainsFunc(s.Parts, func(p hls.Part) bool { return !p.Gap })
	if len(s.Parts) == 0 { // nothing came, not even a gap
		s.Dur = max(r.duration(end-r.scaled(r.openFrom)), time.Millisecond)
	}
	r.keep(s, end)
	r.meter.segment(s)
	r.keyframes += int64(s.Entries())
	r.list(s)
}

// list puts a complete segment at the end of the playlist, and takes from its
// beginning what is too old.
func (r *rendition) list(s *segment) {
	r.kept = append(r.kept[:len(r.kept):len(r.kept)], s)
	r.listed = append(r.listed[:len(r.listed):len(r.listed)], &s.Segment)
	r.keptFor += s.Dur
	target := time.Duration(r.prog.target) * time.Second
	for len(r.listed) > minListed && r.listedSpan() >= media.TicksOf(listedTargets*target) {
		if r.listed[0].Discontinuity {
			r.discSeq++
		}
		r.listed = r.listed[1:]
	}
	for len(r.kept) > len(r.listed) && (len(r.kept) > maxKept || r.keptFor-r.kept[0].Dur >= keptTargets*target+keptSlack) {
		r.keptFor -= r.kept[0].Dur
		r.kept = r.kept[1:]
	}
	if unused := r.kept[0].Init - r.initLow; unused > 0 {
		r.inits, r.initLow = r.inits[unused:len(r.inits):len(r.inits)], r.initLow+unused
	}
}

// listedSpan returns how much is listed after the first segment, by the boundaries,
// so that all renditions list the same segments: sound is some frames longer or
// shorter, and video.js loses its place where sound lists one segment more.
func (r *rendition) listedSpan() media.Ticks {
	last := r.kept[len(r.kept)-1]
	end := last.from + media.TicksOf(last.Dur)
	if next, ok := r.prog.grid.after(last.from); ok {
		end = next.Start
	}
	return end - r.kept[len(r.kept)-len(r.listed)+1].from
}

// listedFrom returns where the playlist begins on the media timeline.
func (r *rendition) listedFrom() media.Ticks {
	if n := len(r.listed); n > 0 {
		return r.kept[len(r.kept)-n].from
	}
	return r.openFrom
}

// publish puts a new version in the window.
func (r *rendition) publish(ended bool) { r.win.publish(r.snapshot(ended)) }

func (r *rendition) snapshot(ended bool) *Snapshot {
	s := &Snapshot{
		of: r, kept: r.kept, init: r.inits, initLow: r.initLow, changed: make(chan struct{}),
		list: hls.Media{
			Epoch: r.prog.first, TargetDuration: r.prog.target, PartTarget: r.prog.cfg.PartTarget,
			DiscontinuitySequence: r.discSeq, Segments: r.listed, Ended: ended, NextMSN: r.prog.first,
		},
	}
	if n := len(r.listed); n > 0 {
		s.list.NextMSN = r.listed[n-1].MSN + 1
	}
	if r.open != nil {
		s.openNow = *r.open
		s.open, s.list.Open, s.list.NextMSN = &s.openNow, &s.openNow.Segment, r.open.MSN
	}
	s.list.Ranges = r.prog.ranges.of(r.listedFrom(), r.ticks(r.end), r.prog.skipBoundary())
	return s
}

// finish ends the open part and the open segment for good.
func (r *rendition) finish() {
	r.giveUp()
	if r.open != nil && len(r.open.Parts) > 0 {
		r.closeSegment(r.end)
	}
	r.open = nil
}
