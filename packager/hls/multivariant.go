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
	Audio            string   // the group of the sound that goes with it, if there is one
	IFrames          *IFrames // nil if it has none
}

// IFrames is the I-frame playlist of a variant.
type IFrames struct {
	URI              string
	Bandwidth        int // peak, bits per second
	AverageBandwidth int
	Codec            string
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
	p.SetVersion(versionMulti)
	p.SetIndependentSegments(true)
	for _, v := range variants {
		params := m3u8.VariantParams{
			Bandwidth:        uint32(v.Bandwidth),
			AverageBandwidth: uint32(v.AverageBandwidth),
			Codecs:           strings.Join(v.Codecs, ","),
			FrameRate:        v.FrameRate,
			Audio:            v.Audio,
			Resolution:       resolution(&v),
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
	told := map[string]bool{} // variants that differ in their sound share one
	for _, v := range variants {
		f := v.IFrames
		if f == nil || told[f.URI] {
			continue
		}
		told[f.URI] = true
		p.Append(f.URI, nil, m3u8.VariantParams{
			Iframe: true, Bandwidth: uint32(f.Bandwidth), AverageBandwidth: uint32(f.AverageBandwidth),
			Codecs: f.Codec, Resolution: resolution(&v),
		})
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

func resolution(v *Variant) string {
	if v.Width <= 0 {
		return ""
	}
	return fmt.Sprintf("%dx%d", v.Width, v.Height)
}
