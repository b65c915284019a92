package rtmp

import (
	"errors"
	"fmt"
	"net"
	"os"
	"time"
)

// wire reads from a connection under deadlines and counts what came.
type wire struct {
	conn  net.Conn
	idle  time.Duration
	until time.Time // no read lasts beyond it; zero: only idle counts
	stage string    // what is being waited for until then, for the error
	count uint32    // bytes read so far; wraps, as the protocol's Acks do
}

func (w *wire) Read(p []byte) (int, error) {
	deadline := time.Now().Add(w.idle)
	if !w.until.IsZero() && w.until.Before(deadline) {
		deadline = w.until
	}
	if err := w.conn.SetReadDeadline(deadline); err != nil {
		return 0, err
	}
	n, err := w.conn.Read(p)
	w.count += uint32(n)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		if deadline.Equal(w.until) {
			return n, fmt.Errorf("no %s in time: %w", w.stage, err)
		}
		return n, fmt.Errorf("nothing came for %v: %w", w.idle, err)
	}
	return n, err
}
