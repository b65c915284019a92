package packager

import (
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"hash/fnv"
	"sync"
	"sync/atomic"

	"vitrine/packager/asset"
	"vitrine/packager/hls"
)

// segment is one segment of one rendition: what the playlist says of it, and
// its bytes, part by part.
type segment struct {
	hls.Segment
	data [][]byte // of each part; nil where it is a gap
	from int64    // decode time of its beginning, in the rendition's scale
}

// Snapshot is one immutable version of a rendition: whoever holds it formats it
// unlocked, and all who ask share what was formatted.
type Snapshot struct {
	list    hls.Media
	kept    []*segment // complete ones, those that are not listed any more included
	open    *segment
	init    [][]byte
	initLow int64 // number of init[0]

	render sync.Once
	text   []byte
	gzip   []byte
	etag   string
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

// text renders the playlist, once per version.
func (s *Snapshot) playlist() (text, zipped []byte, etag string) {
	s.render.Do(func() {
		s.text = s.list.AppendTo(make([]byte, 0, playlistSize(&s.list)))
		s.gzip = compress(s.text)
		h := fnv.New64a()
		h.Write(s.text)
		s.etag = fmt.Sprintf(`"%x"`, h.Sum64())
	})
	return s.text, s.gzip, s.etag
}

// playlistSize is a close upper estimate of a playlist's length in bytes.
func playlistSize(m *hls.Media) int {
	const head, perSegment, perPart = 400, 160, 110
	n := head + perSegment*(len(m.Segments)+1)
	for _, s := range m.Segments {
		n += perPart * len(s.Parts)
	}
	if m.Open != nil {
		n += perPart * len(m.Open.Parts)
	}
	return n
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
	version atomic.Pointer[version]
}

type version struct {
	snap    *Snapshot
	changed chan struct{} // closed when there is a newer version
}

func newWindow(s *Snapshot) *Window {
	w := &Window{}
	w.version.Store(&version{snap: s, changed: make(chan struct{})})
	return w
}

// Snapshot returns the newest version.
func (w *Window) Snapshot() *Snapshot { return w.version.Load().snap }

// publish puts s in place and wakes all waiters at once. Only one goroutine at
// a time publishes.
func (w *Window) publish(s *Snapshot) {
	old := w.version.Swap(&version{snap: s, changed: make(chan struct{})})
	close(old.changed)
}

// Wait returns the first version for which ok holds, or the last one if the
// program ends. Each wait ends with its own context.
func (w *Window) Wait(ctx context.Context, ok func(*Snapshot) bool) (*Snapshot, error) {
	for {
		v := w.version.Load()
		if v.snap.Ended() || ok(v.snap) {
			return v.snap, nil
		}
		select {
		case <-v.changed:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}
