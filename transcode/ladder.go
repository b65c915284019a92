package transcode

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	"vitrine/internal/media"
)

// Words of a ladder's specification that name no rung.
const (
	specAuto   = "auto"
	specSource = "source"
)

// Rung is one quality that FFmpeg makes.
type Rung struct {
	Name          string // "720p": the shorter side at most
	Width, Height int    // even, in pixels
	Bitrate       int    // average, in bits/s
}

// rungs is Apple's HLS authoring table for H.264 in 16:9 at 30 frames/s, cut
// down to the sizes that people call by name. A zero-latency encoder needs more
// bits than the one Apple had in mind, so the small rungs take the rate of
// Apple's next larger picture. Steps stay between 1.5 and 2.
var rungs = []struct {
	name    string
	short   int // the shorter side, in pixels
	bitrate int // bits/s
}{
	{"1080p", 1080, 6_000_000},
	{"720p", 720, 3_000_000},
	{"540p", 540, 2_000_000},
	{"480p", 480, 1_100_000},
	{"360p", 360, 730_000},
	{"240p", 240, 365_000},
}

// What auto may choose from, and how much: a small server has two cores.
const (
	autoMost     = 3   // rungs below the source
	autoLeast    = 2   // below that, the smallest rung is added
	autoSmallest = 240 // shorter side of the rung that auto takes only if it has few
	autoRatio    = 0.8 // a rung nearer to the source's size is not worth its CPU
	autoSkipped  = 540 // shorter side of the rung that auto leaves out
)

// Bit rates are whole steps, in bits/s, and no picture is too small to need some.
const (
	bitrateStep  = 5000
	leastBitrate = 50_000
)

// Rates for which the table's bit rates hold, and up to which they are raised.
const (
	baseFrameRate = 30.0
	mostFrameRate = 90.0
)

// CheckLadder tells whether spec can be given to [Ladder], before there is a
// source: "auto" alone, or "source" and names of rungs, each once.
func CheckLadder(spec []string) error {
	if len(spec) == 0 {
		return fmt.Errorf("the ladder is empty: write auto, or some of %s", allowedNames())
	}
	for i, name := range spec {
		switch {
		case slices.Contains(spec[:i], name):
			return fmt.Errorf("the ladder names %q twice", name)
		case name == specAuto && len(spec) > 1:
			return errors.New("the ladder says auto and more: write auto alone, or name all of it")
		case name != specAuto && name != specSource && bitrateOf(name) == 0:
			return fmt.Errorf("the ladder names %q: write auto, or some of %s", name, allowedNames())
		}
	}
	return nil
}

// Ladder returns the rungs that spec asks for from a source like src, largest
// first, and whether the source itself is offered too. No rung is larger than
// the source: what is asked for above it is left out, and if nothing remains
// there is one rung of the source's own size, for the source may turn out not
// to be fit to pass through. Rungs are measured by the shorter side, so that a
// portrait or square picture gets as many pixels as it deserves.
func Ladder(spec []string, src *media.Track) (made []Rung, source bool, err error) {
	if err := CheckLadder(spec); err != nil {
		return nil, false, err
	}
	if src == nil || src.Kind != media.Video || src.Width < 2 || src.Height < 2 {
		return nil, false, errors.New("making a ladder: the source's picture size is not known")
	}
	auto := spec[0] == specAuto
	source = auto || slices.Contains(spec, specSource)
	short := min(src.Width, src.Height)

	smallest := ""
	for _, r := range rungs {
		if auto && !autoTakes(r.short, short, len(made)) || !auto && !slices.Contains(spec, r.name) {
			continue
		}
		smallest = r.name
		if r.short <= short {
			made = append(made, rungOf(r.name, r.short, r.bitrate, src))
		}
	}
	if len(made) == 0 && (auto || smallest != "") {
		if smallest == "" {
			smallest = rungs[len(rungs)-1].name
		}
		made = append(made, rungOf(smallest, short, bitrateOf(smallest), src))
	}
	return made, source, nil
}

// autoTakes decides whether auto takes a rung, having taken some already.
func autoTakes(rung, source, taken int) bool {
	switch {
	case float64(rung) > autoRatio*float64(source), rung == autoSkipped, taken == autoMost:
		return false
	case rung == autoSmallest:
		return taken < autoLeast
	}
	return true
}

// rungOf fits a rung to the source's shape. Bits follow pixels: a square picture
// has fewer than the 16:9 one of the table.
func rungOf(name string, short, bitrate int, src *media.Track) Rung {
	long := float64(short) * float64(max(src.Width, src.Height)) / float64(min(src.Width, src.Height))
	r := Rung{Name: name, Width: even(long), Height: even(float64(short))}
	if src.Width < src.Height {
		r.Width, r.Height = r.Height, r.Width
	}
	rowShort := float64(shortOf(name))
	pixels := float64(r.Width*r.Height) / (rowShort * rowShort * 16 / 9)
	bits := float64(bitrate) * pixels * frameRateFactor(src.FrameRate)
	r.Bitrate = max(leastBitrate, int(math.Round(bits/bitrateStep))*bitrateStep)
	return r
}

// frameRateFactor is what a frame rate in frames/s costs in bits, against the
// table: twice the frames are more alike, so half as much again.
func frameRateFactor(fps float64) float64 {
	return 1 + max(0, min(fps, mostFrameRate)-baseFrameRate)/(2*baseFrameRate)
}

func even(v float64) int { return max(2, 2*int(math.Round(v/2))) }

func bitrateOf(name string) int {
	for _, r := range rungs {
		if r.name == name {
			return r.bitrate
		}
	}
	return 0
}

func shortOf(name string) int {
	for _, r := range rungs {
		if r.name == name {
			return r.short
		}
	}
	return 0
}

func allowedNames() string {
	names := []string{specSource}
	for _, r := range rungs {
		names = append(names, r.name)
	}
	return strings.Join(names, ", ")
}
