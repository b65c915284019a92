package node_test

import (
	"context"
	"encoding/json"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
)

// tool runs a command to its end and returns what it wrote, its errors apart.
func tool(t *testing.T, limit time.Duration, name string, args ...string) (stdout, stderr string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var out, errs strings.Builder
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s %s: %v (is it installed? make test installs what it needs)\n%s%s", name, strings.Join(args, " "), err, out.String(), errs.String())
	}
	return out.String(), errs.String()
}

// initAgain is what FFmpeg says of each CMAF segment: it reads the initialization
// segment before every one.
const initAgain = "Found duplicated MOOV Atom. Skipped it"

// TestFFmpegPlays: FFmpeg decodes ten seconds without a complaint, sound and
// picture, and sees no cue: it skips emsg boxes.
func TestFFmpegPlays(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source"}}})
	s.stock(3)
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	s.tell(h, 1, 2)
	address := s.url("/live/demo/index.m3u8")

	var probe struct {
		Streams []struct {
			Type  string `json:"codec_type"`
			Codec string `json:"codec_name"`
		}
	}
	b, _ := tool(t, 30*time.Second, "ffprobe", "-v", "error", "-show_streams", "-of", "json", address)
	if err := json.Unmarshal([]byte(b), &probe); err != nil {
		t.Fatal(err)
	}
	var seen []string
	for _, st := range probe.Streams {
		seen = append(seen, st.Type+" "+st.Codec)
	}
	slices.Sort(seen)
	if want := []string{"audio aac", "video h264"}; !slices.Equal(seen, want) {
		t.Errorf("ffprobe sees %q, want %q", seen, want)
	}

	progress, complaints := tool(t, time.Minute, "ffmpeg", "-nostdin", "-hide_banner", "-v", "warning", "-xerror", "-err_detect", "explode",
		"-i", address, "-t", "10", "-progress", "pipe:1", "-f", "null", "-")
	for line := range strings.Lines(complaints) {
		if !strings.Contains(line, initAgain) {
			t.Errorf("ffmpeg: %s", line)
		}
	}
	frames := regexp.MustCompile(`frame=(\d+)`).FindAllStringSubmatch(progress, -1)
	if len(frames) == 0 {
		t.Fatalf("ffmpeg tells of no frames\n%s", progress)
	}
	// One frame of 300 may be lost to the encoder's pace: the host's clock is a real one.
	if n, err := strconv.Atoi(frames[len(frames)-1][1]); err != nil || n < 299 || n > 301 {
		t.Errorf("%d frames in ten seconds, want 300", n)
	}
}
