package ts

import (
	"fmt"
	"slices"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"vitrine/internal/media"
)

// adtsRates are the sample rates that ADTS can name (ISO 14496-3 table 1.18).
var adtsRates = []int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

const (
	adtsHeader = 7
	maxADTS    = 1<<13 - 1 // bytes of a frame, header included
)

// aacFrame is the length of an AAC frame in samples (§4.5.2.1).
const aacFrame = 1024

// adtsHead is what a track of AAC adds to its frames. HE-AAC is announced as the
// AAC-LC it contains, at the rate of its core: decoders find the rest in the
// frames.
type adtsHead struct {
	fixed [4]byte     // of each header (§1.A.2.2)
	frame media.Ticks // length of a frame
}

func newADTSHead(config []byte) (adtsHead, error) {
	var asc mpeg4audio.AudioSpecificConfig
	if err := asc.Unmarshal(config); err != nil {
		return adtsHead{}, fmt.Errorf("read audio configuration: %w", err)
	}
	rate, channels := slices.Index(adtsRates, asc.SampleRate), asc.ChannelConfig
	if rate < 0 || channels == 0 || asc.FrameLengthFlag {
		return adtsHead{}, fmt.Errorf("ADTS cannot name AAC of %d Hz, channel configuration %d, short frames %t", asc.SampleRate, channels, asc.FrameLengthFlag)
	}
	const profileLC = 1
	return adtsHead{
		fixed: [4]byte{0xff, 0xf1, byte(profileLC<<6 | rate<<2 | int(channels>>2)), channels << 6},
		frame: media.Ticks(media.Rescale(aacFrame, int64(asc.SampleRate), media.TicksPerSecond)),
	}, nil
}

// appendFrame appends a frame behind its header.
func (h *adtsHead) appendFrame(b, frame []byte) ([]byte, error) {
	n := len(frame) + adtsHeader
	if n > maxADTS {
		return nil, fmt.Errorf("an AAC frame of %d bytes", len(frame))
	}
	b = append(b, h.fixed[0], h.fixed[1], h.fixed[2], h.fixed[3]|byte(n>>11), byte(n>>3), byte(n<<5)|0x1f, 0xfc)
	return append(b, frame...), nil
}
