package packager

import (
	"fmt"
	"slices"
	"testing"

	"vitrine/internal/media"
	"vitrine/packager/cmaf"
)

// frames returns n decode times of a rate, rounded to milliseconds as RTMP has
// them, in ticks.
func frames(rate float64, n int) []int64 {
	out := make([]int64, n)
	for i := range out {
		out[i] = int64(float64(i)*1000/rate+0.5) * 90
	}
	return out
}

type piecemeal struct{ counts, durs, holes []int64 }

func (p *piecemeal) add(x piece) {
	p.counts = append(p.counts, int64(len(x.samples)))
	p.durs = append(p.durs, x.dur)
	p.holes = append(p.holes, x.hole)
}

func TestCutterFitsWholeFrames(t *testing.T) {
	const standard, low = 31500, 18900 // 0.35 and 0.21 s
	for name, tc := range map[string]struct {
		rate   float64
		target int64
		frames int64 // in each part
	}{
		"23.976 fps, standard": {23.976, standard, 8},
		"24 fps, standard":     {24, standard, 8},
		"25 fps, standard":     {25, standard, 8},
		"29.97 fps, standard":  {29.97, standard, 10},
		"30 fps, standard":     {30, standard, 10},
		"50 fps, standard":     {50, standard, 17},
		"59.94 fps, standard":  {59.94, standard, 20},
		"60 fps, standard":     {60, standard, 20},
		"23.976 fps, low":      {23.976, low, 5},
		"24 fps, low":          {24, low, 5},
		"25 fps, low":          {25, low, 5},
		"29.97 fps, low":       {29.97, low, 6},
		"30 fps, low":          {30, low, 6},
		"50 fps, low":          {50, low, 10},
		"60 fps, low":          {60, low, 12},
	} {
		t.Run(name, func(t *testing.T) {
			c, got := newCutter(tc.target, media.TicksPerSecond, true), piecemeal{}
			for _, at := range frames(tc.rate, 400) {
				c.push(at, cmaf.Sample{}, got.add)
			}
			for i, n := range got.counts {
				if n != tc.frames || got.durs[i] > tc.target || got.durs[i]*100 < tc.target*85 || got.holes[i] != 0 {
					t.Fatalf("part %d: %d frames, %d of %d ticks, hole %d", i, n, got.durs[i], tc.target, got.holes[i])
				}
			}
		})
	}
}

// aacFrame is the length of an AAC-LC frame in samples.
const aacFrame = 1024

func TestCutterFitsWholeAudioFrames(t *testing.T) {
	for name, tc := range map[string]struct{ rate, ms, frames int64 }{
		"48 kHz, standard":      {48000, 350, 16},
		"44.1 kHz, standard":    {44100, 350, 15},
		"48 kHz, low":           {48000, 210, 9},
		"44.1 kHz, low":         {44100, 210, 9},
		"48 kHz, half a second": {48000, 500, 23},
	} {
		t.Run(name, func(t *testing.T) {
			target := tc.rate * tc.ms / 1000
			c, got := newCutter(target, tc.rate, false), piecemeal{}
			for i := range int64(300) {
				c.push(i*aacFrame, cmaf.Sample{}, got.add)
			}
			for i, n := range got.counts {
				if n != tc.frames || got.durs[i] > target || got.durs[i]*100 < target*85 {
					t.Fatalf("part %d: %d frames, %d of %d samples", i, n, got.durs[i], target)
				}
			}
		})
	}
}

func TestCutterKeepsToPartTarget(t *testing.T) {
	for name, tc := range map[string]struct {
		at                  []int64 // ms
		end                 int64   // ms
		counts, durs, holes []int64 // frames, ms, ms
	}{
		"the segment ends in the middle of a part":                     {[]int64{0, 33, 67}, 100, []int64{3}, []int64{100}, []int64{0}},
		"a pause shorter than a part":                                  {[]int64{0, 33, 200, 233}, 267, []int64{4}, []int64{267}, []int64{0}},
		"a pause that would make the part too long":                    {[]int64{0, 33, 67, 400, 433}, 467, []int64{3, 2}, []int64{333, 133}, []int64{0, 0}},
		"a pause is bridged by the frames after it":                    {[]int64{0, 33, 67, 1067, 1100, 1133, 1167}, 1200, []int64{3, 1, 1, 2}, []int64{333, 333, 333, 200}, []int64{0, 0, 0, 0}},
		"a pause that the segment ends in leaves a hole":               {[]int64{0, 33, 67}, 1100, []int64{3}, []int64{350}, []int64{750}},
		"two frames a second leave one at the end":                     {[]int64{0, 500, 1000, 1500}, 2000, []int64{1, 1, 1, 1}, []int64{333, 333, 333, 350}, []int64{0, 0, 0, 650}},
		"four frames a second have room":                               {[]int64{0, 250, 500, 750}, 1000, []int64{2, 1, 1}, []int64{333, 333, 333}, []int64{0, 0, 0}},
		"a last frame that lasts a little long decodes a little later": {[]int64{0, 71, 142, 213, 284}, 355, []int64{4, 1}, []int64{297, 57}, []int64{0, 0}},
	} {
		t.Run(name, func(t *testing.T) {
			c, got := newCutter(31500, media.TicksPerSecond, true), piecemeal{}
			for _, at := range tc.at {
				c.push(at*90, cmaf.Sample{}, got.add)
			}
			c.finish(tc.end*90, got.add)
			for i := range got.durs {
				got.durs[i] /= 90
				got.holes[i] /= 90
			}
			if !slices.Equal(got.counts, tc.counts) || !slices.Equal(got.durs, tc.durs) || !slices.Equal(got.holes, tc.holes) {
				t.Errorf("frames %v of %v ms, holes %v ms; want %v of %v, %v", got.counts, got.durs, got.holes, tc.counts, tc.durs, tc.holes)
			}
		})
	}
}

func TestAudioKeepsItsTimes(t *testing.T) {
	c, got := newCutter(16800, 48000, false), piecemeal{}
	for _, at := range []int64{0, 1024, 2048, 18432, 67584} { // 320 ms are missing, then a second
		c.push(at, cmaf.Sample{}, got.add)
	}
	c.finish(68608, got.add)
	if !slices.Equal(got.durs, []int64{2048, 16384, 16800, 1024}) || !slices.Equal(got.holes, []int64{0, 0, 32352, 0}) {
		t.Errorf("%v, holes %v", got.durs, got.holes)
	}
}

// FuzzCutter feeds any sequence of frames: whatever comes, no part is longer than
// PART-TARGET or, but for what the draft excepts, shorter than 85 % of it; no time
// is lost, no sample is lost or doubled, and none is shown at another time.
func FuzzCutter(f *testing.F) {
	f.Add([]byte{33, 33, 34, 255, 1, 0, 90}, true, uint8(35))
	f.Add([]byte{117, 113, 113, 113, 113, 113, 0}, true, uint8(20))
	f.Fuzz(func(t *testing.T, steps []byte, moves bool, hundredths uint8) {
		target := int64(max(hundredths, 10)) * 900
		c := newCutter(target, media.TicksPerSecond, moves)
		var at, end int64
		var came, went []int64
		short := "" // a part that must be the last of its segment, or before a gap
		emit := func(p piece) {
			sum, sync := int64(0), false
			for _, s := range p.samples {
				if s.Dur == 0 || moves && int64(s.CTO) < -c.slip || !moves && s.CTO != 0 {
					t.Fatalf("a sample lasts %d and is shown after %d", s.Dur, s.CTO)
				}
				went = append(went, p.start+sum+int64(s.CTO))
				sum += int64(s.Dur)
				sync = sync || s.Sync
			}
			if p.start != end || p.dur > target || p.dur != sum || len(p.samples) == 0 || p.hole < 0 {
				t.Fatalf("piece of %d samples at %d, dur %d (samples %d), hole %d, after %d", len(p.samples), p.start, p.dur, sum, p.hole, end)
			}
			if short != "" {
				t.Fatal(short)
			}
			if p.dur*100 < target*floorPercent && !sync && moves {
				short = fmt.Sprintf("a part of %d of %d ticks at %d", p.dur, target, p.start)
			}
			end = p.start + p.dur + p.hole
		}
		for i, s := range steps {
			if s == 0 && len(came) > 0 {
				at += 90
				c.finish(at, emit)
				short = ""
				continue
			}
			if i > 0 {
				at += int64(s)*37 + 1
			}
			if len(c.open) == 0 && len(came) > 0 {
				at = end // a segment begins where the one before ends
			}
			c.push(at, cmaf.Sample{Sync: len(c.open) == 0 && s%2 == 0 || s == 99}, emit)
			came = append(came, at)
		}
		at += 3000
		c.finish(at, emit)
		if !slices.Equal(came, went) {
			t.Fatalf("%v came, %v went", came, went)
		}
	})
}
