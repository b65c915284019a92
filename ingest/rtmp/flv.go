package rtmp

import (
	"errors"
	"fmt"
)

// The bodies of RTMP's audio and video messages are FLV tags without their
// headers (Video File Format Specification 10.1, §E.4).

// UnsupportedError says that an encoder sends what this server cannot take, in
// words for the host.
type UnsupportedError struct {
	What string // "HEVC video (hvc1)"
	Cure string // "choose an H.264 encoder"
}

func (e *UnsupportedError) Error() string { return e.What + " is not taken here yet: " + e.Cure }

// errSkip marks a tag that carries nothing to decode.
var errSkip = errors.New("empty tag")

// Frame types and codecs of a video tag (§E.4.3.1).
const (
	frameInfo    = 5 // a seek command, no picture
	videoAVC     = 7
	exVideoBit   = 0x80 // Enhanced RTMP v1: a FourCC follows
	cureVideo    = "choose an H.264 encoder"
	avcHeaderLen = 5 // codec byte, packet type, 24 bits of composition time
)

// Packet types of AVC and AAC tags.
const (
	packetConfig = 0
	packetFrame  = 1
)

// videoTag is a video message, taken apart.
type videoTag struct {
	config      bool  // data is an AVCDecoderConfigurationRecord, not a picture
	composition int32 // ms from DTS to PTS
	data        []byte
}

// parseVideoTag reads an AVC tag. data shares b. It returns errSkip for tags
// without a picture, and an [UnsupportedError] for other codecs.
func parseVideoTag(b []byte) (videoTag, error) {
	if len(b) == 0 {
		return videoTag{}, errSkip
	}
	if b[0]&exVideoBit != 0 {
		return videoTag{}, unsupportedFourCC(b, exVideoName, "video", cureVideo)
	}
	if b[0]>>4 == frameInfo {
		return videoTag{}, errSkip
	}
	if codec := b[0] & 0x0f; codec != videoAVC {
		return videoTag{}, &UnsupportedError{What: named(videoName, codec, "video"), Cure: cureVideo}
	}
	if len(b) <= avcHeaderLen || b[1] > packetFrame { // 2: end of sequence
		return videoTag{}, errSkip
	}
	return videoTag{
		config:      b[1] == packetConfig,
		composition: int32(uint32(b[2])<<24|uint32(b[3])<<16|uint32(b[4])<<8) >> 8,
		data:        b[avcHeaderLen:],
	}, nil
}

// Sound formats of an audio tag (§E.4.2.1).
const (
	audioMP3     = 2
	audioEx      = 9 // Enhanced RTMP v2: a FourCC follows
	audioAAC     = 10
	cureAudio    = "choose AAC"
	aacHeaderLen = 2 // codec byte, packet type
)

// audioTag is an audio message, taken apart.
type audioTag struct {
	format byte // audioAAC or audioMP3
	config bool // data is an AudioSpecificConfig, not a frame
	data   []byte
}

// parseAudioTag reads an AAC or MP3 tag, as parseVideoTag does.
func parseAudioTag(b []byte) (audioTag, error) {
	if len(b) == 0 {
		return audioTag{}, errSkip
	}
	switch format := b[0] >> 4; format {
	case audioAAC:
		if len(b) <= aacHeaderLen || b[1] > packetFrame {
			return audioTag{}, errSkip
		}
		return audioTag{format: format, config: b[1] == packetConfig, data: b[aacHeaderLen:]}, nil
	case audioMP3:
		if len(b) < 2 {
			return audioTag{}, errSkip
		}
		return audioTag{format: format, data: b[1:]}, nil
	case audioEx:
		return audioTag{}, unsupportedFourCC(b, exAudioName, "audio", cureAudio)
	default:
		return audioTag{}, &UnsupportedError{What: named(audioName, format, "audio"), Cure: cureAudio}
	}
}

// Names that hosts know, by the numbers in the tags.
var (
	videoName = map[byte]string{2: "Sorenson H.263", 3: "Screen", 4: "VP6", 5: "VP6 with alpha", 6: "Screen 2", 12: "HEVC"}
	audioName = map[byte]string{
		0: "PCM", 1: "ADPCM", 3: "PCM", 4: "Nellymoser", 5: "Nellymoser", 6: "Nellymoser",
		7: "G.711 A-law", 8: "G.711 µ-law", 11: "Speex", 13: "Opus", 14: "8 kHz MP3",
	}
	exVideoName = map[string]string{"hvc1": "HEVC", "av01": "AV1", "vp09": "VP9", "vp08": "VP8", "vvc1": "VVC", "avc1": "Enhanced RTMP's H.264"}
	exAudioName = map[string]string{"Opus": "Opus", "fLaC": "FLAC", "ac-3": "AC-3", "ec-3": "E-AC-3", "mp4a": "Enhanced RTMP's AAC", ".mp3": "Enhanced RTMP's MP3"}
)

func named(names map[byte]string, n byte, kind string) string {
	if name, ok := names[n]; ok {
		return name + " " + kind
	}
	return fmt.Sprintf("%s codec %d", kind, n)
}

// unsupportedFourCC names the codec of an Enhanced RTMP tag, which stands in
// its bytes 1 to 4 unless it is a multitrack tag.
func unsupportedFourCC(b []byte, names map[string]string, kind, cure string) error {
	if len(b) < 5 {
		return errSkip
	}
	fourCC := string(b[1:5])
	if name, ok := names[fourCC]; ok {
		return &UnsupportedError{What: fmt.Sprintf("%s %s (%s)", name, kind, fourCC), Cure: cure}
	}
	return &UnsupportedError{What: "Enhanced RTMP " + kind, Cure: cure}
}
