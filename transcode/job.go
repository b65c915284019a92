package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/media"
)

// Bounds of a run.
const (
	drainLimit = 5 * time.Second  // the input has ended and FFmpeg neither gives anything nor ends
	stallLimit = 10 * time.Second // FFmpeg is fed and gives nothing
	watchEvery = time.Second
)

// Source is where a [Job] gets its units from: a [media.Queue]. Next waits for
// the next unit; it returns [io.EOF] when there will be none.
type Source interface {
	Next(ctx context.Context) (media.Unit, error)
}

// Config says what a [Job] makes, and of what.
type Config struct {
	Channel string       // for errors; Log is expected to carry it already
	FFmpeg  string       // a path or a name on PATH; "ffmpeg" if empty
	Video   *media.Track // the source's video; nil if it has none
	Audio   *media.Track // the source's audio if it is to become stereo AAC-LC, else nil
	Rungs   []Rung
	Segment time.Duration // the longest time between keyframes; 2 s if zero
	In      Source

	// Out takes the units of each rung, in decoding order, each rung from a
	// goroutine of its own. It must not block: all rungs come out of one FFmpeg.
	// An error ends the Job for good.
	Out func(rung string, u media.Unit) error
	Log *slog.Logger
}

// makesAudio reports whether FFmpeg is given sound.
func (c *Config) makesAudio() bool { return c.Audio != nil }

// fed returns the tracks that FFmpeg is given.
func (c *Config) fed() (video, audio *media.Track) {
	if len(c.Rungs) > 0 {
		video = c.Video
	}
	return video, c.Audio
}

// Validate says what is missing or contradictory.
func (c *Config) Validate() error {
	switch {
	case c.In == nil || c.Out == nil || c.Log == nil:
		return errors.New("a transcoder needs In, Out and Log")
	case len(c.Rungs) == 0 && !c.makesAudio():
		return errors.New("a transcoder without rungs and with nothing to do for sound")
	case len(c.Rungs) > 0 && c.Video == nil:
		return errors.New("a transcoder with rungs needs a video track")
	case c.Video != nil && c.Video.Kind != media.Video, c.Audio != nil && c.Audio.Kind != media.Audio:
		return errors.New("a transcoder is given sound for video, or video for sound")
	}
	names := map[string]bool{AudioRung: true}
	for _, r := range c.Rungs {
		if names[r.Name] {
			return fmt.Errorf("two rungs are called %q", r.Name)
		}
		names[r.Name] = true
		if r.Width < 2 || r.Height < 2 || r.Width%2+r.Height%2 != 0 || r.Bitrate <= 0 {
			return fmt.Errorf("rung %q cannot be %dx%d at %d bits/s", r.Name, r.Width, r.Height, r.Bitrate)
		}
	}
	return nil
}

// Job makes the rungs of one channel by one FFmpeg at a time.
type Job struct {
	cfg    Config
	ffmpeg string // resolved
	meter  meter
	origin int64 // ms on FFmpeg's clock of a run's first frame
	now    func() time.Time
}

// NewJob returns a Job for cfg. It returns [ErrNoFFmpeg] if there is no FFmpeg.
func NewJob(cfg Config) (*Job, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	name := cfg.FFmpeg
	if name == "" {
		name = "ffmpeg"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrNoFFmpeg, err)
	}
	return &Job{cfg: cfg, ffmpeg: path, origin: originMS, now: time.Now}, nil
}

// Stats says how the Job keeps up. It may be called at any time.
func (j *Job) Stats() Stats { return j.meter.stats() }

// Run runs one FFmpeg from the source's next keyframe on, until the input ends
// (nil), ctx ends (its cause), or something breaks: an [*ExitError] if FFmpeg
// died. When it returns, the process is gone and so is every goroutine.
func (j *Job) Run(ctx context.Context) error {
	runCtx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	said := &stderr{log: j.cfg.Log, now: j.now}
	pipes := len(j.cfg.Rungs)
	if j.cfg.makesAudio() {
		pipes++
	}
	p, err := start(runCtx, j.ffmpeg, Args(j.cfg), pipes, said)
	if err != nil {
		return fmt.Errorf("transcoding %s: %w", j.cfg.Channel, err)
	}
	defer p.closePipes()
	defer context.AfterFunc(runCtx, p.closePipes)()

	r := &run{Job: j, process: p, fail: cancel}
	drained := r.work(runCtx)
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case runCtx.Err() != nil:
		return fmt.Errorf("transcoding %s: %w", j.cfg.Channel, context.Cause(runCtx))
	case p.err == nil && drained:
		return nil
	}
	died := p.err
	if died == nil {
		died = errors.New("it stopped before its input did")
	}
	return &ExitError{Channel: j.cfg.Channel, Code: p.state.ExitCode(), Tail: said.last(), Err: died}
}

// run is what lives as long as one FFmpeg.
type run struct {
	*Job
	*process
	fail  context.CancelCauseFunc // kills FFmpeg, for a reason
	clock atomic.Pointer[clock]   // set before FFmpeg gets its first byte
	ended atomic.Bool             // the input has, and all of it was fed
	gave  atomic.Int64            // units that came out, pictures and sound
}

// work feeds FFmpeg and reads its pipes until it is gone. It reports whether
// FFmpeg had got all of the input by then.
func (r *run) work(ctx context.Context) (drained bool) {
	feeding, stop := context.WithCancel(ctx)
	defer stop()
	var wg sync.WaitGroup
	for i, rung := range r.cfg.Rungs {
		wg.Go(func() { r.check(r.readVideo(ctx, i, rung.Name)) })
	}
	if r.cfg.makesAudio() {
		wg.Go(func() { r.check(r.readAudio(ctx, len(r.cfg.Rungs))) })
	}
	wg.Go(func() { r.feed(feeding) })
	wg.Go(func() { r.watch(ctx) })
	<-r.exited
	stop()
	wg.Wait()
	return r.ended.Load()
}

// check ends the run if err says so.
func (r *run) check(err error) {
	if err != nil {
		r.fail(err)
	}
}

// feed gives FFmpeg the input, and closes its stdin after the last unit. That
// FFmpeg does not listen any more is no error here: its death tells why.
func (r *run) feed(ctx context.Context) {
	f := &feeder{origin: r.origin, now: r.now, begun: r.clock.Store, fed: r.meter.fed}
	f.video, f.audio = r.cfg.fed()
	err := f.run(ctx, r.cfg.In, r.stdin)
	switch {
	case err == nil:
		r.ended.Store(true)
		r.stdin.Close()
	case ctx.Err() == nil && !isHangup(err):
		r.fail(err)
	}
}

// watch kills an FFmpeg that is fed and gives nothing, or that neither gives
// anything nor ends when its input has. One that is merely slow at either lives:
// its pipes may hold seconds of work for a busy machine.
func (r *run) watch(ctx context.Context) {
	tick := time.NewTicker(watchEvery)
	defer tick.Stop()
	var fed, gave int64
	since, drain := r.now(), 0
	for {
		select {
		case <-r.exited:
			return
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		in, out, now := r.Stats().In, r.gave.Load(), r.now()
		if r.ended.Load() {
			drain++
		}
		if out != gave {
			drain = 0
		}
		if out != gave || in == fed {
			fed, gave, since = in, out, now
		}
		if now.Sub(since) >= stallLimit {
			r.fail(fmt.Errorf("ffmpeg was fed and gave nothing for %v", stallLimit))
		}
		if time.Duration(drain)*watchEvery >= drainLimit {
			r.fail(fmt.Errorf("ffmpeg neither ended nor gave anything for %v after its input", drainLimit))
		}
	}
}

// readVideo hands on the pictures of the i-th pipe until it ends.
func (r *run) readVideo(ctx context.Context, i int, rung string) error {
	in := newPESReader(ctx, r.pipes[i])
	pictures := videoReader{fps: r.cfg.Video.FrameRate}
	near := r.origin * ticksPerMS
	for {
		p, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("rung %s: %w", rung, err)
		}
		u, ok, err := pictures.unit(p.data)
		if err != nil {
			return fmt.Errorf("rung %s: %w", rung, err)
		}
		if !ok {
			continue
		}
		near = unwrap33(p.pts, near)
		clock, now, delay := r.clock.Load(), r.now(), time.Duration(-1)
		if s, known := clock.stampOf(near); known {
			delay = now.Sub(s.in)
		}
		u.PTS = clock.ticks(near)
		u.DTS = u.PTS - media.Ticks(near-unwrap33(p.dts, near))
		r.meter.came(u.PTS, i == 0, delay, now)
		r.gave.Add(1)
		if err := r.cfg.Out(rung, u); err != nil {
			return &outError{err}
		}
	}
}

// readAudio hands on the sound of the i-th pipe until it ends.
func (r *run) readAudio(ctx context.Context, i int) error {
	in := newPESReader(ctx, r.pipes[i])
	var sound audioReader
	near := r.origin * ticksPerMS
	for {
		p, err := in.next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("sound: %w", err)
		}
		units, err := sound.units(p.data)
		if err != nil {
			return err
		}
		near = unwrap33(p.pts, near)
		at := r.clock.Load().after(near)
		for _, u := range units {
			u.PTS, u.DTS = u.PTS+at, u.DTS+at
			r.gave.Add(1)
			if err := r.cfg.Out(AudioRung, u); err != nil {
				return &outError{err}
			}
		}
	}
}
