package packager

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/asset"
	"vitrine/packager/cmaf"
	"vitrine/packager/hls"
)

// Bounds of a request.
const (
	// holdTargets is how long a blocking reload is held, in target durations
	// (rfc8216bis §6.2.5.2).
	holdTargets = 3
	// advanceMSN is how far beyond the last complete segment a reload may ask.
	advanceMSN = 2
	// settle is how long the multivariant playlist waits for a rendition that
	// brings nothing; it is then left out until it does.
	settle = 2 * time.Second

	// cacheMedia and cachePlaylist are how long caches keep what succeeded, in
	// target durations (rfc8216bis appendix B.1).
	cachePlaylist = 6
	plainDivisor  = 2
)

// immutable is how long a cache may keep media, whose URL never means other bytes.
const immutable = 365 * 24 * time.Hour

// Fetch finds one asset, waiting if the request names a position that is not yet
// live. Errors: [asset.ErrNotFound], [asset.ErrBadRequest], [asset.ErrTimeout],
// or the context's.
func (p *Program) Fetch(ctx context.Context, req asset.Request) (asset.Asset, error) {
	if err := p.await(ctx); err != nil {
		return asset.Asset{}, err
	}
	hold := holdTargets * time.Duration(p.target) * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, hold, asset.ErrTimeout)
	defer cancel()
	if req.Kind == asset.Multivariant {
		return p.multivariant(ctx)
	}
	for _, r := range p.all {
		if r.name == req.Rendition {
			if req.Kind == asset.Playlist {
				return r.playlist(ctx, req)
			}
			if req.Epoch != p.first {
				break
			}
			return r.media(ctx, req)
		}
	}
	return asset.Asset{}, fmt.Errorf("%w: no rendition %q", asset.ErrNotFound, req.Rendition)
}

// await waits until the renditions are known.
func (p *Program) await(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, holdTargets*p.cfg.Segment, asset.ErrTimeout)
	defer cancel()
	select {
	case <-p.ready:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (r *rendition) playlist(ctx context.Context, req asset.Request) (asset.Asset, error) {
	snap := r.win.Snapshot()
	age := time.Duration(r.prog.target) * time.Second
	if !req.Blocking || snap.Ended() {
		snap, err := r.win.Wait(ctx, (*Snapshot).begun)
		if err != nil {
			return asset.Asset{}, err
		}
		return r.asset(snap, age/plainDivisor, age), nil
	}
	if err := snap.check(req.Reload); err != nil {
		return asset.Asset{}, err
	}
	snap, err := r.win.Wait(ctx, func(s *Snapshot) bool { return s.Reached(req.Reload) })
	if err != nil {
		return asset.Asset{}, err
	}
	return r.asset(snap, age*cachePlaylist, r.prog.cfg.PartTarget*nominalNum/nominalDen), nil
}

// begun reports whether there is enough to play: hls.js takes a playlist with
// parts only for an empty one, and begins beside its first part.
func (s *Snapshot) begun() bool { return len(s.list.Segments) > 0 }

// check refuses a reload that asks for what is too far ahead.
func (s *Snapshot) check(at asset.Position) error {
	last := s.lastComplete()
	limit := 3
	if s.list.PartTarget < time.Second {
		limit = int(math.Ceil(3 / s.list.PartTarget.Seconds()))
	}
	switch {
	case at.MSN > last+advanceMSN:
		return fmt.Errorf("%w: segment %d is asked for, and %d is the last", asset.ErrBadRequest, at.MSN, last)
	case at.MSN == last+2 && at.Part > limit, at.MSN == last+1 && at.Part > s.openParts()-1+limit:
		return fmt.Errorf("%w: part %d of segment %d is too far ahead", asset.ErrBadRequest, at.Part, at.MSN)
	}
	return nil
}

// asset wraps a version of the playlist; a viewer is back for the next after
// `reload`.
func (r *rendition) asset(s *Snapshot, age, reload time.Duration) asset.Asset {
	text, zipped, etag := s.playlist()
	a := asset.Asset{ContentType: hls.ContentType, Body: [][]byte{text}, Gzip: zipped, ETag: etag, MaxAge: age}
	if r == r.prog.all[0] || r.kind == media.Video {
		a.Watch = reload
	}
	return a
}

// media finds an initialization segment, a segment or a part. Of what is still
// to come only the part that is hinted can be waited for.
func (r *rendition) media(ctx context.Context, req asset.Request) (asset.Asset, error) {
	out := asset.Asset{ContentType: "video/mp4", MaxAge: immutable, Immutable: true}
	if r.kind == media.Audio {
		out.ContentType = "audio/mp4"
	}
	snap := r.win.Snapshot()
	switch req.Kind {
	case asset.Init:
		i := req.MSN - snap.initLow
		if i < 0 || i >= int64(len(snap.init)) {
			return asset.Asset{}, fmt.Errorf("%w: no initialization segment %d", asset.ErrNotFound, req.MSN)
		}
		out.Body = [][]byte{snap.init[i]}
		return out, nil
	case asset.Segment:
		if s := snap.find(req.MSN); s != nil && !s.Gap {
			out.Body = s.data
			return out, nil
		}
	case asset.Part:
		if req.MSN == snap.list.NextMSN && req.Part == snap.openParts() {
			var err error
			snap, err = r.win.Wait(ctx, func(s *Snapshot) bool {
				return s.Reached(asset.Position{MSN: req.MSN, Part: req.Part}) || s.lastComplete() >= req.MSN
			})
			if err != nil {
				return asset.Asset{}, err
			}
		}
		if b := snap.part(req.MSN, req.Part); b != nil {
			out.Body = [][]byte{b}
			return out, nil
		}
	}
	return asset.Asset{}, fmt.Errorf("%w: segment %d, part %d", asset.ErrNotFound, req.MSN, req.Part)
}

// part returns the bytes of a part, or nil.
func (s *Snapshot) part(msn int64, part int) []byte {
	seg := s.find(msn)
	if s.open != nil && s.open.MSN == msn {
		seg = s.open
	}
	if seg == nil || part < 0 || part >= len(seg.Parts) {
		return nil
	}
	return seg.data[part]
}

// multivariant lists the renditions that have something to play.
func (p *Program) multivariant(ctx context.Context) (asset.Asset, error) {
	patience, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	for _, r := range p.all {
		if !p.brings(r) {
			continue // sound that never came is not waited for
		}
		if _, err := r.win.Wait(patience, (*Snapshot).begun); err != nil && ctx.Err() != nil {
			return asset.Asset{}, context.Cause(ctx)
		}
	}
	variants, audio, err := p.describe()
	if err != nil {
		return asset.Asset{}, err
	}
	if len(variants) == 0 {
		return asset.Asset{}, fmt.Errorf("%w: nothing to play yet", asset.ErrTimeout)
	}
	text := []byte(hls.Multivariant(variants, audio))
	return asset.Asset{
		ContentType: hls.ContentType, Body: [][]byte{text}, Gzip: compress(text),
		MaxAge: time.Duration(p.target) * time.Second / plainDivisor,
	}, nil
}

// brings reports whether r has brought something, or will: a rung, or a source that
// was not left out.
func (p *Program) brings(r *rendition) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return r.kind == media.Video && r.keeps() || r.track != nil || r.kind == media.Audio && len(r.pending) > 0
}

// What the bit rate of a variant is multiplied by, in per cent: a later segment
// may be larger than those that were measured.
const peakMargin = 115

func (p *Program) describe() ([]hls.Variant, *hls.AudioTrack, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var audio *hls.AudioTrack
	var codecs []string
	var peak, average int
	for _, r := range p.all {
		if r.kind == media.Audio && r.track != nil {
			c, err := cmaf.CodecString(r.track)
			if err != nil {
				return nil, nil, err
			}
			audio = &hls.AudioTrack{URI: r.name + "/index.m3u8", Channels: r.track.Channels}
			codecs, peak, average = []string{c}, r.meter.peak(), r.meter.average()
		}
	}
	var out []hls.Variant
	dark := slices.ContainsFunc(p.all, func(r *rendition) bool { return r.kind == media.Video && r.track != nil && !r.dark() })
	for _, r := range p.all {
		if r.track == nil || r.kind != media.Video && len(p.all) > 1 || dark && r.dark() {
			continue
		}
		c, err := cmaf.CodecString(r.track)
		if err != nil {
			return nil, nil, errors.Join(fmt.Errorf("rendition %s", r.name), err)
		}
		v := hls.Variant{
			URI: r.name + "/index.m3u8", Codecs: []string{c},
			Bandwidth: r.meter.peak(), AverageBandwidth: r.meter.average(),
			Width: r.track.Width, Height: r.track.Height,
		}
		if r.kind == media.Video {
			v.FrameRate = r.meter.rateOf(r.track.FrameRate)
		}
		if r.kind == media.Video && audio != nil {
			v.Codecs = append(v.Codecs, codecs...)
			v.Bandwidth += peak
			v.AverageBandwidth += average
		}
		v.Bandwidth = max(v.Bandwidth*peakMargin/100, 1000)
		out = append(out, v)
	}
	return out, audio, nil
}
