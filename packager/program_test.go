package packager_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/packager/asset"
	"vitrine/packager/cmaf"
	"vitrine/packager/id3"
)

var (
	start = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	epoch = start.Unix()

	video = &media.Track{Kind: media.Video, Codec: media.H264, Width: 640, Height: 360, Config: configuration(
		"014d401effe10018674d401eeca05017fcb80880000003008000001e078b16cb01000568ebe3cb20")}
	audio = &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x90}, SampleRate: 48000, Channels: 2}
)

func configuration(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

// studio feeds a program in virtual time: a source of 30 fps with a keyframe
// every gop frames, a rung that comes lag frames later, and audio.
type studio struct {
	*packager.Program
	t        *testing.T
	timeline *media.Timeline
	now      time.Time
	gop      int
	lag      int
	reorder  media.Ticks // PTS minus DTS at a keyframe
	frame    int         // next one of the source
	audio    int         // next frame of it
	base     media.Ticks
	delayed  []media.Unit
	noRung   bool
	noAudio  bool
	group    int // frames since the rung's last keyframe
	picture  *media.Track
	sound    *media.Track
}

// nalu is the length and the first byte of the one NAL unit of each picture.
const nalu = "\x00\x00\x00\x0dA"

const frameTicks = media.TicksPerSecond / 30

func newStudio(t *testing.T, change func(*packager.Config)) *studio {
	t.Helper()
	s := &studio{t: t, timeline: &media.Timeline{}, now: start, gop: 60, lag: 3, base: media.TicksPerSecond, picture: video, sound: audio}
	cfg := packager.Config{
		Start: start, PartTarget: 350 * time.Millisecond, Segment: 2 * time.Second, Source: true,
		Rungs: []packager.Rung{{Name: "240p", Bitrate: 365_000}}, Timeline: s.timeline, Log: slog.New(slog.DiscardHandler),
	}
	if change != nil {
		change(&cfg)
	}
	p, err := packager.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	s.Program = p
	return s
}

// run is on air for n frames.
func (s *studio) run(n int) {
	s.t.Helper()
	for range n {
		s.shoot()
	}
}

func (s *studio) shoot() {
	s.t.Helper()
	at := s.base + media.Ticks(s.frame)*frameTicks
	u := media.Unit{Track: s.picture, PTS: at + s.reorder, DTS: at, Sync: s.frame%s.gop == 0, Data: fmt.Appendf(nil, nalu+"frame %06d", s.frame)}
	s.timeline.Observe(u.PTS, s.now)
	s.write(packager.Source, u)
	s.delayed = append(s.delayed, u)
	for len(s.delayed) > s.lag {
		r := s.delayed[0]
		s.delayed = s.delayed[1:]
		if s.group++; r.Sync || s.group >= 60 { // the ladder has a keyframe in each segment
			r.Sync, s.group = true, 0
		}
		if !s.noRung {
			r.DTS = r.PTS // a rung has no B-frames
			s.write("240p", r)
		}
	}
	for !s.noAudio && media.Ticks(s.audio)*1920 < media.Ticks(s.frame+1)*frameTicks { // 1024 samples of 48 kHz
		pts := s.base + media.Ticks(s.audio)*1920
		s.write(packager.Audio, media.Unit{Track: s.sound, PTS: pts, DTS: pts, Sync: true, Data: fmt.Appendf(nil, "sound %06d", s.audio)})
		s.audio++
	}
	s.frame++
	s.pass(time.Second / 30)
}

func (s *studio) write(name string, u media.Unit) {
	s.t.Helper()
	if err := s.WriteUnit(name, u); err != nil {
		s.t.Fatal(err)
	}
}

// pass lets time pass.
func (s *studio) pass(d time.Duration) {
	s.now = s.now.Add(d)
	s.Tick(s.now)
}

// comeBack is another encoder's first frame.
func (s *studio) comeBack() {
	s.Discontinue()
	at, ok := s.timeline.Media(s.now)
	if !ok {
		s.t.Fatal("the timeline is empty")
	}
	s.base, s.frame, s.audio, s.group, s.delayed = max(at, s.Position()+1), 0, 0, 0, nil
}

func (s *studio) fetch(r asset.Request) ([]byte, error) {
	ctx, cancel := context.WithTimeout(s.t.Context(), 5*time.Second)
	defer cancel()
	a, err := s.Fetch(ctx, r)
	return bytes.Join(a.Body, nil), err
}

// playlist returns the media playlist of a rendition.
func (s *studio) playlist(rendition string) string {
	s.t.Helper()
	b, err := s.fetch(asset.Request{Kind: asset.Playlist, Rendition: rendition})
	if err != nil {
		s.t.Fatalf("playlist of %s: %v", rendition, err)
	}
	return string(b)
}

// parts returns every part that a playlist lists, GAP parts apart, by URI.
func (s *studio) parts(rendition string) map[string][]byte {
	s.t.Helper()
	out := map[string][]byte{}
	for line := range strings.Lines(s.playlist(rendition)) {
		if !strings.HasPrefix(line, "#EXT-X-PART:") || strings.Contains(line, "GAP=YES") {
			continue
		}
		_, rest, _ := strings.Cut(line, `URI="`)
		uri, _, _ := strings.Cut(rest, `"`)
		r := asset.Request{Kind: asset.Part, Rendition: rendition}
		if _, err := fmt.Sscanf(uri, "%d/%d.%d.m4s", &r.Epoch, &r.MSN, &r.Part); err != nil {
			s.t.Fatal(err)
		}
		b, err := s.fetch(r)
		if err != nil {
			s.t.Fatalf("%s %s: %v", rendition, uri, err)
		}
		out[uri] = b
	}
	return out
}

// media reads the segments that a rendition lists as one file.
func (s *studio) media(rendition string) *mp4.File {
	s.t.Helper()
	var all []byte
	for line := range strings.Lines(s.playlist(rendition)) {
		r := asset.Request{Kind: asset.Segment, Rendition: rendition}
		if n, _ := fmt.Sscanf(line, "%d/%d.m4s", &r.Epoch, &r.MSN); n < 2 {
			continue
		}
		b, err := s.fetch(r)
		if errors.Is(err, asset.ErrNotFound) {
			continue // a gap
		}
		if err != nil {
			s.t.Fatal(err)
		}
		all = append(all, b...)
	}
	f, err := mp4.DecodeFile(bytes.NewReader(all))
	if err != nil {
		s.t.Fatal(err)
	}
	return f
}

func fragments(f *mp4.File) []*mp4.Fragment {
	var out []*mp4.Fragment
	for _, s := range f.Segments {
		out = append(out, s.Fragments...)
	}
	return out
}

func mustDecode(t *testing.T, b []byte) *mp4.File {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func count(text, what string) int { return strings.Count(text, what) }

func TestProgramPublishesWholeSegments(t *testing.T) {
	s := newStudio(t, nil)
	s.run(200)
	text, err := s.fetch(asset.Request{Kind: asset.Multivariant})
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"source/index.m3u8", "240p/index.m3u8", `CODECS="avc1.4D401E,mp4a.40.2"`, "RESOLUTION=640x360", "FRAME-RATE=30.", "INDEPENDENT-SEGMENTS", `CHANNELS="2"`} {
		if !strings.Contains(string(text), want) {
			t.Errorf("no %s in\n%s", want, text)
		}
	}
	for _, r := range []string{"source", "240p", "audio"} {
		list := s.playlist(r)
		if n := count(list, "#EXTINF:"); n != 3 {
			t.Errorf("%s lists %d segments\n%s", r, n, list)
		}
		if !strings.Contains(list, fmt.Sprintf("#EXT-X-MEDIA-SEQUENCE:%d\n", epoch)) || strings.Contains(list, "GAP") {
			t.Errorf("%s\n%s", r, list)
		}
	}
	if a, b := s.playlist("source"), s.playlist("240p"); count(a, "PROGRAM-DATE-TIME:2026-11-22T10:00:02.000Z") != 1 || count(b, "PROGRAM-DATE-TIME:2026-11-22T10:00:02.000Z") != 1 {
		t.Errorf("capture times\n%s\n%s", a, b)
	}
}

func TestDecodeTimesAreContinuousAndKeyframesOnThem(t *testing.T) {
	for name, reorder := range map[string]media.Ticks{"no B-frames": 0, "two frames of reordering": 2 * frameTicks} {
		t.Run(name, func(t *testing.T) {
			s := newStudio(t, nil)
			s.reorder = reorder
			s.run(250)
			for _, r := range []string{"source", "240p", "audio"} {
				var next uint64
				for i, f := range fragments(s.media(r)) {
					at := f.Moof.Traf.Tfdt.BaseMediaDecodeTime()
					if i > 0 && at != next {
						t.Errorf("%s: part %d at %d, the one before ends at %d", r, i, at, next)
					}
					samples, err := f.GetFullSamples(nil)
					if err != nil {
						t.Fatal(err)
					}
					for _, x := range samples {
						if r != "audio" && x.IsSync() && x.CompositionTimeOffset != 0 {
							t.Errorf("%s: a keyframe is shown %d after its decode time", r, x.CompositionTimeOffset)
						}
						at += uint64(x.Dur)
					}
					next = at
				}
			}
		})
	}
}

func TestPartsAreTheSegment(t *testing.T) {
	s := newStudio(t, nil)
	s.run(130)
	for _, r := range []string{"source", "240p", "audio"} {
		parts := s.parts(r)
		var joined []byte
		for i := 0; ; i++ {
			b, ok := parts[fmt.Sprintf("%d/%d.%d.m4s", epoch, epoch, i)]
			if !ok {
				break
			}
			joined = append(joined, b...)
		}
		whole, err := s.fetch(asset.Request{Kind: asset.Segment, Rendition: r, Epoch: epoch, MSN: epoch})
		if err != nil || len(whole) == 0 || !bytes.Equal(whole, joined) {
			t.Errorf("%s: %d bytes of segment, %d of parts, %v", r, len(whole), len(joined), err)
		}
	}
}

// events returns the event messages of a part, and the part's span in ticks. Each
// must lie in the fragment that it stands before.
func events(t *testing.T, part []byte) (out []*mp4.EmsgBox, from, to uint64) {
	t.Helper()
	f, err := mp4.DecodeFile(bytes.NewReader(part))
	if err != nil {
		t.Fatal(err)
	}
	first := true
	var waiting []*mp4.EmsgBox
	for _, box := range f.Children {
		switch box := box.(type) {
		case *mp4.EmsgBox:
			waiting = append(waiting, box)
		case *mp4.MoofBox:
			start := box.Traf.Tfdt.BaseMediaDecodeTime()
			if first {
				first, from, to = false, start, start
			}
			if start != to {
				t.Errorf("a fragment begins at %d, and the one before ends at %d", start, to)
			}
			to = start + box.Traf.Trun.Duration(0)
			for _, e := range waiting {
				if e.PresentationTime < start || e.PresentationTime >= to {
					t.Errorf("event at %d, fragment from %d to %d", e.PresentationTime, start, to)
				}
			}
			out, waiting = append(out, waiting...), nil
		}
	}
	return out, from, to
}

func TestCuesAreInEveryVideoRenditionOnce(t *testing.T) {
	const cues = 1000
	s := newStudio(t, nil)
	s.run(100)
	seen := map[string]map[string]uint64{"source": {}, "240p": {}}
	read := map[string]bool{}
	look := func() {
		for r, ids := range seen {
			for uri, part := range s.parts(r) {
				if read[r+uri] {
					continue
				}
				read[r+uri] = true
				got, from, to := events(t, part)
				for _, e := range got {
					d, v, err := id3.Parse(e.MessageData)
					if err != nil || d != packager.CueDescription || e.SchemeIDURI != cmaf.SchemeID3 || e.Version != 1 {
						t.Fatalf("%s %s: %v, %q %q", r, uri, err, d, e.SchemeIDURI)
					}
					if e.PresentationTime < from || e.PresentationTime >= to {
						t.Fatalf("%s %s: event at %d, part from %d to %d", r, uri, e.PresentationTime, from, to)
					}
					if strings.Contains(v, `"state"`) {
						continue
					}
					if at, twice := ids[v]; twice {
						t.Fatalf("%s: %s at %d and %d", r, v, at, e.PresentationTime)
					}
					ids[v] = e.PresentationTime
				}
			}
		}
	}
	placed := map[string]media.Ticks{}
	for i := range cues {
		id := fmt.Sprintf("cue-%04d", i)
		p, err := s.AddCue(media.Cue{
			ID: id, At: s.now.Add(-time.Duration(i%7) * 20 * time.Millisecond), Dur: time.Second,
			Payload: fmt.Appendf(nil, `{"v":1,"id":%q}`, id), State: []byte(`{"v":1,"type":"state","on":[]}`),
		})
		if err != nil {
			t.Fatal(err)
		}
		placed[id] = p.Media
		s.run(1 + i%2)
		if i%20 == 0 {
			look()
		}
	}
	s.run(20)
	look()
	for r, ids := range seen {
		if len(ids) != cues {
			t.Errorf("%s: %d cues of %d", r, len(ids), cues)
		}
	}
	for v, at := range seen["source"] {
		if seen["240p"][v] != at || !strings.Contains(v, `"media_time":`) {
			t.Errorf("%s at %d in source and %d in 240p", v, at, seen["240p"][v])
		}
		_, rest, _ := strings.Cut(v, `"id":"`)
		if id, _, _ := strings.Cut(rest, `"`); placed[id] != media.Ticks(at) {
			t.Errorf("%s: placed at %d", v, placed[id])
		}
	}
}

func TestStateIsRepeatedAtEachSegment(t *testing.T) {
	s := newStudio(t, nil)
	s.SetState([]byte(`{"v":1,"type":"state","on":[]}`))
	s.run(90)
	if _, err := s.AddCue(media.Cue{ID: "c", At: s.now, Dur: time.Second, Payload: []byte(`{"id":"c"}`), State: []byte(`{"v":1,"type":"state","on":[7]}`)}); err != nil {
		t.Fatal(err)
	}
	s.run(160)
	for i, want := range []string{`"on":[]`, `"on":[]`, `"on":[7]`, `"on":[7]`} {
		for _, r := range []string{"source", "240p"} {
			b, err := s.fetch(asset.Request{Kind: asset.Part, Rendition: r, Epoch: epoch, MSN: epoch + int64(i)})
			if err != nil {
				t.Fatal(err)
			}
			got, from, _ := events(t, b)
			if len(got) == 0 || got[0].PresentationTime != from || !bytes.Contains(got[0].MessageData, []byte(want)) {
				t.Errorf("%s, segment %d: no state with %s at its start", r, i, want)
			}
		}
	}
}

// The state may be known after the show has begun, when the rungs are behind.
func TestStateThatComesLateIsTheSameEverywhere(t *testing.T) {
	s := newStudio(t, nil)
	s.lag = 70
	s.run(140)
	s.SetState([]byte(`{"v":1,"type":"state","on":[]}`))
	s.run(240)
	for i, want := range []int{0, 0, 0, 1, 1} {
		for _, r := range []string{"source", "240p"} {
			b, err := s.fetch(asset.Request{Kind: asset.Part, Rendition: r, Epoch: epoch, MSN: epoch + int64(i)})
			if err != nil {
				t.Fatal(err)
			}
			if got, _, _ := events(t, b); len(got) != want {
				t.Errorf("%s, segment %d: %d states, want %d", r, i, len(got), want)
			}
		}
	}
}

func TestCuePlacement(t *testing.T) {
	cue := func(at time.Time) media.Cue {
		return media.Cue{ID: "c", At: at, Dur: time.Second, Payload: []byte(`{"id":"c"}`), State: []byte(`{}`)}
	}
	s := newStudio(t, nil)
	if _, err := s.AddCue(cue(start)); !errors.Is(err, media.ErrOffAir) {
		t.Errorf("before the show: %v", err)
	}
	s.run(300)
	p, err := s.AddCue(cue(s.now.Add(5 * time.Second)))
	if want := s.base + media.TicksOf(s.now.Add(5*time.Second).Sub(start)); err != nil || p.Media != want || p.Late != 0 {
		t.Errorf("5 s ahead: at %v, want %v, late %v, %v", p.Media, want, p.Late, err)
	}
	p, err = s.AddCue(cue(s.now.Add(-3 * time.Second)))
	if err != nil || p.Late < 2*time.Second || p.Late > 3*time.Second {
		t.Errorf("3 s ago, of which all is published: late %v, %v", p.Late, err)
	}
	for name, at := range map[string]time.Time{"older than the window": s.now.Add(-30 * time.Second), "61 s ahead": s.now.Add(61 * time.Second)} {
		if _, err := s.AddCue(cue(at)); !errors.Is(err, media.ErrOutsideWindow) {
			t.Errorf("%s: %v", name, err)
		}
	}
	s.End()
	if _, err := s.AddCue(cue(s.now)); !errors.Is(err, media.ErrOffAir) {
		t.Errorf("after the show: %v", err)
	}
}

func TestEncoderDropsAndReturns(t *testing.T) {
	s := newStudio(t, nil)
	s.run(150)
	s.Away()
	for range 100 { // 5 s
		s.pass(50 * time.Millisecond)
	}
	gone := s.playlist("source")
	if count(gone, "#EXT-X-GAP") < 1 || count(gone, "GAP=YES") < 5 {
		t.Fatalf("the playlist does not go on\n%s", gone)
	}
	s.comeBack()
	s.run(130)
	var sequence string
	for _, r := range []string{"source", "240p", "audio"} {
		list := s.playlist(r)
		if count(list, "#EXT-X-DISCONTINUITY\n") != 1 || strings.Contains(list, "ENDLIST") {
			t.Errorf("%s\n%s", r, list)
		}
		var starts []string
		msn := epoch
		for line := range strings.Lines(list) {
			if strings.HasPrefix(line, "#EXT-X-DISCONTINUITY\n") {
				starts = append(starts, fmt.Sprint(msn))
			}
			if strings.HasPrefix(line, "#EXTINF") {
				msn++
			}
		}
		if got := fmt.Sprint(starts); sequence == "" {
			sequence = got
		} else if got != sequence {
			t.Errorf("%s: discontinuity at %s, elsewhere at %s", r, got, sequence)
		}
	}
}

func TestLaggardGetsGapsAndComesBack(t *testing.T) {
	s := newStudio(t, nil)
	s.run(150)
	s.noRung = true
	s.run(240)
	list := s.playlist("240p")
	if count(list, "#EXT-X-GAP") < 2 || count(s.playlist("source"), "GAP") != 0 {
		t.Fatalf("a dead ladder\n%s", list)
	}
	s.noRung = false
	s.run(130)
	list = s.playlist("240p")
	if strings.Contains(list, "DISCONTINUITY\n") || !strings.Contains(list[strings.LastIndex(list, "GAP"):], "INDEPENDENT=YES") {
		t.Errorf("it does not come back\n%s", list)
	}
}

func TestSourceIsLeftOutIfItsKeyframesAreFarApart(t *testing.T) {
	s := newStudio(t, nil)
	s.gop = 250
	rung := 0
	for range 400 { // the ladder makes keyframes of its own
		s.noRung = true
		s.shoot()
		pts := s.base + media.Ticks(rung)*frameTicks
		s.write("240p", media.Unit{Track: video, PTS: pts, DTS: pts, Sync: rung%60 == 0 || rung%250 == 0, Data: []byte("rung")})
		rung++
	}
	text, err := s.fetch(asset.Request{Kind: asset.Multivariant})
	if err != nil || strings.Contains(string(text), "source/") || !strings.Contains(string(text), "240p/") {
		t.Errorf("%v\n%s", err, text)
	}
	if n := count(s.playlist("240p"), "#EXTINF:2.0"); n < 5 {
		t.Errorf("%d segments of 2 s", n)
	}
}

// A busy machine may bring the sound, and the clock, well before the keyframe that
// is due: that says nothing about the source.
func TestSourceWaitsForAPictureThatIsLate(t *testing.T) {
	s := newStudio(t, nil)
	s.noAudio = true
	s.run(59)
	for at := s.base; at < s.base+3*media.TicksPerSecond; at += 1920 {
		s.write("audio", media.Unit{Track: audio, PTS: at, DTS: at, Sync: true, Data: []byte("sound")})
	}
	s.pass(1500 * time.Millisecond)
	s.run(20)
	text, err := s.fetch(asset.Request{Kind: asset.Multivariant})
	if err != nil || !strings.Contains(string(text), "source/index.m3u8") {
		t.Errorf("the source is left out: %v\n%s", err, text)
	}
}

func TestSourceAloneDictatesTheTargetDuration(t *testing.T) {
	s := newStudio(t, func(c *packager.Config) { c.Rungs = nil })
	s.gop = 250
	s.run(600)
	if list := s.playlist("source"); !strings.Contains(list, "#EXT-X-TARGETDURATION:8\n") || count(list, "#EXTINF:8.33") != 2 {
		t.Errorf("%s", list)
	}
}

func TestTimestampsThatLeapAreRefused(t *testing.T) {
	s := newStudio(t, nil)
	s.run(100)
	at := s.base + media.Ticks(s.frame)*frameTicks + 90*media.TicksPerSecond
	u := media.Unit{Track: video, PTS: at, DTS: at, Sync: true, Data: []byte("unit")}
	if err := s.WriteUnit("source", u); !errors.Is(err, packager.ErrLeap) {
		t.Errorf("%v", err)
	}
	s.comeBack()
	s.run(100)
	if list := s.playlist("source"); count(list, "#EXT-X-DISCONTINUITY\n") != 1 {
		t.Errorf("it does not go on\n%s", list)
	}
}

func TestSoundAlone(t *testing.T) {
	s := newStudio(t, nil)
	for i := range 400 {
		pts := media.TicksPerSecond + media.Ticks(i)*1920
		s.timeline.Observe(pts, s.now)
		s.write(packager.Audio, media.Unit{Track: audio, PTS: pts, DTS: pts, Sync: true, Data: []byte("sound")})
		s.pass(21333 * time.Microsecond)
	}
	text, err := s.fetch(asset.Request{Kind: asset.Multivariant})
	if err != nil || count(string(text), "STREAM-INF") != 1 || !strings.Contains(string(text), "audio/index.m3u8") {
		t.Errorf("%v\n%s", err, text)
	}
	if n := count(s.playlist("audio"), "#EXTINF:"); n < 3 {
		t.Errorf("%d segments", n)
	}
}

func TestEndCompletesThePlaylists(t *testing.T) {
	s := newStudio(t, nil)
	s.run(140)
	s.End()
	for _, r := range []string{"source", "240p", "audio"} {
		list := s.playlist(r)
		if !strings.HasSuffix(list, "#EXT-X-ENDLIST\n") || strings.Contains(list, "PRELOAD-HINT") || count(list, "#EXTINF") != 3 {
			t.Errorf("%s\n%s", r, list)
		}
	}
	if err := s.WriteUnit("source", media.Unit{Track: video}); !errors.Is(err, packager.ErrEnded) {
		t.Errorf("a late unit: %v", err)
	}
}
