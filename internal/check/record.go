package check

import (
	"sync"
	"time"
)

// Bounds of what is kept of one stretch of a watch. A stretch ends before they
// are reached where a server behaves; where it does not, what is over is not kept.
const (
	maxVersions = 2_000  // playlists of one rendition
	maxRefusals = 1_000  // of one rendition
	maxPieces   = 5_000  // parts and segments of one rendition
	maxDeltas   = 200    // of one rendition
	maxProbes   = 2_000  // in all
	maxPauses   = 10_000 // in all
	maxIDs      = 50_000 // of cues and DATERANGEs of one rendition, over the whole watch
)

// record collects what the clients see. It is used by all of them at once.
type record struct {
	mu sync.Mutex
	w  *watch
}

func (r *record) with(f func(*watch)) {
	r.mu.Lock()
	defer r.mu.Unlock()
	f(r.w)
}

// rendition changes one rendition.
func (r *record) rendition(url string, f func(*rendition)) {
	r.with(func(w *watch) {
		for _, x := range w.Renditions {
			if x.URL == url {
				f(x)
				return
			}
		}
	})
}

func (r *record) version(url string, v *version) {
	r.rendition(url, func(x *rendition) { x.Versions = appendBounded(x.Versions, v, maxVersions) })
}

func (r *record) refusal(url string, f refusal) {
	r.rendition(url, func(x *rendition) { x.Refusals = appendBounded(x.Refusals, f, maxRefusals) })
}

func (r *record) delta(url string, d delta) {
	r.rendition(url, func(x *rendition) { x.Deltas = appendBounded(x.Deltas, d, maxDeltas) })
}

func (r *record) piece(url string, p *piece, hinted bool) {
	r.rendition(url, func(x *rendition) {
		into := x.Pieces
		if hinted {
			into = x.Hinted
		}
		if len(into) < maxPieces {
			into[p.At] = p
		}
	})
}

func (r *record) initialization(url string, p *piece, i *initialization) {
	r.rendition(url, func(x *rendition) {
		x.InitGets = appendBounded(x.InitGets, p, maxPieces)
		if i != nil && len(x.Inits) < maxPieces {
			x.Inits[p.At] = i
		}
	})
}

func (r *record) probe(p probe) {
	r.with(func(w *watch) { w.Probes = appendBounded(w.Probes, p, maxProbes) })
}

func (r *record) pause(from, to time.Time, lag time.Duration) {
	r.with(func(w *watch) { w.Pauses = appendBounded(w.Pauses, pause{from, to, lag}, maxPauses) })
}

func appendBounded[T any](list []T, x T, limit int) []T {
	if len(list) >= limit {
		return list
	}
	return append(list, x)
}

// cut ends a stretch of the watch and begins the next, which is handed the last
// playlists, the media that they list, and what must be remembered for good.
func (r *record) cut() *watch {
	r.mu.Lock()
	defer r.mu.Unlock()
	old := r.w
	next := &watch{URL: old.URL, Secure: old.Secure, Main: old.Main, MainHead: old.MainHead}
	for _, x := range old.Renditions {
		next.Renditions = append(next.Renditions, x.carry(old))
	}
	r.w = next
	return old
}

// carry returns the rendition as the next stretch begins with it.
func (r *rendition) carry(w *watch) *rendition {
	next := newRendition(r.URL, r.Name, r.Kind)
	next.Variants, next.Group, next.Inits, next.Past = r.Variants, r.Group, r.Inits, r.remember(w)
	if len(r.Versions) == 0 {
		return next
	}
	last := *r.Versions[len(r.Versions)-1]
	last.First, last.Asked = true, nil
	next.Versions = append(next.Versions, &last)
	for _, s := range last.List.all() {
		keep := func(at address) {
			if p := r.Pieces[at]; p != nil {
				next.Pieces[at] = p
			}
		}
		keep(s.At)
		for _, p := range s.Parts {
			keep(p.At)
		}
	}
	return next
}

func newRendition(url, name string, k kind) *rendition {
	return &rendition{
		URL: url, Name: name, Kind: k,
		Pieces: map[address]*piece{}, Hinted: map[address]*piece{}, Inits: map[address]*initialization{},
	}
}

// remember returns the past of the next stretch.
func (r *rendition) remember(w *watch) past {
	p := r.Past
	if p.Constants == nil && len(r.Versions) > 0 {
		p.Constants = r.Versions[0].List
	}
	p.Ranges, p.Cues = r.ranges(), r.cues()
	p.Replies = r.replies(w)
	p.Parts, p.Segments = r.arrivals(w)
	return p
}
