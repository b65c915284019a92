package ingest

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"time"

	"vitrine/internal/media"
)

// Keys of this package in the log.
const (
	keyChannel  = "channel"
	keyProtocol = "protocol"
	keyRemote   = "remote"
	keyEncoder  = "encoder"
	keyReason   = "reason"
)

// Config is what a [Gate] needs.
type Config struct {
	// Keys holds the channel that each stream key opens. A channel may have
	// several keys; a key is never empty.
	Keys map[string]string
	// Open returns where the units of a new session go. It is called once per
	// session, after Closed of the one before. It must return soon: the channel
	// admits nobody else meanwhile.
	Open func(channel string, s *Session) (media.Writer, error)
	// Closed, if set, is told once that a session which Open accepted is over,
	// and why: nil if the encoder ended in good order. The caller of Kick or Admit
	// runs it, so hold no lock there that it takes.
	Closed func(channel string, s *Session, err error)
	Log    *slog.Logger
	Now    func() time.Time // nil: time.Now
}

// Validate tells the first thing that is wrong with c.
func (c Config) Validate() error {
	for key, channel := range c.Keys {
		switch {
		case channel == "":
			return errors.New("a stream key names no channel")
		case key == "":
			return fmt.Errorf("channel %s: the stream key is empty", channel)
		}
	}
	if c.Open == nil {
		return errors.New("nothing to open channels with")
	}
	return nil
}

// Gate decides who goes live on which channel. It is safe for concurrent use.
type Gate struct {
	cfg      Config
	keys     []keyHash
	channels map[string]*channel // fixed when made
}

type keyHash struct {
	sum     [sha256.Size]byte
	channel *channel
}

// channel is one place to go live. Its lock is held while a claim is decided
// and opened, so that two claims come one after the other.
type channel struct {
	name string

	mu       sync.Mutex
	current  *Session // nil, or the last one admitted; may be closed
	standing standing
}

// NewGate returns a Gate for a valid c.
func NewGate(c Config) *Gate {
	if c.Now == nil {
		c.Now = time.Now
	}
	if c.Log == nil {
		c.Log = slog.New(slog.DiscardHandler)
	}
	g := &Gate{cfg: c, channels: make(map[string]*channel)}
	for key, name := range c.Keys {
		if g.channels[name] == nil {
			g.channels[name] = &channel{name: name}
		}
		g.keys = append(g.keys, keyHash{sum: sha256.Sum256([]byte(key)), channel: g.channels[name]})
	}
	return g
}

// Admit decides on c. The Session it returns lives until Close, until it is
// kicked or displaced, or until ctx ends. The errors are [ErrBadKey],
// [ErrDisplaced], [ErrEnded], or one of Open's.
//
// An encoder with the right key takes over from one that is on air: when Admit
// returns, the other's session is closed with [ErrTakenOver].
func (g *Gate) Admit(ctx context.Context, c Claim) (*Session, error) {
	ch := g.find(c.Key)
	if ch == nil {
		return nil, ErrBadKey
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()

	cur, now := ch.current, g.cfg.Now()
	onAir := cur != nil && !cur.closed()
	var heard time.Time
	if onAir {
		heard = cur.heardAt()
	}
	if err := ch.standing.admit(now, c.Host(), onAir, heard); err != nil {
		return nil, err
	}
	if onAir {
		host := cur.Claim().Host()
		ch.standing.refuse(host, now.Add(RefuseDisplaced), ErrDisplaced)
		cur.Close(ErrTakenOver)
	}
	if cur != nil { // Closed may still be running, if the session ended by itself
		select {
		case <-cur.done:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	s := newSession(ctx, g, ch.name, c, now)
	out, err := g.cfg.Open(ch.name, s)
	if err != nil {
		s.cancel(err)
		return nil, fmt.Errorf("open channel %s: %w", ch.name, err)
	}
	s.out = out
	ch.current = s
	g.log(s).Info("on air", keyEncoder, c.Encoder)
	return s, nil
}

// Kick ends what is on air on a channel: its session closes with [ErrKicked].
// Encoders reconnect by themselves, so its host is refused for a while, unless
// refuse is 0; 30 s outlast the first five tries of OBS. It reports whether
// anything was on air.
func (g *Gate) Kick(name string, refuse time.Duration) bool {
	ch := g.channels[name]
	if ch == nil {
		return false
	}
	ch.mu.Lock()
	defer ch.mu.Unlock()
	cur := ch.current
	if cur == nil || cur.closed() {
		return false
	}
	host := cur.Claim().Host()
	if refuse > 0 {
		ch.standing.refuse(host, g.cfg.Now().Add(refuse), ErrEnded)
	} else {
		ch.standing.allow(host)
	}
	cur.Close(ErrKicked)
	return true
}

// find returns the channel that key opens, or nil. Both sides are hashed and
// all keys are compared, so that the time it takes tells nothing about them.
func (g *Gate) find(key string) *channel {
	sum := sha256.Sum256([]byte(key))
	found := -1
	for i := range g.keys {
		same := subtle.ConstantTimeCompare(sum[:], g.keys[i].sum[:])
		found = subtle.ConstantTimeSelect(same, i, found)
	}
	if found < 0 {
		return nil
	}
	return g.keys[found].channel
}

func (g *Gate) log(s *Session) *slog.Logger {
	c := s.Claim()
	return g.cfg.Log.With(keyChannel, s.channel, keyProtocol, c.Protocol, keyRemote, c.Remote)
}
