package cmaf

import (
	"bytes"
	"fmt"

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
	if err := Describe(seg.AddEmptyTrack(uint32(Timescale(t)), t.Kind.String(), "und"), t); err != nil {
		return nil, err
	}
	var buf bytes.Buffer
	if err := seg.Encode(&buf); err != nil {
		return nil, fmt.Errorf("encode initialization segment: %w", err)
	}
	return buf.Bytes(), nil
}

// Describe gives trak the sample entry of t, and the size of its picture.
func Describe(trak *mp4.TrakBox, t *media.Track) error {
	var err error
	if t.Kind == media.Audio {
		err = describeAudio(trak, t)
	} else {
		err = describeVideo(trak, t)
	}
	if err != nil {
		return fmt.Errorf("describe %s track: %w", t.Codec, err)
	}
	return nil
}
