package media_test

import (
	"encoding/hex"
	"testing"

	"vitrine/internal/media"
)

func unhex(t testing.TB, s string) []byte {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestParseAAC(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		want   media.AACConfig
		object int
		frame  int64
	}{
		"LC, 48 kHz, stereo":                       {"1190", media.AACConfig{CoreRate: 48000, SampleRate: 48000, Channels: 2}, 2, 1024},
		"LC, 44.1 kHz, mono":                       {"1208", media.AACConfig{CoreRate: 44100, SampleRate: 44100, Channels: 1}, 2, 1024},
		"LC, 48 kHz, 5.1":                          {"11b0", media.AACConfig{CoreRate: 48000, SampleRate: 48000, Channels: 6}, 2, 1024},
		"LC, and the mark that there is no SBR":    {"119056e500", media.AACConfig{CoreRate: 48000, SampleRate: 48000, Channels: 2}, 2, 1024},
		"LC, frames of 960":                        {"1194", media.AACConfig{CoreRate: 48000, SampleRate: 48000, Channels: 2, Short: true}, 2, 960},
		"a rate that is no index":                  {"1780ac4410", media.AACConfig{CoreRate: 88200, SampleRate: 88200, Channels: 2}, 2, 1024},
		"HE, signalled first, 48 kHz of 24":        {"2b118800", media.AACConfig{CoreRate: 24000, SampleRate: 48000, Channels: 2, SBR: true}, 5, 2048},
		"HE, signalled last, 44.1 kHz of 22.05":    {"139056e5a0", media.AACConfig{CoreRate: 22050, SampleRate: 44100, Channels: 2, SBR: true}, 5, 2048},
		"HE v2, signalled first, 44.1 of 22.05":    {"eb8a0800", media.AACConfig{CoreRate: 22050, SampleRate: 44100, Channels: 2, SBR: true, PS: true}, 29, 2048},
		"HE v2, signalled last, 48 kHz of 24":      {"130856e59d4880", media.AACConfig{CoreRate: 24000, SampleRate: 48000, Channels: 2, SBR: true, PS: true}, 29, 2048},
		"5.1 with the side speakers named, ffmpeg": {"118004c844002000c40d4c61766335392e33372e31303056e500", media.AACConfig{CoreRate: 48000, SampleRate: 48000, Channels: 6}, 2, 1024},
		"SBR that does not raise the rate":         {"2991a800", media.AACConfig{}, 0, 0},
		"channels that only the frames tell":       {"1180", media.AACConfig{CoreRate: 48000, SampleRate: 48000}, 2, 1024},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := media.ParseAAC(unhex(t, tc.config))
			if tc.object == 0 {
				if err == nil {
					t.Errorf("taken as %+v", got)
				}
				return
			}
			if err != nil || got != tc.want || got.ObjectType() != tc.object || got.FrameLength() != tc.frame {
				t.Errorf("%+v, type %d, %d samples, %v", got, got.ObjectType(), got.FrameLength(), err)
			}
		})
	}
}

func FuzzParseAAC(f *testing.F) {
	for _, s := range []string{"1190", "2b118800", "139056e5a0", "eb8a0800", "118004c844002000c40d4c61766335392e33372e31303056e500"} {
		f.Add(unhex(f, s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		c, err := media.ParseAAC(b)
		if err == nil && (c.FrameLength() < 960 || c.FrameLength() > 2048 || c.Channels < 0 || c.Channels > 96) {
			t.Errorf("%+v, %d samples", c, c.FrameLength())
		}
	})
}

func TestSamplesOfAUnit(t *testing.T) {
	aac := func(config string) *media.Track {
		return &media.Track{Kind: media.Audio, Codec: media.AAC, Config: unhex(t, config)}
	}
	opus := &media.Track{Kind: media.Audio, Codec: media.Opus, SampleRate: 48000}
	for name, tc := range map[string]struct {
		unit media.Unit
		want int64
	}{
		"AAC-LC":                              {media.Unit{Track: aac("1190")}, 1024},
		"HE-AAC":                              {media.Unit{Track: aac("2b118800")}, 2048},
		"a configuration that is none":        {media.Unit{Track: aac("ff")}, 0},
		"MP3":                                 {media.Unit{Track: &media.Track{Codec: media.MP3}}, 1152},
		"video":                               {media.Unit{Track: &media.Track{Codec: media.H264}}, 0},
		"Opus, one frame of 20 ms":            {media.Unit{Track: opus, Data: []byte{0xfc, 1}}, 960},
		"Opus, two frames of 20 ms":           {media.Unit{Track: opus, Data: []byte{0xfd, 1}}, 1920},
		"Opus, one frame of 2.5 ms":           {media.Unit{Track: opus, Data: []byte{0xe0, 1}}, 120},
		"Opus, one SILK frame of 60 ms":       {media.Unit{Track: opus, Data: []byte{0x58, 1}}, 2880},
		"Opus, six frames of 20 ms":           {media.Unit{Track: opus, Data: []byte{0xff, 6}}, 5760},
		"Opus, longer than 120 ms":            {media.Unit{Track: opus, Data: []byte{0xff, 7}}, 0},
		"Opus, a number of frames is missing": {media.Unit{Track: opus, Data: []byte{0xff}}, 0},
		"Opus, nothing":                       {media.Unit{Track: opus}, 0},
	} {
		t.Run(name, func(t *testing.T) {
			if got := tc.unit.Samples(); got != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
	u := media.Unit{Track: aac("139056e5a0")}
	if n := testing.AllocsPerRun(100, func() { _ = u.Samples() }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
