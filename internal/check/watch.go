package check

import (
	"cmp"
	"crypto/sha256"
	"maps"
	"slices"
	"time"
)

// kind tells what a rendition is for.
type kind int

const (
	mediaKind   kind = iota // video, audio or both
	iframesKind             // for trick play
	textKind                // subtitles: only the playlist is watched
)

// version is one playlist as it came.
type version struct {
	Sent, Got time.Time
	Asked     *position // nil without directives
	List      *playlist
	Head      headers
	First     bool // of this rendition; what it lists was there before the watch
}

// refusal is a request for a playlist that did not bring one.
type refusal struct {
	URL       string
	Sent, Got time.Time
	Asked     *position
	Status    int
	Reason    string
	MaxWait   time.Duration // 3 target durations, as far as they were known
}

// piece is one part, segment or initialization segment as it came.
type piece struct {
	At        address
	MSN       int64
	Part      int // -1 for a segment
	Status    int
	Fault     string // why it did not come whole
	Head      headers
	Size      int64
	Hash      [sha256.Size]byte
	Sent      time.Time
	First     time.Time // its first byte
	Got       time.Time
	Joined    *joined   // of a segment whose parts were all read
	Contents  *contents // nil where it is not fragmented MP4, or could not be read
	Malformed string    // why it could not be read
}

func (p *piece) ok() bool { return p != nil && p.Fault == "" }

// joined compares a segment with its parts.
type joined struct {
	Parts     int
	Total     int64 // bytes of the parts
	Differing int   // the first part that is not in its place; -1 if all are
}

// delta is a delta update beside the full playlist of the same instant.
type delta struct {
	Form   string // the value of _HLS_skip
	Cached *playlist
	Full   *playlist
	Update *playlist
}

// past is what one stretch of a watch hands to the next, so that no watch grows.
type past struct {
	Constants *playlist            // the first version ever
	Ranges    map[string]dateRange // DATERANGEs ever listed
	Cues      map[string]sighting
	Replies   tally // of blocking reloads
	Parts     tally
	Segments  tally
}

// rendition is what was seen of one media playlist.
type rendition struct {
	Name     string
	URL      string
	Kind     kind
	Variants []variant
	Group    string // of an alternative
	Versions []*version
	Refusals []refusal
	Deltas   []delta
	Pieces   map[address]*piece // as listed
	Hinted   map[address]*piece // as asked for by a hint
	Inits    map[address]*initialization
	InitGets []*piece
	Past     past
}

// watch is what was seen of a presentation. The rules read nothing else.
type watch struct {
	URL        string
	Secure     bool
	Main       *multivariant // nil if the URL is a media playlist
	MainHead   headers
	Renditions []*rendition
	Probes     []probe
	Pauses     []pause
	Expect     []string // set when the watch is over
}

// pause is a time in which the network or this machine was slow.
type pause struct {
	From, To time.Time
	Lag      time.Duration
}

// slack returns how much later than it left the server something may have come
// between two instants.
func (w *watch) slack(from, to time.Time) (lag time.Duration) {
	for _, p := range w.Pauses {
		if p.To.After(from) && p.From.Before(to) {
			lag = max(lag, p.Lag)
		}
	}
	return lag
}

// media returns the renditions that carry media and were seen at least once.
func (w *watch) media() (list []*rendition) {
	for _, r := range w.Renditions {
		if r.Kind == mediaKind && len(r.Versions) > 0 {
			list = append(list, r)
		}
	}
	return list
}

// videos returns the media renditions with a video track.
func (w *watch) videos() (list []*rendition) {
	for _, r := range w.media() {
		if r.isVideo() {
			list = append(list, r)
		}
	}
	return list
}

func (r *rendition) isVideo() bool {
	for _, i := range r.Inits {
		if i.video() != nil {
			return true
		}
	}
	return false
}

// hasParts reports whether the rendition is low latency.
func (r *rendition) hasParts() bool {
	return len(r.Versions) > 0 && r.latest().PartTarget > 0
}

func (r *rendition) latest() *playlist { return r.Versions[len(r.Versions)-1].List }

// ever returns each segment once, in its fullest form, by MSN.
func (r *rendition) ever() []*segment {
	seen := map[int64]*segment{}
	for _, v := range r.Versions {
		for _, s := range v.List.all() {
			old := seen[s.MSN]
			if old == nil || len(s.Parts) >= len(old.Parts) {
				seen[s.MSN] = s
				continue
			}
			if old.At.URL == "" && s.At.URL != "" { // complete now, its parts gone
				merged := *s
				merged.Parts = old.Parts
				seen[s.MSN] = &merged
			}
		}
	}
	return slices.SortedFunc(maps.Values(seen), func(a, b *segment) int { return cmp.Compare(a.MSN, b.MSN) })
}

// stretch is a run of media that was read: a part, or a whole segment where its
// parts were not read.
type stretch struct {
	Seg   *segment
	Part  int // -1 for a whole segment
	Piece *piece
	After bool // it follows the stretch before it without a break
}

func (s *stretch) independent() bool { return s.Part >= 0 && s.Seg.Parts[s.Part].Independent }

// stretches returns all media that was read, in order, each sample once.
func (r *rendition) stretches() (list []stretch) {
	whole := false // the last segment was read to its end
	last := int64(-2)
	for _, s := range r.ever() {
		follows := whole && s.MSN == last+1 && !s.Discontinuity
		parts, all := r.partsOf(s)
		switch p := r.Pieces[s.At]; {
		case len(parts) > 0 && (all || !p.readable()):
			for i := range parts {
				parts[i].After = parts[i].Part == 0 && follows || i > 0 && parts[i].Part == parts[i-1].Part+1
			}
			list = append(list, parts...)
			whole = parts[len(parts)-1].Part == len(s.Parts)-1 && s.At.URL != ""
		case s.At.URL != "" && p.readable():
			list = append(list, stretch{Seg: s, Part: -1, Piece: p, After: follows})
			whole = true
		default:
			whole = false
		}
		last = s.MSN
	}
	return list
}

func (p *piece) readable() bool { return p.ok() && p.Contents != nil }

// partsOf returns the parts of a segment that were read, and whether those are all.
func (r *rendition) partsOf(s *segment) (list []stretch, all bool) {
	for i := range s.Parts {
		if p := r.Pieces[s.Parts[i].At]; p.readable() {
			list = append(list, stretch{Seg: s, Part: i, Piece: p})
		}
	}
	return list, len(list) > 0 && len(list) == len(s.Parts)
}

// starts returns when each segment begins on the media timeline, in seconds, by MSN.
func (r *rendition) starts() map[int64]float64 {
	m := map[int64]float64{}
	for _, s := range r.stretches() {
		if s.Part <= 0 {
			m[s.Seg.MSN] = s.Piece.Contents.main().at()
		}
	}
	return m
}
