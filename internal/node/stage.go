package node

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"vitrine/ingest"
	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/transcode"
)

// Bounds of a stage.
const (
	// queueBytes is what may wait for FFmpeg: some seconds of a good source.
	queueBytes = 16 << 20
	// mediaStart is where the media timeline of a show begins, so that nothing
	// that comes a little before the first frame has a negative time.
	mediaStart = media.TicksPerSecond
	// audioWait is how long a stage that has video waits for the first audio,
	// before it makes up its mind about what FFmpeg is to do.
	audioWait = 500 * time.Millisecond
	// videoWait is how long a stage that has audio waits for the first video.
	videoWait = 2 * time.Second
	// leapBack and leapAhead are how far an encoder's clock may jump before that
	// is taken for another beginning.
	leapBack  = 2 * media.TicksPerSecond
	leapAhead = 10 * media.TicksPerSecond
	// drainTime is how long the ladder of an encoder that has gone may take to bring
	// what it still has: the last frames, and the cues on them, are in every rendition.
	drainTime = 2 * time.Second
	// maxEarly bounds the units that a stage keeps meanwhile.
	maxEarly = 1024
)

// stage is one encoder's session on a channel: what it writes goes on the
// channel's media timeline, and from there to the packager and to FFmpeg.
type stage struct {
	ch      *channel
	session *ingest.Session
	queue   *media.Queue
	health  *health
	halted  chan struct{} // closed by halt: the transcoder must end
	halt    func()

	// The rest belongs to the session's goroutine.
	early   []media.Unit // until began
	began   bool
	program *packager.Program
	blind   bool        // it began with sound alone
	base    media.Ticks // added to the encoder's times
	newest  media.Ticks // the encoder's latest DTS
	first   time.Time
	video   *media.Track
	audio   *media.Track
	convert *media.Track // sound that FFmpeg makes AAC of; nil if it passes
	opus    bool         // that sound is published as it is, too

	mu  sync.Mutex
	job *transcode.Job // nil until it runs
}

func newStage(ch *channel, s *ingest.Session) *stage {
	halted := make(chan struct{})
	halt := sync.OnceFunc(func() { close(halted) })
	return &stage{ch: ch, session: s, queue: media.NewQueue(queueBytes), health: newHealth(), halted: halted, halt: halt}
}

// close ends the input. What the ladder still has may come within drainTime.
func (s *stage) close() {
	s.queue.Close()
	time.AfterFunc(drainTime, s.halt)
}

// WriteUnit takes a unit with the encoder's times.
func (s *stage) WriteUnit(u media.Unit) error {
	now := s.ch.node.now()
	s.health.observe(u, now)
	if u.Track.Kind == media.Video {
		s.video = u.Track
	} else {
		s.audio = u.Track
	}
	if s.began {
		return s.write(u, now)
	}
	if s.first.IsZero() {
		s.first = now
	}
	if len(s.early) >= maxEarly {
		s.early = s.early[1:]
	}
	s.early = append(s.early, u)
	waited := now.Sub(s.first)
	switch {
	case s.video != nil && (s.audio != nil || waited >= audioWait):
	case s.video == nil && waited >= videoWait:
	default:
		return nil
	}
	return s.begin(now)
}

// begin puts the session on the channel's timeline and starts its transcoder.
func (s *stage) begin(now time.Time) error {
	s.began = true
	early := s.early
	s.early = nil
	program, rungs, err := s.ch.begin(s, now)
	if err != nil {
		return err
	}
	s.program, s.blind = program, s.video == nil
	s.newest = slices.MinFunc(early, func(a, b media.Unit) int { return cmp.Compare(a.DTS, b.DTS) }).DTS // sound may come ahead
	s.base = s.ch.resume(program, s.first) - s.newest
	s.hear(early)
	if err := s.transcode(rungs); err != nil {
		return err
	}
	for _, u := range early {
		if err := s.write(u, now); err != nil {
			return err
		}
	}
	return nil
}

// see goes on with a program that has pictures, if the one so far has none and
// FFmpeg is not busy with its sound. It reports whether u can be shown.
func (s *stage) see(u media.Unit, now time.Time) (bool, error) {
	if u.Track.Kind != media.Video || !s.blind {
		return true, nil
	}
	if !u.Sync || s.transcoder() != nil {
		return false, nil
	}
	program, rungs, err := s.ch.begin(s, now)
	if err != nil {
		return false, err
	}
	s.program, s.blind = program, false
	return true, s.transcode(rungs)
}

// write hands on a unit, with its times on the channel's timeline.
func (s *stage) write(u media.Unit, now time.Time) error {
	if ok, err := s.see(u, now); err != nil || !ok {
		return err
	}
	if d := u.DTS - s.newest; d < -leapBack || d > leapAhead {
		s.ch.log.Warn("the encoder's clock leaps", "by", d.Duration())
		s.program.Discontinue()
		s.base, s.newest = s.ch.resume(s.program, now)-u.DTS, u.DTS
	}
	s.newest = max(s.newest, u.DTS)
	u.PTS += s.base
	u.DTS += s.base
	if u.Track.Kind == media.Video || s.video == nil {
		s.ch.timeline.Observe(u.PTS, now)
	}
	name, ffmpeg := packager.Source, true
	if u.Track.Kind == media.Audio {
		name, ffmpeg = s.route(u)
	}
	if ffmpeg && s.transcoder() != nil {
		if err := s.queue.WriteUnit(u); err != nil {
			return fmt.Errorf("queue for the ladder: %w", err)
		}
	}
	if name == "" {
		return nil
	}
	return s.program.WriteUnit(name, u)
}

// transcode starts FFmpeg, where there is something to do for it.
func (s *stage) transcode(rungs []transcode.Rung) error {
	if s.video == nil {
		rungs = nil
	}
	if len(rungs) == 0 && s.convert == nil {
		return nil
	}
	job, err := transcode.NewJob(transcode.Config{
		Channel: s.ch.name,
		FFmpeg:  s.ch.node.cfg.FFmpeg,
		Video:   s.video,
		Audio:   s.convert,
		Rungs:   rungs,
		Segment: s.ch.cfg.Segment,
		In:      s.queue,
		Out:     s.program.WriteUnit,
		Log:     s.ch.log,
	})
	if err != nil {
		return err
	}
	s.mu.Lock()
	s.job = job
	s.mu.Unlock()
	s.ch.spawn(func(ctx context.Context) error {
		ctx, cancel := context.WithCancel(ctx)
		defer cancel()
		go func() {
			select {
			case <-s.halted:
				cancel()
			case <-ctx.Done():
			}
		}()
		if err := transcode.Keep(ctx, job); err != nil && ctx.Err() == nil && !errors.Is(err, packager.ErrEnded) {
			return err
		}
		return nil
	})
	return nil
}

// transcoder returns the stage's FFmpeg job, or nil.
func (s *stage) transcoder() *transcode.Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.job
}
