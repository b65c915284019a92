package media

import (
	"errors"
	"time"
)

// MaxCuePayload is the largest payload or state of a [Cue], in bytes. With the
// media time that the packager adds it stays within 1 KB.
const MaxCuePayload = 1024 - 32

// Errors of cue placement: [ErrOffAir] if the channel is not on air, and
// [ErrOutsideWindow] if the capture time is older than the window that players
// can still see, or more than 60 s ahead.
var (
	ErrOffAir        = errors.New("the channel is off air: go live, then show the product")
	ErrOutsideWindow = errors.New("the cue's time is outside the live window")
)

// Cue is a timed fact about a product, on its way to the packager. Payload and
// State are JSON objects of at most [MaxCuePayload] bytes and without a
// "media_time": the packager adds it when it has placed the cue.
type Cue struct {
	ID      string        // the application's id, also inside Payload
	At      time.Time     // capture time: the frame the host was in
	Dur     time.Duration // 1 s or more, finite
	Payload []byte        // the cue itself
	State   []byte        // all that is on show from this cue on, repeated at each segment start
}

// Placement says where a cue was put.
type Placement struct {
	Media Ticks         // presentation time of its emsg, on the channel's media timeline
	Late  time.Duration // how much later than asked, because that frame was already published
	Clock Clock
}

// Clock says how media time was tied to capture time.
type Clock struct {
	Source ClockSource
	Error  time.Duration // expected error, as far as the source can tell
}

// ClockSource names what a [Timeline] was learnt from.
type ClockSource string

// ClockArrival: only the arrival of frames is known. Encoder delay is not seen.
const ClockArrival ClockSource = "arrival"
