package ts

import (
	"encoding/binary"
	"fmt"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"vitrine/internal/media"
)

// Reordering of pictures. DTS must not be after PTS in MPEG-TS, so all DTS are
// set earlier by one delay, which is a constant of the track: segments that were
// made alone fit together.
const (
	// reorderStep is what one reordered picture may take: the time of a frame at
	// 10 frames per second.
	reorderStep = media.TicksPerSecond / 10
	// reorderMost bounds the pictures that a stream may say it reorders.
	reorderMost = 4
	// reorderGuess is taken where a stream does not say.
	reorderGuess = 2
)

// h264Head is what a track of H.264 adds to its access units.
type h264Head struct {
	sets  []byte      // SPS and PPS in Annex B
	delay media.Ticks // by which DTS is set earlier
}

func newH264Head(config []byte) (h264Head, error) {
	rec, err := avc.DecodeAVCDecConfRec(config)
	if err != nil {
		return h264Head{}, fmt.Errorf("read H.264 configuration: %w", err)
	}
	if len(rec.SPSnalus) == 0 || len(rec.PPSnalus) == 0 {
		return h264Head{}, fmt.Errorf("H.264 configuration without parameter sets")
	}
	var sps h264.SPS
	if err := sps.Unmarshal(rec.SPSnalus[0]); err != nil {
		return h264Head{}, fmt.Errorf("read SPS: %w", err)
	}
	h := h264Head{delay: reorderStep * media.Ticks(reordered(&sps))}
	for _, set := range append(rec.SPSnalus, rec.PPSnalus...) {
		h.sets = appendNALU(h.sets, set)
	}
	return h, nil
}

// reordered returns by how many pictures the output may differ from decoding
// order (ITU-T H.264 §E.2.1).
func reordered(s *h264.SPS) uint32 {
	switch {
	case s.PicOrderCntType == 2: // output order is decoding order
		return 0
	case s.VUI != nil && s.VUI.BitstreamRestriction != nil:
		return min(s.VUI.BitstreamRestriction.MaxNumReorderFrames, reorderMost)
	case s.ProfileIdc == 66: // Baseline has no B slices
		return 0
	}
	return reorderGuess
}

// NAL unit types (ITU-T H.264 table 7-1).
const (
	naluSPS = 7
	naluAUD = 9
)

// appendNALU appends a NAL unit behind a start code.
func appendNALU(b, nalu []byte) []byte {
	return append(append(b, 0, 0, 0, 1), nalu...)
}

// appendUnit appends an access unit in Annex B (§B.1): a delimiter first, and
// before a keyframe the parameter sets, unless it brings its own.
func (h *h264Head) appendUnit(b []byte, s *Sample) ([]byte, error) {
	const primaryPicAny = 0xf0 // any slice type, and the stop bit
	b = appendNALU(b, []byte{naluAUD, primaryPicAny})
	at := len(b)
	sets := false
	for rest := s.Data; len(rest) > 0; {
		if len(rest) < 4 {
			return nil, fmt.Errorf("an access unit ends within a length")
		}
		n := binary.BigEndian.Uint32(rest)
		if uint64(n) > uint64(len(rest)-4) {
			return nil, fmt.Errorf("a NAL unit of %d bytes in %d", n, len(rest)-4)
		}
		nalu := rest[4 : 4+n]
		rest = rest[4+n:]
		if n == 0 || nalu[0]&0x1f == naluAUD {
			continue
		}
		sets = sets || nalu[0]&0x1f == naluSPS
		b = appendNALU(b, nalu)
	}
	if s.Sync && !sets {
		n := len(h.sets)
		b = append(b, h.sets...)
		copy(b[at+n:], b[at:])
		copy(b[at:], h.sets)
	}
	return b, nil
}
