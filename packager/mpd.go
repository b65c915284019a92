package packager

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"sync"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/asset"
	"vitrine/packager/cmaf"
	"vitrine/packager/dash"
	"vitrine/packager/hls"
)

// mpdName is the MPD's own name, beside the multivariant playlist.
const mpdName = "index.mpd"

// mpdSegment is where an edge finds a segment of a rendition that may still grow.
const mpdSegment = "dash/%s/%d/$Number$.m4s"

// epochOf anchors the presentation's clock once: DASH knows one for a whole show,
// and lists the times of segments instead of computing them from it, so that an
// encoder whose clock runs off does no harm.
type epochOf struct {
	once sync.Once
	wall time.Time // of media time 0
}

// mpd renders the MPD of what is listed now.
func (p *Program) mpd(ctx context.Context) (asset.Asset, error) {
	if err := p.settled(ctx); err != nil {
		return asset.Asset{}, err
	}
	target := time.Duration(p.target) * time.Second
	m := dash.MPD{
		Name: mpdName, Update: target / 2, Depth: listedTargets * target, Longest: target,
		Latency: target + hls.HoldBack(p.cfg.PartTarget), Chunk: p.cfg.PartTarget, Ended: true,
	}
	periods := map[media.Ticks]*dash.Period{}
	for _, r := range p.all {
		snap := r.win.Snapshot()
		if !snap.begun() || snap.dark() {
			continue
		}
		m.Ended = m.Ended && snap.Ended()
		for _, run := range snap.runs() {
			at := run[0].since
			if periods[at] == nil {
				periods[at] = &dash.Period{ID: strconv.FormatInt(int64(at), 10), Start: at.Duration()}
			}
			if err := r.enter(periods[at], run, snap.open); err != nil {
				return asset.Asset{}, err
			}
		}
		newest := snap.list.Segments[len(snap.list.Segments)-1]
		if end := newest.Wall.Add(newest.Dur); end.After(m.Published) {
			m.Published = end
		}
		p.dash.once.Do(func() { p.dash.wall = newest.Wall.Add(-snap.kept[len(snap.kept)-1].from.Duration()) })
	}
	for _, at := range slices.Sorted(maps.Keys(periods)) {
		m.Periods = append(m.Periods, *periods[at])
	}
	if len(m.Periods) == 0 {
		return asset.Asset{}, fmt.Errorf("%w: nothing to play yet", asset.ErrTimeout)
	}
	m.Start = p.dash.wall
	text, err := m.Append(nil)
	if err != nil {
		return asset.Asset{}, err
	}
	a := p.listing(text)
	a.ContentType, a.MaxAge, a.Watch = dash.ContentType, m.Update, m.Update
	return a, nil
}

// runs returns what is listed as DASH can say it: in each period the segments
// that follow the last gap, the open one included, be it without a part yet: FFmpeg
// 5.1 begins anew if one rendition has nothing new to list and another has. Numbers
// count without holes there, and a segment that cannot be had cannot be listed.
func (s *Snapshot) runs() [][]*segment {
	all := slices.Clone(s.kept[len(s.kept)-len(s.list.Segments):])
	if s.open != nil {
		all = append(all, s.open)
	}
	var out [][]*segment
	var run []*segment
	broken := false
	for i, x := range all {
		if i > 0 && x.since != all[i-1].since {
			out, run = append(out, run), nil
		}
		if x.Gap || x.track == nil {
			broken = true
			continue
		}
		if broken {
			run, broken = nil, false
		}
		run = append(run, x)
	}
	return slices.DeleteFunc(append(out, run), func(run []*segment) bool { return len(run) == 0 })
}

// longestSoundFrame is how much shorter than the nominal length a segment of sound
// may be, in samples: 60 ms of Opus, the longest that sounds come in.
const longestSoundFrame = 2880

// enter adds the segments of r to a period. How long the open one will be is not
// known, only expected, and not too long: FFmpeg 5.1 looks for the next segment
// after the end that it was told, and begins anew where it finds none.
func (r *rendition) enter(period *dash.Period, run []*segment, open *segment) error {
	first := run[0]
	track, scale := first.track, cmaf.Timescale(first.track)
	codec, err := cmaf.CodecString(track)
	if err != nil {
		return fmt.Errorf("rendition %s: %w", r.name, err)
	}
	r.prog.mu.Lock()
	bandwidth := max(r.meter.peak()*peakMargin/100, 1000)
	r.prog.mu.Unlock()
	x := dash.Representation{
		ID: r.name, Codecs: codec, Bandwidth: bandwidth, Width: track.Width, Height: track.Height,
		SampleRate: track.SampleRate, Channels: track.Channels,
		Timescale: scale, Offset: media.Rescale(int64(first.since), media.TicksPerSecond, scale), First: first.MSN,
		Init:  fmt.Sprintf("%s/%d/init%d.mp4", r.name, r.prog.first, first.Init),
		Media: fmt.Sprintf(mpdSegment, r.name, r.prog.first),
	}
	for i, s := range run {
		d := s.Dur
		if s == open {
			d = r.prog.cfg.Segment
		}
		dur := media.Rescale(int64(d), int64(time.Second), scale)
		if s == open && r.kind == media.Audio {
			dur -= longestSoundFrame
		}
		if i+1 < len(run) {
			dur = run[i+1].start - s.start
		}
		x.Segments = append(x.Segments, dash.Segment{Time: s.start, Dur: dur})
	}
	id := int(track.Codec) // what a player may switch between has one codec
	for i := range period.Sets {
		if set := &period.Sets[i]; set.ID == id {
			set.Representations = append(set.Representations, x)
			return nil
		}
	}
	period.Sets = append(period.Sets, dash.Set{ID: id, Video: r.kind == media.Video, Representations: []dash.Representation{x}})
	return nil
}
