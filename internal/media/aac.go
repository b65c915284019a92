package media

import (
	"errors"
	"fmt"
)

// Audio object types (ISO 14496-3 table 1.17).
const (
	aacLC = 2
	aacHE = 5  // SBR
	aacPS = 29 // SBR and parametric stereo
)

// Marks of what follows the configuration of the core, for decoders that know
// it (ISO 14496-3 §1.6.2.1, table 1.15).
const (
	syncSBR = 0x2b7
	syncPS  = 0x548
)

// aacRates are the sampling frequencies by index (ISO 14496-3 table 1.18).
var aacRates = [13]int{96000, 88200, 64000, 48000, 44100, 32000, 24000, 22050, 16000, 12000, 11025, 8000, 7350}

// AACConfig is what an AudioSpecificConfig says.
type AACConfig struct {
	CoreRate   int // Hz
	SampleRate int // Hz, of the output: twice the core's with SBR
	Channels   int // of the output: 2 with PS; 0 if only the frames tell
	SBR, PS    bool
	Short      bool // 960 samples in a frame of the core instead of 1024
}

// FrameLength returns how long a frame is, in samples of the output.
func (c *AACConfig) FrameLength() int64 {
	n := int64(1024)
	if c.Short {
		n = 960
	}
	return n * int64(c.SampleRate) / int64(c.CoreRate)
}

// ObjectType returns the number that stands for c in a codec string (RFC 6381
// §3.3): 2, 5 or 29.
func (c *AACConfig) ObjectType() int {
	switch {
	case c.PS:
		return aacPS
	case c.SBR:
		return aacHE
	}
	return aacLC
}

var errAAC = errors.New("malformed AudioSpecificConfig")

// ParseAAC reads an AudioSpecificConfig of AAC-LC, with or without SBR and PS
// (ISO 14496-3 §1.6.2.1), be they signalled before the core's configuration or
// after it. What is not signalled there at all, only a decoder finds out.
func ParseAAC(config []byte) (AACConfig, error) {
	r := bitReader{b: config}
	var c AACConfig
	object := r.read(5)
	c.CoreRate = r.rate()
	layout := r.read(4)
	c.SampleRate = c.CoreRate
	if object == aacHE || object == aacPS {
		c.SBR, c.PS = true, object == aacPS
		c.SampleRate = r.rate()
		object = r.read(5)
	}
	if object != aacLC {
		return AACConfig{}, fmt.Errorf("audio object type %d: only AAC-LC and HE-AAC are known", object)
	}
	c.Short = r.read(1) == 1
	if r.read(1) == 1 {
		r.read(14) // the delay of a core coder
	}
	if r.read(1) == 1 || layout > 7 {
		return AACConfig{}, errAAC
	}
	c.Channels = layout
	switch layout {
	case 0:
		c.Channels = r.programChannels()
	case 7: // 7.1 (table 1.19)
		c.Channels = 8
	}
	if !c.SBR && !r.short {
		c.extend(&r)
	}
	if c.PS {
		c.Channels = 2
	}
	if c.CoreRate == 0 || c.SampleRate == 0 || c.SampleRate != c.CoreRate && c.SampleRate != 2*c.CoreRate {
		return AACConfig{}, errAAC
	}
	return c, nil
}

// extend reads what is signalled after the core's configuration.
func (c *AACConfig) extend(r *bitReader) {
	if r.read(11) != syncSBR || r.read(5) != aacHE || r.read(1) == 0 {
		return
	}
	rate := r.rate()
	if r.short || rate == 0 {
		return
	}
	c.SBR, c.SampleRate = true, rate
	c.PS = r.read(11) == syncPS && r.read(1) == 1
}

// bitReader reads from the most significant bit on; after the end, zeros.
type bitReader struct {
	b     []byte
	at    int
	short bool // read beyond the end
}

func (r *bitReader) read(n int) int {
	v := 0
	for range n {
		v <<= 1
		if i := r.at / 8; i < len(r.b) {
			v |= int(r.b[i]>>(7-r.at%8)) & 1
		} else {
			r.short = true
		}
		r.at++
	}
	return v
}

// rate reads a sampling frequency, 0 if it is reserved.
func (r *bitReader) rate() int {
	const escape = 15
	i := r.read(4)
	switch {
	case i < len(aacRates):
		return aacRates[i]
	case i == escape:
		return r.read(24)
	}
	return 0
}

// programChannels reads a program_config_element (ISO 14496-3 §4.4.1.1) and
// returns how many channels it has, 0 if there is none.
func (r *bitReader) programChannels() int {
	r.read(4 + 2 + 4)
	speakers := r.read(4) + r.read(4) + r.read(4) // front, side, back
	low, data, coupled := r.read(2), r.read(3), r.read(4)
	for _, bits := range [...]int{4, 4, 3} { // mixdowns
		if r.read(1) == 1 {
			r.read(bits)
		}
	}
	n := low
	for range speakers {
		n += 1 + r.read(1)
		r.read(4)
	}
	r.read(4*low + 4*data + 5*coupled)
	r.at += -r.at & 7 // to the next whole byte of the configuration
	comment := r.read(8)
	r.at += 8 * comment
	if r.short {
		return 0
	}
	return n
}
