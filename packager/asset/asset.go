package asset

import (
	"errors"
	"time"
)

// Kind says what is asked for.
type Kind uint8

// The kinds of asset.
const (
	Multivariant Kind = iota + 1 // the list of renditions
	Playlist                     // the media playlist of a rendition
	Init                         // initialization segment N of a rendition
	Segment                      // whole segment MSN of a rendition
	Part                         // part N of segment MSN of a rendition
	IFrames                      // the I-frame playlist of a video rendition
)

// Skip says which delta update of a Playlist is asked for (rfc8216bis §6.2.5.1).
type Skip uint8

// The delta updates.
const (
	SkipNothing  Skip = iota
	SkipSegments      // _HLS_skip=YES
	SkipRanges        // _HLS_skip=v2: date ranges, too
)

// Output says in which form.
type Output uint8

// The outputs of a show.
const (
	LowLatency Output = iota // LL-HLS, CMAF
	Legacy                   // plain HLS, MPEG-TS: Multivariant, Playlist and Segment only
	DASH                     // the MPD, as Multivariant: its media is that of LowLatency
)

// Position is a place in a media playlist: part Part of segment MSN. Part is -1
// where the whole segment is meant.
type Position struct {
	MSN  int64
	Part int
}

// Before reports whether p comes before q; a whole segment comes after all of
// its parts.
func (p Position) Before(q Position) bool {
	if p.MSN != q.MSN {
		return p.MSN < q.MSN
	}
	if p.Part < 0 || q.Part < 0 {
		return p.Part >= 0 && q.Part < 0
	}
	return p.Part < q.Part
}

// Request names one asset. Two requests for the same bytes are equal (==), so
// that a Request can be the key of a cache.
type Request struct {
	Channel   string
	Output    Output
	Kind      Kind
	Rendition string // all kinds but Multivariant
	Epoch     int64  // Init, Segment, Part: the show the URL was made for
	MSN       int64  // Segment, Part; for Init the number of the initialization segment
	Part      int    // Part

	// Blocking is set on a Playlist or IFrames if it is to be held until it
	// reaches Reload (rfc8216bis §6.2.5.2).
	Blocking bool
	Reload   Position
	Skip     Skip // Playlist
}

// Asset is an immutable answer. Its slices are shared by all who asked: nobody
// writes to them. Beside an error it has at most a MaxAge: that of the error.
type Asset struct {
	ContentType string
	Body        [][]byte      // the bytes, in pieces, as they are to be sent
	Gzip        []byte        // the same compressed, where it is worth it
	ETag        string        // strong validator, quotes included; empty if there is none
	MaxAge      time.Duration // how long a cache may keep it; 0 for not at all
	Immutable   bool          // the URL will never mean other bytes
	Watch       time.Duration // how much of the show one viewer watches per such answer; 0 if it does not tell
}

// Len returns the length of the uncompressed body in bytes.
func (a Asset) Len() int {
	n := 0
	for _, b := range a.Body {
		n += len(b)
	}
	return n
}

// What a Source can answer instead of an asset.
var (
	// ErrNotFound: there is no such channel, rendition or piece of media, or not any more.
	ErrNotFound = errors.New("no such asset")
	// ErrBadRequest: the delivery directives make no sense for this playlist (rfc8216bis §6.2.5.2).
	ErrBadRequest = errors.New("bad delivery directive")
	// ErrTimeout: what was waited for did not come in time.
	ErrTimeout = errors.New("the stream did not advance in time")
)
