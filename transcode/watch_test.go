package transcode

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitrine/internal/media"
)

// An FFmpeg that hangs is killed; one that merely has nothing to do is not.
func TestWatch(t *testing.T) {
	t.Parallel()
	for name, row := range map[string]struct {
		each func(r *run) // once a second
		want string       // what it is killed for; empty if it lives for a minute
		at   time.Duration
	}{
		"fed and silent":        {func(r *run) { r.meter.fed() }, "gave nothing for 10s", 11 * time.Second},
		"not fed":               {func(*run) {}, "", 0},
		"fed once in a while":   {fedOnceIn(15), "", 0},
		"input ended, lives on": {func(r *run) { r.ended.Store(true) }, "neither ended nor gave anything for 5s", 6 * time.Second},
		"input ended, much still to come": {func(r *run) {
			r.ended.Store(true)
			r.gave.Add(1)
		}, "", 0},
		"fed and busy": {func(r *run) {
			r.meter.fed()
			r.gave.Add(1)
		}, "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithCancelCause(t.Context())
				defer cancel(nil)
				r := &run{Job: &Job{now: time.Now}, process: &process{exited: make(chan struct{})}, fail: cancel}
				began := time.Now()
				var watching sync.WaitGroup
				watching.Go(func() { r.watch(ctx) })
				for range 60 {
					row.each(r)
					select {
					case <-time.After(time.Second):
					case <-ctx.Done():
					}
				}
				took := time.Duration(0)
				if ctx.Err() != nil {
					took = time.Since(began)
				}
				if err := context.Cause(ctx); row.want == "" && err != nil ||
					row.want != "" && (err == nil || !strings.Contains(err.Error(), row.want) || took > row.at) {
					t.Errorf("after %v: %v, want %q", took, err, row.want)
				}
				close(r.exited)
				watching.Wait()
			})
		})
	}
}

// fedOnceIn feeds a picture every n seconds, which comes out a second later.
func fedOnceIn(n int) func(*run) {
	i := 0
	return func(r *run) {
		switch i++; i % n {
		case 1:
			r.meter.fed()
		case 2:
			r.gave.Add(1)
		}
	}
}

// One rung's reader may be slow for a while: the others' pipes are read on.
func TestSlowReaderOfOneRung(t *testing.T) {
	t.Parallel()
	in := x264(t, "160x90", 30, 4, "-tune", "zerolatency")
	const ahead = 20 // pictures: less than a pipe holds
	enough := make(chan struct{})
	var got sink
	n := 0
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	j := newJob(t, configOf(in, small, func(rung string, u media.Unit) error {
		switch rung {
		case small[0].Name:
			select {
			case <-enough:
			case <-ctx.Done():
			}
		case small[1].Name:
			if n++; n == ahead {
				close(enough)
			}
		}
		return got.out(rung, u)
	}))
	if err := j.Run(ctx); err != nil {
		t.Fatal(err)
	}
	for _, r := range small {
		if !slices.Equal(ptsOf(got.units[r.Name]), ptsOf(in)) {
			t.Errorf("%s: %d pictures of %d", r.Name, len(got.units[r.Name]), len(in))
		}
	}
}

// FFmpeg waits for nothing more: the first picture comes out of each rung though
// no second one goes in. BenchmarkLadderDelay tells how soon.
func TestFirstPictureComesSoon(t *testing.T) {
	t.Parallel()
	in := x264(t, "320x180", 30, 1, "-tune", "zerolatency")
	came := make(chan string, len(small))
	cfg := configOf(in, small, func(rung string, _ media.Unit) error { came <- rung; return nil })
	cfg.In = &thenWaiting{stored{in[:1]}}
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- newJob(t, cfg).Run(ctx) }()
	for have := make(map[string]bool); len(have) < len(small); {
		select {
		case rung := <-came:
			have[rung] = true
		case err := <-done:
			t.Fatalf("only %d rungs gave a picture: %v", len(have), err)
		}
	}
	cancel()
	<-done
}

// thenWaiting has its units, then nothing more to give.
type thenWaiting struct{ stored }

func (s *thenWaiting) Next(ctx context.Context) (media.Unit, error) {
	if len(s.units) == 0 {
		return waiting{}.Next(ctx)
	}
	return s.stored.Next(ctx)
}

func TestMeter(t *testing.T) {
	t.Parallel()
	var m meter
	if s := m.stats(); s != (Stats{}) {
		t.Errorf("before all: %+v", s)
	}
	now := time.Unix(1000, 0)
	for i := range 3 * delaySamples {
		m.fed()
		m.came(media.Ticks(i*3000), true, time.Duration(i%100)*time.Millisecond, now)
		m.came(media.Ticks(i*3000), false, -1, now)
		now = now.Add(time.Second / 15) // half as fast as the media's 30 frames/s
	}
	m.restarts = 2
	s := m.stats()
	if s.Speed < 0.49 || s.Speed > 0.51 {
		t.Errorf("speed %v", s.Speed)
	}
	if s.DelayP50 < 45*time.Millisecond || s.DelayP50 > 55*time.Millisecond || s.DelayP95 < 90*time.Millisecond {
		t.Errorf("delays %v and %v", s.DelayP50, s.DelayP95)
	}
	if s.In != 3*delaySamples || s.Out != 6*delaySamples || s.Restarts != 2 {
		t.Errorf("got %+v", s)
	}
	m.restarted()
	if s := m.stats(); s.Speed != 0 || s.Restarts != 3 {
		t.Errorf("after a restart: %+v", s)
	}
}

func TestMeterBetweenGoroutines(t *testing.T) {
	t.Parallel()
	var m meter
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for i := range 500 {
				m.fed()
				m.came(media.Ticks(i), true, time.Millisecond, time.Now())
				m.stats()
				m.restarted()
			}
		})
	}
	wg.Wait()
	if s := m.stats(); s.In != 2000 || s.Out != 2000 || s.Restarts != 2000 {
		t.Errorf("got %+v", s)
	}
}

func TestClockForgetsTheOldest(t *testing.T) {
	t.Parallel()
	c := newClock(1_000_003, 500)
	for i := range int64(maxStamps + 10) {
		c.remember(500+i, 1_000_003+media.Ticks(i)*ticksPerMS+7, time.Unix(i, 0))
		c.remember(500+i, 1_000_003+media.Ticks(i)*ticksPerMS+8, time.Unix(i, 0))
	}
	if len(c.stamps) != maxStamps || len(c.order) != maxStamps {
		t.Errorf("%d stamps are kept", len(c.stamps))
	}
	for ts, want := range map[int64]media.Ticks{
		500 * ticksPerMS:                    1_000_003,           // forgotten: to the ms
		510 * ticksPerMS:                    1_000_003 + 900 + 8, // remembered: to the tick
		511*ticksPerMS + 1:                  1_000_003 + 990 + 1, // no whole ms: not one of ours
		(500 + maxStamps + 9) * ticksPerMS:  1_000_003 + (maxStamps+9)*ticksPerMS + 8,
		(500 + maxStamps + 10) * ticksPerMS: 1_000_003 + (maxStamps+10)*ticksPerMS,
		(500 - 7) * ticksPerMS:              1_000_003 - 7*ticksPerMS,
	} {
		if got := c.ticks(ts); got != want {
			t.Errorf("ticks(%d) = %d, want %d", ts, got, want)
		}
	}
}

// records keeps what is logged, level and message.
type records struct {
	slog.Handler
	lines []string
}

func (r *records) Enabled(context.Context, slog.Level) bool { return true }
func (r *records) Handle(_ context.Context, rec slog.Record) error {
	r.lines = append(r.lines, rec.Level.String()+" "+rec.Message)
	return nil
}

func TestStderr(t *testing.T) {
	t.Parallel()
	var log records
	now := time.Unix(1000, 0)
	s := &stderr{log: slog.New(&log), now: func() time.Time { return now }}
	say := func(text string) {
		if n, err := s.Write([]byte(text)); n != len(text) || err != nil {
			t.Errorf("Write: %d, %v", n, err)
		}
	}
	say("[warn")
	say("ing] one\r\n\n[h264 @ 0x1] [error] two\n")
	say(strings.Repeat("x", 3*maxLine) + "\n")
	say("bad \xff bytes\n")
	want := []string{"DEBUG ffmpeg: [warning] one", "WARN ffmpeg: [h264 @ 0x1] [error] two", "DEBUG ffmpeg: " + strings.Repeat("x", maxLine), "DEBUG ffmpeg: bad ? bytes"}
	if !slices.Equal(log.lines, want) {
		t.Errorf("logged %q", log.lines)
	}
	for i := range 100 {
		say(fmt.Sprintf("[error] %d\n", i))
	}
	if len(log.lines) != logBurst {
		t.Errorf("%d lines were logged", len(log.lines))
	}
	now = now.Add(logEvery)
	say("[fatal] last\nunfinished")
	if got := log.lines[logBurst:]; !slices.Equal(got, []string{"WARN ffmpeg said more than was logged", "WARN ffmpeg: [fatal] last"}) {
		t.Errorf("then %q", got)
	}
	if tail := s.last(); len(tail) != maxTail || tail[maxTail-1] != "unfinished" || tail[maxTail-2] != "[fatal] last" || tail[0] != "[error] 82" {
		t.Errorf("the tail is %q", tail)
	}
}
