package check

import (
	"math"
	"time"
)

// byteRange is a sub-range of a resource; a length of 0 is all of it, and
// openEnd goes on to its end.
type byteRange struct {
	Offset, Length int64
}

// openEnd is the length of a hinted range whose end is not known yet.
const openEnd = math.MaxInt64

// address names the bytes of one piece of media: an absolute URL and a range.
type address struct {
	URL   string
	Range byteRange
}

// position names a part; a Part of -1 is the whole segment.
type position struct {
	MSN  int64
	Part int
}

func (p position) before(q position) bool {
	return p.MSN < q.MSN || p.MSN == q.MSN && p.Part < q.Part
}

// part is one EXT-X-PART.
type part struct {
	At          address
	Dur         float64 // s
	Independent bool
	Gap         bool
}

// segment is one media segment, or the parts after the last one.
type segment struct {
	MSN           int64
	At            address
	Dur           float64 // s; 0 while it is open
	Gap           bool
	Discontinuity bool
	CC            int64 // discontinuities before and at its start, since the first segment ever
	Map           address
	PDT           time.Time     // as written; zero if it is not
	Quantum       time.Duration // resolution in which PDT is written
	Wall          time.Time     // PDT, or what follows from another one
	Parts         []part
}

// listed returns the duration of the parts of an open segment, in seconds.
func (s *segment) listed() (d float64) {
	for _, p := range s.Parts {
		d += p.Dur
	}
	return d
}

// control is EXT-X-SERVER-CONTROL; seconds, 0 if absent.
type control struct {
	Present        bool
	BlockReload    bool
	PartHoldBack   float64
	HoldBack       float64
	SkipUntil      float64
	SkipDateRanges bool
}

// hint is one EXT-X-PRELOAD-HINT.
type hint struct {
	Type string
	At   address
}

// report is one EXT-X-RENDITION-REPORT; LastPart is -1 if it is absent.
type report struct {
	URL      string
	LastMSN  int64
	LastPart int
}

// dateRange is one EXT-X-DATERANGE.
type dateRange struct {
	ID    string
	Start time.Time
	Attrs attributes
}

// playlist is one media playlist.
type playlist struct {
	Version               int64
	TargetDuration        int64 // s
	PartTarget            float64
	Control               control
	MediaSequence         int64
	DiscontinuitySequence int64
	Segments              []*segment // complete
	Open                  *segment   // the parts after the last segment; nil if none is listed
	Hints                 []hint
	Reports               []report
	DateRanges            []dateRange
	Skipped               int64 // segments that EXT-X-SKIP stands for; -1 if the tag is absent
	RemovedDateRanges     []string
	Ended                 bool
	IFramesOnly           bool
}

// next returns the MSN after the last complete segment.
func (p *playlist) next() int64 {
	return p.MediaSequence + max(p.Skipped, 0) + int64(len(p.Segments))
}

// last returns the position of the last part, or of the last segment if it has
// no parts. It is before everything if the playlist is empty.
func (p *playlist) last() position {
	if p.Open != nil && len(p.Open.Parts) > 0 {
		return position{p.Open.MSN, len(p.Open.Parts) - 1}
	}
	if n := len(p.Segments); n > 0 {
		return position{p.Segments[n-1].MSN, len(p.Segments[n-1].Parts) - 1}
	}
	return position{p.MediaSequence - 1, -1}
}

// awaited returns what a client asks for next.
func (p *playlist) awaited() position {
	if p.PartTarget == 0 {
		return position{p.next(), -1}
	}
	if p.Open != nil {
		return position{p.Open.MSN, len(p.Open.Parts)}
	}
	return position{p.next(), 0}
}

// all returns the segments, the open one included.
func (p *playlist) all() []*segment {
	if p.Open == nil {
		return p.Segments
	}
	return append(p.Segments[:len(p.Segments):len(p.Segments)], p.Open)
}

// find returns a segment by its MSN, or nil.
func (p *playlist) find(msn int64) *segment {
	i := msn - p.MediaSequence - max(p.Skipped, 0)
	if i >= 0 && i < int64(len(p.Segments)) {
		return p.Segments[i]
	}
	if p.Open != nil && p.Open.MSN == msn {
		return p.Open
	}
	return nil
}

// holds reports whether the playlist answers a request for at (rfc8216bis §6.2.5.2).
func (p *playlist) holds(at position) bool {
	if p.Ended || p.next() > at.MSN {
		return true
	}
	return at.Part >= 0 && p.Open != nil && p.Open.MSN == at.MSN && len(p.Open.Parts) > at.Part
}

// duration returns the seconds of media that are listed.
func (p *playlist) duration() (d float64) {
	for _, s := range p.Segments {
		d += s.Dur
	}
	if p.Open != nil {
		d += p.Open.listed()
	}
	return d
}

// newest returns the address of what was listed last, by which two playlists of
// the same instant are known.
func (p *playlist) newest() address {
	if p.Open != nil && len(p.Open.Parts) > 0 {
		return p.Open.Parts[len(p.Open.Parts)-1].At
	}
	if len(p.Segments) > 0 {
		return p.Segments[len(p.Segments)-1].At
	}
	return address{}
}
