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

	// cacheBlocking is how long caches keep the answer to a blocking reload, in
	// target durations; plainDivisor, which part of one they keep another
	// playlist (rfc8216bis appendix B.1).
	cacheBlocking = 6
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
	if len(p.all) == 0 {
		return asset.Asset{}, fmt.Errorf("%w: the show ended before there was anything to play", asset.ErrNotFound)
	}
	hold := holdTargets * time.Duration(p.target) * time.Second
	ctx, cancel := context.WithTimeoutCause(ctx, hold, asset.ErrTimeout)
	defer cancel()
	a, err := p.find(ctx, req)
	if errors.Is(err, asset.ErrNotFound) || errors.Is(err, asset.ErrBadRequest) {
		// No longer than this even for a reload that asks for too much: it will be
		// right a little later.
		a = asset.Asset{MaxAge: time.Duration(p.target) * time.Second}
	}
	return a, err
}

func (p *Program) find(ctx context.Context, req asset.Request) (asset.Asset, error) {
	switch req.Output {
	case asset.Legacy:
		return p.legacy(ctx, req)
	case asset.DASH:
		return p.mpd(ctx)
	}
	if req.Kind == asset.Multivariant {
		return p.multivariant(ctx)
	}
	for _, r := range p.all {
		switch {
		case r.name != req.Rendition:
		case req.Kind == asset.Playlist:
			return r.playlist(ctx, req)
		case req.Kind == asset.IFrames && r.kind == media.Video:
			return r.iframes(ctx, req)
		case req.Kind != asset.IFrames && req.Epoch == p.first:
			return r.media(ctx, req)
		}
	}
	return asset.Asset{}, fmt.Errorf("%w: no rendition %q of this show", asset.ErrNotFound, req.Rendition)
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
	if snap.Ended() {
		return r.asset(snap.playlist(hls.Full), false), nil
	}
	form := formOf(req.Skip)
	if !req.Blocking {
		snap, err := r.win.Wait(ctx, (*Snapshot).begun)
		if err != nil {
			return asset.Asset{}, err
		}
		return r.asset(snap.playlist(form), false), nil
	}
	if err := snap.check(req.Reload); err != nil {
		return asset.Asset{}, err
	}
	snap, err := r.win.Wait(ctx, func(s *Snapshot) bool { return s.Reached(req.Reload) })
	if err != nil {
		return asset.Asset{}, err
	}
	return r.asset(snap.playlist(form), true), nil
}

func formOf(s asset.Skip) hls.Form {
	switch s {
	case asset.SkipSegments:
		return hls.Delta
	case asset.SkipRanges:
		return hls.DeltaV2
	default:
		return hls.Full
	}
}

// iframes answers with the I-frame playlist. It has numbers of its own, no parts,
// and is short enough to be told whole.
func (r *rendition) iframes(ctx context.Context, req asset.Request) (asset.Asset, error) {
	snap := r.win.Snapshot()
	if last := snap.list.LastKeyframe(); req.Blocking && !snap.Ended() && req.Reload.MSN > last+advanceMSN {
		return asset.Asset{}, fmt.Errorf("%w: keyframe %d is asked for, and %d is the last", asset.ErrBadRequest, req.Reload.MSN, last)
	}
	snap, err := r.win.Wait(ctx, func(s *Snapshot) bool {
		return s.begun() && (!req.Blocking || s.list.LastKeyframe() >= req.Reload.MSN)
	})
	if err != nil {
		return asset.Asset{}, err
	}
	a := r.asset(snap.iframePlaylist(), req.Blocking && !snap.Ended())
	a.Watch = 0
	return a, nil
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

// asset wraps a rendered playlist. A viewer who had it at once is back after a
// target duration, one who waited for it after a part.
func (r *rendition) asset(t *text, waited bool) asset.Asset {
	target := time.Duration(r.prog.target) * time.Second
	a := asset.Asset{ContentType: hls.ContentType, Body: [][]byte{t.plain}, Gzip: t.zipped, ETag: t.etag, MaxAge: target / plainDivisor}
	reload := target
	if waited {
		a.MaxAge, reload = cacheBlocking*target, r.prog.cfg.PartTarget*nominalNum/nominalDen
	}
	if r == r.prog.all[0] || r.kind == media.Video {
		a.Watch = reload
	}
	return a
}

// media finds an initialization segment, a segment or a part. Of what is still
// to come only the part that is hinted can be waited for.
func (r *rendition) media(ctx context.Context, req asset.Request) (asset.Asset, error) {
	out := asset.Asset{ContentType: "video/mp4", MaxAge: immutable, Immutable: true, ETag: mediaTag(req)}
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
			out.Body = s.bytes()
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

// mediaTag returns the validator of a piece of media: its name, for it never
// changes its bytes.
func mediaTag(r asset.Request) string {
	return fmt.Sprintf(`"%s-%d-%d-%d-%d"`, r.Rendition, r.Kind, r.Epoch, r.MSN, r.Part)
}

// part returns the bytes of a part, or nil.
func (s *Snapshot) part(msn int64, part int) []byte {
	seg := s.find(msn)
	if s.open != nil && s.open.MSN == msn {
		seg = s.open
	}
	if seg == nil || part < 0 || part >= len(seg.Parts) || seg.data[part] == nil {
		return nil
	}
	return seg.data[part].bytes()
}

// multivariant lists the renditions that have something to play.
func (p *Program) multivariant(ctx context.Context) (asset.Asset, error) {
	if err := p.settled(ctx); err != nil {
		return asset.Asset{}, err
	}
	variants, sounds, err := p.describe()
	if err != nil {
		return asset.Asset{}, err
	}
	if len(variants) == 0 {
		return asset.Asset{}, fmt.Errorf("%w: nothing to play yet", asset.ErrTimeout)
	}
	return p.listing([]byte(hls.Multivariant(variants, sounds))), nil
}

// listing wraps a multivariant playlist.
func (p *Program) listing(text []byte) asset.Asset {
	return asset.Asset{
		ContentType: hls.ContentType, Body: [][]byte{text}, Gzip: compress(text), ETag: etagOf(text),
		MaxAge: time.Duration(p.target) * time.Second / plainDivisor,
	}
}

// settled waits a while until every rendition has something to play.
func (p *Program) settled(ctx context.Context) error {
	patience, cancel := context.WithTimeout(ctx, settle)
	defer cancel()
	for _, r := range p.all {
		if !p.brings(r) {
			continue // sound that never came is not waited for
		}
		if _, err := r.win.Wait(patience, (*Snapshot).begun); err != nil && ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return nil
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

// describe returns the variants, best first, once for each coding of the sound,
// and those codings.
func (p *Program) describe() ([]hls.Variant, []hls.AudioTrack, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	alone := p.all[0].kind == media.Audio // there is no video: sound is the variant
	var out []hls.Variant
	var sounds []hls.AudioTrack
	dark := slices.ContainsFunc(p.all, func(r *rendition) bool { return r.kind == media.Video && r.track != nil && !r.dark() })
	for _, r := range p.all {
		if r.track == nil || dark && r.kind == media.Video && r.dark() {
			continue
		}
		v, err := r.variant()
		switch {
		case err != nil:
			return nil, nil, err
		case r.kind == media.Video || alone:
			out = append(out, v)
		default:
			sounds = append(sounds, hls.AudioTrack{
				Group: r.name, URI: v.URI, Channels: r.track.Channels, Codec: v.Codecs[0],
				Bandwidth: v.Bandwidth, AverageBandwidth: v.AverageBandwidth,
			})
		}
	}
	if len(sounds) > 0 {
		out = withSound(out, sounds)
	}
	for i := range out {
		out[i].Bandwidth = max(out[i].Bandwidth*peakMargin/100, 1000)
	}
	return out, sounds, nil
}

// withSound returns every variant with each coding of the sound, the first one
// first.
func withSound(variants []hls.Variant, sounds []hls.AudioTrack) []hls.Variant {
	out := make([]hls.Variant, 0, len(variants)*len(sounds))
	for _, s := range sounds {
		for _, v := range variants {
			v.Audio = s.Group
			v.Codecs = append(slices.Clone(v.Codecs), s.Codec)
			v.Bandwidth += s.Bandwidth
			v.AverageBandwidth += s.AverageBandwidth
			out = append(out, v)
		}
	}
	return out
}

// variant describes r alone.
func (r *rendition) variant() (hls.Variant, error) {
	c, err := cmaf.CodecString(r.track)
	if err != nil {
		return hls.Variant{}, fmt.Errorf("rendition %s: %w", r.name, err)
	}
	v := hls.Variant{
		URI: r.name + "/index.m3u8", Codecs: []string{c},
		Bandwidth: r.meter.peak(), AverageBandwidth: r.meter.average(),
		Width: r.track.Width, Height: r.track.Height,
	}
	if r.kind == media.Video {
		v.FrameRate = r.meter.rateOf(r.track.FrameRate)
		v.IFrames = &hls.IFrames{URI: r.name + "/iframes.m3u8", Codec: c}
		v.IFrames.Bandwidth, v.IFrames.AverageBandwidth = r.meter.keyframes()
		v.IFrames.Bandwidth = max(v.IFrames.Bandwidth*peakMargin/100, 1000)
	}
	return v, nil
}
