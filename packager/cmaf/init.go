package cmaf

import (
	"bytes"
	"fmt"

	"github.com/Eyevinn/mp4ff/aac"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
)

// Timescale returns the clock of a track's media, in Hz: the ticks of the
// house for video, the sample rate for audio, so that a frame is a whole number.
func Timescale(t *media.Track) int64 {
	if t.Kind == media.Audio {
		return int64(t.SampleRate)
	}
	return media.TicksPerSecond
}

// Init returns the initialization segment of a track. The brand aid3 says that
// its chunks may carry timed ID3.
func Init(t *media.Track) ([]byte, error) {
	seg := mp4.NewMP4Init()
	seg.AddChild(mp4.NewFtyp("cmfc", 0, []string{"iso6", "cmfc", "aid3"}))
	moov := mp4.NewMoovBox()
	seg.AddChild(moov)
	moov.AddChild(mp4.CreateMvhd())
	moov.AddChild(mp4.NewMvexBox())
	trak := seg.AddEmptyTrack(uint32(Timescale(t)), t.Kind.String(), "und")
	if err := sampleEntry(trak, t); err != nil {
		return nil, fmt.Errorf("describe %s track: %w", t.Codec, err)
	}
	var buf bytes.Buffer
	if err := seg.Encode(&buf); err != nil {
		return nil, fmt.Errorf("encode initialization segment: %w", err)
	}
	return buf.Bytes(), nil
}

func sampleEntry(trak *mp4.TrakBox, t *media.Track) error {
	switch t.Codec {
	case media.H264:
		rec, err := avc.DecodeAVCDecConfRec(t.Config)
		if err != nil {
			return err
		}
		if len(rec.SPSnalus) == 0 || len(rec.PPSnalus) == 0 {
			return fmt.Errorf("configuration record without parameter sets")
		}
		return trak.SetAVCDescriptor("avc1", rec.SPSnalus, rec.PPSnalus, true)
	case media.AAC:
		entry := mp4.CreateAudioSampleEntryBox("mp4a", uint16(t.Channels), 16, uint16(min(t.SampleRate, 0xffff)), mp4.CreateEsdsBox(t.Config))
		trak.Mdia.Minf.Stbl.Stsd.AddChild(entry)
		return nil
	default:
		return fmt.Errorf("no sample entry for %s", t.Codec)
	}
}

// CodecString returns the track's codec as RFC 6381 has it, from its bitstream.
func CodecString(t *media.Track) (string, error) {
	switch t.Codec {
	case media.H264:
		if len(t.Config) < 4 {
			return "", fmt.Errorf("configuration record of %d bytes", len(t.Config))
		}
		return fmt.Sprintf("avc1.%02X%02X%02X", t.Config[1], t.Config[2], t.Config[3]), nil
	case media.AAC:
		asc, err := aac.DecodeAudioSpecificConfig(bytes.NewReader(t.Config))
		if err != nil {
			return "", fmt.Errorf("read audio configuration: %w", err)
		}
		return fmt.Sprintf("mp4a.40.%d", asc.ObjectType), nil
	default:
		return "", fmt.Errorf("no codec string for %s", t.Codec)
	}
}
