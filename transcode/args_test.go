package transcode

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
)

func TestArgs(t *testing.T) {
	t.Parallel()
	hd := &media.Track{Kind: media.Video, Codec: media.H264, Width: 1280, Height: 720, FrameRate: 29.97}
	rungs, _, err := Ladder([]string{"720p", "480p"}, hd)
	if err != nil {
		t.Fatal(err)
	}
	announced := *hd
	announced.Config = []byte("\x01\x42\xc0\x0d\xff\xe1\x00\x17\x67\x42\xc0\x0d\xda\x05\x06\x7e\x7c\x04\x40\x00\x00\x03" +
		"\x00\x40\x00\x00\x0f\x23\xc5\x0a\xa8\x01\x00\x04\x68\xce\x0f\xc8")
	for name, cfg := range map[string]Config{
		"two_rungs":     {Video: &announced, Rungs: rungs, Segment: 2 * time.Second},
		"rungs_and_mp3": {Video: hd, Rungs: rungs[1:], Segment: time.Second, Audio: &media.Track{Kind: media.Audio, Codec: media.MP3}},
		"mp3_alone":     {Audio: &media.Track{Kind: media.Audio, Codec: media.MP3}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got := strings.Join(Args(cfg), "\n") + "\n"
			path := filepath.Join("testdata", name+".args")
			if *update {
				if err := os.WriteFile(path, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestGroup(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fps     float64
		segment time.Duration
		want    int
	}{
		"30 frames/s, 2 s":    {30, 2 * time.Second, 60},
		"29.97 rounds up":     {30000.0 / 1001, 2 * time.Second, 60},
		"a rate nobody said":  {0, 2 * time.Second, 60},
		"a segment unsaid":    {25, 0, 50},
		"at least one":        {0.1, time.Millisecond, 1},
		"59.94 and 1.5 s":     {60000.0 / 1001, 1500 * time.Millisecond, 90},
		"exact stays exact":   {60, 2 * time.Second, 120},
		"23.976 and a second": {24000.0 / 1001, time.Second, 24},
	} {
		cfg := Config{Video: &media.Track{FrameRate: row.fps}, Segment: row.segment}
		if got := groupOf(cfg); got != row.want {
			t.Errorf("%s: %d, want %d", name, got, row.want)
		}
	}
}
