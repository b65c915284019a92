package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"vitrine/internal/media"
)

// Bounds of what an encoder may declare.
const (
	maxDimension = 8192 // pixels
	maxFrameRate = 240
	minFrameRate = 1
)

// errAnnexB: start codes where RTMP has lengths. Few encoders do that, and
// those do it always.
var errAnnexB error = &UnsupportedError{
	What: "H.264 with start codes (Annex B)", Cure: "RTMP carries it with lengths (AVCC)",
}

var errAVCC = errors.New("lengths of NAL units that do not fit the picture")

// h264Config is what an AVCDecoderConfigurationRecord says (ISO 14496-15 §5.3.3.1).
type h264Config struct {
	record     []byte // with 4-byte lengths, whatever the encoder had
	lengthSize int    // bytes before each NAL unit, as the encoder sends them
	sps        h264.SPS
}

// parseAVCConfig reads a record and the first SPS in it.
func parseAVCConfig(b []byte) (h264Config, error) {
	if hasStartCode(b) {
		return h264Config{}, errAnnexB
	}
	if len(b) < 8 || b[0] != 1 {
		return h264Config{}, errors.New("not an AVC decoder configuration")
	}
	c := h264Config{record: bytes.Clone(b), lengthSize: int(b[4]&3) + 1}
	if c.lengthSize == 3 {
		return c, errors.New("NAL unit lengths of 3 bytes")
	}
	c.record[4] |= 3
	n := int(binary.BigEndian.Uint16(b[6:]))
	if b[5]&0x1f == 0 || n == 0 || 8+n > len(b) {
		return c, errors.New("no SPS in the AVC decoder configuration")
	}
	if err := c.sps.Unmarshal(b[8 : 8+n]); err != nil {
		return c, fmt.Errorf("read the SPS: %w", err)
	}
	if w, h := c.sps.Width(), c.sps.Height(); w < 1 || h < 1 || w > maxDimension || h > maxDimension {
		return c, fmt.Errorf("a picture of %d×%d", w, h)
	}
	return c, nil
}

// track describes the video. What the encoder said in its metadata counts where
// the SPS says nothing.
func (c h264Config) track(said metadata) *media.Track {
	rate := c.sps.FPS()
	if !plausibleRate(rate) {
		rate = said.FrameRate
	}
	return &media.Track{
		Kind: media.Video, Codec: media.H264, Config: c.record,
		Width: c.sps.Width(), Height: c.sps.Height(), FrameRate: rate, Bitrate: said.Bitrate,
	}
}

func plausibleRate(r float64) bool { return r >= minFrameRate && r <= maxFrameRate }

// accessUnit checks the NAL units of a picture, gives them 4-byte lengths, and
// tells whether one is an IDR slice. Everything in it is kept, SEI and AUD too;
// only empty NAL units are not. What needs no change is returned as it is.
func accessUnit(b []byte, lengthSize int) (au []byte, idr bool, err error) {
	count, same := 0, lengthSize == 4
	for rest := b; len(rest) > 0; {
		var nalu []byte
		if nalu, rest, err = cutNALU(rest, lengthSize); err != nil {
			if hasStartCode(b) {
				return nil, false, errAnnexB
			}
			return nil, false, err
		}
		if len(nalu) == 0 {
			same = false
			continue
		}
		count++
		idr = idr || h264.NALUType(nalu[0]&0x1f) == h264.NALUTypeIDR
	}
	if count == 0 {
		return nil, false, errSkip
	}
	if same {
		return b, idr, nil
	}
	au = make([]byte, 0, len(b)+count*(4-min(lengthSize, 4)))
	for rest := b; len(rest) > 0; {
		var nalu []byte
		nalu, rest, _ = cutNALU(rest, lengthSize) // checked above
		if len(nalu) > 0 {
			au = binary.BigEndian.AppendUint32(au, uint32(len(nalu)))
			au = append(au, nalu...)
		}
	}
	return au, idr, nil
}

// cutNALU cuts the first NAL unit off b.
func cutNALU(b []byte, lengthSize int) (nalu, rest []byte, err error) {
	if len(b) < lengthSize {
		return nil, nil, errAVCC
	}
	n := 0
	for _, x := range b[:lengthSize] {
		n = n<<8 | int(x)
	}
	b = b[lengthSize:]
	if n > len(b) {
		return nil, nil, errAVCC
	}
	return b[:n], b[n:], nil
}

func hasStartCode(b []byte) bool {
	return bytes.HasPrefix(b, []byte{0, 0, 0, 1}) || bytes.HasPrefix(b, []byte{0, 0, 1})
}
