package ingest

import (
	"errors"
	"net"
)

// Claim is what an encoder says of itself when it asks to go live.
type Claim struct {
	Protocol string // "rtmp", "whip", …
	Remote   string // address it comes from, with or without a port
	App      string // RTMP's application; what other protocols have in its place
	Key      string // stream key, a secret: never logged
	Encoder  string // how the encoder calls itself; may be empty
}

// Host returns the address of the encoder without its port. Two claims of the
// same host are taken to be the same machine.
func (c Claim) Host() string {
	host, _, err := net.SplitHostPort(c.Remote)
	if err != nil {
		return c.Remote
	}
	return host
}

// Why an encoder is refused or has to go. The texts are written for the host
// who reads them in the encoder's window or in the console.
var (
	// ErrBadKey: no channel has this stream key.
	ErrBadKey = errors.New("unknown stream key: copy it again from the console into the encoder's settings")
	// ErrDisplaced: another encoder took over with the same key less than
	// [RefuseDisplaced] ago, and is on air.
	ErrDisplaced = errors.New("another encoder has taken over this channel: stop that one first")
	// ErrEnded: the show was ended less than the asked time ago, and this encoder
	// was in it.
	ErrEnded = errors.New("the show was ended: stop the encoder, wait half a minute, then go live again")
	// ErrTakenOver is the cause with which the session of an encoder ends when
	// another one goes live with the same key.
	ErrTakenOver = errors.New("another encoder took over with the same stream key")
	// ErrKicked is the cause with which a session ends by [Gate.Kick].
	ErrKicked = errors.New("the show was ended from the console")
	// ErrClosed: a unit was written to a session that has been closed in good order.
	ErrClosed = errors.New("the session is closed")
)
