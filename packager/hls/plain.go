package hls

import (
	"strconv"
	"strings"
)

// versionPlain is the lowest for durations that are no whole numbers (rfc8216bis §8).
const versionPlain = 3

// AppendPlain appends the playlist to b as players know it that have neither low
// latency nor CMAF: its complete segments up to the number last, in MPEG-TS.
func (m *Media) AppendPlain(b []byte, last int64) []byte {
	b = append(b, "#EXTM3U\n#EXT-X-VERSION:"...)
	b = strconv.AppendInt(b, versionPlain, 10)
	b = append(b, "\n#EXT-X-TARGETDURATION:"...)
	b = strconv.AppendInt(b, int64(m.TargetDuration), 10)
	b = append(b, "\n#EXT-X-MEDIA-SEQUENCE:"...)
	b = strconv.AppendInt(b, m.first(), 10)
	b = append(b, "\n#EXT-X-DISCONTINUITY-SEQUENCE:"...)
	b = strconv.AppendInt(b, m.DiscontinuitySequence, 10)
	b = append(b, '\n')
	b = m.Ranges.appendTo(b, Full)
	for _, s := range m.Segments {
		if s.MSN > last {
			break
		}
		if s.Discontinuity {
			b = append(b, "#EXT-X-DISCONTINUITY\n"...)
		}
		b = append(b, "#EXT-X-PROGRAM-DATE-TIME:"...)
		b = append(appendDate(b, s.Wall), '\n')
		if s.Gap {
			b = append(b, "#EXT-X-GAP\n"...)
		}
		b = append(b, "#EXTINF:"...)
		b = append(appendSeconds(b, s.Dur), ",\n"...)
		b = strconv.AppendInt(b, m.Epoch, 10)
		b = append(b, '/')
		b = strconv.AppendInt(b, s.MSN, 10)
		b = append(b, ".ts\n"...)
	}
	if m.Ended {
		b = append(b, "#EXT-X-ENDLIST\n"...)
	}
	return b
}

// PlainMultivariant returns the multivariant playlist of such playlists: the sound
// is within each variant, and there are no I-frame playlists.
func PlainMultivariant(variants []Variant) string {
	plain := make([]Variant, len(variants))
	for i, v := range variants {
		v.IFrames, v.Audio = nil, ""
		plain[i] = v
	}
	version := "#EXT-X-VERSION:"
	return strings.Replace(Multivariant(plain, nil), version+strconv.Itoa(versionMulti), version+strconv.Itoa(versionPlain), 1)
}
