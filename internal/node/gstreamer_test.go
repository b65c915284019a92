//go:build clients

package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
)

// soundless is how often in a row decodebin3 of GStreamer 1.22 may leave the sound
// out, as it does in one of six joins, whatever is listed: hlsdemux2 hands it the
// sound, and it makes no decoder for it.
const soundless = 5

// TestClientGStreamerPlays: hlsdemux2 plays, and five seconds of picture and sound
// come out of the decoders behind it.
func TestClientGStreamerPlays(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source"}}})
	s.goLive(nil)
	until(t, "two segments, or hlsdemux2 of 1.22 waits for ever", 20*time.Second, func() bool {
		return s.live() && strings.Count(string(s.get("/live/demo/audio/index.m3u8", 200)), "#EXTINF") > 1
	})
	const (
		frames = 5 * 30           // of the picture
		sounds = 5 * 48000 / 1024 // frames of AAC
	)
	// A sink ends its stream once it has had its buffers; gst-launch exits with 0 when
	// all sinks have.
	pipeline := fmt.Sprintf("uridecodebin3 name=d uri=%s"+
		" d. ! queue ! video/x-raw ! fakesink name=picture num-buffers=%d"+
		" d. ! queue ! audio/x-raw ! fakesink name=sound num-buffers=%d", s.url("/live/demo/index.m3u8"), frames, sounds)
	play := func() string {
		out, complaints := tool(t, time.Minute, "gst-launch-1.0", append([]string{"-v"}, strings.Fields(pipeline)...)...)
		if complaints != "" {
			t.Errorf("gst-launch: %s", complaints)
		}
		return out
	}
	const sound = "/GstFakeSink:sound.GstPad:sink: caps = audio/x-raw, "
	out := play()
	for again := 0; again < soundless && !strings.Contains(out, sound); again++ {
		t.Log("decodebin3 chose no sound")
		out = play()
	}
	for _, want := range []string{"/GstHLSDemux2:", "/GstFakeSink:picture.GstPad:sink: caps = video/x-raw, ", "width=(int)640", sound} {
		if !strings.Contains(out, want) {
			t.Errorf("gst-launch does not tell of %q", want)
		}
	}
	if t.Failed() {
		t.Log(out)
	}
}
