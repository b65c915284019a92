package packager

import (
	"slices"

	"vitrine/internal/media"
	"vitrine/packager/hls"
)

// fillGap says of the time up to `to` that it is not available: GAP parts in
// segments as the grid has them (rfc8216bis §4.4.4.7). With whole it leaves out
// the last one if that is short, since it will go on.
func (r *rendition) fillGap(to int64, whole bool) {
	for r.end < to {
		if r.open == nil {
			b, ok := r.prog.grid.after(r.ticks(r.end) - 1)
			if !ok {
				return
			}
			r.end = min(max(r.end, r.scaled(b.Start)), to)
			r.openSegment(b)
			continue
		}
		stop := to
		next, more := r.prog.grid.after(r.openFrom)
		if more {
			stop = min(stop, r.scaled(next.Start))
		}
		if d := min(stop-r.end, r.cut.nominal); d > 0 {
			if whole && d < r.cut.nominal && stop == to && (!more || to < r.scaled(next.Start)) {
				return
			}
			r.add(hls.Part{Dur: r.duration(d), Gap: true}, nil)
			r.end += d
		}
		if more && r.end >= r.scaled(next.Start) {
			r.closeSegment(r.end)
			r.openSegment(next)
		}
	}
}

// fillHole says of a pause up to `to` that there is nothing to decode in it. Unlike
// an outage that takes nothing from the segment around it, which holds media and
// can be played (rfc8216bis §4.4.4.7): only the parts are gaps.
func (r *rendition) fillHole(to int64) {
	r.hole = true
	r.fillGap(to, false)
	r.hole = false
}

// giveUp ends the open part where it probably ends, and waits for a keyframe on
// a boundary.
func (r *rendition) giveUp() {
	if len(r.cut.open) > 0 {
		r.cut.finish(r.cut.expected(), r.emitFn)
	}
	r.waiting, r.counting = true, false
}

// gapTo publishes a gap up to t, if r has come less far.
func (r *rendition) gapTo(t media.Ticks) {
	if r.open == nil {
		if b, ok := r.prog.grid.after(r.ticks(r.end) - 1); !ok || b.Start >= t {
			return // its time has not come
		}
	}
	before, segment := r.end, r.openFrom
	r.fillGap(r.scaled(t), true)
	if r.end != before || r.openFrom != segment {
		r.publish(false)
	}
}

// dark reports whether all that the playlist lists is a gap.
func (r *rendition) dark() bool {
	return len(r.listed) > 0 && !slices.ContainsFunc(r.listed, func(s *hls.Segment) bool { return !s.Gap })
}
