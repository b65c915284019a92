package hls

import (
	"strconv"
	"time"
)

// Keyframe is a frame at which decoding can start, within its segment.
type Keyframe struct {
	At     time.Duration // from the start of the segment
	Offset int           // bytes; of the moof box of its fragment
	Size   int           // bytes, of the fragment: it holds nothing but this frame
}

// Entries returns how many entries s has in the I-frame playlist: its keyframes,
// or one that says that there is none.
func (s *Segment) Entries() int { return max(1, len(s.Keyframes)) }

// LastKeyframe returns the number of the newest entry of the I-frame playlist,
// or -1 if there is none.
func (m *Media) LastKeyframe() int64 {
	if len(m.Segments) == 0 {
		return -1
	}
	s := m.Segments[len(m.Segments)-1]
	return s.FirstKeyframe + int64(s.Entries()) - 1
}

// AppendIFrames appends the I-frame playlist of a video rendition to b
// (rfc8216bis §4.4.3.6): the keyframes of its complete segments, as ranges of
// bytes. A segment without any is a gap there.
func (m *Media) AppendIFrames(b []byte) []byte {
	sequence := int64(0)
	if len(m.Segments) > 0 {
		sequence = m.Segments[0].FirstKeyframe
	}
	b = m.appendTop(b, versionIFrames, sequence)
	b = append(b, "#EXT-X-I-FRAMES-ONLY\n"...)
	b = m.Ranges.appendTo(b, Full)
	init := int64(-1)
	for _, s := range m.Segments {
		b, init = m.appendHead(b, s, init)
		if len(s.Keyframes) == 0 || s.Gap {
			b = m.appendIFrameGap(b, s)
			continue
		}
		from := time.Duration(0)
		for i := range s.Keyframes {
			k, to := &s.Keyframes[i], s.Dur
			if i+1 < len(s.Keyframes) {
				to = s.Keyframes[i+1].At
			}
			b = m.appendIFrame(b, s.MSN, k, to-from)
			from = to
		}
	}
	if m.Ended {
		b = append(b, "#EXT-X-ENDLIST\n"...)
	}
	return b
}

func (m *Media) appendIFrame(b []byte, msn int64, k *Keyframe, d time.Duration) []byte {
	b = append(b, "#EXTINF:"...)
	b = appendSeconds(b, d)
	b = append(b, ",\n#EXT-X-BYTERANGE:"...)
	b = strconv.AppendInt(b, int64(k.Size), 10)
	b = append(b, '@')
	b = strconv.AppendInt(b, int64(k.Offset), 10)
	b = append(b, '\n')
	return append(appendSegmentURI(b, m.Epoch, msn), '\n')
}

// appendIFrameGap appends the entries of a segment of which nothing can be shown;
// their number must not change, for their sequence counts on.
func (m *Media) appendIFrameGap(b []byte, s *Segment) []byte {
	n := s.Entries()
	for range n {
		b = append(b, "#EXT-X-GAP\n#EXTINF:"...)
		b = appendSeconds(b, s.Dur/time.Duration(n))
		b = append(b, ",\n"...)
		b = append(appendSegmentURI(b, m.Epoch, s.MSN), '\n')
	}
	return b
}
