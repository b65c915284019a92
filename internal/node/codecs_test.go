package node_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/ingest/ingesttest"
	"vitrine/internal/media"
	"vitrine/internal/node"
)

// TestEncodersOfAllKinds: what viewers get of profiles and layouts that OBS
// offers, with the ladder beside it.
func TestEncodersOfAllKinds(t *testing.T) {
	for name, tc := range map[string]struct {
		args   []string
		codecs string
	}{
		"High 4:4:4 Predictive and 5.1": {
			[]string{"-preset", "veryfast", "-profile:v", "high444", "-pix_fmt", "yuv444p", "-ac", "6", "-ar", "48000"}, "avc1.F400",
		},
		"High 10 and mono": {
			[]string{"-preset", "veryfast", "-profile:v", "high10", "-pix_fmt", "yuv420p10le", "-ac", "1"}, "avc1.6E00",
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source", "240p"}}})
			ingesttest.FFmpeg(t, "rtmp://"+s.RTMPAddr+"/live", s.Channels[0].StreamKey, ingesttest.Clip{
				Live: true, Width: 640, Height: 360, Args: tc.args,
			})
			var list string
			until(t, "sound, source and rung", 30*time.Second, func() bool {
				if !s.live() {
					return false
				}
				list = string(s.get("/live/demo/index.m3u8", 200))
				return strings.Contains(list, "audio/index.m3u8") && strings.Contains(list, "240p/index.m3u8")
			})
			if !strings.Contains(list, `CHANNELS="2"`) || !strings.Contains(list, tc.codecs) || !strings.Contains(list, `mp4a.40.2"`) {
				t.Errorf("%s", list)
			}
			_, init, _ := strings.Cut(string(s.get("/live/demo/audio/index.m3u8", 200)), `#EXT-X-MAP:URI="`)
			init, _, _ = strings.Cut(init, `"`)
			f, err := mp4.DecodeFile(bytes.NewReader(s.get("/live/demo/audio/"+init, 200)))
			if err != nil {
				t.Fatal(err)
			}
			asc := f.Init.Moov.Trak.Mdia.Minf.Stbl.Stsd.Mp4a.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig
			if c, err := media.ParseAAC(asc); err != nil || c.Channels != 2 || c.SampleRate != 48000 || c.SBR {
				t.Errorf("the sound is %+v, %v", c, err)
			}
		})
	}
}
