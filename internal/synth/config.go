package synth

import (
	"cmp"
	"errors"
	"fmt"
	"log/slog"
	"strconv"
	"strings"
)

// Bounds of a [Config].
const (
	minSide = 2 * barcodeColumns // pixels: below, the barcode has no cells
	maxSide = 4096
	maxFPS  = 120
)

// Config says what a [Host] sends, and where. What is zero takes its default.
type Config struct {
	FFmpeg string // the program; "ffmpeg"
	URL    string // where to publish as FLV, such as rtmp://HOST/live/KEY

	Width, Height int // pixels, even; 1280 × 720
	FPS           int // frames per second; 30

	Bitrate int    // of the video, bits per second; 2,500,000
	Preset  string // of x264; "veryfast"
	// BFrames is how many B-frames may follow each other. With none the encoder
	// holds no frame back; with some it looks ahead as OBS does by default.
	BFrames  int
	GOP      int  // frames from one keyframe to the next; two seconds
	NoAudio  bool // no audio track at all
	Silent   bool // an audio track without the tone
	ToneHz   int  // pitch of the tone; 220
	Product  int  // in hand at the start; 0 is none
	Titles   func(product int) string
	Log      *slog.Logger // discarded
	LogLevel string       // of ffmpeg; "warning"
}

// withDefaults returns c with its zero values replaced.
func (c Config) withDefaults() Config {
	c.FFmpeg = cmp.Or(c.FFmpeg, "ffmpeg")
	c.Width, c.Height = cmp.Or(c.Width, 1280), cmp.Or(c.Height, 720)
	c.FPS = cmp.Or(c.FPS, 30)
	c.Bitrate = cmp.Or(c.Bitrate, 2_500_000)
	c.Preset = cmp.Or(c.Preset, "veryfast")
	c.GOP = cmp.Or(c.GOP, 2*c.FPS)
	c.ToneHz = cmp.Or(c.ToneHz, 220)
	c.LogLevel = cmp.Or(c.LogLevel, "warning")
	if c.Titles == nil {
		c.Titles = func(int) string { return "" }
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	return c
}

// Validate tells what is wrong with c, its defaults applied.
func (c Config) Validate() error {
	c = c.withDefaults()
	switch {
	case c.URL == "":
		return errors.New("synth: no URL to publish to")
	case c.Width < minSide || c.Width > maxSide || c.Height < minSide || c.Height > maxSide:
		return fmt.Errorf("synth: a picture of %d × %d, want %d to %d pixels each way", c.Width, c.Height, minSide, maxSide)
	case c.Width%2 != 0 || c.Height%2 != 0:
		return fmt.Errorf("synth: a picture of %d × %d, want even numbers", c.Width, c.Height)
	case c.FPS < 1 || c.FPS > maxFPS:
		return fmt.Errorf("synth: %d frames per second, want 1 to %d", c.FPS, maxFPS)
	case c.Bitrate < 0 || c.GOP < 0 || c.BFrames < 0 || c.ToneHz < 0:
		return errors.New("synth: a negative bit rate, GOP, B-frame count or tone")
	}
	return checkProduct(c.Product)
}

func checkProduct(no int) error {
	if no < 0 || no > MaxProduct {
		return fmt.Errorf("synth: product %d, want 0 to %d", no, MaxProduct)
	}
	return nil
}

// args returns ffmpeg's command line: frames on stdin and a tone of its own in,
// FLV out. c has its defaults.
func (c Config) args() []string {
	args := []string{
		"-hide_banner", "-nostats", "-nostdin", "-loglevel", c.LogLevel,
		"-f", "rawvideo", "-pix_fmt", "yuv420p",
		"-s", fmt.Sprintf("%dx%d", c.Width, c.Height), "-r", strconv.Itoa(c.FPS), "-i", "pipe:0",
	}
	if !c.NoAudio {
		args = append(args, "-f", "lavfi", "-i", c.tone(), "-c:a", "aac", "-b:a", "96k", "-ac", "2")
	}
	args = append(args,
		"-c:v", "libx264", "-preset", c.Preset, "-pix_fmt", "yuv420p",
		"-color_range", "tv", "-colorspace", "bt709", "-color_primaries", "bt709", "-color_trc", "bt709",
		"-b:v", strconv.Itoa(c.Bitrate), "-maxrate", strconv.Itoa(c.Bitrate), "-bufsize", strconv.Itoa(c.Bitrate),
		"-g", strconv.Itoa(c.GOP), "-keyint_min", strconv.Itoa(c.GOP), "-sc_threshold", "0",
		"-bf", strconv.Itoa(c.BFrames),
	)
	if c.BFrames == 0 {
		args = append(args, "-tune", "zerolatency")
	}
	// The tone has no end: without -shortest it would play on for ever, and as fast
	// as it can, where this program was killed.
	return append(args, "-shortest", "-flush_packets", "1", "-flvflags", "no_duration_filesize", "-f", "flv", c.URL)
}

// tone is a source of ffmpeg's: quiet, or nothing at all.
func (c Config) tone() string {
	if c.Silent {
		return "anullsrc=r=48000:cl=stereo"
	}
	return fmt.Sprintf("sine=f=%d:r=48000,volume=0.2", c.ToneHz)
}

// redact hides the stream key, the last element of the URL, in a line of ffmpeg's.
func (c Config) redact(line string) string {
	i := strings.LastIndexByte(c.URL, '/')
	if i < 0 || i == len(c.URL)-1 {
		return line
	}
	return strings.ReplaceAll(line, c.URL[i:], "/…")
}
