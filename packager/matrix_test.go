package packager

import (
	"encoding/hex"
	"fmt"
	"log/slog"
	"math"
	"testing"
	"time"

	"pgregory.net/rapid"

	"vitrine/internal/media"
)

var (
	onAir        = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	matrixTrack  = &media.Track{Kind: media.Video, Codec: media.H264, Width: 640, Height: 360, Config: mustHex("014d401effe10018674d401eeca05017fcb80880000003008000001e078b16cb01000568ebe3cb20")}
	matrixSound  = &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x90}, SampleRate: 48000, Channels: 2}
	matrixSound2 = &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x12, 0x10}, SampleRate: 44100, Channels: 2}
)

func mustHex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// encoder is what an encoder is set to, and a ladder that follows it.
type encoder struct {
	rate    float64       // frames per second
	gop     float64       // s between keyframes; 0 for a scene cut now and then, and 2 s at most
	part    time.Duration // PART-TARGET
	reorder int           // B-frames between others, and frames of delay
	rounded bool          // to ms, as RTMP has them
	sound   *media.Track
	lag     int // frames that the ladder is late
	rungs   bool
	zero    media.Ticks // where the timeline begins
}

func (e encoder) String() string {
	return fmt.Sprintf("%.3f fps, keyframes every %v s, parts of %v, %d B-frames, rounded %v, %d Hz, ladder %v late %d",
		e.rate, e.gop, e.part, e.reorder, e.rounded, e.sound.SampleRate, e.rungs, e.lag)
}

// fits reports whether frames are short enough for any number of them. Where one
// lasts longer, a segment may end too late for one part and too early for two.
func (e encoder) fits() bool {
	return time.Duration(float64(time.Second)/e.rate) < e.part*(100-floorPercent)/100+time.Second/slipPerSecond
}

// at returns the time of frame n.
func (e encoder) at(n int) media.Ticks {
	if e.rounded {
		return media.Ticks(math.Round(float64(n)*1000/e.rate)) * 90
	}
	return media.Ticks(math.Round(float64(n) * media.TicksPerSecond / e.rate))
}

// keys returns the frames, of n, that are keyframes.
func (e encoder) keys(n int) map[int]bool {
	out := map[int]bool{}
	if e.gop > 0 {
		for k := 0; k < n; k += int(math.Round(e.gop * e.rate)) {
			out[k] = true
		}
		return out
	}
	most := int(2 * e.rate)
	cuts := []int{most, most / 3, most - most/3, most, most * 3 / 5, most, most / 8, most, most, most / 2, most / 2}
	for k, i := 0, 0; k < n; k, i = k+cuts[i%len(cuts)], i+1 {
		out[k] = true
	}
	return out
}

// units returns what n frames come as, in decoding order, and what a ladder makes
// of them: a keyframe where the source has one, and one every 2 s.
func (e encoder) units(n int) (source, rung []media.Unit) {
	keys := e.keys(n)
	zero := e.zero + media.TicksPerSecond
	unit := func(decoded, shown int) media.Unit {
		return media.Unit{Track: matrixTrack, DTS: zero + e.at(decoded), PTS: zero + e.at(shown+e.reorder), Sync: keys[shown], Data: fmt.Appendf(nil, "frame %06d", shown)}
	}
	decoded := 0
	for shown := 0; shown < n; {
		next := shown // the mini GOP: the frame that the ones before it refer to comes first
		for !keys[next] && next-shown < e.reorder && next+1 < n && !keys[next+1] {
			next++
		}
		source = append(source, unit(decoded, next))
		decoded++
		for k := shown; k < next; k++ {
			source = append(source, unit(decoded, k))
			decoded++
		}
		shown = next + 1
	}
	since := 0
	for k := range n {
		u := unit(k, k)
		u.DTS = u.PTS
		if since++; u.Sync || since >= int(math.Ceil(e.rate*2-1e-6)) {
			u.Sync, since = true, 0
		}
		rung = append(rung, u)
	}
	return source, rung
}

// broadcast puts seconds of e on air in virtual time, and inspects what comes out.
func (e encoder) broadcast(t judge, seconds int) (*Program, *inspector) {
	t.Helper()
	cfg := Config{Start: onAir, PartTarget: e.part, Segment: 2 * time.Second, Source: true, Timeline: &media.Timeline{}, Log: slog.New(slog.DiscardHandler)}
	if e.rungs {
		cfg.Rungs = []Rung{{Name: "240p", Bitrate: 365_000}}
	}
	p, err := New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	i := newInspector(t, p, true)
	i.fits = e.fits()
	write := func(name string, u media.Unit) {
		if err := p.WriteUnit(name, u); err != nil {
			t.Fatal(err)
		}
	}
	source, rung := e.units(int(float64(seconds) * e.rate))
	sounds := 0
	for n, u := range source {
		now := onAir.Add(e.at(n).Duration())
		p.cfg.Timeline.Observe(u.PTS, now)
		write(Source, u)
		if k := n - e.lag; e.rungs && k >= 0 {
			write("240p", rung[k])
		}
		for {
			at := media.Ticks(media.Rescale(int64(sounds)*aacFrame, int64(e.sound.SampleRate), media.TicksPerSecond))
			if e.rounded {
				at = (at + 45) / 90 * 90
			}
			if at > e.at(n) {
				break
			}
			at += e.zero + media.TicksPerSecond + e.at(e.reorder)
			write(Audio, media.Unit{Track: e.sound, PTS: at, DTS: at, Sync: true, Data: []byte("sound")})
			sounds++
		}
		p.Tick(now)
		i.look()
	}
	return p, i
}

// wants checks that nothing is missing, and what the source is to be.
func (e encoder) wants(t judge, seconds int) {
	t.Helper()
	p, i := e.broadcast(t, seconds)
	passes := !e.rungs || e.gop <= 2.05
	if got := p.lead.name == Source; got != passes {
		t.Fatalf("source is published: %v", got)
	}
	least := int(float64(seconds-1)/float64(p.target)) - 3
	for _, r := range p.all {
		if r.name == Source && !passes {
			continue
		}
		if i.whole[r.name] < least || i.gaps[r.name] > 0 {
			t.Fatalf("%s has %d segments in %d s, and %d gaps", r.name, i.whole[r.name], seconds, i.gaps[r.name])
		}
	}
}

var (
	frameRates  = []float64{24000.0 / 1001, 24, 25, 30000.0 / 1001, 30, 48, 50, 60000.0 / 1001, 60}
	groups      = []float64{1, 2, 2.002, 8.33, 0, 0.5, 1.5}
	partTargets = []time.Duration{350 * time.Millisecond, 210 * time.Millisecond, 500 * time.Millisecond, time.Second}
)

// Every frame rate with every PART-TARGET and every distance of keyframes; the
// rest of the settings in turn.
func TestWhateverTheEncoderIsSetTo(t *testing.T) {
	turn := 0
	for _, rate := range frameRates {
		for _, gop := range groups {
			for _, part := range partTargets {
				e := encoder{rate: rate, gop: gop, part: part, reorder: turn % 4, rounded: turn%3 > 0, sound: matrixSound, lag: 1 + turn%7, rungs: turn%5 > 0}
				if turn%2 > 0 {
					e.sound = matrixSound2
				}
				turn++
				t.Run(e.String(), func(t *testing.T) { e.wants(t, 24) })
			}
		}
	}
}

// And any of them with any other, and other PART-TARGETs and rates too.
func TestAnyEncoder(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		e := encoder{
			rate: rapid.OneOf(rapid.SampledFrom(frameRates), rapid.Float64Range(12, 120)).Draw(r, "rate"),
			gop:  rapid.SampledFrom(groups).Draw(r, "gop"),
			part: rapid.OneOf(rapid.SampledFrom(partTargets), rapid.Map(rapid.IntRange(20, 100), func(n int) time.Duration {
				return time.Duration(n) * 10 * time.Millisecond
			})).Draw(r, "part"),
			reorder: rapid.IntRange(0, 3).Draw(r, "reorder"),
			rounded: rapid.Bool().Draw(r, "rounded"),
			sound:   rapid.SampledFrom([]*media.Track{matrixSound, matrixSound2}).Draw(r, "sound"),
			rungs:   rapid.Bool().Draw(r, "rungs"),
		}
		e.lag = rapid.IntRange(0, int(e.rate*lagLimit.Seconds()*0.75)).Draw(r, "lag") // later, it is given up as a gap
		p, i := e.broadcast(r, 20)
		for name, gaps := range i.gaps {
			if left := name == Source && p.lead.name != Source; gaps > 0 && e.fits() && !left {
				r.Fatalf("%v: %d gaps in %s", e, gaps, name)
			}
		}
		if len(p.all) == 0 {
			r.Fatalf("%v: nothing on air", e)
		}
	})
}
