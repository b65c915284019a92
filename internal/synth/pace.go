package synth

import (
	"context"
	"time"
)

// maxBehind is how far frames may fall behind before the pace starts over: a
// burst would catch up with less, with more the machine slept or ffmpeg hung.
const maxBehind = 2 * time.Second

// pacer tells when frames are due. Frame n is due n/fps after the first, by the
// monotonic clock, however long the ones before took: there is no drift.
type pacer struct {
	fps     int64
	start   time.Time // when frame 0 was due
	n       int64     // the frame to come
	timer   *time.Timer
	skipped time.Duration // what the last start over gave up
}

func newPacer(fps int) *pacer {
	timer := time.NewTimer(0)
	timer.Stop()
	return &pacer{fps: int64(fps), start: time.Now(), timer: timer}
}

func (p *pacer) stop() { p.timer.Stop() }

// next waits until a frame is due and returns its instant on the wall clock as
// it now stands: a camera captures at even intervals, so a frame that is drawn a
// little late still counts from when it was due.
func (p *pacer) next(ctx context.Context) (time.Time, error) {
	due := p.start.Add(p.offset(p.n))
	if wait := time.Until(due); wait > 0 {
		p.timer.Reset(wait)
		select {
		case <-p.timer.C:
		case <-ctx.Done():
			return time.Time{}, context.Cause(ctx)
		}
	} else if err := context.Cause(ctx); err != nil {
		return time.Time{}, err
	}
	now := time.Now()
	late := now.Sub(due)
	if late > maxBehind {
		p.start, p.skipped, late = p.start.Add(late), late, 0
	}
	p.n++
	return now.Add(-late), nil
}

// restarted returns by how much the pace was put off since it was last asked.
func (p *pacer) restarted() time.Duration {
	d := p.skipped
	p.skipped = 0
	return d
}

// offset is when frame n is due after frame 0, without rounding errors that add up.
func (p *pacer) offset(n int64) time.Duration {
	return time.Duration(n/p.fps)*time.Second + time.Duration(n%p.fps)*time.Second/time.Duration(p.fps)
}
