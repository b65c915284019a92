package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitrine/internal/media"
)

// house is a Gate with a clock of its own and a note of what happened.
type house struct {
	*Gate
	t   *testing.T
	now time.Time
	log bytes.Buffer

	mu     sync.Mutex
	events []string
}

func (h *house) WriteUnit(media.Unit) error { return nil }

func (h *house) note(format string, args ...any) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.events = append(h.events, fmt.Sprintf(format, args...))
}

func newHouse(t *testing.T) *house {
	h := &house{t: t, now: time.Unix(1000, 0)}
	h.Gate = NewGate(Config{
		Keys: map[string]string{"red": "one", "blue": "one", "green": "two"},
		Open: func(channel string, s *Session) (media.Writer, error) {
			h.note("open %s %s", channel, s.Claim().Remote)
			return h, nil
		},
		Closed: func(channel string, s *Session, err error) {
			h.note("closed %s %s: %v", channel, s.Claim().Remote, err)
		},
		Log: slog.New(slog.NewTextHandler(&h.log, nil)),
		Now: func() time.Time { return h.now },
	})
	return h
}

func (h *house) admit(key, remote string) (*Session, error) {
	return h.Admit(h.t.Context(), Claim{Protocol: "test", Key: key, Remote: remote})
}

// step is one thing that happens, some time after the one before.
type step struct {
	after time.Duration
	do    string // "A" goes live, "A!" sends, "A." ends, "kick"
	want  error  // of going live
}

func TestPolicy(t *testing.T) {
	const ms, s = time.Millisecond, time.Second
	for name, steps := range map[string][]step{
		"one after the other":     {{0, "A", nil}, {s, "A.", nil}, {0, "B", nil}},
		"the same key takes over": {{0, "A", nil}, {s, "A!", nil}, {0, "B", nil}},
		"the displaced one is refused": {
			{0, "A", nil}, {s, "B", nil}, {0, "B!", nil}, {999 * ms, "A", ErrDisplaced},
		},
		"for half a minute": {
			{0, "A", nil}, {0, "B", nil}, {29 * s, "B!", nil}, {999 * ms, "A", ErrDisplaced}, {ms, "A", nil},
		},
		"a new one is not silent yet": {
			{0, "A", nil}, {0, "B", nil}, {999 * ms, "A", ErrDisplaced},
		},
		"unless the current one is silent": {
			{0, "A", nil}, {0, "B", nil}, {0, "B!", nil}, {s, "A", nil},
		},
		"unless the current one has left": {
			{0, "A", nil}, {0, "B", nil}, {ms, "B.", nil}, {0, "A", nil},
		},
		"two that reconnect do not fight": {
			{0, "A", nil},
			{s, "B", nil},
			{0, "B!", nil},
			{2 * ms, "A", ErrDisplaced},
			{0, "B!", nil},
			{3 * s, "B!", nil},
			{0, "A", ErrDisplaced},
			{0, "B!", nil},
			{4500 * ms, "B!", nil},
			{0, "A", ErrDisplaced},
		},
		"a third one is welcome": {
			{0, "A", nil}, {0, "B", nil}, {0, "B!", nil}, {ms, "C", nil}, {0, "C!", nil}, {0, "B", ErrDisplaced}, {0, "A", ErrDisplaced},
		},
		"an encoder that lost its connection comes back": {
			{0, "A", nil}, {0, "A!", nil}, {5 * s, "A", nil}, {0, "A!", nil},
		},
		"and again, when that one has fallen silent": {
			{0, "A", nil}, {0, "A", nil}, {0, "A!", nil}, {s, "A", nil},
		},
		"a kicked one waits": {
			{0, "A", nil}, {0, "kick", nil}, {29 * s, "A", ErrEnded}, {s, "A", nil},
		},
		"a kicked one waits, whoever is on air": {
			{0, "A", nil}, {0, "kick", nil}, {0, "B", nil}, {5 * s, "A", ErrEnded},
		},
		"the next one does not wait for the kicked": {
			{0, "A", nil}, {0, "kick", nil}, {0, "B", nil},
		},
	} {
		t.Run(name, func(t *testing.T) {
			h := newHouse(t)
			sessions := make(map[string]*Session)
			for i, st := range steps {
				h.now = h.now.Add(st.after)
				who := strings.TrimRight(st.do, "!.")
				switch {
				case st.do == "kick":
					if !h.Kick("one", 30*time.Second) {
						t.Errorf("step %d: nothing to kick", i)
					}
				case strings.HasSuffix(st.do, "!"):
					if err := sessions[who].WriteUnit(media.Unit{}); err != nil {
						t.Errorf("step %d: %v", i, err)
					}
				case strings.HasSuffix(st.do, "."):
					sessions[who].Close(nil)
				default:
					port := fmt.Sprintf(":%d", 1000+i)
					sess, err := h.admit("red", "host-"+who+port)
					if !errors.Is(err, st.want) {
						t.Fatalf("step %d, %s: %v, want %v", i, st.do, err, st.want)
					}
					if err == nil {
						sessions[who] = sess
					}
				}
			}
		})
	}
}

func TestKeys(t *testing.T) {
	h := newHouse(t)
	for key, channel := range map[string]string{"red": "one", "blue": "one", "green": "two"} {
		s, err := h.admit(key, "x:1")
		if err != nil || s.Channel() != channel {
			t.Errorf("%s: %v, %v", key, s, err)
		}
		s.Close(nil)
	}
	for _, key := range []string{"", "re", "redd", "Red", "one", "\x00"} {
		if _, err := h.admit(key, "x:1"); !errors.Is(err, ErrBadKey) {
			t.Errorf("%q: %v", key, err)
		}
	}
	if log := h.log.String(); strings.Contains(log, "red") || strings.Contains(log, "green") {
		t.Errorf("a key was logged:\n%s", log)
	}
}

func TestTakeoverClosesBeforeItOpens(t *testing.T) {
	h := newHouse(t)
	a, err := h.admit("red", "a:1")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := h.admit("blue", "b:2"); err != nil {
		t.Fatal(err)
	}
	want := []string{"open one a:1", "closed one a:1: " + ErrTakenOver.Error(), "open one b:2"}
	if got := fmt.Sprint(h.events); got != fmt.Sprint(want) {
		t.Errorf("%v, want %v", got, want)
	}
	if err := context.Cause(a.Context()); !errors.Is(err, ErrTakenOver) {
		t.Errorf("cause %v", err)
	}
	if err := a.WriteUnit(media.Unit{}); !errors.Is(err, ErrTakenOver) {
		t.Errorf("write: %v", err)
	}
	if err := a.Err(); !errors.Is(err, ErrTakenOver) {
		t.Errorf("err: %v", err)
	}
	a.Close(nil) // too late to say anything else
	if len(h.events) != 3 {
		t.Errorf("closed twice: %v", h.events)
	}
}

// An encoder that hangs up and comes back at once waits until its old session is
// put away: the channel is never open twice.
func TestAdmitWaitsForClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events []string
		putAway := make(chan struct{})
		g := NewGate(Config{
			Keys: map[string]string{"k": "c"},
			Open: func(_ string, s *Session) (media.Writer, error) {
				events = append(events, "open "+s.Claim().Remote)
				return discard{}, nil
			},
			Closed: func(_ string, s *Session, _ error) {
				<-putAway
				events = append(events, "closed "+s.Claim().Remote)
			},
		})
		a, err := g.Admit(t.Context(), Claim{Key: "k", Remote: "a"})
		if err != nil {
			t.Fatal(err)
		}
		go a.Close(nil)
		synctest.Wait() // Closed is running
		admitted := make(chan error)
		go func() {
			_, err := g.Admit(t.Context(), Claim{Key: "k", Remote: "b"})
			admitted <- err
		}()
		synctest.Wait()
		if got := fmt.Sprint(events); got != "[open a]" {
			t.Errorf("%v before a is put away", got)
		}
		close(putAway)
		if err := <-admitted; err != nil {
			t.Error(err)
		}
		if got := fmt.Sprint(events); got != "[open a closed a open b]" {
			t.Error(got)
		}
	})
}

func TestOpenMayRefuse(t *testing.T) {
	full := errors.New("the disk is full")
	g := NewGate(Config{
		Keys: map[string]string{"k": "c"},
		Open: func(string, *Session) (media.Writer, error) { return nil, full },
	})
	if _, err := g.Admit(t.Context(), Claim{Key: "k"}); !errors.Is(err, full) {
		t.Errorf("%v", err)
	}
	if g.Kick("c", 0) {
		t.Error("something was on air")
	}
}

func TestTheContextEndsASession(t *testing.T) {
	h := newHouse(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	s, err := h.Admit(ctx, Claim{Key: "red", Remote: "a:1"})
	if err != nil {
		t.Fatal(err)
	}
	bye := errors.New("bye")
	cancel(bye)
	if err := s.WriteUnit(media.Unit{}); !errors.Is(err, bye) {
		t.Errorf("write: %v", err)
	}
	s.Close(nil)
	<-s.Done()
}

func TestConfigIsChecked(t *testing.T) {
	open := func(string, *Session) (media.Writer, error) { return nil, nil }
	for name, c := range map[string]Config{
		"an empty key":     {Keys: map[string]string{"": "c"}, Open: open},
		"an empty channel": {Keys: map[string]string{"k": ""}, Open: open},
		"no Open":          {Keys: map[string]string{"k": "c"}},
	} {
		if c.Validate() == nil {
			t.Errorf("%s passes", name)
		}
	}
	if err := (Config{Keys: map[string]string{"k": "c"}, Open: open}).Validate(); err != nil {
		t.Error(err)
	}
}

// TestManyAtOnce has encoders fight for two channels while they are kicked: at
// no time do two sessions of one channel live.
func TestManyAtOnce(t *testing.T) {
	const encoders, rounds = 8, 200
	var mu sync.Mutex
	live := make(map[string]int)
	g := NewGate(Config{
		Keys: map[string]string{"k0": "c0", "k1": "c1"},
		Open: func(channel string, _ *Session) (media.Writer, error) {
			mu.Lock()
			defer mu.Unlock()
			if live[channel]++; live[channel] > 1 {
				t.Errorf("%d sessions on %s", live[channel], channel)
			}
			return discard{}, nil
		},
		Closed: func(channel string, _ *Session, _ error) {
			mu.Lock()
			defer mu.Unlock()
			live[channel]--
		},
	})
	var all sync.WaitGroup
	for n := range encoders {
		all.Go(func() {
			for i := range rounds {
				c := Claim{Key: fmt.Sprintf("k%d", i%2), Remote: fmt.Sprintf("host%d-%d:1", n, i)}
				s, err := g.Admit(t.Context(), c)
				if err != nil {
					t.Errorf("%v", err)
					return
				}
				_ = s.WriteUnit(media.Unit{}) // another one may have taken over
				s.SetEncoder("e")
				if i%3 > 0 {
					s.Close(nil)
				}
			}
		})
	}
	all.Go(func() {
		for range rounds {
			g.Kick("c0", 0)
			g.Kick("c1", time.Nanosecond)
			g.Kick("nowhere", 0)
		}
	})
	all.Wait()
	g.Kick("c0", 0)
	g.Kick("c1", 0)
	if live["c0"] != 0 || live["c1"] != 0 {
		t.Errorf("left alive: %v", live)
	}
}

type discard struct{}

func (discard) WriteUnit(media.Unit) error { return nil }

func BenchmarkWriteUnit(b *testing.B) {
	g := NewGate(Config{
		Keys: map[string]string{"k": "c"},
		Open: func(string, *Session) (media.Writer, error) { return discard{}, nil },
	})
	s, err := g.Admit(b.Context(), Claim{Key: "k"})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := s.WriteUnit(media.Unit{}); err != nil {
			b.Fatal(err)
		}
	}
}
