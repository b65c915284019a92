package packager

import (
	"context"
	"fmt"
	"math"
	"strings"
	"sync"

	"vitrine/internal/media"
	"vitrine/packager/asset"
	"vitrine/packager/cmaf"
	"vitrine/packager/hls"
	"vitrine/packager/ts"
)

// What MPEG-TS needs beyond CMAF, for the bandwidth that is stated. Measured with
// sound, a source of 1.1 Mbit/s takes 8 % more, and the 240p rung 12 %.
const (
	legacyHeaders = 103     // packet headers, in per cent of the media
	legacyPerUnit = 130 * 8 // bits: PES header, and the stuffing of its last packet
	legacySounds  = 12      // PES of sound per second
	legacyFixed   = 25_000  // bits per second: tables, and stuffing to whole counters
)

// rendering is a segment in another form than CMAF: made when somebody asks for
// it first, and kept with the segment.
type rendering struct {
	once sync.Once
	data []byte
	err  error
}

func (r *rendering) make(render func() ([]byte, error)) ([]byte, error) {
	r.once.Do(func() { r.data, r.err = render() })
	return r.data, r.err
}

// legacy finds an asset of plain HLS with MPEG-TS. Each rendition of H.264 carries
// the sound, or the sound is alone; what MPEG-TS cannot carry is not there.
func (p *Program) legacy(ctx context.Context, req asset.Request) (asset.Asset, error) {
	if req.Kind == asset.Multivariant {
		return p.legacyMultivariant(ctx)
	}
	for _, r := range p.all {
		switch {
		case r.name != req.Rendition || r.kind == media.Audio && p.all[0].kind == media.Video:
		case req.Kind == asset.Playlist:
			return r.legacyPlaylist(ctx)
		case req.Kind == asset.Segment && req.Epoch == p.first:
			return r.legacySegment(req)
		}
	}
	return asset.Asset{}, fmt.Errorf("%w: no rendition %q of this show in MPEG-TS", asset.ErrNotFound, req.Rendition)
}

func (p *Program) legacyMultivariant(ctx context.Context) (asset.Asset, error) {
	if err := p.settled(ctx); err != nil {
		return asset.Asset{}, err
	}
	variants, _, err := p.describe()
	if err != nil {
		return asset.Asset{}, err
	}
	var out []hls.Variant
	for _, v := range variants {
		if !p.plain(&v) {
			continue
		}
		units := int(math.Ceil(v.FrameRate)) + legacySounds
		v.Bandwidth = v.Bandwidth*legacyHeaders/100 + units*legacyPerUnit + legacyFixed
		v.AverageBandwidth = v.AverageBandwidth*legacyHeaders/100 + units*legacyPerUnit + legacyFixed
		out = append(out, v)
	}
	if len(out) == 0 {
		return asset.Asset{}, fmt.Errorf("%w: no rendition of this show can be had in MPEG-TS", asset.ErrNotFound)
	}
	return p.listing([]byte(hls.PlainMultivariant(out))), nil
}

// plain reports whether MPEG-TS can carry a variant as it is: its video, and the
// sound that goes with it there.
func (p *Program) plain(v *hls.Variant) bool {
	for _, r := range p.all {
		if !strings.HasPrefix(v.URI, r.name+"/") || !r.inTS() {
			continue
		}
		sound := r.sound()
		return sound == nil && v.Audio == "" || sound != nil && v.Audio == sound.name
	}
	return false
}

// inTS reports whether MPEG-TS can carry what r brings.
func (r *rendition) inTS() bool {
	r.prog.mu.Lock()
	defer r.prog.mu.Unlock()
	return r.track != nil && ts.Renders(r.track)
}

// sound returns the rendition whose sound goes into the segments of r, or nil.
func (r *rendition) sound() *rendition {
	for _, other := range r.prog.all {
		if other != r && other.kind == media.Audio && other.inTS() {
			return other
		}
	}
	return nil
}

// legacyPlaylist lists the segments that are complete, with their sound.
func (r *rendition) legacyPlaylist(ctx context.Context) (asset.Asset, error) {
	snap, err := r.win.Wait(ctx, (*Snapshot).begun)
	if err != nil {
		return asset.Asset{}, err
	}
	if !r.inTS() {
		return asset.Asset{}, fmt.Errorf("%w: MPEG-TS cannot carry rendition %q", asset.ErrNotFound, r.name)
	}
	list, last := snap.list, snap.lastComplete()
	if sound := r.sound(); sound != nil {
		heard, err := sound.win.Wait(ctx, func(s *Snapshot) bool { return s.lastComplete() >= snap.list.Segments[0].MSN })
		if err != nil {
			return asset.Asset{}, err
		}
		if !heard.Ended() {
			list.Ended, last = false, min(last, heard.lastComplete())
		}
	}
	return r.asset(new(text).render(list.Size(), func(b []byte) []byte { return list.AppendPlain(b, last) }), false), nil
}

func (r *rendition) legacySegment(req asset.Request) (asset.Asset, error) {
	missing := fmt.Errorf("%w: segment %d", asset.ErrNotFound, req.MSN)
	seg := r.win.Snapshot().find(req.MSN)
	if seg == nil || seg.Gap {
		return asset.Asset{}, missing
	}
	var beside *segment
	if sound := r.sound(); sound != nil {
		heard := sound.win.Snapshot()
		if !heard.Ended() && heard.lastComplete() < req.MSN {
			return asset.Asset{}, missing // it is not listed either
		}
		beside = heard.find(req.MSN)
	}
	b, err := seg.ts.make(func() ([]byte, error) { return renderTS(seg, beside) })
	if err != nil {
		return asset.Asset{}, fmt.Errorf("segment %d of %s in MPEG-TS: %w", req.MSN, r.name, err)
	}
	return asset.Asset{
		ContentType: ts.ContentType, Body: [][]byte{b}, ETag: mediaTag(req), MaxAge: immutable, Immutable: true,
	}, nil
}

// renderTS makes a segment of MPEG-TS out of one of CMAF, with the sound beside
// it, if there is any: the grid has given both the same span.
func renderTS(s, beside *segment) ([]byte, error) {
	out := ts.Segment{MSN: s.MSN}
	size := s.size
	for _, from := range []*segment{s, beside} {
		if from == nil || from.track == nil {
			continue
		}
		samples, events, err := from.samples()
		if err != nil {
			return nil, err
		}
		if from.track.Kind == media.Video {
			out.Video, out.Pictures, out.Events = from.track, samples, events
		} else {
			out.Audio, out.Sounds = from.track, samples
			size += from.size
		}
	}
	return out.Append(make([]byte, 0, size*legacyHeaders/100+(len(out.Pictures)+len(out.Sounds))*legacyPerUnit/8))
}

// samples reads back what the segment consists of.
func (s *segment) samples() (samples []ts.Sample, events []ts.Event, err error) {
	scale := cmaf.Timescale(s.track)
	ticks := func(t int64) media.Ticks { return media.Ticks(media.Rescale(t, scale, media.TicksPerSecond)) }
	for _, part := range s.data {
		if part == nil {
			continue // a gap
		}
		for b := part.bytes(); len(b) > 0; {
			var c cmaf.Chunk
			if c, b, err = cmaf.ReadChunk(b); err != nil {
				return nil, nil, err
			}
			for _, e := range c.Events {
				events = append(events, ts.Event{PTS: media.Ticks(media.Rescale(int64(e.Time), int64(e.Timescale), media.TicksPerSecond)), Tag: e.Message})
			}
			at := int64(c.Time)
			for _, x := range c.Samples {
				samples = append(samples, ts.Sample{PTS: ticks(at + int64(x.CTO)), DTS: ticks(at), Sync: x.Sync, Data: x.Data})
				at += int64(x.Dur)
			}
		}
	}
	return samples, events, nil
}
