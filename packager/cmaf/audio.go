package cmaf

import (
	"errors"
	"fmt"
	"math"

	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
)

const (
	sampleBits = 16   // as sample entries say it, whatever the codec has
	objectMP3  = 0x6b // ISO 14496-1 table 5: MPEG-1 audio
	dopsFixed  = 11   // bytes of a dOps up to its channel mapping
	maxASC     = 64   // bytes of an AudioSpecificConfig; mp4ff cannot say the lengths of 100 and more
)

func describeAudio(trak *mp4.TrakBox, t *media.Track) error {
	name := "mp4a"
	var box mp4.Box
	switch t.Codec {
	case media.AAC:
		if len(t.Config) > maxASC {
			return fmt.Errorf("its configuration has %d bytes", len(t.Config))
		}
		if _, err := media.ParseAAC(t.Config); err != nil {
			return err
		}
		box = mp4.CreateEsdsBox(t.Config)
	case media.MP3:
		esds := mp4.CreateEsdsBox(nil)
		esds.DecConfigDescriptor.ObjectType = objectMP3
		esds.DecConfigDescriptor.DecSpecificInfo = nil
		box = esds
	case media.Opus:
		if len(t.Config) < dopsFixed || t.Config[0] != 0 {
			return errors.New("its configuration is no OpusSpecificBox of version 0")
		}
		hdr := mp4.BoxHeader{Name: "dOps", Size: uint64(sizeBox + len(t.Config)), Hdrlen: sizeBox}
		dops, err := mp4.DecodeDopsSR(hdr, 0, bits.NewFixedSliceReader(t.Config))
		if err != nil {
			return fmt.Errorf("read the OpusSpecificBox: %w", err)
		}
		name, box = "Opus", dops
	default:
		return errors.New("no sample entry is known")
	}
	rate := uint16(min(t.SampleRate, math.MaxUint16))
	entry := mp4.CreateAudioSampleEntryBox(name, uint16(t.Channels), sampleBits, rate, box)
	trak.Mdia.Minf.Stbl.Stsd.AddChild(entry)
	return nil
}

// CodecString returns the track's codec as RFC 6381 has it, from its bitstream.
func CodecString(t *media.Track) (string, error) {
	switch t.Codec {
	case media.H264:
		return avcCodec(t.Config)
	case media.HEVC:
		return hevcCodec(t.Config)
	case media.AV1:
		return av1Codec(t.Config)
	case media.AAC:
		c, err := media.ParseAAC(t.Config)
		if err != nil {
			return "", err
		}
		return fmt.Sprintf("mp4a.40.%d", c.ObjectType()), nil
	case media.MP3:
		return "mp4a.6B", nil
	case media.Opus:
		return "opus", nil
	}
	return "", fmt.Errorf("no codec string for %s", t.Codec)
}
