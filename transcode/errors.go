package transcode

import (
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
)

// ErrNoFFmpeg is returned where the ffmpeg to run is not there.
var ErrNoFFmpeg = errors.New("ffmpeg was not found: install it " +
	"(Debian, Ubuntu: apt-get install ffmpeg; macOS: brew install ffmpeg) or configure its path")

// errTimeline ends a run whose times FLV can no longer hold: the next run
// counts from its own first frame.
var errTimeline = errors.New("the source's time went back, or beyond what FLV can say")

// ExitError is the death of an FFmpeg: it ended by itself while it was needed.
type ExitError struct {
	Channel string
	Code    int      // exit code, -1 if a signal ended it
	Tail    []string // last lines of its stderr
	Err     error    // how the process ended
}

func (e *ExitError) Error() string {
	s := fmt.Sprintf("ffmpeg of channel %s ended: %v", e.Channel, e.Err)
	if len(e.Tail) > 0 {
		s += ": " + strings.Join(e.Tail, " | ")
	}
	return s
}

func (e *ExitError) Unwrap() error { return e.Err }

// outError is what Out returned: not FFmpeg's fault, so no reason to restart it.
type outError struct{ err error }

func (e *outError) Error() string { return "handing on a transcoded unit: " + e.err.Error() }
func (e *outError) Unwrap() error { return e.err }

// isHangup reports whether err is FFmpeg's end of a pipe being closed.
func isHangup(err error) bool {
	return errors.Is(err, syscall.EPIPE) || errors.Is(err, os.ErrClosed)
}
