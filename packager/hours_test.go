//go:build !race

package packager

import (
	"log/slog"
	"testing"
	"time"

	"vitrine/internal/media"
)

// coarseSound is AAC at 8 kHz: a frame lasts 128 ms, so that hours pass quickly.
var coarseSound = &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x15, 0x88}, SampleRate: 8000, Channels: 1}

// marathon is a show of hours in virtual time: 6 frames a second, one rung, and
// sound. The encoder's clock runs off by ppm, and its sound card by soundPPM more.
type marathon struct {
	*Program
	*inspector
	t             *testing.T
	ppm, soundPPM float64
	now           time.Duration // of true time
	frame, sound  int
	wall          map[int64]time.Time
}

func newMarathon(t *testing.T, ppm, soundPPM float64) *marathon {
	p, err := New(Config{
		Start: onAir, PartTarget: 350 * time.Millisecond, Segment: 2 * time.Second, Source: true,
		Rungs: []Rung{{Name: "240p"}}, Timeline: &media.Timeline{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	return &marathon{Program: p, inspector: newInspector(t, p, true), t: t, ppm: ppm, soundPPM: soundPPM, wall: map[int64]time.Time{}}
}

const marathonRate = 6 // frames per second

// pts returns what the encoder calls a true time.
func (m *marathon) pts(at time.Duration) media.Ticks {
	return media.TicksPerSecond + media.Ticks(at.Seconds()*media.TicksPerSecond*(1+m.ppm/1e6))
}

// run is on air until so much true time has passed.
func (m *marathon) run(until time.Duration) {
	m.t.Helper()
	write := func(name string, u media.Unit) {
		if err := m.WriteUnit(name, u); err != nil {
			m.t.Fatal(err)
		}
	}
	for ; m.now < until; m.frame++ {
		m.now = time.Duration(m.frame) * time.Second / marathonRate
		arrival := onAir.Add(m.now + time.Duration(m.frame*7%40)*time.Millisecond) // a jitter of 40 ms
		u := media.Unit{Track: matrixTrack, PTS: m.pts(m.now), DTS: m.pts(m.now), Sync: m.frame%(2*marathonRate) == 0, Data: []byte("frame")}
		m.cfg.Timeline.Observe(u.PTS, arrival)
		write(Source, u)
		write("240p", u)
		for {
			at := time.Duration(float64(m.sound) * aacFrame / 8000 * (1 + m.soundPPM/1e6) * float64(time.Second))
			if at > m.now {
				break
			}
			pts := m.pts(at)
			write(Audio, media.Unit{Track: coarseSound, PTS: pts, DTS: pts, Sync: true, Data: []byte("sound")})
			m.sound++
			if r := m.all; len(r) > 2 && r[2].counting {
				if off := r[2].ticks(r[2].next-aacFrame) - pts; r[2].next > 0 && len(r[2].pending) == 0 && (off > audioSlack || off < -audioSlack) {
					m.t.Fatalf("after %v sound is written %v beside its time", m.now, off.Duration())
				}
			}
		}
		m.Tick(arrival)
		if m.frame%marathonRate == 0 {
			m.watch()
		}
	}
}

// watch inspects what is new, and how PROGRAM-DATE-TIME goes on.
func (m *marathon) watch() {
	m.t.Helper()
	m.look()
	for _, b := range m.grid.list {
		if was, ok := m.wall[b.MSN]; ok && !was.Equal(b.Wall) {
			m.t.Fatalf("PROGRAM-DATE-TIME of %d changes from %v to %v", b.MSN, was, b.Wall)
		}
		if before, ok := m.wall[b.MSN-1]; ok && m.wall[b.MSN].IsZero() {
			d := (b.Start - m.starts[b.MSN-1]).Duration()
			if off := (b.Wall.Sub(before) - d).Abs(); !b.Discontinuity && off > maxSlewedUnit+dateUnit/2 {
				m.t.Fatalf("PROGRAM-DATE-TIME steps by %v in %v", off, d)
			}
		}
		m.wall[b.MSN] = b.Wall
	}
	if len(m.wall) > 4*gridKeep {
		clear(m.wall)
	}
}

// check measures how exactly a cue lands, and how true the playlist's times are.
func (m *marathon) check() {
	m.t.Helper()
	const frame = media.TicksPerSecond / 30
	for _, ahead := range []time.Duration{0, 100 * time.Millisecond, 3 * time.Second} {
		p, err := m.AddCue(media.Cue{ID: "c", At: onAir.Add(m.now + ahead), Dur: time.Second, Payload: []byte(`{"id":"c"}`)})
		if err != nil {
			m.t.Fatal(err)
		}
		if off := p.Media - m.pts(m.now+ahead); off < -frame || off > frame || p.Late != 0 {
			m.t.Errorf("after %v a cue is placed %v beside its frame, late %v", m.now, off.Duration(), p.Late)
		}
	}
	b := m.grid.list[len(m.grid.list)-1]
	truth := onAir.Add(time.Duration(float64((b.Start - media.TicksPerSecond).Duration()) / (1 + m.ppm/1e6)))
	if off := b.Wall.Sub(truth).Abs(); off > media.Ticks(frame).Duration() {
		m.t.Errorf("after %v PROGRAM-DATE-TIME is off by %v", m.now, off)
	}
}

// Eight hours of an encoder whose clock runs off, and of one whose sound card
// does: cues, capture times and sound are as exact at the end as at the start.
func TestTheEighthHour(t *testing.T) {
	for name, tc := range map[string]struct{ ppm, soundPPM float64 }{
		"a clock that is 200 ppm fast":      {ppm: 200},
		"a clock that is 200 ppm slow":      {ppm: -200},
		"a sound card that is 200 ppm fast": {soundPPM: -200},
		"a sound card that is 200 ppm slow": {soundPPM: 200},
	} {
		t.Run(name, func(t *testing.T) {
			m := newMarathon(t, tc.ppm, tc.soundPPM)
			m.run(time.Minute)
			m.check()
			m.run(8 * time.Hour)
			m.check()
			for _, r := range m.all[:2] {
				if m.gaps[r.name] > 0 {
					t.Errorf("%s has %d gaps", r.name, m.gaps[r.name])
				}
			}
		})
	}
}

// A show that is 49.7 days on, and then 26.5 hours more: the timeline of the house
// is 64 bits wide, whatever a protocol's was.
func TestTimesBeyondEveryWrap(t *testing.T) {
	for name, at := range map[string]media.Ticks{
		"33 bits of 90 kHz":             1 << 33,
		"32 bits of milliseconds":       (1 << 32) * 90,
		"32 bits of samples of 48 kHz":  (1 << 32) * 90000 / 48000,
		"31 bits of ticks":              1 << 31,
		"64 bits of ns are a long time": 1 << 46,
	} {
		t.Run(name, func(t *testing.T) {
			e := encoder{rate: 30, gop: 2, part: 350 * time.Millisecond, reorder: 2, rounded: true, sound: matrixSound, rungs: true, lag: 3, zero: at - 10*media.TicksPerSecond}
			e.wants(t, 24)
		})
	}
}
