//go:build clients

package node_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
)

// TestLegacyInGStreamer: hlsdemux and tsdemux take the show to its end. GStreamer
// 1.22 knows no ID3 in MPEG-TS, so that its cues are not looked for.
func TestLegacyInGStreamer(t *testing.T) {
	s := startWith(t, node.Config{Reconnect: 2 * time.Second, Channels: map[string]node.Channel{"demo": {Ladder: []string{"source"}}}})
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	until(t, "three segments", 20*time.Second, func() bool {
		return strings.Count(string(s.get("/live/demo/ts/source/index.m3u8", 200)), "EXTINF") >= 3
	})
	pictures := filepath.Join(t.TempDir(), "pictures")
	done := make(chan string, 1)
	go func() {
		_, said := player(t, "gst-launch-1.0", "-q", "souphttpsrc", "location="+s.url("/live/demo/ts/source/index.m3u8"), "!",
			"hlsdemux", "!", "tsdemux", "name=d",
			"d.", "!", "queue", "!", "h264parse", "!", "avdec_h264", "!", "videoscale", "!", "video/x-raw,width=16,height=16", "!", "filesink", "location="+pictures,
			"d.", "!", "queue", "!", "aacparse", "!", "avdec_aac", "!", "fakesink")
		done <- said
	}()
	const second = 30 * 16 * 16 * 3 / 2 // bytes
	until(t, "the picture", 30*time.Second, func() bool {
		f, err := os.Stat(pictures)
		return err == nil && f.Size() > 4*second
	})
	h.stop()
	if said := <-done; said != "" {
		t.Errorf("GStreamer says %s", said)
	}
}
