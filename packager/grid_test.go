package packager

import (
	"slices"
	"testing"

	"vitrine/internal/media"
)

// seconds converts to ticks.
func seconds(s float64) media.Ticks { return media.Ticks(s * media.TicksPerSecond) }

func TestGridCutsAtKeyframes(t *testing.T) {
	for name, tc := range map[string]struct {
		keys []float64 // s
		want []float64 // s, where segments begin
	}{
		"a keyframe every 2 s begins a segment each":            {[]float64{1, 3, 5, 7}, []float64{1, 3, 5, 7}},
		"every second of 1 s, once they are steady":             {[]float64{0, 1, 2, 3, 4, 5}, []float64{0, 1, 3, 5}},
		"2.002 s, as 29.97 fps has it":                          {[]float64{0, 2.002, 4.004}, []float64{0, 2.002, 4.004}},
		"1.5 s cannot wait for a second one":                    {[]float64{0, 1.5, 3, 4.5}, []float64{0, 1.5, 3, 4.5}},
		"a scene cut 1.2 s in, then the ladder's next":          {[]float64{0, 2, 3.2, 5.2, 7.2}, []float64{0, 2, 3.2, 5.2, 7.2}},
		"a scene cut 0.3 s in leaves room to the next":          {[]float64{0, 2, 2.3, 4.3, 6.3}, []float64{0, 2, 4.3, 6.3}},
		"timestamps rounded to milliseconds":                    {[]float64{0, 1.999, 4.001, 5.999}, []float64{0, 1.999, 4.001, 5.999}},
		"half a second apart: four make a segment":              {[]float64{0, .5, 1, 1.5, 2, 2.5, 3, 3.5, 4, 4.5}, []float64{0, .5, 2.5, 4.5}},
		"two scene cuts at equal distances are no rhythm":       {[]float64{0, 2, 4, 5, 6, 8}, []float64{0, 2, 4, 5, 6, 8}},
		"a lead that skips 8 s: the clock lays what is between": {[]float64{0, 8, 10}, []float64{0, 2, 4, 6, 8, 10}},
	} {
		t.Run(name, func(t *testing.T) {
			g := newGrid(100, seconds(2), 2)
			var got []media.Ticks
			for _, k := range tc.keys {
				g.sync(seconds(k), false)
			}
			for i, b := range g.list {
				if b.MSN != int64(100+i) || b.Discontinuity {
					t.Errorf("boundary %+v", b)
				}
				got = append(got, b.Start)
			}
			var want []media.Ticks
			for _, w := range tc.want {
				want = append(want, seconds(w))
			}
			if !slices.Equal(got, want) {
				t.Errorf("boundaries at %v, want %v", got, want)
			}
		})
	}
}

func TestGridGoesOnByTheClock(t *testing.T) {
	g := newGrid(7, seconds(2), 2)
	g.sync(seconds(1), false)
	g.clock(seconds(5.5), false)
	if b, ok := g.after(seconds(3)); !ok || b.Start != seconds(5) || b.MSN != 9 {
		t.Errorf("after 3 s: %+v, %v", b, ok)
	}
	if _, ok := g.after(seconds(5)); ok || g.covered != seconds(5.5) {
		t.Errorf("covered %v, and a boundary after 5 s", g.covered)
	}
	b, ok := g.sync(seconds(5.6), true)
	if !ok || !b.Discontinuity || b.MSN != 10 {
		t.Errorf("the encoder's return: %+v, %v", b, ok)
	}
}

func TestGridForgetsOldBoundaries(t *testing.T) {
	g := newGrid(0, seconds(1), 1)
	for i := range 10 * gridKeep {
		g.sync(seconds(float64(i)), false)
	}
	if len(g.list) != gridKeep {
		t.Errorf("%d boundaries are kept", len(g.list))
	}
}
