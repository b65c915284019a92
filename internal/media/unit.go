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
	// AudioSpecificConfig (ISO 14496-3 §1.6.2.1).
	AAC
	// MP3 units hold one frame; there is no Config. Only FFmpeg takes it.
	MP3
)

func (c Codec) String() string {
	switch c {
	case H264:
		return "h264"
	case AAC:
		return "aac"
	case MP3:
		return "mp3"
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

	SampleRate int // audio, Hz
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

// Writer takes units in decoding order per track. A Writer does not block: what
// is slow stands behind a [Queue].
type Writer interface {
	WriteUnit(Unit) error
}
