package ingesttest

import (
	"context"
	"sync"
	"testing"
	"time"

	"vitrine/ingest"
	"vitrine/internal/media"
)

// Recorder keeps the units of one session after the other. Its Open and Closed
// fit an [ingest.Config].
type Recorder struct {
	mu      sync.Mutex
	units   []media.Unit
	opened  []*ingest.Session
	ended   []error
	changed chan struct{} // closed and replaced when something happened
}

// NewRecorder returns an empty Recorder.
func NewRecorder() *Recorder { return &Recorder{changed: make(chan struct{})} }

// Open notes the session and records its units.
func (r *Recorder) Open(_ string, s *ingest.Session) (media.Writer, error) {
	r.note(func() { r.opened = append(r.opened, s) })
	return r, nil
}

// Closed notes how a session ended.
func (r *Recorder) Closed(_ string, _ *ingest.Session, err error) {
	r.note(func() { r.ended = append(r.ended, err) })
}

// WriteUnit records u.
func (r *Recorder) WriteUnit(u media.Unit) error {
	r.note(func() { r.units = append(r.units, u) })
	return nil
}

// Units returns what was recorded so far, in order.
func (r *Recorder) Units() []media.Unit {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]media.Unit(nil), r.units...)
}

// Sessions returns the sessions that were opened so far.
func (r *Recorder) Sessions() []*ingest.Session {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]*ingest.Session(nil), r.opened...)
}

// Ended returns how the sessions that are over ended.
func (r *Recorder) Ended() []error {
	r.mu.Lock()
	defer r.mu.Unlock()
	return append([]error(nil), r.ended...)
}

// Wait returns when done does, which is asked after each change. It fails the
// test after a minute.
func (r *Recorder) Wait(t testing.TB, what string, done func(*Recorder) bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	for {
		r.mu.Lock()
		changed := r.changed
		r.mu.Unlock()
		if done(r) {
			return
		}
		select {
		case <-changed:
		case <-ctx.Done():
			t.Fatalf("waited a minute for %s; got %d units, %d sessions, ended %v",
				what, len(r.Units()), len(r.Sessions()), r.Ended())
		}
	}
}

func (r *Recorder) note(change func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	change()
	close(r.changed)
	r.changed = make(chan struct{})
}

// Of returns the units of one kind.
func Of(kind media.Kind, units []media.Unit) []media.Unit {
	var of []media.Unit
	for _, u := range units {
		if u.Track.Kind == kind {
			of = append(of, u)
		}
	}
	return of
}

// Tracks returns the tracks of units, in order of appearance, each once.
func Tracks(units []media.Unit) []*media.Track {
	var tracks []*media.Track
	seen := make(map[*media.Track]bool)
	for _, u := range units {
		if !seen[u.Track] {
			seen[u.Track] = true
			tracks = append(tracks, u.Track)
		}
	}
	return tracks
}
