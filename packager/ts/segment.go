package ts

import (
	"cmp"
	"slices"

	"vitrine/internal/media"
)

// ContentType is the media type of a segment (RFC 3551 §4.5.8).
const ContentType = "video/mp2t"

// Renders reports whether a segment can carry the track: H.264, and AAC that ADTS
// can name.
func Renders(t *media.Track) bool {
	var err error
	switch t.Codec {
	case media.H264:
		_, err = newH264Head(t.Config)
	case media.AAC:
		_, err = newADTSHead(t.Config)
	default:
		return false
	}
	return err == nil
}

// Sample is one access unit. At a keyframe DTS is PTS, as it is in CMAF here:
// frames that are reordered may decode after they are shown.
type Sample struct {
	PTS, DTS media.Ticks
	Sync     bool
	Data     []byte // as [media.Unit] has it
}

// Event is one ID3v2.4 tag with its presentation time.
type Event struct {
	PTS media.Ticks
	Tag []byte
}

// Segment is one segment to be written. A track is nil where there is none.
type Segment struct {
	MSN      int64 // the tables' continuity counters follow it
	Video    *media.Track
	Audio    *media.Track
	Pictures []Sample
	Sounds   []Sample
	Events   []Event // only beside video
}

// Bounds of the multiplex.
const (
	// soundsPerPES is how many audio frames share a PES: 85 ms at 48 kHz, so
	// that the PCR of sound alone comes at least every 100 ms.
	soundsPerPES = 4
	// clockLead is how long before its decode time a picture is due to arrive:
	// by how much the PCR is behind it.
	clockLead = media.TicksPerSecond / 10
)

// packet is one PES to be written.
type packet struct {
	kind  kind
	key   media.Ticks // where it belongs
	index int         // of its first sample
	count int
}

type kind uint8

const (
	picture kind = iota
	sound
	cue
)

// Append appends the segment to b. It fails where an access unit is not what its
// track says, or a track is none that [Renders].
func (s *Segment) Append(b []byte) ([]byte, error) {
	w, err := newWriter(s, b)
	if err != nil {
		return nil, err
	}
	order := s.order(w.adts.frame)
	var last [cue + 1]int
	for i, p := range order {
		last[p.kind] = i
	}
	for i, p := range order {
		if err := w.write(p, last[p.kind] == i); err != nil {
			return nil, err
		}
	}
	return w.out.b, nil
}

// order returns what is to be written in the order of its times, the first
// picture before all else. An audio frame lasts `frame`.
func (s *Segment) order(frame media.Ticks) []packet {
	out := make([]packet, 0, len(s.Pictures)+len(s.Sounds)+len(s.Events))
	for i := range s.Pictures {
		out = append(out, packet{kind: picture, key: s.Pictures[i].DTS, index: i, count: 1})
	}
	first := media.Ticks(0)
	if len(out) > 0 {
		first = out[0].key
	}
	for i := 0; i < len(s.Sounds); {
		n := 1
		for n < soundsPerPES && i+n < len(s.Sounds) && s.Sounds[i+n].PTS-s.Sounds[i+n-1].PTS <= frame*3/2 {
			n++ // no hole between them: only the first one's time is written
		}
		out = append(out, packet{kind: sound, key: max(first, s.Sounds[i].PTS), index: i, count: n})
		i += n
	}
	for i := range s.Events {
		out = append(out, packet{kind: cue, key: max(first, s.Events[i].PTS), index: i, count: 1})
	}
	slices.SortStableFunc(out, func(a, b packet) int { return cmp.Compare(a.key, b.key) })
	return out
}
