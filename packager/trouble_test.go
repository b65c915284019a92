package packager_test

import (
	"bytes"
	"fmt"
	"math"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/packager/asset"
)

// auditor reads playlists again and again, and holds them against each other
// and against what they said before.
type auditor struct {
	*studio
	said map[string]string // what a line said of a URI or a segment number
	disc map[int64]bool    // segments that begin a discontinuity
	seen map[int64]bool
}

func newAuditor(s *studio) *auditor {
	return &auditor{studio: s, said: map[string]string{}, disc: map[int64]bool{}, seen: map[int64]bool{}}
}

// air is on air for n frames, and reads the playlists at each tenth.
func (a *auditor) air(n int, renditions ...string) {
	a.t.Helper()
	for i := range n {
		a.shoot()
		if i%10 == 0 {
			a.audit(renditions...)
		}
	}
}

// lapse lets time pass while no unit comes.
func (a *auditor) lapse(d time.Duration, renditions ...string) {
	a.t.Helper()
	for i := range int(d / (50 * time.Millisecond)) {
		a.pass(50 * time.Millisecond)
		if i%5 == 0 {
			a.audit(renditions...)
		}
	}
}

func (a *auditor) same(what, said string) {
	a.t.Helper()
	if before, ok := a.said[what]; ok && before != said {
		a.t.Fatalf("%s was\n%s\nand is now\n%s", what, before, said)
	}
	a.said[what] = said
}

func (a *auditor) audit(renditions ...string) {
	a.t.Helper()
	for _, r := range renditions {
		if a.frame < 80 && len(a.said) == 0 {
			return // not on air yet
		}
		a.auditOne(r, a.playlist(r))
	}
}

func (a *auditor) auditOne(r, list string) {
	a.t.Helper()
	var msn int64
	var target, sum float64
	var discontinuity bool
	var wall time.Time
	var last time.Duration
	attribute := func(line, name string) float64 {
		_, rest, _ := strings.Cut(line, name)
		rest, _, _ = strings.Cut(rest, ",")
		f, err := strconv.ParseFloat(strings.TrimSpace(rest), 64)
		if err != nil {
			a.t.Fatalf("%s: %q\n%s", r, line, list)
		}
		return f
	}
	for line := range strings.Lines(list) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, "#EXT-X-TARGETDURATION:"):
			a.same("target", line)
			target = attribute(line, ":")
		case strings.HasPrefix(line, "#EXT-X-MEDIA-SEQUENCE:"):
			msn = int64(attribute(line, ":"))
		case line == "#EXT-X-DISCONTINUITY":
			discontinuity = true
		case strings.HasPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"):
			if !a.seen[msn] {
				a.seen[msn], a.disc[msn] = true, discontinuity
			}
			if a.disc[msn] != discontinuity {
				a.t.Fatalf("%s: segment %d is a discontinuity here or elsewhere, not in both\n%s", r, msn, list)
			}
			at, err := time.Parse(time.RFC3339, strings.TrimPrefix(line, "#EXT-X-PROGRAM-DATE-TIME:"))
			if err != nil {
				a.t.Fatal(err)
			}
			if off := at.Sub(wall) - last; !wall.IsZero() && !discontinuity && (off < -3*time.Millisecond || off > 35*time.Millisecond) {
				a.t.Fatalf("%s: the capture time of segment %d steps by %v\n%s", r, msn, off, list)
			}
			wall, discontinuity = at, false
		case strings.HasPrefix(line, "#EXT-X-PART:"):
			d := attribute(line, "DURATION=")
			sum += d
			if d > 0.35 {
				a.t.Fatalf("%s: %s", r, line)
			}
			_, uri, _ := strings.Cut(line, `URI="`)
			uri, _, _ = strings.Cut(uri, `"`)
			a.same(r+" "+uri, line)
		case strings.HasPrefix(line, "#EXTINF:"):
			d := attribute(line, ":")
			last = time.Duration(d * float64(time.Second))
			if math.Round(d) > target || sum > 0 && math.Abs(sum-d) > 0.001 {
				a.t.Fatalf("%s: segment %d of %v s has parts of %v s\n%s", r, msn, d, sum, list)
			}
			a.same(fmt.Sprint(r, " ", msn), line)
			sum = 0
		case strings.HasSuffix(line, ".m4s"):
			if line != fmt.Sprintf("%d/%d.m4s", epoch, msn) {
				a.t.Fatalf("%s: %s is number %d\n%s", r, line, msn, list)
			}
			msn++
		}
	}
}

func TestSourceMissesItsKeyframes(t *testing.T) {
	for _, gop := range []int{180, 250} {
		s := newStudio(t, nil)
		a := newAuditor(s)
		a.air(120, "source", "240p", "audio")
		s.gop = gop
		a.air(1200, "source", "240p", "audio")
		for _, r := range []string{"240p", "audio"} {
			if list := s.playlist(r); strings.Contains(list, "GAP") || strings.Contains(list, "DISCONTINUITY\n") {
				t.Errorf("%s suffers\n%s", r, list)
			}
		}
		list := s.playlist("source")
		text, err := s.fetch(asset.Request{Kind: asset.Multivariant})
		if err != nil {
			t.Fatal(err)
		}
		gaps, listed := count(list, "#EXT-X-GAP"), strings.Contains(string(text), "source/")
		if listed || gaps < 10 {
			t.Errorf("keyframe every %d: listed is %v, %d gaps\n%s", gop, listed, gaps, list)
		}
		s.gop, s.frame, s.base = 60, 0, s.base+media.Ticks(s.frame)*frameTicks // the host has changed the setting
		s.audio = 0
		a.air(600, "source", "240p", "audio")
		list = s.playlist("source")
		if text, err = s.fetch(asset.Request{Kind: asset.Multivariant}); err != nil || !strings.Contains(string(text), "source/") {
			t.Errorf("it is not back: %v\n%s\n%s", err, text, list)
		}
		if i := strings.LastIndex(list, "GAP"); count(list[max(i, 0):], "#EXTINF") < 6 {
			t.Errorf("it does not stay\n%s", list)
		}
	}
}

func TestSourceThatWasLeftOutComesIn(t *testing.T) {
	s := newStudio(t, nil)
	s.gop = 250
	a := newAuditor(s)
	s.run(100)
	a.air(400, "240p", "audio")
	if text, err := s.fetch(asset.Request{Kind: asset.Multivariant}); err != nil || strings.Contains(string(text), "source/") {
		t.Errorf("it is not left out: %v\n%s", err, text)
	}
	s.gop = 60
	a.air(600, "source", "240p", "audio")
	if text, err := s.fetch(asset.Request{Kind: asset.Multivariant}); err != nil || !strings.Contains(string(text), "source/") {
		t.Errorf("%v\n%s", err, text)
	}
	if list := s.playlist("source"); count(list[strings.LastIndex(list, "GAP"):], "#EXTINF") < 6 {
		t.Errorf("%s", list)
	}
	for _, r := range []string{"240p", "audio"} {
		if list := s.playlist(r); strings.Contains(list, "GAP") || strings.Contains(list, "DISCONTINUITY\n") {
			t.Errorf("%s suffers\n%s", r, list)
		}
	}
}

func TestLadderLeadsAndLags(t *testing.T) {
	s := newStudio(t, nil)
	s.gop = 250
	a := newAuditor(s)
	s.run(100)
	for range 60 { // slower and slower
		s.lag += 2
		a.air(20, "240p", "audio")
	}
	if list := s.playlist("240p"); strings.Contains(list, "GAP") || strings.Contains(list, "DISCONTINUITY\n") {
		t.Errorf("%s", list)
	}
	s.delayed = nil // the queue forgets what waits
	s.lag = 5
	a.air(400, "240p", "audio")
	list := s.playlist("240p")
	if i := strings.LastIndex(list, "GAP"); count(list[i:], "INDEPENDENT") < 1 {
		t.Errorf("it does not come back\n%s", list)
	}
}

func TestSlowRungIsLateNotLost(t *testing.T) {
	s := newStudio(t, nil)
	s.run(100)
	a := newAuditor(s)
	for range 120 {
		s.lag++
		a.air(3, "source", "240p", "audio")
	}
	a.air(200, "source", "240p", "audio")
	if list := s.playlist("240p"); strings.Contains(list, "GAP") {
		t.Errorf("%s", list)
	}
}

func TestRungThatStartsLateHasItsFirstSegment(t *testing.T) {
	for _, lag := range []int{10, 40, 55} {
		s := newStudio(t, nil)
		s.lag = lag
		a := newAuditor(s)
		s.run(61 + lag + 30)
		a.air(60, "source", "240p", "audio")
		if list := s.playlist("240p"); strings.Contains(list, "GAP") || !strings.Contains(list, fmt.Sprintf("MEDIA-SEQUENCE:%d\n", epoch)) {
			t.Errorf("lag of %d frames\n%s", lag, list)
		}
	}
}

func TestSoundGoesOnWithoutPicture(t *testing.T) {
	s := newStudio(t, nil)
	a := newAuditor(s)
	a.air(150, "source", "240p", "audio")
	for i := range 300 { // ten seconds
		for media.Ticks(s.audio)*1920 < media.Ticks(s.frame+i+1)*frameTicks {
			pts := s.base + media.Ticks(s.audio)*1920
			s.write(packager.Audio, media.Unit{Track: audio, PTS: pts, DTS: pts, Sync: true, Data: []byte("sound")})
			s.audio++
		}
		s.pass(time.Second / 30)
		if i%10 == 0 {
			a.audit("source", "240p", "audio")
		}
	}
	if list := s.playlist("audio"); strings.Contains(list, "GAP") || count(list, "#EXTINF") < 5 {
		t.Errorf("%s", list)
	}
	s.base += 300 * frameTicks
	s.audio -= 469 // 10 s
	s.frame += (s.gop - s.frame%s.gop) % s.gop
	s.base -= 30 * frameTicks
	a.air(200, "source", "240p", "audio")
	if list := s.playlist("source"); count(list, "DISCONTINUITY\n") != 1 {
		t.Errorf("%s", list)
	}
}

func TestSoundThatComesLate(t *testing.T) {
	s := newStudio(t, nil)
	s.noAudio = true
	a := newAuditor(s)
	a.air(200, "source", "240p")
	list := func() string {
		b, err := s.fetch(asset.Request{Kind: asset.Multivariant})
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	if text := list(); strings.Contains(text, "audio") || strings.Contains(text, "mp4a") {
		t.Errorf("there is no sound yet\n%s", text)
	}
	s.noAudio = false
	a.air(200, "source", "240p", "audio")
	if text, sound := list(), s.playlist("audio"); !strings.Contains(text, "mp4a") || strings.Contains(sound[strings.LastIndex(sound, "GAP"):], "DISCONTINUITY\n") {
		t.Errorf("%s\n%s", text, sound)
	}
	if count(s.playlist("audio"), "INDEPENDENT=YES") < 10 {
		t.Errorf("no sound\n%s", s.playlist("audio"))
	}
}

func TestChangedSoundIsADiscontinuity(t *testing.T) {
	s := newStudio(t, nil)
	a := newAuditor(s)
	a.air(200, "source", "240p", "audio")
	s.sound = &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x88}, SampleRate: 48000, Channels: 1}
	a.air(200, "source", "240p", "audio")
	for _, r := range []string{"source", "240p", "audio"} {
		if list := s.playlist(r); count(list, "DISCONTINUITY\n") != 1 {
			t.Errorf("%s\n%s", r, list)
		}
	}
	if list := s.playlist("audio"); !strings.Contains(list, "init1.mp4") {
		t.Errorf("%s", list)
	}
}

func TestChangedPictureIsADiscontinuity(t *testing.T) {
	s := newStudio(t, nil)
	a := newAuditor(s)
	a.air(180, "source", "240p", "audio")
	other := *video
	other.Config = bytes.Clone(video.Config)
	other.Config[len(other.Config)-1] ^= 1
	s.picture = &other
	a.air(200, "source", "240p", "audio")
	for _, r := range []string{"source", "240p", "audio"} {
		if list := s.playlist(r); count(list, "DISCONTINUITY\n") < 1 {
			t.Errorf("%s\n%s", r, list)
		}
	}
}

func TestUplinkStallsAndCatchesUp(t *testing.T) {
	s := newStudio(t, nil)
	a := newAuditor(s)
	a.air(200, "source", "240p", "audio")
	a.lapse(5*time.Second, "source", "240p", "audio") // the encoder keeps what it could not send
	late := 0
	for range 600 {
		before := s.playlist("source")
		a.air(1, "source", "240p", "audio")
		if strings.Contains(before, "GAP") && s.playlist("source") == before {
			late++
		}
	}
	list := s.playlist("source")
	if i := strings.LastIndex(list, "GAP"); i >= 0 && count(list[i:], "INDEPENDENT") < 3 {
		t.Errorf("it does not come back\n%s", list)
	}
}

func TestCueInAnOutageIsCarriedAfterIt(t *testing.T) {
	s := newStudio(t, nil)
	s.run(200)
	s.Away()
	for range 80 {
		s.pass(50 * time.Millisecond)
	}
	if _, err := s.AddCue(media.Cue{ID: "c", At: s.now, Dur: time.Second, Payload: []byte(`{"id":"kept"}`), State: []byte(`{"on":[7]}`)}); err != nil {
		t.Fatal(err)
	}
	for range 80 {
		s.pass(50 * time.Millisecond)
	}
	s.comeBack()
	s.run(100)
	for _, r := range []string{"source", "240p"} {
		found := 0
		for _, part := range s.parts(r) {
			found += bytes.Count(part, []byte(`"kept"`))
		}
		if found != 1 {
			t.Errorf("%s carries it %d times", r, found)
		}
	}
}

func TestKeyframeEarlierThanItsTurn(t *testing.T) {
	s := newStudio(t, func(c *packager.Config) { c.Rungs = nil })
	s.reorder = 2 * frameTicks
	s.run(240)
	s.reorder = 0 // the encoder reorders no more: the next keyframe decodes before its turn
	a := newAuditor(s)
	a.air(180, "source", "audio")
	for _, part := range s.parts("source") {
		f := fragments(mustDecode(t, part))[0]
		if f.Moof.Traf.Tfdt.BaseMediaDecodeTime() == 0 {
			t.Error("no time")
		}
	}
	for i := range 5 {
		b, err := s.fetch(asset.Request{Kind: asset.Part, Rendition: "source", Epoch: epoch, MSN: epoch + int64(i)})
		if err != nil {
			t.Fatal(err)
		}
		samples, err := fragments(mustDecode(t, b))[0].GetFullSamples(nil)
		if err != nil || !samples[0].IsSync() {
			t.Errorf("segment %d does not begin with a keyframe: %v", i, err)
		}
	}
}

func TestNoKeyframeEver(t *testing.T) {
	s := newStudio(t, nil)
	s.frame = 1
	s.gop = 1 << 30
	s.noAudio, s.noRung = true, true
	s.run(30 * 60)
	if n := packager.Held(s.Program); n > 0 {
		t.Errorf("%d units are held", n)
	}
}

// The ladder leads, late, when another encoder takes over: what the old FFmpeg
// still brings belongs to the old encoder.
func TestOldLadderAfterATakeover(t *testing.T) {
	s := newStudio(t, nil)
	s.gop, s.lag = 250, 20
	a := newAuditor(s)
	s.run(100)
	a.air(200, "240p", "audio")
	left := s.delayed
	s.comeBack()
	for i, u := range left {
		u.DTS, u.Sync = u.PTS, i == 3
		s.write("240p", u)
	}
	a.air(300, "240p", "audio")
	for _, r := range []string{"240p", "audio"} {
		if list := s.playlist(r); count(list, "DISCONTINUITY\n") != 1 || count(list, "GAP=YES") > 3 {
			t.Errorf("%s\n%s", r, list)
		}
	}
}
