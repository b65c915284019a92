package packager

import (
	"bytes"
	"fmt"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/cmaf"
	"vitrine/packager/hls"
)

// Bounds of a rendition.
const (
	// listedTargets is how much a playlist lists, in target durations: never
	// under 3 (rfc8216bis §6.2.2), and more than the skip boundary.
	listedTargets = 10
	// minListed is how many complete segments it lists at least (Apple authoring
	// specification 8.11).
	minListed = 6
	// keptTargets is how much stays downloadable: a removed segment for its own
	// duration and that of the longest playlist that held it (§6.2.2).
	keptTargets = 2*listedTargets + 3
	// keptSlack is how much longer: a rendition that was silent or lagged lists
	// late, and then much at once.
	keptSlack = outageAfter + maxLag
	// maxKept bounds the segments that are kept, however short they are.
	maxKept = 512
	// maxPending bounds the units that wait for the grid, per rendition.
	maxPending = 1024
	// maxSamples bounds the samples of a part: 240 frames per second for four times
	// the longest PART-TARGET.
	maxSamples = 2048
	// boundaryMatch is how far a rung's keyframe may be off the boundary.
	boundaryMatch = media.TicksPerSecond / 100
	// audioSlack is how far audio timestamps may be off the count of samples
	// before they are believed: RTMP rounds them to milliseconds, and encoders
	// start and stop.
	audioSlack = media.TicksPerSecond * 3 / 100
	// joinSlack is how far off its boundary a segment may begin without a gap.
	joinSlack = media.TicksPerSecond * 3 / 100
	// backLimit is how far video timestamps may go back before the frame is
	// dropped.
	backLimit = media.TicksPerSecond / 2
)

// rendition is one quality of a program: it groups units into parts as the grid
// says and publishes them.
type rendition struct {
	name   string
	report string // URI of its playlist in the reports of the others
	kind   media.Kind
	scale  int64 // Hz, of tfdt and durations
	prog   *Program

	track   *media.Track
	inits   [][]byte // those that a kept segment may need
	initLow int64    // number of inits[0]
	initNow int64
	heard   time.Time   // when it last brought something
	seen    media.Ticks // how far what it brought was looked at
	keyAt   media.Ticks // of its last keyframe
	keyGap  media.Ticks // between the last two

	shift   media.Ticks // reorder delay: added to DTS, so that tfdt is PTS at a keyframe
	cut     *cutter
	emitFn  func(piece) // onPiece, bound once
	pending []media.Unit

	open     *segment
	openFrom media.Ticks // boundary of open
	stated   bool        // the state on show stands in open
	end      int64       // where the published parts end, in scale
	shown    int64       // where the last of them ends that is no gap
	waiting  bool        // for a keyframe on a boundary
	hole     bool        // what is filled is a pause of the encoder
	next     int64       // audio: decode time of the next frame, by counting
	counting bool

	kept      []*segment // newest last; the listed ones are its end
	listed    []*hls.Segment
	keptFor   time.Duration // what kept lasts
	discSeq   int64
	keyframes int64 // number of the next entry of the I-frame playlist
	win       *Window
	meter     meter
	press     press
	seq       uint32
}

// keyframeScale is by how much faster than media sequence numbers those of
// I-frame playlists may grow: a restart begins with the Unix second times this,
// and lands higher whatever the source's keyframes.
const keyframeScale = 64

func newRendition(p *Program, name string, kind media.Kind) *rendition {
	r := &rendition{name: name, report: "../" + name + "/index.m3u8", kind: kind, prog: p, scale: media.TicksPerSecond, discSeq: p.cfg.Discontinuity, keyframes: p.first * keyframeScale, waiting: true}
	r.emitFn = r.onPiece
	r.cut = newCutter(media.Rescale(int64(p.cfg.PartTarget), int64(time.Second), r.scale), r.scale, kind == media.Video)
	r.win = newWindow(r.snapshot(false))
	return r
}

// setTrack makes t the track of what follows: a new initialization segment, if
// it differs.
func (r *rendition) setTrack(t *media.Track) error {
	if r.track != nil && sameTrack(r.track, t) {
		r.track = t
		return nil
	}
	b, err := cmaf.Init(t)
	if err != nil {
		return fmt.Errorf("rendition %s: %w", r.name, err)
	}
	if scale := cmaf.Timescale(t); scale != r.scale {
		r.end, r.shown = media.Rescale(r.end, r.scale, scale), media.Rescale(r.shown, r.scale, scale)
		r.scale = scale
		r.cut = newCutter(media.Rescale(int64(r.prog.cfg.PartTarget), int64(time.Second), scale), scale, r.kind == media.Video)
		r.counting = false
	}
	r.track = t
	if t.Bitrate > 0 {
		r.meter.declared = t.Bitrate
	}
	r.inits = append(r.inits[:len(r.inits):len(r.inits)], b)
	r.initNow = r.initLow + int64(len(r.inits)) - 1
	r.prog.keep(Kept{Init: &KeptInit{Rendition: r.name, Number: r.initNow, Track: t, Timescale: r.scale, Data: b}})
	return nil
}

func sameTrack(a, b *media.Track) bool {
	return a == b || (a.Codec == b.Codec && a.SampleRate == b.SampleRate && bytes.Equal(a.Config, b.Config))
}

// decodeTime returns when u decodes, in ticks: DTS shifted by the reorder delay
// of the last keyframe.
func (r *rendition) decodeTime(u media.Unit) media.Ticks {
	if r.kind == media.Audio || u.Sync {
		return u.PTS
	}
	return u.DTS + r.shift
}

func (r *rendition) ticks(t int64) media.Ticks {
	return media.Ticks(media.Rescale(t, r.scale, media.TicksPerSecond))
}

func (r *rendition) scaled(t media.Ticks) int64 {
	return media.Rescale(int64(t), media.TicksPerSecond, r.scale)
}

// feed takes a unit whose boundaries the grid knows.
func (r *rendition) feed(u media.Unit) error {
	if u.Sync {
		r.shift = u.PTS - u.DTS
	}
	r.seen = max(r.seen, r.decodeTime(u))
	b, starts := r.starts(u)
	if r.track != nil && !sameTrack(r.track, u.Track) && (!starts || !b.Discontinuity) {
		if !r.prog.grid.breaks(u.PTS) {
			r.prog.changed = true // a discontinuity is to begin the other track
		}
		r.giveUp()
		return nil
	}
	if starts {
		if err := r.begin(b, u); err != nil {
			return err
		}
	} else if r.waiting || r.open == nil || r.missed(u) {
		return nil
	}
	at := r.time(u)
	switch {
	case starts:
		at = max(at, r.end)
	case len(r.cut.open) >= maxSamples:
		return nil
	case len(r.cut.open) > 0 && at < r.cut.last-r.scaled(backLimit):
		return nil
	case len(r.cut.open) == 0 && at < r.end:
		return nil // too late: its time is published
	case len(r.cut.open) > 0 && at <= r.cut.last:
		if r.kind == media.Audio {
			return nil
		}
		at = r.cut.last + 1
	}
	s := cmaf.Sample{Data: u.Data, Sync: u.Sync}
	if r.kind == media.Audio {
		n := u.Samples()
		r.next, r.counting = at+n, n > 0
	} else {
		s.CTO = int32(int64(u.PTS) - at)
	}
	r.cut.push(at, s, r.emitFn)
	return nil
}

// time returns when u decodes, in the rendition's scale. An audio frame counts
// from the one before as long as that agrees with its timestamp.
func (r *rendition) time(u media.Unit) int64 {
	at := r.scaled(r.decodeTime(u))
	if off, slack := at-r.next, r.scaled(audioSlack); r.counting && off > -slack && off < slack {
		return r.next
	}
	return at
}

// starts reports whether u begins the segment at boundary b.
func (r *rendition) starts(u media.Unit) (Boundary, bool) {
	grid := &r.prog.grid
	from := r.ticks(r.end) - 1
	if r.open != nil {
		from = r.openFrom
	}
	b, ok := grid.after(from)
	if !u.Sync {
		return b, ok && b.Open && !r.waiting && r.open != nil && r.decodeTime(u) >= b.Start-boundaryMatch
	}
	if r.kind == media.Audio {
		at := r.ticks(r.time(u))             // as it will be written: a timestamp may be a millisecond off
		for ok && at >= b.Start-r.reach(u) { // a late rendition skips what it missed
			next, more := grid.after(b.Start)
			if !more || at < next.Start-r.reach(u) {
				return b, true
			}
			b = next
		}
		return Boundary{}, false
	}
	if r.waiting && !r.keeps() {
		return Boundary{}, false
	}
	for ok && b.Start < u.PTS-boundaryMatch {
		b, ok = grid.after(b.Start)
	}
	return b, ok && b.Start <= u.PTS+boundaryMatch
}

// reach is how far before its boundary a segment may begin with u: half a frame of
// sound, so that the nearest one does.
func (r *rendition) reach(u media.Unit) media.Ticks {
	if r.kind != media.Audio {
		return 0
	}
	return media.Ticks(media.Rescale(u.Samples()/2, int64(u.Track.SampleRate), media.TicksPerSecond))
}

// missed reports whether u lies beyond the next boundary, at which the rendition
// had no keyframe. It then waits for the next one it has, and the program fills
// the time with a gap.
func (r *rendition) missed(u media.Unit) bool {
	if r.kind == media.Audio {
		return false
	}
	b, ok := r.prog.grid.after(r.openFrom)
	if !ok || r.decodeTime(u) < b.Start {
		return false
	}
	r.cut.finish(max(r.scaled(b.Start), r.cut.last+1), r.emitFn)
	r.waiting = true
	return true
}

// begin ends the open segment and opens the one at b, which u starts.
func (r *rendition) begin(b Boundary, u media.Unit) error {
	start := max(r.time(u), r.end)
	upto := start
	if next, ok := r.prog.grid.after(r.openFrom); ok && start > r.scaled(next.Start+joinSlack) {
		upto = r.scaled(next.Start) // what is missing after it is not the last sample's
	}
	r.cut.finish(max(upto, r.cut.last+1), r.emitFn)
	r.fillGap(min(start, r.scaled(b.Start)), false)
	for r.open != nil && r.open.MSN < b.MSN { // every number, also where two boundaries are close
		next, ok := r.prog.grid.after(r.openFrom)
		r.closeSegment(max(start, r.end))
		if ok && next.MSN < b.MSN {
			r.openSegment(next)
		}
	}
	if err := r.setTrack(u.Track); err != nil {
		return err
	}
	start = max(r.end, r.time(u)) // in a scale that may be another now
	late := r.end > 0 && start-r.end > r.scaled(joinSlack)
	if !late {
		r.end = start
	}
	r.openSegment(b)
	if late {
		r.fillGap(start, false)
	}
	r.waiting = false
	r.publish(false)
	return nil
}

func (r *rendition) openSegment(b Boundary) {
	r.open = &segment{from: b.Start, since: b.Since, start: r.end, track: r.track, ts: &rendering{}, Segment: hls.Segment{
		MSN: b.MSN, Init: r.initNow, Discontinuity: b.Discontinuity,
		Wall: b.Wall.Add((r.ticks(r.end) - b.Start).Duration()), FirstKeyframe: r.keyframes,
	}}
	r.openFrom, r.stated = b.Start, false
}

func (r *rendition) duration(d int64) time.Duration {
	return time.Duration(media.Rescale(d, r.scale, int64(time.Second)))
}
