package transcode

import (
	"bytes"
	"context"
	"os/exec"
	"slices"
	"testing"

	"github.com/Eyevinn/mp4ff/avc"

	"vitrine/internal/media"
)

// luma decodes units of a rung and returns the brightness of each picture.
func luma(t *testing.T, units []media.Unit, r Rung) [][]byte {
	t.Helper()
	var stream []byte
	record, err := avc.DecodeAVCDecConfRec(units[0].Track.Config)
	if err != nil {
		t.Fatal(err)
	}
	for _, nal := range slices.Concat(record.SPSnalus, record.PPSnalus) {
		stream = append(append(stream, 0, 0, 0, 1), nal...)
	}
	for _, u := range units {
		stream = append(stream, avc.ConvertSampleToByteStream(bytes.Clone(u.Data))...)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, "ffmpeg", "-v", "error", "-f", "h264", "-i", "pipe:0",
		"-fps_mode", "passthrough", "-f", "rawvideo", "-pix_fmt", "gray", "pipe:1")
	cmd.Stdin = bytes.NewReader(stream)
	raw, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Collect(slices.Chunk(raw, r.Width*r.Height))
}

// white makes a clip that is white all over.
func white(t *testing.T, size string, more ...string) []media.Unit {
	t.Helper()
	args := []string{
		"-f", "lavfi", "-i", "color=white:size=" + size + ":rate=30", "-t", "2",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30",
	}
	return makeClip(t, append(args, more...)...)
}

// extent returns where the white of a picture lies: columns and rows.
func extent(picture []byte, r Rung) (left, top, right, bottom int) {
	left, top = r.Width, r.Height
	for i, v := range picture {
		if v > 128 {
			x, y := i%r.Width, i/r.Width
			left, right = min(left, x), max(right, x+1)
			top, bottom = min(top, y), max(bottom, y+1)
		}
	}
	return left, top, right, bottom
}

// The source may change its size while FFmpeg runs: a phone is turned, an OBS
// scene is another. Nothing restarts, no frame is lost, nothing is stretched.
func TestSourceChangesItsSize(t *testing.T) {
	t.Parallel()
	const length = 2 * media.TicksPerSecond
	first, larger := white(t, "640x360"), white(t, "1280x720", "-bf", "0", "-refs", "3")
	turned, square := white(t, "360x640"), white(t, "480x480")
	in := slices.Concat(first, shifted(larger, length), shifted(turned, 2*length), shifted(square, 3*length), shifted(first, 4*length))
	r := Rung{Name: "480p", Width: 854, Height: 480, Bitrate: 1_000_000}
	out := transcode(t, in, []Rung{r})[r.Name]
	if !slices.Equal(ptsOf(out), ptsOf(in)) {
		t.Fatalf("%d pictures of %d, or other times", len(out), len(in))
	}
	pictures := luma(t, out, r)
	if len(pictures) != len(in) {
		t.Fatalf("%d pictures can be decoded, %d went in", len(pictures), len(in))
	}
	for name, row := range map[string]struct {
		at                       int // picture
		left, top, right, bottom int
	}{
		"16:9 fills it to the edge":     {30, 0, 0, 854, 480},
		"larger fills it too":           {90, 0, 0, 854, 480},
		"portrait stands in the middle": {150, 292, 0, 562, 480},
		"square stands in the middle":   {210, 187, 0, 667, 480},
		"and back":                      {270, 0, 0, 854, 480},
	} {
		left, top, right, bottom := extent(pictures[row.at], r)
		const edge = 2 // pixels that scaling and chroma may cost
		for i, d := range []int{left - row.left, top - row.top, right - row.right, bottom - row.bottom} {
			if d > edge || d < -edge {
				t.Errorf("%s: the picture is at %d,%d to %d,%d (side %d)", name, left, top, right, bottom, i)
			}
		}
	}
}

func TestPortraitRungs(t *testing.T) {
	t.Parallel()
	in := white(t, "720x1280")
	rungs, _, err := Ladder([]string{"auto"}, in[0].Track)
	if err != nil {
		t.Fatal(err)
	}
	out := transcode(t, in, rungs)
	for _, r := range rungs {
		pictures := luma(t, out[r.Name], r)
		left, top, right, bottom := extent(pictures[len(pictures)-1], r)
		if left > 1 || top > 1 || right < r.Width-1 || bottom < r.Height-1 {
			t.Errorf("%s: the picture is at %d,%d to %d,%d of %dx%d", r.Name, left, top, right, bottom, r.Width, r.Height)
		}
	}
}
