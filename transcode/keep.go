package transcode

import (
	"context"
	"errors"
	"log/slog"
	"time"
)

// Back-off between an FFmpeg's death and the next one's birth.
const (
	backoffFirst = 100 * time.Millisecond
	backoffMost  = 5 * time.Second
	backoffReset = 10 * time.Second // a run of this length was a good one
)

// Keep runs j, and runs it again whenever it fails, until its input ends (nil),
// ctx ends (its cause) or Out refuses a unit. A death is logged once, here. What
// came in meanwhile waits in the queue, so the next FFmpeg begins at the first
// keyframe after the death and catches up.
func Keep(ctx context.Context, j *Job) error {
	return keep(ctx, j.Run, j.meter.restarted, j.cfg.Log)
}

func keep(ctx context.Context, run func(context.Context) error, restarted func(), log *slog.Logger) error {
	var wait backoff
	for {
		began := time.Now()
		err := run(ctx)
		var refused *outError
		switch {
		case ctx.Err() != nil:
			return context.Cause(ctx)
		case err == nil || errors.As(err, &refused):
			return err
		}
		pause := wait.after(time.Since(began))
		log.Warn("transcoding broke off and begins again", "error", err, "pause", pause)
		select {
		case <-time.After(pause):
		case <-ctx.Done():
			return context.Cause(ctx)
		}
		restarted()
	}
}

// backoff says how long to wait after each run; it is pure.
type backoff struct{ last time.Duration }

// after returns the pause after a run that took so long.
func (b *backoff) after(ran time.Duration) time.Duration {
	if b.last == 0 || ran >= backoffReset {
		b.last = backoffFirst
	} else {
		b.last = min(2*b.last, backoffMost)
	}
	return b.last
}
