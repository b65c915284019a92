package hls

import (
	"strconv"
	"time"
)

// ContentType is the media type of a playlist (rfc8216bis §4).
const ContentType = "application/vnd.apple.mpegurl"

// Factors of PART-TARGET and of the target duration.
const (
	holdBackParts  = 3 // PART-HOLD-BACK in PART-TARGETs (Apple authoring specification 14.3)
	partTagTargets = 3 // parts are listed for this many target durations (rfc8216bis §6.2.2)
)

// version is the lowest that fits: EXT-X-MAP in a normal media playlist (rfc8216bis §8).
const version = 6

// Part is one partial segment.
type Part struct {
	Dur         time.Duration
	Independent bool // holds a frame at which decoding can start
	Gap         bool // not available
}

// Segment is one media segment, complete or open.
type Segment struct {
	MSN           int64
	Dur           time.Duration // of a complete segment
	Wall          time.Time     // capture time of its first sample
	Discontinuity bool          // encoding or timing changed before it
	Gap           bool          // not available
	Init          int64         // number of its initialization segment
	Parts         []Part
}

// Media is one version of a media playlist.
type Media struct {
	Epoch                 int64 // of the show: part of every media URI
	TargetDuration        int   // seconds
	PartTarget            time.Duration
	DiscontinuitySequence int64
	Segments              []*Segment // complete ones, at least one unless Open is set
	Open                  *Segment   // nil if nothing of the next one is known
	NextMSN               int64      // of the segment after Segments, which Open is if set
	Ended                 bool
}

// HoldBack returns PART-HOLD-BACK for a PART-TARGET.
func HoldBack(partTarget time.Duration) time.Duration { return holdBackParts * partTarget }

// AppendTo appends the playlist to b.
func (m *Media) AppendTo(b []byte) []byte {
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:"...)
	b = strconv.AppendInt(b, version, 10)
	b = append(b, "\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, int64(m.TargetDuration), 10)
	b = append(b, "\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK="...)
	b = appendSeconds(b, HoldBack(m.PartTarget))
	b = append(b, "\n#EXT-X-PART-INF:PART-TARGET="...)
	b = appendSeconds(b, m.PartTarget)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:"...)
	b = strconv.AppendInt(b, m.first(), 10)
	b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	b = strconv.AppendInt(b, m.DiscontinuitySequence, 10)
	b = append(b, '\n')

	listFrom, init := m.firstWithParts(), int64(-1)
	for i, s := range m.Segments {
		b, init = m.appendHead(b, s, init)
		if i >= listFrom {
			b = m.appendParts(b, s)
		}
		b = m.appendSegment(b, s)
	}
	if m.Ended {
		return append(b, "#EXT-X-ENDLIST\n"...)
	}
	next := 0
	if m.Open != nil {
		b, _ = m.appendHead(b, m.Open, init)
		b = m.appendParts(b, m.Open)
		next = len(m.Open.Parts)
	}
	b = append(b, `#EXT-X-PRELOAD-HINT:TYPE=PART,URI="`...)
	b = appendPartURI(b, m.Epoch, m.NextMSN, next)
	return append(b, "\"\n"...)
}

func (m *Media) first() int64 {
	if len(m.Segments) > 0 {
		return m.Segments[0].MSN
	}
	return m.NextMSN
}

// firstWithParts returns the index of the first segment whose parts are listed:
// those of the last 3 target durations.
func (m *Media) firstWithParts() int {
	if m.Ended {
		return len(m.Segments)
	}
	left := partTagTargets * time.Duration(m.TargetDuration) * time.Second
	if m.Open != nil {
		for _, p := range m.Open.Parts {
			left -= p.Dur
		}
	}
	i := len(m.Segments)
	for i > 0 && left > 0 {
		i--
		left -= m.Segments[i].Dur
	}
	return i
}

// appendHead appends what stands before the first part of a segment.
func (m *Media) appendHead(b []byte, s *Segment, init int64) ([]byte, int64) {
	if s.Discontinuity {
		b = append(b, "#EXT-X-DISCONTINUITY\n"...)
	}
	if s.Init != init || s.Discontinuity {
		b = append(b, `#EXT-X-MAP:URI="`...)
		b = strconv.AppendInt(b, m.Epoch, 10)
		b = append(b, "/init"...)
		b = strconv.AppendInt(b, s.Init, 10)
		b = append(b, ".mp4\"\n"...)
	}
	b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
	b = s.Wall.UTC().Round(time.Millisecond).AppendFormat(b, "2006-01-02T15:04:05.000Z")
	return append(b, '\n'), s.Init
}

func (m *Media) appendParts(b []byte, s *Segment) []byte {
	for i := range s.Parts {
		p := &s.Parts[i]
		b = append(b, "#EXT-X-PART:DURATION="...)
		b = appendSeconds(b, p.Dur)
		b = append(b, `,URI="`...)
		b = appendPartURI(b, m.Epoch, s.MSN, i)
		b = append(b, '"')
		if p.Independent {
			b = append(b, ",INDEPENDENT=YES"...)
		}
		if p.Gap {
			b = append(b, ",GAP=YES"...)
		}
		b = append(b, '\n')
	}
	return b
}

func (m *Media) appendSegment(b []byte, s *Segment) []byte {
	if s.Gap {
		b = append(b, "#EXT-X-GAP\n"...)
	}
	b = append(b, "#EXTINF:"...)
	b = appendSeconds(b, s.Dur)
	b = append(b, ",\n"...)
	b = strconv.AppendInt(b, m.Epoch, 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, s.MSN, 10)
	return append(b, ".m4s\n"...)
}

func appendPartURI(b []byte, epoch, msn int64, part int) []byte {
	b = strconv.AppendInt(b, epoch, 10)
	b = append(b, '/')
	b = strconv.AppendInt(b, msn, 10)
	b = append(b, '.')
	b = strconv.AppendInt(b, int64(part), 10)
	return append(b, ".m4s"...)
}

// appendSeconds appends d with a precision of 10 µs.
func appendSeconds(b []byte, d time.Duration) []byte {
	const unit = 10 * time.Microsecond
	n := int64((d + unit/2) / unit)
	b = strconv.AppendInt(b, n/100_000, 10)
	b = append(b, '.')
	frac := n % 100_000
	for div := int64(10_000); div > 0; div /= 10 {
		b = append(b, byte('0'+frac/div%10))
	}
	return b
}
