package media

// Kind says what a track carries.
type Kind uint8

// The kinds of track.
const (
	Video Kind = iota + 1
	Audio
)

func (k Kind) String() string {
	switch k {
	case Video:
		return "video"
	case Audio:
		return "audio"
	}
	return "unknown"
}

// Codec names a coding of the samples of a track.
type Codec uint8

// The codecs that the house knows.
const (
	// H264 units hold NAL units behind 4-byte lengths, no Annex B start codes.
	// Config is an AVCDecoderConfigurationRecord (ISO 14496-15 §5.3.3.1).
	H264 Codec = iota + 1
	// AAC units hold one raw frame, no ADTS header. Config is an
	// AudioSpecificConfig (ISO 14496-3 §1.6.2.1), see [ParseAAC]; SampleRate and
	// Channels are those of the output, after SBR and PS.
	AAC
	// MP3 units hold one frame; there is no Config. Only FFmpeg takes it.
	MP3
	// HEVC units hold NAL units behind 4-byte lengths; parameter sets are in the
	// Config alone, an HEVCDecoderConfigurationRecord (ISO 14496-15 §8.3.3.1).
	// Sync are IDR pictures only: what follows a CRA may be shown before it.
	HEVC
	// AV1 units hold one temporal unit: OBUs with their sizes, no temporal
	// delimiter (AV1 in ISOBMFF §2.4). Config is an AV1CodecConfigurationRecord
	// (§2.3.3). Sync units begin with a sequence header and show a key frame.
	AV1
	// Opus units hold one packet (RFC 6716 §3). Config is the body of an
	// OpusSpecificBox, dOps, whose numbers are big-endian, unlike OpusHead's
	// (Opus in ISOBMFF §4.3.2). SampleRate is 48000, whatever was recorded.
	Opus
)

func (c Codec) String() string {
	switch c {
	case H264:
		return "h264"
	case AAC:
		return "aac"
	case MP3:
		return "mp3"
	case HEVC:
		return "hevc"
	case AV1:
		return "av1"
	case Opus:
		return "opus"
	}
	return "unknown"
}

// Track says how to decode the units that point to it. It is immutable: a
// source whose parameters change makes a new Track, and units that point to
// another Track than the ones before are the sign of the change.
type Track struct {
	Kind   Kind
	Codec  Codec
	Config []byte // codec configuration record, see the codec

	Width, Height int     // video, in pixels as displayed (cropping applied)
	FrameRate     float64 // video, frames per second as declared; 0 if nobody said
	Bitrate       int     // bits per second as declared; 0 if nobody said

	SampleRate int // audio, Hz, of the output
	Channels   int // audio
}

// Unit is one access unit: one coded picture or one audio frame. Data belongs
// to the unit and is never written to after it was handed on.
type Unit struct {
	Track    *Track
	PTS, DTS Ticks // presentation and decoding time; equal for audio
	Sync     bool  // decoding can start here: an IDR picture, or any audio frame
	Data     []byte
}

// mp3Frame is the length of an MP3 frame at 32 kHz and more, in samples (ISO
// 11172-3 §2.4.2.1). Below, where MPEG-2 has half of that, it is not used.
const mp3Frame = 1152

// Samples returns how long an audio unit lasts, in samples at the SampleRate of
// its track: of AAC-LC 1024, of HE-AAC 2048, of Opus what its first bytes say. It
// is 0 where that cannot be told.
func (u *Unit) Samples() int64 {
	switch u.Track.Codec {
	case AAC:
		c, err := ParseAAC(u.Track.Config)
		if err != nil {
			return 0
		}
		return c.FrameLength()
	case Opus:
		return opusSamples(u.Data)
	case MP3:
		return mp3Frame
	}
	return 0
}

// Writer takes units in decoding order per track. A Writer does not block: what
// is slow stands behind a [Queue].
type Writer interface {
	WriteUnit(Unit) error
}
