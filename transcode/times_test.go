package transcode

import (
	"math/rand/v2"
	"slices"
	"testing"

	"vitrine/internal/media"
)

// Whatever happens to times on their way in, they are the same on every rung.
func TestTimesAreKept(t *testing.T) {
	t.Parallel()
	plain := x264(t, "320x180", 30, 4, "-tune", "zerolatency", "-g", "60")
	reordered := x264(t, "320x180", 30, 4, "-bf", "3", "-b_strategy", "0", "-g", "60")
	if !slices.ContainsFunc(reordered, func(u media.Unit) bool { return u.PTS < reordered[len(reordered)-1].DTS && u.PTS-u.DTS > 6000 }) {
		t.Fatal("the clip has no B-frames")
	}
	for name, row := range map[string]struct {
		in     []media.Unit
		origin int64
	}{
		"no B-frames":                             {in: plain},
		"three B-frames":                          {in: reordered},
		"60 frames/s":                             {in: x264(t, "320x180", 60, 3, "-tune", "zerolatency", "-g", "120")},
		"jitter after a steady start":             {in: jittered(plain, 60)},
		"jitter and B-frames":                     {in: jittered(reordered, 60)},
		"a base between two milliseconds":         {in: shifted(plain, 1234567)},
		"ticks that are no whole milliseconds":    {in: odd(plain)},
		"a hole of a minute":                      {in: append(slices.Clone(plain), shifted(plain, 64*media.TicksPerSecond)...)},
		"a start before zero":                     {in: shifted(reordered, -7*media.TicksPerSecond)},
		"hours in: the extended timestamp begins": {in: plain, origin: 1<<24 - 2000},
		"a day in: MPEG-TS wraps":                 {in: reordered, origin: (1<<33)/90 - 2000},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := transcode(t, row.in, small, func(j *Job) {
				if row.origin != 0 {
					j.origin = row.origin
				}
			})
			want, keys := ptsOf(row.in), syncOf(row.in)
			for _, r := range small {
				if got := ptsOf(out[r.Name]); !slices.Equal(got, want) {
					t.Errorf("%s: %d times out, %d in, or others: %v instead of %v", r.Name, len(got), len(want), got, want)
				}
				for _, k := range keys {
					if !slices.Contains(syncOf(out[r.Name]), k) {
						t.Errorf("%s: no keyframe at the source's keyframe of %v", r.Name, k)
					}
				}
			}
		})
	}
}

// jittered moves every picture from the n-th on by up to 8 ms, PTS and DTS alike.
func jittered(units []media.Unit, n int) []media.Unit {
	random := rand.New(rand.NewPCG(1, 2))
	moved := make(map[media.Ticks]media.Ticks)
	out := slices.Clone(units)
	for _, at := range ptsOf(units)[n:] {
		moved[at] = media.Ticks(random.IntN(9)) * ticksPerMS
	}
	for i, u := range out {
		out[i].PTS += moved[u.PTS]
	}
	return out
}

// odd moves every picture by a few ticks that FLV cannot say.
func odd(units []media.Unit) []media.Unit {
	out := slices.Clone(units)
	for i := range out {
		by := media.Ticks(i*7%80) - 40
		out[i].PTS += by
		out[i].DTS += by
	}
	return out
}

func TestKeyframesOncePerSegmentAtLeast(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		fps, gop int
	}{
		"a GOP of 9.5 s at 30 frames/s": {30, 285},
		"a GOP of 9.5 s at 60 frames/s": {60, 570},
		"a GOP of 1 s":                  {30, 30},
		"a GOP of 2 s":                  {30, 60},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := x264(t, "160x90", row.fps, 20, "-tune", "zerolatency", "-g", itoa(row.gop), "-keyint_min", itoa(row.gop))
			out := transcode(t, in, small)
			const segment = 2 * media.TicksPerSecond
			for _, r := range small {
				keys := syncOf(out[r.Name])
				for _, k := range syncOf(in) {
					if !slices.Contains(keys, k) {
						t.Errorf("%s: no keyframe at %.3f s, where the source has one", r.Name, k.Seconds())
					}
				}
				for i := 1; i < len(keys); i++ {
					if d := keys[i] - keys[i-1]; d > segment+ticksPerMS {
						t.Errorf("%s: %.3f s without a keyframe", r.Name, d.Seconds())
					}
				}
				if row.gop <= 2*row.fps && !slices.Equal(keys, syncOf(in)) {
					t.Errorf("%s: keyframes at %v, the source's are at %v", r.Name, keys, syncOf(in))
				}
			}
			if a, b := syncOf(out["240p"]), syncOf(out["120p"]); !slices.Equal(a, b) {
				t.Errorf("rungs differ in their keyframes: %v and %v", a, b)
			}
		})
	}
}

// A large picture has no length in its PES, a small one has: none may be lost.
func TestLargeKeyframesBeforeTinyPictures(t *testing.T) {
	t.Parallel()
	in := makeClip(t, "-f", "lavfi", "-i", "color=gray:size=1280x720:rate=1,noise=alls=100:allf=t,fps=30", "-t", "5",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-sc_threshold", "0", "-g", "30", "-qp", "22")
	out := transcode(t, in, []Rung{{Name: "huge", Width: 1280, Height: 720, Bitrate: 60_000_000}})["huge"]
	if !slices.Equal(ptsOf(out), ptsOf(in)) || !slices.Equal(syncOf(out), syncOf(in)) {
		t.Errorf("%d pictures and keyframes at %v, in came %d and %v", len(out), syncOf(out), len(in), syncOf(in))
	}
	large, tiny := 0, 1<<30
	for _, u := range out {
		large, tiny = max(large, len(u.Data)), min(tiny, len(u.Data))
	}
	if large < 400_000 || tiny > 500 {
		t.Errorf("pictures of %d to %d bytes do not prove it", tiny, large)
	}
}
