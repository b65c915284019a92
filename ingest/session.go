package ingest

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"vitrine/internal/media"
)

// Session is one encoder's time on air. One goroutine writes to it; all other
// methods are safe for concurrent use.
type Session struct {
	gate    *Gate
	channel string
	since   time.Time
	out     media.Writer
	heard   atomic.Int64 // when the last unit came, in ns after since

	ctx    context.Context //nolint:containedctx // its cause is how the session is told to go
	cancel context.CancelCauseFunc
	done   chan struct{} // closed by Close

	mu    sync.Mutex
	claim Claim
	over  bool
	err   error
}

func newSession(ctx context.Context, g *Gate, channel string, c Claim, now time.Time) *Session {
	s := &Session{gate: g, channel: channel, since: now, claim: c, done: make(chan struct{})}
	s.ctx, s.cancel = context.WithCancelCause(ctx)
	return s
}

// Channel returns the channel that the key opened.
func (s *Session) Channel() string { return s.channel }

// Since returns when the session was admitted.
func (s *Session) Since() time.Time { return s.since }

// Claim returns what the encoder said of itself, with what it said later.
func (s *Session) Claim() Claim {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.claim
}

// SetEncoder notes how the encoder calls itself, where a protocol learns that
// only after it was admitted.
func (s *Session) SetEncoder(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.claim.Encoder = name
}

// Context is done when the encoder must go, with the reason as its cause:
// [ErrTakenOver], [ErrKicked], or what ended the context given to Admit. It is
// done after Close too.
func (s *Session) Context() context.Context { return s.ctx }

// Done is closed when the session is over.
func (s *Session) Done() <-chan struct{} { return s.done }

// Err returns why the session is over; nil while it is not, or if the encoder
// ended in good order.
func (s *Session) Err() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.err
}

// WriteUnit hands u to the channel's writer. Once the session has to go it
// returns the cause instead; a unit which is just being written then still
// reaches the writer that Open gave for this session.
func (s *Session) WriteUnit(u media.Unit) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	s.heard.Store(int64(s.gate.cfg.Now().Sub(s.since)))
	return s.out.WriteUnit(u)
}

// Close ends the session; err says why, nil if the encoder ended in good order.
// Only the first call counts. After it the channel is free.
func (s *Session) Close(err error) {
	s.mu.Lock()
	if s.over {
		s.mu.Unlock()
		return
	}
	s.over, s.err = true, err
	s.mu.Unlock()

	cause := err
	if cause == nil {
		cause = ErrClosed
	}
	s.cancel(cause)
	if s.gate.cfg.Closed != nil {
		s.gate.cfg.Closed(s.channel, s, err)
	}
	close(s.done)
	log := s.gate.log(s).With(keyEncoder, s.Claim().Encoder)
	if err != nil {
		log = log.With(keyReason, err)
	}
	log.Info("off air")
}

func (s *Session) closed() bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.over
}

// heardAt returns when the encoder last sent a unit, or when it was admitted.
func (s *Session) heardAt() time.Time {
	return s.since.Add(time.Duration(s.heard.Load()))
}
