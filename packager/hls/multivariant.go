package hls

import (
	"fmt"
	"strings"

	"github.com/grafov/m3u8"
)

// Variant is one video rendition in the multivariant playlist.
type Variant struct {
	URI              string
	Bandwidth        int // peak, bits per second, audio included
	AverageBandwidth int
	Codecs           []string
	Width, Height    int
	FrameRate        float64
	IFrames          *IFrames // nil if it has none
}

// IFrames is the I-frame playlist of a variant.
type IFrames struct {
	URI              string
	Bandwidth        int // peak, bits per second
	AverageBandwidth int
	Codec            string
}

// AudioTrack is the audio rendition that the variants share.
type AudioTrack struct {
	URI      string
	Channels int
}

const audioGroup = "audio"

// Multivariant returns the multivariant playlist, best variant first as given.
// Without audio the variants stand alone.
func Multivariant(variants []Variant, audio *AudioTrack) string {
	p := m3u8.NewMasterPlaylist()
	p.SetVersion(versionMulti)
	p.SetIndependentSegments(true)
	for _, v := range variants {
		params := m3u8.VariantParams{
			Bandwidth:        uint32(v.Bandwidth),
			AverageBandwidth: uint32(v.AverageBandwidth),
			Codecs:           strings.Join(v.Codecs, ","),
			FrameRate:        v.FrameRate,
		}
		params.Resolution = resolution(&v)
		if audio != nil && audio.URI != v.URI {
			params.Audio = audioGroup
			params.Alternatives = []*m3u8.Alternative{{
				Type: "AUDIO", GroupId: audioGroup, Name: "Main", Language: "und",
				Default: true, Autoselect: "YES", URI: audio.URI,
			}}
		}
		p.Append(v.URI, nil, params)
	}
	for _, v := range variants {
		if f := v.IFrames; f != nil {
			p.Append(f.URI, nil, m3u8.VariantParams{
				Iframe: true, Bandwidth: uint32(f.Bandwidth), AverageBandwidth: uint32(f.AverageBandwidth),
				Codecs: f.Codec, Resolution: resolution(&v),
			})
		}
	}
	// The library writes an attribute that rfc8216bis has removed, and does
	// not know CHANNELS (§4.4.6.1).
	text := strings.ReplaceAll(p.Encode().String(), ":PROGRAM-ID=0,", ":")
	if audio != nil {
		text = strings.Replace(text, ":TYPE=AUDIO,", fmt.Sprintf(":TYPE=AUDIO,CHANNELS=\"%d\",", audio.Channels), 1)
	}
	return text
}

func resolution(v *Variant) string {
	if v.Width <= 0 {
		return ""
	}
	return fmt.Sprintf("%dx%d", v.Width, v.Height)
}
