//go:build clients

package node_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
)

// TestClientGStreamerPlays: hlsdemux2 plays, and five seconds of picture and sound
// come out of its decoders.
func TestClientGStreamerPlays(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source"}}})
	s.goLive(nil)
	until(t, "two segments, or hlsdemux2 of 1.22 finds no sound that fits", 20*time.Second, func() bool {
		return s.live() && strings.Count(string(s.get("/live/demo/source/index.m3u8", 200)), "#EXTINF") > 1 &&
			strings.Count(string(s.get("/live/demo/audio/index.m3u8", 200)), "#EXTINF") > 1
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
	out, complaints := tool(t, time.Minute, "gst-launch-1.0", append([]string{"-v"}, strings.Fields(pipeline)...)...)
	for _, want := range []string{"/GstHLSDemux2:", "/GstFakeSink:picture.GstPad:sink: caps = video/x-raw, ", "width=(int)640", "/GstFakeSink:sound.GstPad:sink: caps = audio/x-raw, "} {
		if !strings.Contains(out, want) {
			t.Errorf("gst-launch does not tell of %q", want)
		}
	}
	if complaints != "" || t.Failed() {
		t.Errorf("gst-launch: %s\n%s", complaints, out)
	}
}
