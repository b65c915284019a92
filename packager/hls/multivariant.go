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
	Audio            string // the group of the sound that goes with it, if there is one
}

// AudioTrack is one coding of the sound that variants share.
type AudioTrack struct {
	Group            string // GROUP-ID
	URI              string
	Codec            string
	Channels         int
	Bandwidth        int // peak, bits per second
	AverageBandwidth int
}

// Multivariant returns the multivariant playlist, best variant first as given,
// with the sounds that they name as their Audio. Without any they stand alone.
func Multivariant(variants []Variant, sounds []AudioTrack) string {
	p := m3u8.NewMasterPlaylist()
	p.SetVersion(version)
	p.SetIndependentSegments(true)
	for _, v := range variants {
		params := m3u8.VariantParams{
			Bandwidth:        uint32(v.Bandwidth),
			AverageBandwidth: uint32(v.AverageBandwidth),
			Codecs:           strings.Join(v.Codecs, ","),
			FrameRate:        v.FrameRate,
			Audio:            v.Audio,
		}
		if v.Width > 0 {
			params.Resolution = fmt.Sprintf("%dx%d", v.Width, v.Height)
		}
		for _, s := range sounds {
			if s.Group == v.Audio {
				params.Alternatives = []*m3u8.Alternative{{
					Type: "AUDIO", GroupId: s.Group, Name: "Main", Language: "und",
					Default: true, Autoselect: "YES", URI: s.URI,
				}}
			}
		}
		p.Append(v.URI, nil, params)
	}
	// The library writes an attribute that rfc8216bis has removed, and does
	// not know CHANNELS (§4.4.6.1).
	text := strings.ReplaceAll(p.Encode().String(), ":PROGRAM-ID=0,", ":")
	for _, s := range sounds {
		group := fmt.Sprintf(",GROUP-ID=%q,", s.Group)
		text = strings.Replace(text, ":TYPE=AUDIO"+group, fmt.Sprintf(":TYPE=AUDIO,CHANNELS=\"%d\"", s.Channels)+group, 1)
	}
	return text
}
