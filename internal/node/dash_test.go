package node_test

import (
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
)

// TestDASHPlays: FFmpeg plays the MPD, picture and sound, and has nothing to say.
func TestDASHPlays(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source"}}})
	s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	until(t, "three segments", 20*time.Second, func() bool {
		return strings.Count(string(s.get("/live/demo/source/index.m3u8", 200)), "EXTINF") >= 3
	})
	_, said := player(t, "ffmpeg", "-v", "warning", "-i", s.url("/live/demo/index.mpd"), "-map", "0:v", "-map", "0:a", "-t", "6", "-f", "null", "-")
	for line := range strings.Lines(said) {
		if !strings.Contains(line, "Opening '") {
			t.Errorf("FFmpeg says %s", line)
		}
	}
}
