package packager

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/klauspost/compress/gzip"

	"vitrine/internal/media"
	"vitrine/packager/asset"
	"vitrine/packager/hls"
)

// segment is one segment of one rendition: what the playlist says of it, and
// its bytes, part by part.
type segment struct {
	hls.Segment
	from  media.Ticks  // its boundary
	since media.Ticks  // the discontinuity that it follows
	start int64        // decode time of its beginning, in the rendition's scale
	track *media.Track // nil in a gap before the first one is known
	data  []*payload   // of each part; nil where it is a gap
	size  int          // of all data, bytes
	ts    *rendering   // the segment in MPEG-TS, if somebody asked
}

// Snapshot is one immutable version of a rendition: whoever holds it formats it
// unlocked, and all who ask share what was formatted.
type Snapshot struct {
	of      *rendition // for the reports of the others, which are as of the moment of rendering
	list    hls.Media
	kept    []*segment // complete ones, those that are not listed any more included
	open    *segment
	openNow segment // what open points to
	init    [][]byte
	initLow int64         // number of init[0]
	changed chan struct{} // closed when there is a newer version

	forms   [hls.DeltaV2 + 1]text
	iframes text
}

// text is a playlist as it goes out, rendered once.
type text struct {
	once   sync.Once
	plain  []byte
	zipped []byte
	etag   string
}

func (t *text) render(size int, appendTo func([]byte) []byte) *text {
	t.once.Do(func() {
		t.plain = appendTo(make([]byte, 0, size))
		t.zipped = compress(t.plain)
		t.etag = etagOf(t.plain)
	})
	return t
}

// etagOf returns a strong validator of b (RFC 9110 §8.8.3).
func etagOf(b []byte) string {
	h := fnv.New64a()
	h.Write(b)
	return fmt.Sprintf(`"%x"`, h.Sum64())
}

// Ended reports whether the program is over.
func (s *Snapshot) Ended() bool { return s.list.Ended }

// lastComplete returns the MSN of the newest complete segment.
func (s *Snapshot) lastComplete() int64 { return s.list.NextMSN - 1 }

func (s *Snapshot) openParts() int {
	if s.open == nil {
		return 0
	}
	return len(s.open.Parts)
}

// Reached reports whether the playlist holds what a blocking reload waits for
// (rfc8216bis §6.2.5.2). A part beyond the end of a complete segment stands for
// the first part of the next one.
func (s *Snapshot) Reached(at asset.Position) bool {
	last := s.lastComplete()
	switch {
	case at.MSN > last+1:
		return false
	case at.MSN == last+1:
		return at.Part >= 0 && s.openParts() > at.Part
	case at.MSN < last || at.Part < 0:
		return true
	default:
		return at.Part < s.partsOf(last) || s.openParts() > 0
	}
}

func (s *Snapshot) partsOf(msn int64) int {
	if seg := s.find(msn); seg != nil {
		return len(seg.Parts)
	}
	return 0
}

// find returns a complete segment that is still kept, or nil.
func (s *Snapshot) find(msn int64) *segment {
	if len(s.kept) == 0 {
		return nil
	}
	i := msn - s.kept[0].MSN
	if i < 0 || i >= int64(len(s.kept)) {
		return nil
	}
	return s.kept[i]
}

// playlist renders a form of the media playlist.
func (s *Snapshot) playlist(form hls.Form) *text {
	if form != hls.Full && s.list.Skipped() == 0 {
		form = hls.Full
	}
	return s.forms[form].render(s.list.Size(), func(b []byte) []byte {
		list := s.list
		list.Reports = s.of.reports()
		return list.AppendTo(b, form)
	})
}

// iframePlaylist renders the I-frame playlist.
func (s *Snapshot) iframePlaylist() *text {
	return s.iframes.render(s.list.Size(), s.list.AppendIFrames)
}

// last returns the position of the newest part, and whether there is one.
func (s *Snapshot) last() (asset.Position, bool) {
	if n := s.openParts(); n > 0 {
		return asset.Position{MSN: s.list.NextMSN, Part: n - 1}, true
	}
	if n := len(s.list.Segments); n > 0 {
		newest := s.list.Segments[n-1]
		return asset.Position{MSN: newest.MSN, Part: len(newest.Parts) - 1}, len(newest.Parts) > 0
	}
	return asset.Position{}, false
}

// dark reports whether all that the playlist lists is a gap.
func (s *Snapshot) dark() bool {
	return len(s.list.Segments) > 0 && !slices.ContainsFunc(s.list.Segments, func(g *hls.Segment) bool { return !g.Gap })
}

// reports tells how far the other renditions have come: those that can be played.
func (r *rendition) reports() []hls.Report {
	out := make([]hls.Report, 0, len(r.prog.all))
	for _, other := range r.prog.all {
		if other == r {
			continue
		}
		s := other.win.Snapshot()
		if at, ok := s.last(); ok && s.begun() && !s.dark() {
			out = append(out, hls.Report{URI: other.report, MSN: at.MSN, Part: at.Part})
		}
	}
	return out
}

var gzipWriters = sync.Pool{New: func() any {
	w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
	if err != nil {
		panic(err) // the level is a constant
	}
	return w
}}

func compress(b []byte) []byte {
	buf := bytes.NewBuffer(make([]byte, 0, len(b)/2))
	w := gzipWriters.Get().(*gzip.Writer)
	defer gzipWriters.Put(w)
	w.Reset(buf)
	_, err := w.Write(b)
	if err = errors.Join(err, w.Close()); err != nil {
		panic(err) // a bytes.Buffer takes everything
	}
	return buf.Bytes()
}

// Window holds the newest Snapshot of a rendition and wakes those who wait for
// the next one.
type Window struct {
	newest atomic.Pointer[Snapshot]
}

func newWindow(s *Snapshot) *Window {
	w := &Window{}
	w.newest.Store(s)
	return w
}

// Snapshot returns the newest version.
func (w *Window) Snapshot() *Snapshot { return w.newest.Load() }

// publish puts s in place and wakes all waiters at once. Only one goroutine at
// a time publishes.
func (w *Window) publish(s *Snapshot) { close(w.newest.Swap(s).changed) }

// Wait returns the first version for which ok holds, or the last one if the
// program ends. Each wait ends with its own context.
func (w *Window) Wait(ctx context.Context, ok func(*Snapshot) bool) (*Snapshot, error) {
	for {
		s := w.newest.Load()
		if s.Ended() || ok(s) {
			return s, nil
		}
		select {
		case <-s.changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
