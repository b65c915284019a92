package ingesttest

import (
	"fmt"
	"os/exec"
	"strconv"
	"testing"
)

// Clip is what a client publishes: a test picture and a tone.
type Clip struct {
	Seconds       float64 // 0: until it is stopped
	Width, Height int     // 0: 320×180
	FPS           int     // 0: 30
	BFrames       int
	Keyframes     int      // frames from one to the next; 0: two seconds
	Bitrate       int      // of the video, bits/s; 0: 300 kbit/s
	AudioCodec    string   // FFmpeg's encoder; "": aac; "none": no audio
	NoVideo       bool     // audio only
	Live          bool     // in real time, not as fast as it can
	Args          []string // more arguments, before the output
}

func (c *Clip) fill() {
	if c.Width == 0 {
		c.Width, c.Height = 320, 180
	}
	if c.FPS == 0 {
		c.FPS = 30
	}
	if c.Keyframes == 0 {
		c.Keyframes = 2 * c.FPS
	}
	if c.Bitrate == 0 {
		c.Bitrate = 300_000
	}
	if c.AudioCodec == "" {
		c.AudioCodec = "aac"
	}
}

// FFmpeg publishes clip with FFmpeg: server is a URL such as rtmp://HOST/live,
// key the stream key.
func FFmpeg(t testing.TB, server, key string, clip Clip) *Client {
	t.Helper()
	clip.fill()
	args := []string{"-hide_banner", "-nostdin", "-loglevel", "warning"}
	live := []string{}
	if clip.Live {
		live = []string{"-re"}
	}
	if !clip.NoVideo {
		args = append(args, live...)
		args = append(args, "-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%dx%d:rate=%d", clip.Width, clip.Height, clip.FPS))
	}
	if clip.AudioCodec != "none" {
		args = append(args, live...)
		args = append(args, "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=48000")
		args = append(args, "-c:a", clip.AudioCodec, "-b:a", "96k", "-ac", "2", "-ar", "44100")
	}
	if !clip.NoVideo {
		rate := strconv.Itoa(clip.Bitrate)
		args = append(args, "-c:v", "libx264", "-preset", "ultrafast", "-pix_fmt", "yuv420p",
			"-b:v", rate, "-maxrate", rate, "-bufsize", rate,
			"-g", strconv.Itoa(clip.Keyframes), "-bf", strconv.Itoa(clip.BFrames), "-sc_threshold", "0")
		if clip.BFrames == 0 {
			args = append(args, "-tune", "zerolatency")
		}
	}
	if clip.Seconds > 0 {
		args = append(args, "-t", strconv.FormatFloat(clip.Seconds, 'f', -1, 64))
	}
	args = append(args, clip.Args...)
	args = append(args, "-f", "flv", server+"/"+key)
	return start(t, exec.Command("ffmpeg", args...)) //nolint:noctx // start ends it with the test
}
