package transcode

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"vitrine/internal/media"
)

func TestWithoutFFmpeg(t *testing.T) {
	t.Parallel()
	cfg := configOf(x264(t, "160x90", 30, 1), small, new(sink).out)
	cfg.FFmpeg = filepath.Join(t.TempDir(), "ffmpeg")
	_, err := NewJob(cfg)
	if !errors.Is(err, ErrNoFFmpeg) || !strings.Contains(err.Error(), "apt-get install ffmpeg") {
		t.Errorf("got %v, want an error that names the cure", err)
	}
}

func TestFFmpegGoneSinceTheStart(t *testing.T) {
	t.Parallel()
	cfg := configOf(x264(t, "160x90", 30, 1), small, new(sink).out)
	cfg.FFmpeg = script(t, "exit 0")
	j := newJob(t, cfg)
	if err := os.Remove(cfg.FFmpeg); err != nil {
		t.Fatal(err)
	}
	if err := j.Run(t.Context()); !errors.Is(err, ErrNoFFmpeg) {
		t.Errorf("got %v, want ErrNoFFmpeg", err)
	}
}

// script writes an ffmpeg that does what the shell is told.
func script(t *testing.T, body string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "ffmpeg")
	syscall.ForkLock.RLock() // a child of another test must not hold it open for writing: "text file busy"
	defer syscall.ForkLock.RUnlock()
	if err := os.WriteFile(path, []byte("#!/bin/sh\n"+body+"\n"), 0o755); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestConfigIsChecked(t *testing.T) {
	t.Parallel()
	for name, spoil := range map[string]func(*Config){
		"needs In, Out and Log":        func(c *Config) { c.Out = nil },
		"nothing to do for sound":      func(c *Config) { c.Rungs = nil },
		"needs a video track":          func(c *Config) { c.Video = nil },
		"sound for video":              func(c *Config) { c.Video = &media.Track{Kind: media.Audio, Codec: media.AAC} },
		"video for sound":              func(c *Config) { c.Audio = &media.Track{Kind: media.Video, Codec: media.H264} },
		`two rungs are called "240p"`:  func(c *Config) { c.Rungs = slices.Concat(small, small) },
		`two rungs are called "audio"`: func(c *Config) { c.Rungs = []Rung{{AudioRung, 2, 2, 1}} },
		"cannot be 3x2":                func(c *Config) { c.Rungs = []Rung{{"x", 3, 2, 1}} },
	} {
		cfg := configOf(x264(t, "160x90", 30, 1), small, new(sink).out)
		spoil(&cfg)
		if _, err := NewJob(cfg); err == nil || !strings.Contains(err.Error(), name) {
			t.Errorf("got %v, want … %s …", err, name)
		}
	}
}

func TestUnitsAreAsPromised(t *testing.T) {
	t.Parallel()
	in := x264(t, "320x180", 30, 4, "-tune", "zerolatency", "-g", "30")
	out := transcode(t, in, small)
	for _, r := range small {
		units := out[r.Name]
		track := units[0].Track
		if want := trackOf(t, track.Config, in[0].Track.FrameRate); track.Kind != media.Video || track.Codec != media.H264 ||
			track.Width != r.Width || track.Height != r.Height || track.FrameRate != want.FrameRate {
			t.Errorf("%s: the track is %+v", r.Name, track)
		}
		for _, u := range units {
			if u.Track != track {
				t.Errorf("%s: another track at %v, the same was expected", r.Name, u.PTS)
			}
			if u.DTS != u.PTS {
				t.Errorf("%s: DTS %v, PTS %v", r.Name, u.DTS, u.PTS)
			}
			checkSample(t, u)
		}
	}
}

// checkSample holds a unit against what media.H264 says of it.
func checkSample(t *testing.T, u media.Unit) {
	t.Helper()
	idr := false
	for b := u.Data; len(b) > 0; {
		n := int(b[0])<<24 | int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		if n == 0 || n > len(b)-nalLength {
			t.Fatalf("a NAL unit of %d bytes in %d", n, len(b))
		}
		kind := b[nalLength] & 31
		idr = idr || kind == 5
		if kind >= 7 && kind <= 12 {
			t.Errorf("a NAL unit of type %d in a sample", kind)
		}
		b = b[nalLength+n:]
	}
	if idr != u.Sync {
		t.Errorf("Sync is %v at %v", u.Sync, u.PTS)
	}
}

func TestCancelledLeavesNothing(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancelCause(t.Context())
	why := errors.New("the show is over")
	clip := x264(t, "160x90", 30, 2, "-tune", "zerolatency")
	cfg := configOf(clip, small, func(string, media.Unit) error { cancel(why); return nil })
	cfg.In = &live{clip: clip, length: 2 * media.TicksPerSecond}
	var pids string
	cfg.FFmpeg, pids = noting(t)
	if err := newJob(t, cfg).Run(ctx); !errors.Is(err, why) {
		t.Errorf("got %v, want the cause", err)
	}
	if err := syscall.Kill(lastPID(t, pids), 0); !errors.Is(err, syscall.ESRCH) {
		t.Errorf("ffmpeg is still there: %v", err)
	}
}

// waiting is a Source with nothing to give.
type waiting struct{}

func (waiting) Next(ctx context.Context) (media.Unit, error) {
	<-ctx.Done()
	return media.Unit{}, context.Cause(ctx)
}

func TestDeathTellsItsLastWords(t *testing.T) {
	t.Parallel()
	cfg := configOf(x264(t, "160x90", 30, 1), small, new(sink).out)
	cfg.In = waiting{} // the death is noticed with nothing to write
	cfg.FFmpeg = script(t, `i=0; while [ $i -lt 50 ]; do echo "[error] line $i" >&2; i=$((i+1)); done; exit 3`)
	err := newJob(t, cfg).Run(t.Context())
	var exit *ExitError
	if !errors.As(err, &exit) {
		t.Fatalf("got %v, want an ExitError", err)
	}
	if exit.Code != 3 || exit.Channel != "test" || len(exit.Tail) != maxTail || exit.Tail[maxTail-1] != "[error] line 49" {
		t.Errorf("got %+v", exit)
	}
	if !strings.Contains(err.Error(), "line 49") {
		t.Errorf("%q does not say why", err)
	}
}

func TestEndingTooEarlyIsDeath(t *testing.T) {
	t.Parallel()
	cfg := configOf(x264(t, "160x90", 30, 1), small, new(sink).out)
	cfg.In = waiting{}
	cfg.FFmpeg = script(t, "exit 0")
	var exit *ExitError
	if err := newJob(t, cfg).Run(t.Context()); !errors.As(err, &exit) || exit.Code != 0 {
		t.Errorf("got %v, want an ExitError of code 0", err)
	}
}

func TestKilledFFmpegIsReplaced(t *testing.T) {
	t.Parallel()
	clip := x264(t, "160x90", 30, 2, "-tune", "zerolatency", "-g", "30")
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	const length = 2 * media.TicksPerSecond
	source := make(map[media.Ticks]bool)
	for _, pts := range ptsOf(clip) {
		source[pts%length] = true
	}
	deaths := 0
	var pids string
	var got sink
	afterDeath := 0
	over := errors.New("seen enough")
	cfg := configOf(clip, small[:1], func(rung string, u media.Unit) error {
		if deaths < 2 && len(got.units[rung]) == 100*(deaths+1) {
			deaths++
			if err := syscall.Kill(lastPID(t, pids), syscall.SIGKILL); err != nil {
				t.Error(err)
			}
		}
		if deaths == 2 {
			if afterDeath++; afterDeath == 300 {
				return over
			}
		}
		return got.out(rung, u)
	})
	cfg.In = &live{clip: clip, length: length}
	cfg.FFmpeg, pids = noting(t)
	j := newJob(t, cfg)
	if err := Keep(ctx, j); !errors.Is(err, over) {
		t.Fatalf("got %v, want what Out returned", err)
	}
	if s := j.Stats(); s.Restarts != 2 {
		t.Errorf("%d restarts, want 2", s.Restarts)
	}
	units := got.units[small[0].Name]
	for i, u := range units {
		if !source[u.PTS%length] {
			t.Errorf("a picture at %v: the source has none", u.PTS)
		}
		if i > 0 && u.PTS <= units[i-1].PTS {
			t.Errorf("times went back from %v to %v", units[i-1].PTS, u.PTS)
		}
		if i > 0 && u.PTS-units[i-1].PTS > 3100 && !u.Sync {
			t.Errorf("after the hole before %v there is no keyframe", u.PTS)
		}
	}
}

// noting is an ffmpeg that writes its process id to a file first, one a line.
func noting(t *testing.T) (ffmpeg, pids string) {
	t.Helper()
	pids = filepath.Join(t.TempDir(), "pids")
	return script(t, fmt.Sprintf(`echo $$ >> '%s'; exec ffmpeg "$@"`, pids)), pids
}

// lastPID returns the last process id that was noted.
func lastPID(t *testing.T, pids string) int {
	t.Helper()
	b, err := os.ReadFile(pids)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(b))
	pid, err := strconv.Atoi(lines[len(lines)-1])
	if err != nil {
		t.Fatal(err)
	}
	return pid
}

func TestTheRestartWaitsAndCounts(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var pauses []time.Duration
		var ended time.Time
		lasts := []time.Duration{0, 0, 0, 0, 0, 0, 0, 0, backoffReset, time.Second}
		runs, restarts := 0, 0
		err := keep(t.Context(), func(context.Context) error {
			if runs > 0 {
				pauses = append(pauses, time.Since(ended))
			}
			if runs == len(lasts) {
				return nil
			}
			<-time.After(lasts[runs]) // on the bubble's clock
			runs++
			ended = time.Now()
			return &ExitError{Code: 1, Err: errors.New("died")}
		}, func() { restarts++ }, slog.New(slog.DiscardHandler))
		if err != nil || restarts != len(lasts) {
			t.Errorf("%v after %d restarts", err, restarts)
		}
		ms := time.Millisecond
		want := []time.Duration{100 * ms, 200 * ms, 400 * ms, 800 * ms, 1600 * ms, 3200 * ms, 5000 * ms, 5000 * ms, 100 * ms, 200 * ms}
		if !slices.Equal(pauses, want) {
			t.Errorf("pauses %v, want %v", pauses, want)
		}
	})
}

func TestKeepEndsWithItsContext(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		why := errors.New("off air")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(50*time.Millisecond, func() { cancel(why) })
		err := keep(ctx, func(context.Context) error { return errTimeline }, func() {}, slog.New(slog.DiscardHandler))
		if !errors.Is(err, why) {
			t.Errorf("got %v, want the cause", err)
		}
	})
}
