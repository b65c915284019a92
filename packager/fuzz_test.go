package packager

import (
	"errors"
	"log/slog"
	"testing"
	"time"

	"vitrine/internal/media"
)

// tape reads a fuzzer's bytes as numbers.
type tape struct{ b []byte }

func (t *tape) next() byte {
	if len(t.b) == 0 {
		return 0
	}
	b := t.b[0]
	t.b = t.b[1:]
	return b
}

// FuzzProgram feeds a program any sequence of units, at any times, with any flags
// and of changing tracks, lets time pass, and changes and loses the encoder: what
// is published keeps every promise.
func FuzzProgram(f *testing.F) {
	plain := []byte{0}
	for i := range 200 {
		plain = append(plain, 0, 10, byte(i%30/29), 3, 10, 1, 6, 3)
	}
	f.Add(plain)
	f.Add(append(plain, 7, 0, 6, 200, 6, 200, 8, 0, 0, 10, 1, 0, 10, 0, 0, 10, 0))
	f.Add([]byte{3, 0, 10, 1, 2, 200, 1, 0, 255, 1, 4, 33, 1, 5, 1, 1, 6, 255, 9, 3, 0, 200, 1})
	other := *matrixTrack
	other.Config = append([]byte(nil), matrixTrack.Config...)
	other.Config[len(other.Config)-1] ^= 1
	mono := &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x88}, SampleRate: 48000, Channels: 1}
	lines := []struct {
		name  string
		track *media.Track
	}{{Source, matrixTrack}, {Source, &other}, {"240p", matrixTrack}, {Audio, matrixSound}, {Audio, mono}, {Audio, matrixSound2}}
	f.Fuzz(func(t *testing.T, b []byte) {
		in := &tape{b: b}
		settings := in.next()
		cfg := Config{Start: onAir, PartTarget: partTargets[settings>>1&3], Segment: 2 * time.Second, Source: settings&8 == 0, Timeline: &media.Timeline{}, Log: slog.New(slog.DiscardHandler)}
		if settings&1 == 0 {
			cfg.Rungs = []Rung{{Name: "240p", Bitrate: 1000}}
		}
		p, err := New(cfg)
		if err != nil {
			t.Fatal(err)
		}
		i := newInspector(t, p, false)
		now := onAir
		at := map[string]media.Ticks{Source: media.TicksPerSecond, "240p": media.TicksPerSecond, Audio: media.TicksPerSecond}
		for len(in.b) > 0 {
			op := in.next() % 10
			switch op {
			case 6:
				now = now.Add(time.Duration(in.next()) * 10 * time.Millisecond)
				p.Tick(now)
			case 7:
				p.Away()
			case 8:
				p.Discontinue()
				p.cfg.Timeline.Reset()
				for _, name := range []string{Source, "240p", Audio} {
					at[name] = p.Position() + media.Ticks(in.next())*900
				}
			case 9: // refused while off air
				_, _ = p.AddCue(media.Cue{ID: "c", At: now.Add(time.Duration(int8(in.next())) * 50 * time.Millisecond), Dur: time.Second, Payload: []byte(`{"id":"c"}`)})
			default:
				line, step, flags := lines[op], media.Ticks(in.next()), in.next()
				if flags&0x80 != 0 {
					step = -step
				}
				if flags&0x40 != 0 {
					step *= 100
				}
				at[line.name] += step * 300
				u := media.Unit{Track: line.track, DTS: at[line.name], Sync: flags&1 != 0 || line.track.Kind == media.Audio, Data: []byte("unit")}
				u.PTS = u.DTS + media.Ticks(flags>>1&7)*1500
				if line.track.Kind == media.Audio {
					u.PTS = u.DTS
				}
				if u.PTS < 0 {
					continue
				}
				p.cfg.Timeline.Observe(u.PTS, now)
				if err := p.WriteUnit(line.name, u); err != nil && !errors.Is(err, ErrLeap) {
					t.Fatal(err)
				}
			}
			i.look()
		}
		p.End()
		i.look()
	})
}
