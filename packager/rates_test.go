//go:build !race

package packager_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/packager/asset"
)

// millisecond is what RTMP rounds times to.
const millisecond = media.TicksPerSecond / 1000

// rounded returns the time of frame i at num/den frames per second, as RTMP says it.
func rounded(i, num, den int64) media.Ticks {
	return media.Ticks(media.Rescale(i*den, num, 1000)) * millisecond
}

// reel feeds a program that has one rendition, in virtual time, and reads every
// segment that it publishes.
type reel struct {
	*packager.Program
	t        *testing.T
	name     string
	timeline *media.Timeline
	origin   media.Ticks
	fed      []media.Ticks // presentation times, in the order of decoding, not read yet
	first    media.Ticks
	count    int // frames read
	msn      int64
	listed   float64     // sum of EXTINF
	end      media.Ticks // where the last segment ends
	short    int         // parts under 85 % that should not be
	after    media.Ticks // the hole that the last segment ends in
	holes    float64     // s, where a frame lasts longer than a part may
	target   time.Duration
	pauses   bool // frames that are far apart, so that there may be holes
}

// maxHoles is how much of a show with frames of up to 200 ms may be holes, where a
// segment ends in one of them and its part would be too long.
const maxHoles = 0.002

func newReel(t *testing.T, name string, target time.Duration) *reel {
	t.Helper()
	r := &reel{t: t, name: name, timeline: &media.Timeline{}, msn: epoch, target: target, first: -1}
	p, err := packager.New(packager.Config{
		Start: start, PartTarget: target, Segment: 2 * time.Second, Source: true,
		Timeline: r.timeline, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	r.Program = p
	return r
}

// feed writes a unit at the wall time of its DTS.
func (r *reel) feed(u media.Unit) {
	r.t.Helper()
	if r.first < 0 {
		r.first, r.origin = u.PTS, u.DTS
	}
	now := start.Add((u.DTS - r.origin).Duration())
	r.timeline.Observe(u.PTS, now)
	r.Tick(now)
	if err := r.WriteUnit(r.name, u); err != nil {
		r.t.Fatal(err)
	}
	r.fed = append(r.fed, u.PTS)
}

func (r *reel) text(req asset.Request) []byte {
	r.t.Helper()
	a, err := r.Fetch(r.t.Context(), req)
	if err != nil {
		r.t.Fatalf("%+v: %v", req, err)
	}
	return bytes.Join(a.Body, nil)
}

// read checks the segments that were completed since the last time.
func (r *reel) read() {
	r.t.Helper()
	msn, holes := int64(0), 0.0
	var parts []float64
	for line := range strings.Lines(string(r.text(asset.Request{Kind: asset.Playlist, Rendition: r.name}))) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#EXT-X-PART:") && strings.HasSuffix(line, ",GAP=YES"):
			holes += seconds(r.t, line, "DURATION=")
		case strings.Contains(line, "GAP"):
			r.t.Fatalf("%s", line)
		case strings.HasPrefix(line, "#EXT-X-MEDIA-SEQUENCE:"):
			msn = int64(seconds(r.t, line, ":"))
		case strings.HasPrefix(line, "#EXT-X-PART:"):
			parts = append(parts, seconds(r.t, line, "DURATION="))
		case strings.HasPrefix(line, "#EXTINF:"):
			if msn == r.msn {
				r.listed += seconds(r.t, line, ":")
				r.parts(parts)
				r.segment()
				r.after = media.Ticks(holes * media.TicksPerSecond)
				r.holes += holes
				r.msn++
			}
			parts, holes = nil, 0
			msn++
		}
	}
	if msn != r.msn {
		r.t.Fatalf("segment %d is not listed any more, %d is the last", r.msn, msn)
	}
}

// parts holds the durations of a segment's parts against PART-TARGET.
func (r *reel) parts(durations []float64) {
	r.t.Helper()
	if len(durations) == 0 && !r.Ended() {
		r.t.Fatalf("segment %d has no parts", r.msn)
	}
	for i, d := range durations {
		if d > r.target.Seconds() {
			r.t.Fatalf("segment %d: a part of %v s", r.msn, d)
		}
		if i > 0 && i < len(durations)-1 && d < 0.85*r.target.Seconds() {
			r.short++
		}
	}
}

// segment holds the frames of a segment against those that were fed, to the tick.
func (r *reel) segment() {
	r.t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(r.text(asset.Request{Kind: asset.Segment, Rendition: r.name, Epoch: epoch, MSN: r.msn})))
	if err != nil {
		r.t.Fatal(err)
	}
	for i, frag := range fragments(f) {
		samples, err := frag.GetFullSamples(nil)
		if err != nil {
			r.t.Fatal(err)
		}
		at := media.Ticks(frag.Moof.Traf.Tfdt.BaseMediaDecodeTime())
		resumed := i == 0 && r.after > 0 && (at-r.end-r.after).Duration().Abs() < time.Millisecond
		if r.count > 0 && at != r.end && !resumed {
			r.t.Fatalf("segment %d, part %d: at %d, the one before ends at %d", r.msn, i, at, r.end)
		}
		for _, s := range samples {
			if got := media.Ticks(s.PresentationTime()); got != r.fed[0] {
				r.t.Fatalf("frame %d is shown at %d, fed was %d", r.count, got, r.fed[0])
			}
			r.fed = r.fed[1:]
			r.count++
			r.end = media.Ticks(s.DecodeTime) + media.Ticks(s.Dur)
		}
	}
}

// late returns the fragments of the last segment but one.
func (r *reel) late() []*mp4.Fragment {
	r.t.Helper()
	list := string(r.text(asset.Request{Kind: asset.Playlist, Rendition: r.name}))
	req, next := asset.Request{Kind: asset.Segment, Rendition: r.name, Epoch: epoch}, int64(0)
	for line := range strings.Lines(list) {
		if strings.HasSuffix(line, ".m4s\n") {
			req.MSN, next = next, int64(seconds(r.t, strings.Replace(line, ".m4s\n", "", 1), "/"))
		}
	}
	return fragments(mustDecode(r.t, r.text(req)))
}

// seconds reads the number behind name.
func seconds(t *testing.T, line, name string) float64 {
	t.Helper()
	_, rest, _ := strings.Cut(line, name)
	rest, _, _ = strings.Cut(rest, ",")
	f, err := strconv.ParseFloat(rest, 64)
	if err != nil {
		t.Fatalf("%q: %v", line, err)
	}
	return f
}

// frameRate returns what the multivariant playlist says.
func (r *reel) frameRate() string {
	r.t.Helper()
	_, rest, _ := strings.Cut(string(r.text(asset.Request{Kind: asset.Multivariant})), "FRAME-RATE=")
	rate, _, _ := strings.Cut(rest, "\n")
	rate, _, _ = strings.Cut(rate, ",")
	return rate
}

// An hour at each rate, with RTMP's times, and ten minutes of it in short parts:
// every frame is shown when it was captured, all parts are in their bounds, and
// durations do not drift.
func TestAnHourAtEachFrameRate(t *testing.T) {
	for _, rate := range []struct {
		num, den int64
		says     string
		gop      int64 // 2 s, or the next whole frame
	}{
		{24000, 1001, "23.976", 48},
		{24, 1, "24.000", 48},
		{25, 1, "25.000", 50},
		{30000, 1001, "29.970", 60},
		{30, 1, "30.000", 60},
		{48, 1, "48.000", 96},
		{50, 1, "50.000", 100},
		{60000, 1001, "59.940", 120},
		{60, 1, "60.000", 120},
	} {
		for target, length := range map[time.Duration]int64{350 * time.Millisecond: 3600, 210 * time.Millisecond: 600} {
			t.Run(fmt.Sprint(rate.says, " in parts of ", target), func(t *testing.T) {
				t.Parallel()
				r := newReel(t, packager.Source, target)
				track := *video
				frames := length * rate.num / rate.den
				for i := range frames {
					at := media.TicksPerSecond + rounded(i, rate.num, rate.den)
					r.feed(media.Unit{Track: &track, PTS: at, DTS: at, Sync: i%rate.gop == 0, Data: []byte("frame")})
					if i%(2*rate.gop) == 1 && i > rate.gop {
						r.read()
					}
				}
				if got := r.frameRate(); got != rate.says {
					t.Errorf("FRAME-RATE=%s", got)
				}
				r.End()
				r.read()
				r.lasts(length, frames)
				if r.short > 0 {
					t.Errorf("%d parts under 85 %%", r.short)
				}
			})
		}
	}
}

// lasts checks the sums at the end.
func (r *reel) lasts(length, frames int64) {
	r.t.Helper()
	if int64(r.count) != frames || len(r.fed) != 0 {
		r.t.Errorf("%d frames of %d", r.count, frames)
	}
	span := (r.end - r.first).Seconds()
	if off := r.listed - span; off > 0.01 || off < -0.01 { // 10 µs in each EXTINF
		r.t.Errorf("segments of %.3f s in all, frames of %.3f s", r.listed, span)
	}
	if r.holes > 0 && !r.pauses || r.holes > maxHoles*span {
		r.t.Errorf("holes of %.3f s in %.3f s", r.holes, span)
	}
	if off := span - float64(length); off < -1 || off > 1 {
		r.t.Errorf("%d s last %.3f s", length, span)
	}
}

// Rates that somebody declares otherwise than they are.
func TestFrameRateIsThatOfTheMedia(t *testing.T) {
	for name, tc := range map[string]struct {
		declared float64
		num, den int64
		want     string
	}{
		"declared to three places":                {29.97, 30000, 1001, "29.970"},
		"declared exactly":                        {60000.0 / 1001, 60000, 1001, "59.940"},
		"declared as 30, and is 29.97":            {30, 30000, 1001, "29.970"},
		"declared as 29.97, and is 30":            {29.97, 30, 1, "30.000"},
		"declared as 60, and is 30":               {60, 30, 1, "30.000"},
		"declared as the rate of fields":          {50, 25, 1, "25.000"},
		"a rate that is not common":               {0, 15, 1, "15.000"},
		"declared as 24, and is 23.976":           {24, 24000, 1001, "23.976"},
		"nobody declares, and one in 50 is lost":  {0, 49 * 30, 50, "29.400"},
		"declared as 30, and one in 50 is lost":   {30, 49 * 30, 50, "30.000"},
		"declared as 59.94, and is 60 by a hair":  {60000.0 / 1001, 60, 1, "60.000"},
		"declared as 23.976, and is what is said": {24000.0 / 1001, 24000, 1001, "23.976"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReel(t, packager.Source, 350*time.Millisecond)
			track := *video
			track.FrameRate = tc.declared
			last := media.Ticks(-3 * media.TicksPerSecond)
			for i := range 30 * tc.num / tc.den {
				at := media.TicksPerSecond + rounded(i, tc.num, tc.den)
				sync := at-last >= 2*media.TicksPerSecond-45*millisecond
				if sync {
					last = at
				}
				r.feed(media.Unit{Track: &track, PTS: at, DTS: at, Sync: sync, Data: []byte("frame")})
			}
			if got := r.frameRate(); got != tc.want {
				t.Errorf("FRAME-RATE=%s, want %s", got, tc.want)
			}
		})
	}
}

// A picture that is taken when the screen changes: 5 to 60 frames per second.
func TestVariableFrameRateDoesNotDrift(t *testing.T) {
	for name, reorder := range map[string]media.Ticks{"no B-frames": 0, "a delay of 100 ms": 100 * millisecond} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			random := rand.New(rand.NewPCG(5, 60))
			r := newReel(t, packager.Source, 350*time.Millisecond)
			r.pauses = true
			at, key, n := media.Ticks(media.TicksPerSecond), media.Ticks(-media.TicksPerSecond), int64(0)
			for at < 3601*media.TicksPerSecond {
				next := at + media.Ticks(17+random.IntN(184))*millisecond
				sync := next-key > 2*media.TicksPerSecond
				if sync {
					key = at
				}
				r.feed(media.Unit{Track: video, PTS: at + reorder, DTS: at, Sync: sync, Data: []byte("frame")})
				if n++; n%25 == 0 && at > 5*media.TicksPerSecond {
					r.read()
				}
				at = next
			}
			r.End()
			r.read()
			r.lasts(3600, n)
		})
	}
}

// B-frames with times that RTMP rounds, of decoding and presentation apart.
func TestRoundedTimesOfBFrames(t *testing.T) {
	order := [...]int64{0, 3, 1, 2} // of presentation in each four
	r := newReel(t, packager.Source, 350*time.Millisecond)
	const frames = 3600 * 30000 / 1001 / 4 * 4
	for i := range int64(frames) {
		shown := i/4*4 + order[i%4]
		dts := media.TicksPerSecond + rounded(i, 30000, 1001)
		pts := media.TicksPerSecond + rounded(shown+2, 30000, 1001)
		r.feed(media.Unit{Track: video, PTS: pts, DTS: dts, Sync: i%60 == 0, Data: []byte("frame")})
		if i%120 == 1 && i > 60 {
			r.read()
		}
	}
	r.End()
	r.read()
	r.lasts(3600, frames)
	if r.short > 0 {
		t.Errorf("%d parts under 85 %%", r.short)
	}
}

// Sound whose times RTMP rounds: it is counted in samples, and stays with them.
func TestAnHourOfSound(t *testing.T) {
	he := configuration("2b118800")
	for name, tc := range map[string]struct {
		config  []byte
		rate    int
		samples int64
		target  time.Duration
	}{
		"AAC-LC, 48 kHz":             {audio.Config, 48000, 1024, 350 * time.Millisecond},
		"AAC-LC, 44.1 kHz":           {configuration("1210"), 44100, 1024, 350 * time.Millisecond},
		"AAC-LC, 44.1 kHz, low":      {configuration("1210"), 44100, 1024, 210 * time.Millisecond},
		"HE-AAC, 48 kHz":             {he, 48000, 2048, 350 * time.Millisecond},
		"HE-AAC, 44.1 kHz":           {configuration("139056e5a0"), 44100, 2048, 350 * time.Millisecond},
		"HE-AAC, 44.1 kHz, low":      {configuration("139056e5a0"), 44100, 2048, 210 * time.Millisecond},
		"AAC-LC, 48 kHz, half a sec": {audio.Config, 48000, 1024, 500 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newReel(t, packager.Audio, tc.target)
			track := &media.Track{Kind: media.Audio, Codec: media.AAC, Config: tc.config, SampleRate: tc.rate, Channels: 2}
			frames := 3600 * int64(tc.rate) / tc.samples
			for i := range frames {
				at := media.TicksPerSecond + rounded(i, int64(tc.rate), tc.samples)
				r.feed(media.Unit{Track: track, PTS: at, DTS: at, Sync: true, Data: []byte("sound")})
			}
			r.End()
			list := r.late()
			first := int64(list[0].Moof.Traf.Tfdt.BaseMediaDecodeTime()) - int64(tc.rate)
			if first%tc.samples != 0 {
				t.Errorf("the last segment begins at sample %d, in the middle of a frame", first)
			}
			if s := float64(first) / float64(tc.rate); s < 3595 || s > 3600 {
				t.Errorf("the last segment of an hour begins at %.3f s", s)
			}
			for i, frag := range list[1 : len(list)-1] {
				d := time.Duration(frag.Moof.Traf.Trun.Duration(0)) * time.Second / time.Duration(tc.rate)
				if d > tc.target || d*100 < tc.target*85 {
					t.Errorf("part %d lasts %v", i+1, d)
				}
			}
		})
	}
}
