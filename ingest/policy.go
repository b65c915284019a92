package ingest

import "time"

// The times of the takeover policy (docs: decision 8 of the design).
const (
	// RefuseDisplaced is how long the host of a displaced encoder is refused, so
	// that two encoders which both reconnect by themselves do not fight.
	RefuseDisplaced = 30 * time.Second
	// SilentAfter is how long an encoder on air may send nothing before a
	// displaced one may have the channel back.
	SilentAfter = time.Second
)

// standing is what the policy knows of one channel. It is pure: it reads no
// clock and guards nothing.
type standing struct {
	barred map[string]bar // by host
}

// bar says until when a host is refused, and with which error.
type bar struct {
	until time.Time
	err   error
}

// admit decides on a claim from host at now. onAir tells whether another
// encoder holds the channel, and heard when that one last sent something.
func (s *standing) admit(now time.Time, host string, onAir bool, heard time.Time) error {
	for h, b := range s.barred {
		if !now.Before(b.until) {
			delete(s.barred, h)
		}
	}
	b, barred := s.barred[host]
	switch {
	case !barred:
		return nil
	case b.err != ErrDisplaced: //nolint:errorlint // an identity of our own, never wrapped
		return b.err
	case onAir && now.Sub(heard) < SilentAfter:
		return ErrDisplaced
	}
	delete(s.barred, host)
	return nil
}

// refuse bars host with err until then.
func (s *standing) refuse(host string, until time.Time, err error) {
	if s.barred == nil {
		s.barred = make(map[string]bar)
	}
	s.barred[host] = bar{until: until, err: err}
}

// allow lifts the bar of host.
func (s *standing) allow(host string) { delete(s.barred, host) }
