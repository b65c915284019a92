package transcode

import (
	"bytes"
	"context"
	"encoding/binary"
	"os/exec"
	"testing"
	"time"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"vitrine/internal/media"
)

// onset decodes AAC and returns when it becomes loud, on the units' timeline.
func onset(t *testing.T, units []media.Unit) time.Duration {
	t.Helper()
	var packets mpeg4audio.ADTSPackets
	config, err := media.ParseAAC(units[0].Track.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, u := range units {
		packets = append(packets, &mpeg4audio.ADTSPacket{
			Type: mpeg4audio.ObjectTypeAACLC, SampleRate: config.CoreRate, ChannelConfig: uint8(config.Channels), AU: u.Data,
		})
	}
	adts, err := packets.Marshal()
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-f", "aac", "-i", "pipe:0", "-af", "pan=mono|c0=FL", "-f", "s16le", "pipe:1")
	if config.Channels == 1 {
		cmd.Args = []string{"ffmpeg", "-v", "error", "-f", "aac", "-i", "pipe:0", "-f", "s16le", "pipe:1"}
	}
	cmd.Stdin = bytes.NewReader(adts)
	pcm, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	const loud = 1500 // of 32767
	for i := 0; i+1 < len(pcm); i += 2 {
		if v := int16(binary.LittleEndian.Uint16(pcm[i:])); v > loud || v < -loud {
			return units[0].PTS.Duration() + time.Duration(i/2)*time.Second/time.Duration(config.CoreRate)
		}
	}
	t.Fatal("it is never loud")
	return 0
}

// Sound that FFmpeg makes anew is as much in time with the picture as before.
func TestSoundStaysInTime(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ layout, rate, pan string }{
		"mono":             {"mono", "48000", "|c0=c0"},
		"mono at 44.1 kHz": {"mono", "44100", "|c0=c0"},
		"5.1":              {"5.1", "48000", "|FL=c0|FR=c0"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := shifted(encoded(t, "-f", "lavfi", "-i", "aevalsrc='0.5*sin(2*PI*1000*t)*gte(t,1)':c=mono:s="+tc.rate,
				"-t", "3", "-af", "pan="+tc.layout+tc.pan, "-c:a", "aac"), 123_456)
			out := transcode(t, in, nil)[AudioRung]
			if a, b := onset(t, in), onset(t, out); (a - b).Abs() > 5*time.Millisecond {
				t.Errorf("loud at %v in the source, at %v in what was made of it", a, b)
			}
		})
	}
}
