package rtmp

import (
	"testing"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/h264"

	"vitrine/ingest/ingesttest"
	"vitrine/internal/media"
)

// Every profile and colour format of H.264 that OBS offers, by a real x264.
func TestEveryProfileOfH264(t *testing.T) {
	for name, tc := range map[string]struct {
		profile, format string
		b               int  // B-frames
		idc             byte // profile_idc
		chroma, depth   uint32
	}{
		"Baseline":                    {"baseline", "yuv420p", 0, 66, 1, 8},
		"Main":                        {"main", "yuv420p", 2, 77, 1, 8},
		"High":                        {"high", "yuv420p", 2, 100, 1, 8},
		"High 10, P010":               {"high10", "yuv420p10le", 2, 110, 1, 10},
		"High 4:2:2":                  {"high422", "yuv422p", 2, 122, 2, 8},
		"High 4:2:2, 10 bits":         {"high422", "yuv422p10le", 2, 122, 2, 10},
		"High 4:4:4 Predictive, I444": {"high444", "yuv444p", 2, 244, 3, 8},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			clip := ingesttest.Clip{Seconds: 2, BFrames: tc.b, Args: []string{
				"-preset", "veryfast", "-profile:v", tc.profile, "-pix_fmt", tc.format,
			}}
			if tc.b > 0 {
				clip.Args = append(clip.Args, "-x264-params", "b-adapt=0")
			}
			if err := ingesttest.FFmpeg(t, s.url, key, clip).Wait(t); err != nil {
				t.Fatal(err)
			}
			s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
			video := ingesttest.Of(media.Video, s.rec.Units())
			checkVideo(t, video, 60, tc.b > 0)
			config := video[0].Track.Config
			var sps h264.SPS
			if err := sps.Unmarshal(config[8 : 8+int(config[6])<<8+int(config[7])]); err != nil {
				t.Fatal(err)
			}
			chroma := max(sps.ChromaFormatIdc, 1) // 1 where a profile has no other
			if config[1] != tc.idc || chroma != tc.chroma || sps.BitDepthLumaMinus8+8 != tc.depth {
				t.Errorf("profile %d, chroma %d, %d bits", config[1], chroma, sps.BitDepthLumaMinus8+8)
			}
		})
	}
}

// AAC in every number of channels, at the rates that OBS offers.
func TestEveryLayoutOfAAC(t *testing.T) {
	for name, tc := range map[string]struct {
		args     []string
		rate, ch int
	}{
		"mono":                   {[]string{"-ac", "1"}, 44100, 1},
		"stereo at 48 kHz":       {[]string{"-ar", "48000"}, 48000, 2},
		"5.1":                    {[]string{"-ac", "6", "-ar", "48000"}, 48000, 6},
		"5.1, the sides named":   {[]string{"-af", "aformat=channel_layouts=5.1(side)", "-ac", "6"}, 44100, 6},
		"quadrophonic":           {[]string{"-af", "aformat=channel_layouts=quad", "-ac", "4"}, 44100, 4},
		"stereo at 24 kHz, core": {[]string{"-ar", "24000"}, 24000, 2},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			if err := ingesttest.FFmpeg(t, s.url, key, ingesttest.Clip{Seconds: 2, Args: tc.args}).Wait(t); err != nil {
				t.Fatal(err)
			}
			s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
			audio := ingesttest.Of(media.Audio, s.rec.Units())
			if want := 2 * tc.rate / 1024; len(audio) < want || len(audio) > want+3 {
				t.Fatalf("%d frames, want about %d", len(audio), want)
			}
			if tr := audio[0].Track; tr.SampleRate != tc.rate || tr.Channels != tc.ch {
				t.Errorf("%+v", tr)
			}
		})
	}
}
