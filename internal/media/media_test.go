package media_test

import (
	"context"
	"errors"
	"io"
	"math"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitrine/internal/media"
)

func TestRescale(t *testing.T) {
	for name, tc := range map[string]struct{ v, from, to, want int64 }{
		"a third of a second rounds down":             {30000, 90000, 1000, 333},
		"two thirds round up":                         {60000, 90000, 1000, 667},
		"negative times round alike":                  {-60000, 90000, 1000, -667},
		"44.1 kHz":                                    {1024, 44100, 90000, 2090},
		"eight hours of nanoseconds do not overflow":  {8 * 3600 * 90000, 90000, 1e9, 8 * 3600 * 1e9},
		"a hundred years of ticks do not overflow":    {100 * 31557600 * 90000, 90000, 48000, 100 * 31557600 * 48000},
		"the largest time there is stays what it was": {math.MaxInt64, 90000, 90000, math.MaxInt64},
	} {
		t.Run(name, func(t *testing.T) {
			if got := media.Rescale(tc.v, tc.from, tc.to); got != tc.want {
				t.Errorf("%d, want %d", got, tc.want)
			}
		})
	}
}

var (
	picture = &media.Track{Kind: media.Video}
	sound   = &media.Track{Kind: media.Audio}
)

func unit(track *media.Track, pts media.Ticks, sync bool, size int) media.Unit {
	return media.Unit{Track: track, PTS: pts, DTS: pts, Sync: sync, Data: make([]byte, size)}
}

func TestQueueDropsToAKeyframe(t *testing.T) {
	q := media.NewQueue(100)
	write := func(u media.Unit) {
		t.Helper()
		if err := q.WriteUnit(u); err != nil {
			t.Fatal(err)
		}
	}
	write(unit(picture, 1, true, 60))
	write(unit(sound, 2, true, 10))
	write(unit(picture, 3, false, 60)) // too much: all that waits is dropped, and this
	write(unit(picture, 4, false, 10))
	write(unit(sound, 5, true, 10))
	write(unit(picture, 6, true, 50))
	write(unit(picture, 7, false, 10))
	if q.Dropped() != 4 {
		t.Errorf("%d dropped", q.Dropped())
	}
	q.Close()
	var got []media.Ticks
	for {
		u, err := q.Next(t.Context())
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, u.PTS)
	}
	if len(got) != 3 || got[0] != 5 || got[1] != 6 || got[2] != 7 {
		t.Errorf("%v came out", got)
	}
	if err := q.WriteUnit(unit(sound, 8, true, 1)); !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("after Close: %v", err)
	}
}

func TestQueueWakesItsReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		q := media.NewQueue(1000)
		ctx, leave := context.WithCancel(t.Context())
		var reader sync.WaitGroup
		reader.Go(func() {
			if u, err := q.Next(ctx); err != nil || u.PTS != 1 {
				t.Errorf("%+v, %v", u, err)
			}
			if _, err := q.Next(ctx); !errors.Is(err, context.Canceled) {
				t.Errorf("one who leaves: %v", err)
			}
		})
		synctest.Wait()
		if err := q.WriteUnit(unit(sound, 1, true, 1)); err != nil {
			t.Error(err)
		}
		synctest.Wait()
		leave()
		reader.Wait()
	})
}

func TestQueueInUseByTwo(t *testing.T) {
	q := media.NewQueue(500)
	const units = 5000
	var writer sync.WaitGroup
	writer.Go(func() {
		defer q.Close()
		for i := range units {
			if err := q.WriteUnit(unit(picture, media.Ticks(i), i%10 == 0, 10)); err != nil {
				t.Error(err)
			}
		}
	})
	read, last := int64(0), media.Ticks(-1)
	for {
		u, err := q.Next(t.Context())
		if err != nil {
			break
		}
		if u.PTS <= last {
			t.Fatalf("%d after %d", u.PTS, last)
		}
		last = u.PTS
		read++
	}
	writer.Wait()
	if read+q.Dropped() != units {
		t.Errorf("%d read and %d dropped of %d", read, q.Dropped(), units)
	}
}

func TestTimelineBelievesTheFastestFrames(t *testing.T) {
	var tl media.Timeline
	origin := time.Now()
	if _, ok := tl.Wall(0); ok {
		t.Error("known before the first frame")
	}
	for i := range 300 {
		late := time.Duration(i%7) * 10 * time.Millisecond // jitter of up to 60 ms
		tl.Observe(media.Ticks(i)*3000, origin.Add(time.Duration(i)*time.Second/30+late))
	}
	at, ok := tl.Media(origin.Add(5 * time.Second))
	if !ok || at < 5*90000-90 || at > 5*90000+90 {
		t.Errorf("5 s after the start is %v", at.Seconds())
	}
	if w, ok := tl.Wall(at); !ok || w.Sub(origin.Add(5*time.Second)).Abs() > time.Millisecond {
		t.Errorf("and back: %v", w.Sub(origin))
	}
}

func TestTimelineFollowsADriftingEncoder(t *testing.T) {
	for name, ppm := range map[string]float64{"slow by 200 ppm": -200, "fast by 200 ppm": 200} {
		t.Run(name, func(t *testing.T) {
			var tl media.Timeline
			origin := time.Now()
			var now time.Time
			var pts media.Ticks
			for i := range 8 * 3600 * 5 { // eight hours, five frames a second are enough
				now = origin.Add(time.Duration(i) * time.Second / 5)
				pts = media.Ticks(float64(i) * 18000 * (1 + ppm/1e6))
				tl.Observe(pts, now)
			}
			at, _ := tl.Media(now)
			if off := (at - pts).Duration().Abs(); off > 10*time.Millisecond {
				t.Errorf("off by %v in the eighth hour", off)
			}
		})
	}
}

func TestTimelineForgets(t *testing.T) {
	var tl media.Timeline
	now := time.Now()
	tl.Observe(0, now)
	tl.Reset()
	if _, ok := tl.Media(now); ok {
		t.Error("still known")
	}
	tl.Observe(90000, now)
	if at, ok := tl.Media(now); !ok || at != 90000 {
		t.Errorf("%v, %v", at, ok)
	}
}

func TestQueueHoldsNoMoreThanItsSpan(t *testing.T) {
	q := media.NewQueue(1 << 20)
	track := &media.Track{Kind: media.Video}
	for i := range 300 { // ten seconds that nobody reads
		at := media.Ticks(i) * media.TicksPerSecond / 30
		if err := q.WriteUnit(media.Unit{Track: track, DTS: at, PTS: at, Sync: i%60 == 0, Data: []byte("frame")}); err != nil {
			t.Fatal(err)
		}
	}
	first, err := q.Next(t.Context())
	if err != nil || !first.Sync || first.DTS < 6*media.TicksPerSecond || q.Dropped() == 0 {
		t.Errorf("%v, keyframe %v, %d dropped, %v", first.DTS.Duration(), first.Sync, q.Dropped(), err)
	}
}

func TestQueueHoldsNoMoreUnitsThanItsBound(t *testing.T) {
	q := media.NewQueue(1 << 20)
	for range 3 * media.MaxQueueUnits { // their time stands still
		if err := q.WriteUnit(unit(sound, 1, true, 1)); err != nil {
			t.Fatal(err)
		}
	}
	q.Close()
	n := 0
	for ; ; n++ {
		if _, err := q.Next(t.Context()); err != nil {
			break
		}
	}
	if n > media.MaxQueueUnits || q.Dropped()+int64(n) != 3*media.MaxQueueUnits {
		t.Errorf("%d are held, %d dropped", n, q.Dropped())
	}
}
