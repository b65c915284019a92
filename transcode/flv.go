package transcode

import (
	"encoding/binary"
	"math"

	"vitrine/internal/media"
)

// FLV as FFmpeg reads it (Adobe Flash Video File Format 10.1, annex E): what a
// feeder needs to append to its buffer, and no more. Times are in ms and span
// 31 bits.
const (
	flvAudio  = 8
	flvVideo  = 9
	flvScript = 18

	flvHasAudio = 1 << 2
	flvHasVideo = 1 << 0

	flvKeyFrame   = 1 << 4
	flvInterFrame = 2 << 4
	flvAVC        = 7
	flvMP3        = 2 << 4
	flvAAC        = 10 << 4

	avcSequenceHeader = 0
	avcNALUnits       = 1
	aacSequenceHeader = 0
	aacRaw            = 1

	flvTagHeader = 11 // bytes
	flvTimeLimit = math.MaxInt32
)

// appendFLVHeader appends the file header and the zero that follows it.
func appendFLVHeader(b []byte, video, audio bool) []byte {
	var flags byte
	if video {
		flags |= flvHasVideo
	}
	if audio {
		flags |= flvHasAudio
	}
	return append(b, 'F', 'L', 'V', 1, flags, 0, 0, 0, 9, 0, 0, 0, 0)
}

// beginTag appends a tag's header, its size left open until endTag.
func beginTag(b []byte, kind byte, ms int64) []byte {
	return append(b, kind, 0, 0, 0,
		byte(ms>>16), byte(ms>>8), byte(ms), byte(ms>>24), // the extended byte comes last
		0, 0, 0)
}

// endTag fills in the size of the tag that begins at start.
func endTag(b []byte, start int) []byte {
	n := len(b) - start - flvTagHeader
	b[start+1], b[start+2], b[start+3] = byte(n>>16), byte(n>>8), byte(n)
	return binary.BigEndian.AppendUint32(b, uint32(n+flvTagHeader))
}

// appendMetadata appends an onMetaData that declares the frame rate: x264's
// rate control counts in frames, and FFmpeg takes 25 where nobody says. It
// stands at 0, or FFmpeg would take it for a stream of subtitles.
func appendMetadata(b []byte, fps float64) []byte {
	start := len(b)
	b = beginTag(b, flvScript, 0)
	b = appendAMFString(append(b, 2), "onMetaData")
	b = append(b, 8, 0, 0, 0, 1) // an ECMA array of one
	b = appendAMFString(b, "framerate")
	b = binary.BigEndian.AppendUint64(append(b, 0), math.Float64bits(fps))
	b = append(b, 0, 0, 9)
	return endTag(b, start)
}

func appendAMFString(b []byte, s string) []byte {
	return append(binary.BigEndian.AppendUint16(b, uint16(len(s))), s...)
}

// appendAVCConfig appends a sequence header: an avcC.
func appendAVCConfig(b []byte, ms int64, avcC []byte) []byte {
	start := len(b)
	b = beginTag(b, flvVideo, ms)
	b = append(b, flvKeyFrame|flvAVC, avcSequenceHeader, 0, 0, 0)
	return endTag(append(b, avcC...), start)
}

// appendAVC appends one picture, shown cts ms after its decoding time.
func appendAVC(b []byte, ms, cts int64, u media.Unit) []byte {
	frame := byte(flvInterFrame)
	if u.Sync {
		frame = flvKeyFrame
	}
	start := len(b)
	b = beginTag(b, flvVideo, ms)
	b = append(b, frame|flvAVC, avcNALUnits, byte(cts>>16), byte(cts>>8), byte(cts))
	return endTag(append(b, u.Data...), start)
}

// soundBits say 44.1 kHz, 16 bits and stereo, whatever there is: decoders read
// the frame's own header, or the sequence header.
const soundBits = 3<<2 | 1<<1 | 1

// appendAAC appends an AudioSpecificConfig as sequence header, or one raw frame.
func appendAAC(b []byte, ms int64, packet byte, body []byte) []byte {
	start := len(b)
	b = beginTag(b, flvAudio, ms)
	b = append(b, flvAAC|soundBits, packet)
	return endTag(append(b, body...), start)
}

// appendMP3 appends one MP3 frame.
func appendMP3(b []byte, ms int64, frame []byte) []byte {
	start := len(b)
	b = beginTag(b, flvAudio, ms)
	b = append(b, flvMP3|soundBits)
	return endTag(append(b, frame...), start)
}

// silence returns a frame that stands in for t's first, so that FFmpeg finds the
// stream at once; nil where a sequence header or an entry of the track does.
func silence(t *media.Track) []byte {
	if t.Codec == media.MP3 {
		return silentMP3()
	}
	return nil
}

// silentMP3 returns one MP3 frame of silence: 128 kb/s, 44.1 kHz, stereo. A
// frame whose side information is all zero decodes to nothing.
func silentMP3() []byte {
	const size = 144 * 128_000 / 44_100
	return append([]byte{0xFF, 0xFB, 0x90, 0x00}, make([]byte, size-4)...)
}
