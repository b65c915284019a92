package transcode

import (
	"fmt"
	"strings"
	"testing"

	"vitrine/internal/media"
)

func TestLadder(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		spec          string
		width, height int
		fps           float64
		want          string // rungs as name=WxH@kb/s, "source" first if it is offered
	}{
		"auto below 1080p": {
			"auto", 1920, 1080, 30, "source 720p=1280x720@3000 480p=854x480@1100 360p=640x360@730",
		},
		"auto below 720p":         {"auto", 1280, 720, 30, "source 480p=854x480@1100 360p=640x360@730"},
		"auto below 540p":         {"auto", 960, 540, 30, "source 360p=640x360@730 240p=426x240@365"},
		"auto below 480p":         {"auto", 854, 480, 30, "source 360p=640x360@730 240p=428x240@365"},
		"auto below 360p":         {"auto", 640, 360, 30, "source 240p=426x240@365"},
		"auto below 4K":           {"auto", 3840, 2160, 30, "source 1080p=1920x1080@6000 720p=1280x720@3000 480p=854x480@1100"},
		"auto below 1440p":        {"auto", 2560, 1440, 30, "source 1080p=1920x1080@6000 720p=1280x720@3000 480p=854x480@1100"},
		"a little above a rung":   {"auto", 1310, 736, 30, "source 480p=854x480@1100 360p=640x360@730"},
		"nothing below 240p":      {"auto", 426, 240, 30, "source 240p=426x240@365"},
		"smaller than all":        {"auto", 320, 180, 30, "source 240p=320x180@205"},
		"odd source":              {"auto", 333, 187, 30, "source 240p=334x188@225"},
		"a tiny source":           {"auto", 2, 2, 30, "source 240p=2x2@50"},
		"portrait":                {"auto", 1080, 1920, 30, "source 720p=720x1280@3000 480p=480x854@1100 360p=360x640@730"},
		"portrait 720p":           {"auto", 720, 1280, 30, "source 480p=480x854@1100 360p=360x640@730"},
		"square has fewer pixels": {"auto", 1080, 1080, 30, "source 720p=720x720@1690 480p=480x480@620 360p=360x360@410"},
		"4:3":                     {"auto", 960, 720, 30, "source 480p=640x480@825 360p=480x360@550"},
		"wide screen":             {"auto", 2560, 1080, 30, "source 720p=1706x720@4000 480p=1138x480@1465 360p=854x360@975"},
		"60 frames/s cost half as much again": {
			"auto", 1280, 720, 60, "source 480p=854x480@1650 360p=640x360@1095",
		},
		"a frame rate nobody said": {"auto", 1280, 720, 0, "source 480p=854x480@1100 360p=640x360@730"},
		"an absurd frame rate":     {"auto", 1280, 720, 1000, "source 480p=854x480@2200 360p=640x360@1460"},
		"by name":                  {"source 720p 480p", 1920, 1080, 30, "source 720p=1280x720@3000 480p=854x480@1100"},
		"by name, in any order":    {"360p 540p", 1920, 1080, 30, "540p=960x540@2000 360p=640x360@730"},
		"the source alone":         {"source", 1280, 720, 30, "source"},
		"a rung of the source's size is made when named": {
			"source 720p", 1280, 720, 30, "source 720p=1280x720@3000",
		},
		"what would be upscaled is left out": {"1080p 720p 360p", 854, 480, 30, "360p=640x360@730"},
		"all would be upscaled: one of the source's size": {
			"source 1080p 720p", 854, 480, 30, "source 720p=854x480@1335",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			src := &media.Track{Kind: media.Video, Codec: media.H264, Width: row.width, Height: row.height, FrameRate: row.fps}
			made, source, err := Ladder(strings.Fields(row.spec), src)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			if source {
				got = append(got, "source")
			}
			for _, r := range made {
				got = append(got, fmt.Sprintf("%s=%dx%d@%d", r.Name, r.Width, r.Height, r.Bitrate/1000))
				if min(r.Width, r.Height) > min(row.width, row.height)+1 || r.Width%2+r.Height%2 != 0 {
					t.Errorf("%dx%d from %dx%d", r.Width, r.Height, row.width, row.height)
				}
			}
			if s := strings.Join(got, " "); s != row.want {
				t.Errorf("got  %s\nwant %s", s, row.want)
			}
		})
	}
}

func TestLadderRefuses(t *testing.T) {
	t.Parallel()
	hd := &media.Track{Kind: media.Video, Codec: media.H264, Width: 1280, Height: 720}
	for name, row := range map[string]struct {
		spec string
		src  *media.Track
		want string
	}{
		"nothing":              {"", hd, "the ladder is empty: write auto, or some of source, 1080p, 720p, 540p, 480p, 360p, 240p"},
		"an unknown rung":      {"source 721p", hd, `"721p": write auto, or some of source, 1080p`},
		"the same twice":       {"720p 720p", hd, `names "720p" twice`},
		"auto and more":        {"auto 720p", hd, "write auto alone"},
		"no source":            {"auto", nil, "the source's picture size is not known"},
		"a source of no size":  {"auto", &media.Track{Kind: media.Video}, "the source's picture size is not known"},
		"a source that sounds": {"auto", &media.Track{Kind: media.Audio, Width: 9, Height: 9}, "the source's picture size is not known"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := Ladder(strings.Fields(row.spec), row.src); err == nil || !strings.Contains(err.Error(), row.want) {
				t.Errorf("got %v, want … %s …", err, row.want)
			}
		})
	}
}
