package node

import (
	"log/slog"
	"strings"
	"testing"
	"time"
	"unsafe"

	"vitrine/ingest"
	"vitrine/internal/media"
	"vitrine/packager/asset"
)

// stepped returns t as it is read after the system's wall clock was set by d: the
// monotonic reading, which no API sets, stays. It relies on time.Time's layout
// (seconds in bits 30 to 62 of its first word) and proves that before it is used.
func stepped(t *testing.T, at time.Time, d time.Duration) time.Time {
	t.Helper()
	out := at
	*(*uint64)(unsafe.Pointer(&out)) += uint64(int64(d/time.Second)) << 30
	if out.Round(0).Sub(at.Round(0)) != d || out.Sub(at) != 0 {
		t.Fatal("time.Time is laid out otherwise")
	}
	return out
}

// wallClock is a clock that can be set.
type wallClock struct {
	t    *testing.T
	true time.Time
	set  time.Duration
}

func (w *wallClock) now() time.Time { return stepped(w.t, w.true, w.set) }

// soundOnly is a channel on air with sound alone, which needs no FFmpeg.
func soundOnly(t *testing.T, clock *wallClock) (*channel, func(time.Duration)) {
	t.Helper()
	n := &Node{now: clock.now, log: slog.New(slog.DiscardHandler)}
	c := newChannel(n, "demo", Channel{Ladder: []string{"source"}, Part: PartStandard, Segment: DefaultSegment})
	g := ingest.NewGate(ingest.Config{Keys: map[string]string{"k": "demo"}, Open: func(_ string, s *ingest.Session) (media.Writer, error) { return c.open(s), nil }})
	s, err := g.Admit(t.Context(), ingest.Claim{Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { s.Close(nil) })
	sound := &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x90}, SampleRate: 48000, Channels: 2}
	const frame = media.Ticks(1920) // ticks of 1024 samples
	at, end := media.Ticks(0), media.Ticks(0)
	return c, func(d time.Duration) {
		for end += media.TicksOf(d); at < end; at += frame {
			if err := s.WriteUnit(media.Unit{Track: sound, PTS: at, DTS: at, Sync: true, Data: []byte("sound")}); err != nil {
				t.Fatal(err)
			}
			clock.true = clock.true.Add(frame.Duration())
			if c.program != nil {
				c.program.Tick(clock.now())
			}
		}
	}
}

// The system's clock is set while a show is on: nothing jumps, and a cue of now,
// by the clock as it is now, lands on the frame of now.
func TestTheWallClockIsSet(t *testing.T) {
	for name, d := range map[string]time.Duration{
		"2 s ahead": 2 * time.Second, "2 s back": -2 * time.Second, "an hour ahead": time.Hour, "an hour back": -time.Hour,
	} {
		t.Run(name, func(t *testing.T) {
			clock := &wallClock{t: t, true: time.Now()}
			c, air := soundOnly(t, clock)
			cue := func() media.Ticks {
				t.Helper()
				p, err := c.AddCue(media.Cue{ID: "c", At: clock.now().Round(0), Dur: time.Second, Payload: []byte(`{"id":"c"}`)})
				if err != nil {
					t.Fatal(err)
				}
				return p.Media - c.program.Position()
			}
			air(20 * time.Second)
			before := cue()
			clock.set = d
			if after := cue(); after != before {
				t.Errorf("a cue moves by %v", (after - before).Duration())
			}
			air(15 * time.Second)
			if after := cue(); after-before > media.TicksPerSecond/30 || before-after > media.TicksPerSecond/30 {
				t.Errorf("a cue of now is %v from the newest frame, and was %v", after.Duration(), before.Duration())
			}
			a, err := c.program.Fetch(t.Context(), asset.Request{Channel: "demo", Kind: asset.Playlist, Rendition: "audio"})
			if err != nil {
				t.Fatal(err)
			}
			list, last := string(a.Body[0]), time.Time{}
			if strings.Contains(list, "DISCONTINUITY\n") || strings.Contains(list, "GAP") {
				t.Errorf("the show suffers\n%s", list)
			}
			for line := range strings.Lines(list) {
				if stamp, ok := strings.CutPrefix(strings.TrimSpace(line), "#EXT-X-PROGRAM-DATE-TIME:"); ok {
					at, err := time.Parse(time.RFC3339, stamp)
					if err != nil {
						t.Fatal(err)
					}
					if step := at.Sub(last); !last.IsZero() && (step < time.Second || step > 3*time.Second) {
						t.Errorf("PROGRAM-DATE-TIME steps by %v\n%s", step, list)
					}
					last = at
				}
			}
		})
	}
}

// A show that begins after the clock was set back has higher numbers all the same,
// and addresses that were never used.
func TestNumbersGrowOverASetClock(t *testing.T) {
	clock := &wallClock{t: t, true: time.Now()}
	c, air := soundOnly(t, clock)
	air(20 * time.Second)
	was := c.program.NextMSN()
	c.program.End()
	clock.set = -time.Hour
	program, _, err := c.begin(&stage{}, clock.now())
	if err != nil {
		t.Fatal(err)
	}
	if program.NextMSN() <= was {
		t.Errorf("%d after %d", program.NextMSN(), was)
	}
}
