package ingesttest

import (
	"os/exec"
	"strconv"
	"testing"
)

// GStreamer publishes frames pictures of 320×180 at 30 fps, with a tone, as fast
// as it can, by flvmux and rtmp2sink.
func GStreamer(t testing.TB, server, key string, frames int) *Client {
	t.Helper()
	const rate, samplesPerBuffer = 48000, 1600 // as many audio buffers as pictures
	n := strconv.Itoa(frames)
	return start(t, exec.Command("gst-launch-1.0", //nolint:noctx // start ends it with the test
		"videotestsrc", "num-buffers="+n, "!", "video/x-raw,width=320,height=180,framerate=30/1", "!",
		"x264enc", "speed-preset=ultrafast", "tune=zerolatency", "key-int-max=60", "!",
		"h264parse", "!", "mux.",
		"audiotestsrc", "num-buffers="+n, "samplesperbuffer="+strconv.Itoa(samplesPerBuffer), "!",
		"audio/x-raw,channels=2,rate="+strconv.Itoa(rate), "!", "avenc_aac", "!", "aacparse", "!", "mux.",
		"flvmux", "name=mux", "streamable=true", "!",
		"rtmp2sink", "location="+server+"/"+key,
	))
}
