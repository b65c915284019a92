package transcode

import (
	"bytes"
	"context"
	"slices"
	"testing"

	"vitrine/internal/media"
)

// A job that has run for 26.5 hours: MPEG-TS's 33 bits wrap on every pipe, and
// sound and pictures go on together.
func TestSoundAndPicturesWrapTogether(t *testing.T) {
	t.Parallel()
	in := shifted(withSound(t), 777777)
	out := transcode(t, in, small[:1], func(j *Job) { j.origin = (1<<33)/90 - 2000 })
	if got, want := ptsOf(out["240p"]), ptsOf(in); !slices.Equal(got, want) {
		t.Errorf("%d pictures came out, %d went in", len(got), len(want))
	}
	checkSound(t, out[AudioRung], soundOf(in))
}

// A job that has run for 24.8 days is at the end of FLV's times: the next FFmpeg
// goes on at the next keyframe, with times of its own and the same timeline.
func TestTheNextFFmpegGoesOnWhereFLVEnds(t *testing.T) {
	t.Parallel()
	in := x264(t, "320x180", 30, 4, "-tune", "zerolatency", "-g", "30")
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	var got sink
	j := newJob(t, configOf(in, small[:1], got.out))
	j.origin = flvTimeLimit - 2500
	if err := keep(ctx, j.Run, func() { j.origin = originMS }, j.cfg.Log); err != nil {
		t.Fatal(err)
	}
	out, want := ptsOf(got.units["240p"]), ptsOf(in)
	for _, at := range out {
		if !slices.Contains(want, at) {
			t.Errorf("a picture at %v went not in", at)
		}
	}
	if lost := len(want) - len(out); out[len(out)-1] != want[len(want)-1] || lost < 1 || !slices.Contains(out, want[90]) {
		t.Errorf("%d pictures of %d came out", len(out), len(want))
	}
}

// Days of a run in virtual time: every unit goes through the writer of FLV and
// the reader of MPEG-TS, and has the time that it had.
func TestDaysThroughBothContainers(t *testing.T) {
	t.Parallel()
	const step, base = 86_413_010, 1_234_567 // ms and ticks: a day and a little
	c := newClock(base, originMS)
	near := int64(originMS) * ticksPerMS
	for i := range int64(24) {
		pts := media.Ticks(base + i*step*ticksPerMS + i%90)
		ms := c.ms(pts)
		if ms > flvTimeLimit {
			t.Fatalf("day %d is beyond FLV", i)
		}
		tag := beginTag(nil, flvVideo, ms)
		read := int64(tag[7])<<24 | int64(tag[4])<<16 | int64(tag[5])<<8 | int64(tag[6])
		if read != ms {
			t.Fatalf("day %d: %d ms are read as %d", i, ms, read)
		}
		c.remember(ms, pts, testFeeder().now())
		for part := range int64(4) { // a picture every few hours at least, or 33 bits are not enough
			ts := max(read*ticksPerMS-(3-part)*step*ticksPerMS/4, near)
			p, err := parsePES(pesAt(uint64(ts) & (1<<33 - 1)))
			if err != nil {
				t.Fatal(err)
			}
			near = unwrap33(p.pts, near)
			if near != ts {
				t.Fatalf("day %d: %d is read as %d", i, ts, near)
			}
		}
		if got := c.ticks(near); got != pts {
			t.Fatalf("day %d: %d came out of %d", i, got, pts)
		}
	}
}

// pesAt is a PES with a time of 33 bits and one byte.
func pesAt(ts uint64) []byte {
	return bytes.Join([][]byte{{0, 0, 1, 224, 0, 9, 0x80, 0x80, 5}, {
		0x21 | byte(ts>>29)&0xe, byte(ts >> 22), byte(ts>>14) | 1, byte(ts >> 7), byte(ts<<1) | 1,
	}, {7}}, nil)
}
