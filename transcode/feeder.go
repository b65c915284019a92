package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"vitrine/internal/media"
)

// feeder turns units into what FFmpeg reads. It begins at the first keyframe:
// what comes before could not be decoded.
type feeder struct {
	video, audio *media.Track // nil: FFmpeg is given none
	origin       int64
	begun        func(*clock) // told once, before anything is written
	fed          func()       // told of each picture
	now          func() time.Time

	w     io.Writer
	buf   []byte
	out   container
	clock *clock
	last  int64      // ms of the last picture's DTS
	heard media.Unit // the last sound before the beginning
}

// run feeds w from in until in ends (nil), or something breaks.
func (f *feeder) run(ctx context.Context, in Source, w io.Writer) error {
	f.w = w
	for {
		u, err := in.Next(ctx)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if err := f.write(u); err != nil {
			return err
		}
	}
}

// write feeds one unit: one write call, for FFmpeg to find it whole.
func (f *feeder) write(u media.Unit) error {
	f.buf = f.buf[:0]
	picture := f.video != nil && u.Track.Codec == f.video.Codec
	sound := f.audio != nil && u.Track.Codec == f.audio.Codec
	if !picture && !sound {
		return nil
	}
	if f.clock == nil {
		if picture != (f.video != nil) || picture && !u.Sync {
			if sound {
				f.heard = u
			}
			return nil
		}
		f.begin(u)
	}
	var err error
	if picture {
		err = f.picture(u)
	} else {
		err = f.sound(u)
	}
	if err != nil {
		return err
	}
	if _, err := f.w.Write(f.buf); err != nil {
		return fmt.Errorf("feeding ffmpeg: %w", err)
	}
	return nil
}

// begin starts the clock at u. FFmpeg must find each stream right at the
// beginning, so the sound that came last goes first, or some silence does.
func (f *feeder) begin(u media.Unit) {
	f.clock = newClock(u.DTS, f.origin)
	f.begun(f.clock)
	video, audio := f.video, f.audio
	if video != nil {
		first := *u.Track
		first.FrameRate = frameRate(video)
		video = &first
	}
	if f.heard.Track != nil {
		audio = f.heard.Track
	}
	f.out = newContainer(f.video, f.audio)
	f.buf = f.out.header(f.buf, video, audio)
	if video != nil && audio != nil {
		heard, at := f.heard, f.clock.ms(f.heard.DTS)
		if heard.Data == nil || at < 0 || at > f.origin {
			heard, at = media.Unit{Track: audio, Data: silence(audio)}, f.origin
		}
		f.buf = f.out.sound(f.buf, at, heard)
	}
	f.heard = media.Unit{}
}

// picture appends u.
func (f *feeder) picture(u media.Unit) error {
	dts, pts := f.clock.ms(u.DTS), f.clock.ms(u.PTS)
	const ctsLimit = 1 << 23 // ms
	if dts < f.last || dts > flvTimeLimit || pts-dts >= ctsLimit || pts-dts < -ctsLimit || pts < 0 {
		return fmt.Errorf("feeding ffmpeg a picture of %.3f s: %w", u.DTS.Seconds(), errTimeline)
	}
	f.last = dts
	f.buf = f.out.picture(f.buf, dts, pts, u)
	f.clock.remember(pts, u.PTS, f.now())
	f.fed()
	return nil
}

// sound appends u, unless it is too old for FFmpeg's clock.
func (f *feeder) sound(u media.Unit) error {
	ms := f.clock.ms(u.DTS)
	if ms > flvTimeLimit {
		return fmt.Errorf("feeding ffmpeg sound of %.3f s: %w", u.DTS.Seconds(), errTimeline)
	}
	if ms >= 0 {
		f.buf = f.out.sound(f.buf, ms, u)
	}
	return nil
}
