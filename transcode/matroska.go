package transcode

import (
	"encoding/binary"
	"math"
	"math/bits"
	"time"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/hevc"

	"vitrine/internal/media"
)

// Elements of Matroska (RFC 9559 §5), as far as FFmpeg needs them.
const (
	mkvEBML            = 0x1a45dfa3
	mkvDocType         = 0x4282
	mkvDocTypeVersion  = 0x4287
	mkvDocReadVersion  = 0x4285
	mkvSegment         = 0x18538067
	mkvInfo            = 0x1549a966
	mkvTimestampScale  = 0x2ad7b1
	mkvTracks          = 0x1654ae6b
	mkvTrackEntry      = 0xae
	mkvTrackNumber     = 0xd7
	mkvTrackUID        = 0x73c5
	mkvTrackType       = 0x83
	mkvFlagLacing      = 0x9c
	mkvCodecID         = 0x86
	mkvCodecPrivate    = 0x63a2
	mkvDefaultDuration = 0x23e383
	mkvVideo           = 0xe0
	mkvPixelWidth      = 0xb0
	mkvPixelHeight     = 0xba
	mkvAudio           = 0xe1
	mkvSampling        = 0xb5
	mkvChannels        = 0x9f
	mkvCluster         = 0x1f43b675
	mkvTimestamp       = 0xe7
	mkvSimpleBlock     = 0xa3

	mkvTypeVideo = 1
	mkvTypeAudio = 2
	mkvKeyframe  = 0x80
)

// The tracks' numbers.
const (
	mkvPicture = 1
	mkvSound   = 2
)

// matroska is the container of [formatMatroska]: a cluster of known size per
// unit, so that FFmpeg waits for nothing.
type matroska struct {
	video *media.Track // whose parameter sets FFmpeg has
}

func (m *matroska) header(b []byte, video, audio *media.Track) []byte {
	var h []byte
	h = appendText(h, mkvDocType, "matroska")
	h = appendUint(h, mkvDocTypeVersion, 4)
	h = appendUint(h, mkvDocReadVersion, 2)
	b = appendElement(b, mkvEBML, h)
	b = append(appendID(b, mkvSegment), 0x01, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff) // of unknown size
	b = appendElement(b, mkvInfo, appendUint(nil, mkvTimestampScale, uint64(time.Millisecond)))
	var tracks []byte
	if video != nil {
		tracks = appendElement(tracks, mkvTrackEntry, videoEntry(video))
	}
	if audio != nil {
		tracks = appendElement(tracks, mkvTrackEntry, audioEntry(audio))
	}
	m.video = video
	return appendElement(b, mkvTracks, tracks)
}

func (m *matroska) picture(b []byte, _, pts int64, u media.Unit) []byte {
	var sets [][]byte
	if !sameConfig(m.video, u.Track) {
		sets = parameterSets(u.Track)
	}
	m.video = u.Track
	return appendCluster(b, mkvPicture, pts, u, sets)
}

func (m *matroska) sound(b []byte, ms int64, u media.Unit) []byte {
	if len(u.Data) == 0 {
		return b // the header has told of the track
	}
	return appendCluster(b, mkvSound, ms, u, nil)
}

// appendCluster appends a cluster with u alone, its data behind the given NAL
// units.
func appendCluster(b []byte, track byte, ms int64, u media.Unit, nals [][]byte) []byte {
	const stamp = 1 + 1 + 8 // id, size and value
	block := 4 + len(u.Data)
	for _, n := range nals {
		block += nalLength + len(n)
	}
	b = appendSize(appendID(b, mkvCluster), stamp+1+sizeOfSize(block)+block)
	b = append(b, mkvTimestamp, 0x80|8)
	b = binary.BigEndian.AppendUint64(b, uint64(ms))
	b = appendSize(appendID(b, mkvSimpleBlock), block)
	flags := byte(0)
	if u.Sync {
		flags = mkvKeyframe
	}
	b = append(b, 0x80|track, 0, 0, flags)
	for _, n := range nals {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(n))), n...)
	}
	return append(b, u.Data...)
}

func videoEntry(t *media.Track) []byte {
	id := "V_MPEG4/ISO/AVC"
	switch t.Codec {
	case media.HEVC:
		id = "V_MPEGH/ISO/HEVC"
	case media.AV1:
		id = "V_AV1"
	}
	e := appendEntry(nil, mkvPicture, mkvTypeVideo, id, t.Config)
	e = appendUint(e, mkvDefaultDuration, uint64(math.Round(float64(time.Second)/frameRate(t))))
	size := appendUint(nil, mkvPixelWidth, uint64(t.Width))
	size = appendUint(size, mkvPixelHeight, uint64(t.Height))
	return appendElement(e, mkvVideo, size)
}

func audioEntry(t *media.Track) []byte {
	id, private := "A_AAC", t.Config
	switch t.Codec {
	case media.MP3:
		id = "A_MPEG/L3"
	case media.Opus:
		id, private = "A_OPUS", opusHead(t.Config)
	}
	e := appendEntry(nil, mkvSound, mkvTypeAudio, id, private)
	rate := appendElement(nil, mkvSampling, binary.BigEndian.AppendUint64(nil, math.Float64bits(float64(t.SampleRate))))
	return appendElement(e, mkvAudio, appendUint(rate, mkvChannels, uint64(t.Channels)))
}

func appendEntry(b []byte, number, kind uint64, codec string, private []byte) []byte {
	b = appendUint(b, mkvTrackNumber, number)
	b = appendUint(b, mkvTrackUID, number)
	b = appendUint(b, mkvTrackType, kind)
	b = appendUint(b, mkvFlagLacing, 0)
	b = appendText(b, mkvCodecID, codec)
	if len(private) > 0 {
		b = appendElement(b, mkvCodecPrivate, private)
	}
	return b
}

// opusHead makes the header that Matroska has (RFC 7845 §5.1) of a dOps, whose
// numbers are big-endian.
func opusHead(dOps []byte) []byte {
	const fixed = 11
	if len(dOps) < fixed {
		return nil
	}
	h := append([]byte("OpusHead"), 1, dOps[1])
	h = append(h, dOps[3], dOps[2])                   // pre-skip
	h = append(h, dOps[7], dOps[6], dOps[5], dOps[4]) // sample rate
	h = append(h, dOps[9], dOps[8])                   // gain
	return append(h, dOps[10:]...)
}

// parameterSets returns those of a track, to stand before the first picture that
// needs them. AV1 has its own in each keyframe.
func parameterSets(t *media.Track) [][]byte {
	switch t.Codec {
	case media.H264:
		if r, err := avc.DecodeAVCDecConfRec(t.Config); err == nil {
			return append(r.SPSnalus, r.PPSnalus...)
		}
	case media.HEVC:
		var out [][]byte
		if r, err := hevc.DecodeHEVCDecConfRec(t.Config); err == nil {
			for _, kind := range []hevc.NaluType{hevc.NALU_VPS, hevc.NALU_SPS, hevc.NALU_PPS} {
				out = append(out, r.GetNalusForType(kind)...)
			}
		}
		return out
	}
	return nil
}

// appendID appends an element's id, which has its own length in it.
func appendID(b []byte, id uint32) []byte {
	for shift := (bits.Len32(id) - 1) / 8 * 8; shift >= 0; shift -= 8 {
		b = append(b, byte(id>>shift))
	}
	return b
}

// sizeOfSize is how many bytes appendSize appends.
func sizeOfSize(n int) int { return (bits.Len(uint(n)+1)-1)/7 + 1 }

// appendSize appends a number with its own length in it (RFC 8794 §4). All ones
// would say that it is not known.
func appendSize(b []byte, n int) []byte {
	size := sizeOfSize(n)
	v := uint64(n) | 1<<(7*size)
	for shift := 8 * (size - 1); shift >= 0; shift -= 8 {
		b = append(b, byte(v>>shift))
	}
	return b
}

func appendElement(b []byte, id uint32, body []byte) []byte {
	return append(appendSize(appendID(b, id), len(body)), body...)
}

func appendUint(b []byte, id uint32, v uint64) []byte {
	return appendElement(b, id, binary.BigEndian.AppendUint64(nil, v))
}

func appendText(b []byte, id uint32, s string) []byte { return appendElement(b, id, []byte(s)) }
