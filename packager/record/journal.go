package record

import (
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"strconv"
	"time"

	"vitrine/internal/media"
)

// JournalName is the name of the journal in a show's folder.
const JournalName = "journal.jsonl"

// journalVersion is the "v" of a take.
const journalVersion = 1

// The types of [Entry].
const (
	typeTake    = "take"    // a run of the server begins to record
	typeInit    = "init"    // an initialization segment
	typeSegment = "segment" // a segment
	typeCue     = "cue"     // a cue at its place; the same number again is the same cue, moved
	typeLost    = "lost"    // segments that the disk did not take
	typeEnd     = "end"     // the program is over
)

// Entry is one line of the journal. Type says which fields hold; what is 0,
// false or empty is left out. All but cues count time in 1/Scale s.
type Entry struct {
	Type string `json:"type"`
	Take int64  `json:"take"` // Unix second in which the take began

	V       int       `json:"v,omitempty"` // take
	Channel string    `json:"channel,omitempty"`
	Show    string    `json:"show,omitempty"`
	Started time.Time `json:"started,omitzero"` // of the show

	Rendition string `json:"rendition,omitempty"` // init, segment, lost

	Init       int64  `json:"init,omitempty"` // init: its number; segment: the one it needs
	Kind       string `json:"kind,omitempty"` // init: video or audio
	Codec      string `json:"codec,omitempty"`
	Width      int    `json:"width,omitempty"`  // pixels
	Height     int    `json:"height,omitempty"` // pixels
	SampleRate int    `json:"sample_rate,omitempty"`
	Channels   int    `json:"channels,omitempty"`

	MSN           int64     `json:"msn,omitempty"` // segment
	Scale         int64     `json:"scale,omitempty"`
	Start         int64     `json:"start,omitempty"` // decode time of its first sample
	Dur           int64     `json:"dur,omitempty"`
	Wall          time.Time `json:"wall,omitzero"` // capture time of its first sample
	Discontinuity bool      `json:"discontinuity,omitempty"`
	Gap           bool      `json:"gap,omitempty"`   // some of it, or all, never came
	Bytes         int64     `json:"bytes,omitempty"` // 0: there is no file

	Cue     uint32          `json:"cue,omitempty"` // number of a cue
	At      media.Ticks     `json:"at,omitempty"`  // its place, in 1/90000 s
	Payload json.RawMessage `json:"payload,omitempty"`

	From     int64 `json:"from,omitempty"` // lost: the first MSN
	To       int64 `json:"to,omitempty"`   // lost: the last MSN
	Segments int   `json:"segments,omitempty"`
}

// appendLine appends e as a line of the journal.
func (e Entry) appendLine(b []byte) ([]byte, error) {
	line, err := json.Marshal(e)
	if err != nil {
		return b, fmt.Errorf("journal: %w", err)
	}
	return append(append(b, line...), '\n'), nil
}

// safeName is what a channel, a show or a rendition may be called on disk.
var safeName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,63}$`)

// file returns where the bytes of an init or a segment are, from the show's folder.
func (e Entry) file() string {
	name := strconv.FormatInt(e.MSN, 10) + ".m4s"
	if e.Type == typeInit {
		name = "init" + strconv.FormatInt(e.Init, 10) + ".mp4"
	}
	return path.Join(strconv.FormatInt(e.Take, 10), e.Rendition, name)
}

// Bounds of what a line may say, so that no sum of times overflows.
const (
	maxScale   = 10_000_000         // Hz
	maxTime    = 366 * 24 * 60 * 60 // s, of a take
	maxSegment = 10 * 60            // s
)

// timed reports whether a stretch of a take in 1/scale s is one.
func timed(start, dur, scale int64) bool {
	return scale > 0 && scale <= maxScale && start >= 0 && start <= maxTime*scale && dur >= 0 && dur <= maxSegment*scale
}

// valid reports whether a line that was read makes sense.
func (e Entry) valid() bool {
	named := safeName.MatchString(e.Rendition)
	switch e.Type {
	case typeTake:
		return e.Take > 0 && e.V >= 1
	case typeInit:
		return named && e.Take > 0 && e.Init >= 0 && (e.Kind == media.Video.String() || e.Kind == media.Audio.String())
	case typeSegment:
		return named && e.Take > 0 && e.MSN >= 0 && e.Init >= 0 && e.Bytes >= 0 && timed(e.Start, e.Dur, e.Scale)
	case typeCue:
		return e.Take > 0 && e.At >= 0 && e.At <= maxTime*media.TicksPerSecond && len(e.Payload) > 0
	case typeLost:
		return named && e.Take > 0 && e.From <= e.To
	}
	return e.Type == typeEnd && e.Take > 0
}
