package hls

import (
	"strconv"
	"time"
)

// ContentType is the media type of a playlist (rfc8216bis §4).
const ContentType = "application/vnd.apple.mpegurl"

// Factors of PART-TARGET and of the target duration.
const (
	holdBackParts   = 3 // PART-HOLD-BACK in PART-TARGETs (Apple authoring specification 14.3)
	holdBackTargets = 3 // HOLD-BACK in target durations (rfc8216bis §4.4.3.8)
	skipTargets     = 6 // CAN-SKIP-UNTIL in target durations, the least there is (§4.4.3.8)
	partTagTargets  = 3 // parts are listed for this many target durations (§6.2.2)
)

// The lowest versions that fit (rfc8216bis §8).
const (
	versionMap        = 6  // EXT-X-MAP in a playlist that is not of I-frames only
	versionIFrames    = 5  // EXT-X-MAP in one that is
	versionSkip       = 9  // EXT-X-SKIP
	versionSkipRanges = 10 // EXT-X-SKIP that leaves out EXT-X-DATERANGE tags
	versionMulti      = 4  // EXT-X-I-FRAME-STREAM-INF beside EXT-X-MEDIA
)

// Form says how much of itself a media playlist tells (rfc8216bis §6.2.5.1).
type Form uint8

// The forms of a media playlist.
const (
	Full    Form = iota
	Delta        // _HLS_skip=YES: segments before the skip boundary are left out
	DeltaV2      // _HLS_skip=v2: date ranges that were added before it, too
)

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

	Keyframes     []Keyframe
	FirstKeyframe int64 // number of the first entry that it has in the I-frame playlist
}

// Report tells how far another rendition has come (rfc8216bis §4.4.5.4).
type Report struct {
	URI  string
	MSN  int64
	Part int // of the last part
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
	Ranges                Ranges
	Reports               []Report // of the other renditions
}

// HoldBack returns PART-HOLD-BACK for a PART-TARGET.
func HoldBack(partTarget time.Duration) time.Duration { return holdBackParts * partTarget }

func (m *Media) target() time.Duration { return time.Duration(m.TargetDuration) * time.Second }

// CanSkipUntil returns the skip boundary for a target duration: how long before
// the end of the playlist what is older may be left out.
func CanSkipUntil(target time.Duration) time.Duration { return skipTargets * target }

// Size returns a close upper estimate of the length of the full form in bytes.
func (m *Media) Size() int {
	const head, perSegment, perPart, perReport = 450, 160, 110, 110
	n := head + perSegment*(len(m.Segments)+1) + perReport*len(m.Reports)
	for _, s := range m.Segments[m.firstWithParts():] {
		n += perPart * len(s.Parts)
	}
	if m.Open != nil {
		n += perPart * len(m.Open.Parts)
	}
	return n + m.Ranges.size()
}

// AppendTo appends the playlist in a form to b. Where there is nothing to leave
// out, a delta update is the full playlist.
func (m *Media) AppendTo(b []byte, form Form) []byte {
	skip := 0
	if form != Full {
		skip = m.Skipped()
	}
	version := versionMap
	switch {
	case skip == 0:
		form = Full
	case form == DeltaV2 && m.Ranges.skips():
		version = versionSkipRanges
	default:
		form, version = Delta, versionSkip
	}
	b = m.appendTop(b, version, m.first())
	b = append(b, "#EXT-X-PART-INF:PART-TARGET="...)
	b = append(appendSeconds(b, m.PartTarget), '\n')
	if skip > 0 {
		b = append(b, "#EXT-X-SKIP:SKIPPED-SEGMENTS="...)
		b = strconv.AppendInt(b, int64(skip), 10)
		if form == DeltaV2 {
			b = m.Ranges.appendRemoved(b)
		}
		b = append(b, '\n')
	}
	b = m.Ranges.appendTo(b, form)

	listFrom, init := m.firstWithParts(), int64(-1)
	for i, s := range m.Segments[skip:] {
		b, init = m.appendHead(b, s, init)
		if skip+i >= listFrom {
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
	b = append(b, "\"\n"...)
	for i := range m.Reports {
		b = m.Reports[i].appendTo(b)
	}
	return b
}

// appendTop appends what all media playlists of a program have in common.
func (m *Media) appendTop(b []byte, version int, sequence int64) []byte {
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:"...)
	b = strconv.AppendInt(b, int64(version), 10)
	b = append(b, "\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, int64(m.TargetDuration), 10)
	b = append(b, "\n#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,CAN-SKIP-UNTIL="...)
	b = appendSeconds(b, CanSkipUntil(m.target()))
	b = append(b, ",CAN-SKIP-DATERANGES=YES,HOLD-BACK="...)
	b = appendSeconds(b, holdBackTargets*m.target())
	b = append(b, ",PART-HOLD-BACK="...)
	b = appendSeconds(b, HoldBack(m.PartTarget))
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:"...)
	b = strconv.AppendInt(b, sequence, 10)
	b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	b = strconv.AppendInt(b, m.DiscontinuitySequence, 10)
	return append(b, '\n')
}

func (m *Media) first() int64 {
	if len(m.Segments) > 0 {
		return m.Segments[0].MSN
	}
	return m.NextMSN
}

// Skipped returns how many segments a delta update leaves out: those that end
// before the skip boundary, which counts from the end of the last complete one.
func (m *Media) Skipped() int {
	if m.Ended {
		return 0
	}
	i, left := len(m.Segments), CanSkipUntil(m.target())
	for i > 0 && left > 0 {
		i--
		left -= m.Segments[i].Dur
	}
	return i
}

// firstWithParts returns the index of the first segment whose parts are listed:
// those of the last 3 target durations.
func (m *Media) firstWithParts() int {
	if m.Ended {
		return len(m.Segments)
	}
	left := partTagTargets * m.target()
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
	return append(appendDate(b, s.Wall), '\n'), s.Init
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
	return append(appendSegmentURI(b, m.Epoch, s.MSN), '\n')
}

// appendTo appends the report of a rendition. One that has no part yet is not
// reported.
func (r *Report) appendTo(b []byte) []byte {
	b = append(b, `#EXT-X-RENDITION-REPORT:URI="`...)
	b = append(b, r.URI...)
	b = append(b, `",LAST-MSN=`...)
	b = strconv.AppendInt(b, r.MSN, 10)
	b = append(b, ",LAST-PART="...)
	b = strconv.AppendInt(b, int64(r.Part), 10)
	return append(b, '\n')
}
