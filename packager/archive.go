package packager

import (
	"time"

	"vitrine/internal/media"
)

// Archive keeps what a program publishes. Keep is called in the order in which
// things happen, while viewers wait: it does not block. What it is given is
// shared with them, and nobody writes to it.
type Archive interface {
	Keep(Kept)
}

// Kept is one thing to keep: one of its fields is set.
type Kept struct {
	Renditions []string // the program begins: best picture first, sound last
	Init       *KeptInit
	Segment    *KeptSegment
	Cue        *KeptCue
	Ended      bool // the program is over: nothing comes after it
}

// KeptInit is an initialization segment. It comes before the segments that need it.
type KeptInit struct {
	Rendition string
	Number    int64
	Track     *media.Track
	Timescale int64 // Hz, of the rendition's times from here on
	Data      []byte
}

// KeptSegment is a complete segment as the grid has it.
type KeptSegment struct {
	Rendition     string
	MSN           int64
	Init          int64 // number of its initialization segment
	Start, Dur    int64 // decode time and duration, in the timescale of the rendition
	Wall          time.Time
	Discontinuity bool
	Gap           bool // some of it is missing; Data is what came
	Size          int  // of Data, bytes
	// Data returns pieces that are the segment together. It may have to join them:
	// call it where there is time.
	Data func() [][]byte
}

// KeptCue is a cue at its place. It comes again under the same number if it is
// moved, as the encoder was away.
type KeptCue struct {
	Number  uint32
	At      media.Ticks
	Payload []byte // JSON object, without its media time
}

func (p *Program) keep(k Kept) {
	if p.cfg.Archive != nil {
		p.cfg.Archive.Keep(k)
	}
}

// bytes returns the segment piece by piece, gaps left out.
func (s *segment) bytes() [][]byte {
	out := make([][]byte, 0, len(s.data))
	for _, p := range s.data {
		if p != nil {
			out = append(out, p.bytes())
		}
	}
	return out
}

// keep hands a complete segment to the archive.
func (r *rendition) keep(s *segment, end int64) {
	if r.prog.cfg.Archive == nil {
		return
	}
	r.prog.keep(Kept{Segment: &KeptSegment{
		Rendition: r.name, MSN: s.MSN, Init: s.Init, Start: s.start, Dur: max(end-s.start, 0), Wall: s.Wall,
		Discontinuity: s.Discontinuity, Gap: s.Gap, Size: s.size, Data: s.bytes,
	}})
}

func (p *Program) keepCue(c placedCue) {
	p.keep(Kept{Cue: &KeptCue{Number: c.id, At: c.at, Payload: c.cue.Payload}})
}
