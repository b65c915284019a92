package transcode

import (
	"bytes"

	"vitrine/internal/media"
)

// container is how units are wrapped for FFmpeg. Its methods append to a buffer;
// times are in ms on FFmpeg's clock, 0 or later.
type container interface {
	// header appends what comes before the first unit. Either track may be nil.
	header(b []byte, video, audio *media.Track) []byte
	picture(b []byte, dts, pts int64, u media.Unit) []byte
	// sound may be given a unit without data, to make its track known.
	sound(b []byte, ms int64, u media.Unit) []byte
}

// Names of FFmpeg's demuxers.
const (
	formatFLV      = "flv"
	formatMatroska = "matroska"
)

// format names the container that carries video and audio: FLV where it can,
// Matroska for the codecs that it does not know. Both count in ms. MPEG-TS has
// no AV1, and FFmpeg keeps an index of all fragments of MP4, without bound.
func format(video, audio *media.Track) string {
	switch {
	case video != nil && video.Codec != media.H264, audio != nil && audio.Codec == media.Opus:
		return formatMatroska
	}
	return formatFLV
}

func newContainer(video, audio *media.Track) container {
	if format(video, audio) == formatMatroska {
		return &matroska{}
	}
	return &flv{}
}

// flv is the container of [formatFLV].
type flv struct {
	video, audio *media.Track // whose sequence headers FFmpeg has
}

func (f *flv) header(b []byte, video, audio *media.Track) []byte {
	b = appendFLVHeader(b, video != nil, audio != nil)
	if video != nil {
		b = appendMetadata(b, frameRate(video))
	}
	return b
}

func (f *flv) picture(b []byte, dts, pts int64, u media.Unit) []byte {
	if !sameConfig(f.video, u.Track) {
		b = appendAVCConfig(b, dts, u.Track.Config)
	}
	f.video = u.Track
	return appendAVC(b, dts, pts-dts, u)
}

func (f *flv) sound(b []byte, ms int64, u media.Unit) []byte {
	if u.Track.Codec == media.MP3 {
		return appendMP3(b, ms, u.Data)
	}
	if !sameConfig(f.audio, u.Track) {
		b = appendAAC(b, ms, aacSequenceHeader, u.Track.Config)
	}
	f.audio = u.Track
	if len(u.Data) == 0 {
		return b
	}
	return appendAAC(b, ms, aacRaw, u.Data)
}

// sameConfig reports whether FFmpeg, which has what old says, can read new.
func sameConfig(old, new *media.Track) bool {
	return old == new || old != nil && old.Codec == new.Codec && bytes.Equal(old.Config, new.Config)
}
