package node

import (
	"context"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"vitrine/ingest"
	"vitrine/internal/media"
	"vitrine/overlay/show"
	"vitrine/overlay/store"
	"vitrine/packager/asset"
	"vitrine/packager/record"
)

// TestClockLeaps: an encoder whose timestamps jump within a session goes on
// where the channel's timeline is.
func TestClockLeaps(t *testing.T) {
	now := time.Now()
	n := &Node{now: func() time.Time { return now }, log: slog.New(slog.DiscardHandler)}
	c := newChannel(n, "demo", Channel{Ladder: []string{"source"}, Part: PartStandard, Segment: DefaultSegment})
	g := ingest.NewGate(ingest.Config{Keys: map[string]string{"k": "demo"}, Open: func(_ string, s *ingest.Session) (media.Writer, error) { return c.open(s), nil }})
	s, err := g.Admit(t.Context(), ingest.Claim{Key: "k"})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close(nil)
	sound := &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x90}, SampleRate: 48000, Channels: 2}
	const frame = 1920 // ticks of 1024 samples
	at := media.Ticks(5_000_000)
	for i := range 700 {
		switch i {
		case 300:
			at += 3600 * media.TicksPerSecond
		case 500:
			at -= 7200 * media.TicksPerSecond
		}
		if err := s.WriteUnit(media.Unit{Track: sound, PTS: at, DTS: at, Sync: true, Data: []byte("sound")}); err != nil {
			t.Fatal(err)
		}
		at += frame
		now = now.Add(media.Ticks(frame).Duration())
	}
	a, err := c.program.Fetch(t.Context(), asset.Request{Channel: "demo", Kind: asset.Playlist, Rendition: "audio"})
	if err != nil {
		t.Fatal(err)
	}
	list := string(a.Body[0])
	if n := strings.Count(list, "#EXT-X-DISCONTINUITY\n"); n != 2 {
		t.Errorf("%d discontinuities\n%s", n, list)
	}
	if p := c.program.Position(); p > 20*media.TicksPerSecond {
		t.Errorf("the timeline is at %v after 15 s", p.Duration())
	}
}

// TestThePictureComesLate: a show that began with sound alone has the picture when
// it comes, under higher numbers and on the same timeline.
func TestThePictureComesLate(t *testing.T) {
	clock := &wallClock{t: t, true: time.Now()}
	c, air := soundOnly(t, clock)
	air(10 * time.Second)
	first, was := c.program, c.program.NextMSN()
	stage := c.stage
	for i := range 300 {
		at := 10*media.TicksPerSecond + media.Ticks(i)*3000
		u := media.Unit{Track: smallPicture, PTS: at, DTS: at, Sync: i%60 == 3, Data: []byte("picture")}
		if err := stage.session.WriteUnit(u); err != nil {
			t.Fatal(err)
		}
		air(time.Second / 30)
	}
	if c.program == first || c.program.NextMSN() <= was {
		t.Fatalf("the program did not change, or its numbers are %d after %d", c.program.NextMSN(), was)
	}
	a, err := c.program.Fetch(t.Context(), asset.Request{Channel: "demo", Kind: asset.Multivariant})
	if err != nil || !strings.Contains(string(a.Body[0]), "source/") || !strings.Contains(string(a.Body[0]), "TYPE=AUDIO") {
		t.Errorf("%v\n%s", err, a.Body)
	}
	for _, r := range []string{"source", "audio"} {
		a, err := c.program.Fetch(t.Context(), asset.Request{Channel: "demo", Kind: asset.Playlist, Rendition: r})
		if err != nil {
			t.Fatal(err)
		}
		if list := string(a.Body[0]); strings.Contains(list, "GAP") || strings.Contains(list, "ENDLIST") || strings.Count(list, "#EXTINF") < 3 {
			t.Errorf("%s\n%s", r, list)
		}
	}
	if p := c.program.Position(); p < 20*media.TicksPerSecond || p > 22*media.TicksPerSecond {
		t.Errorf("the timeline is at %v after 20 s", p.Duration())
	}
	if first.Ended() {
		t.Error("players were told that the show is over")
	}
}

// TestThePictureComesLateToTheRecording: the two programs of such a show have one
// journal, which the second begins to write when the first has written all.
func TestThePictureComesLateToTheRecording(t *testing.T) {
	c, air := soundOnly(t, &wallClock{t: t, true: time.Now()})
	c.node.cfg.Data, c.cfg.Record = t.TempDir(), &Recording{}
	air(10 * time.Second)
	first := c.recording
	for i := range 90 {
		at := 10*media.TicksPerSecond + media.Ticks(i)*3000
		if err := c.stage.session.WriteUnit(media.Unit{Track: smallPicture, PTS: at, DTS: at, Sync: i%60 == 0, Data: []byte("picture")}); err != nil {
			t.Fatal(err)
		}
		air(time.Second / 30)
	}
	second := c.recording
	if second == first {
		t.Fatal("the program did not change")
	}
	c.program.End()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	var group errgroup.Group
	for _, a := range []*archive{second, first} {
		group.Go(func() error { return a.run(ctx) })
	}
	if err := group.Wait(); err != nil || ctx.Err() != nil {
		t.Fatalf("the recording does not end: %v, %v", err, ctx.Err())
	}
	journal, err := os.ReadFile(filepath.Join(first.folder, record.JournalName))
	if err != nil {
		t.Fatal(err)
	}
	var marks []string
	for line := range strings.Lines(string(journal)) {
		for _, mark := range []string{"take", "end"} {
			if strings.HasPrefix(line, `{"type":"`+mark+`"`) {
				marks = append(marks, mark)
			}
		}
	}
	if got := strings.Join(marks, " "); got != "take end take end" {
		t.Errorf("%s in\n%s", got, journal)
	}
}

// TestShowThatIsOverDoesNotBegin: the desk is told off the media road that a show
// begins. A host who ended it before must not find it on.
func TestShowThatIsOverDoesNotBegin(t *testing.T) {
	c, air := soundOnly(t, &wallClock{t: t, true: time.Now()})
	log, err := store.Open(t.Context(), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	c.node.store = log
	if c.desk, err = show.New(t.Context(), show.Config{Channel: "demo", Placer: c, Cues: log}); err != nil {
		t.Fatal(err)
	}
	tell := func() {
		t.Helper()
		for len(c.tasks) > 0 {
			if err := (<-c.tasks)(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
	}
	air(3 * time.Second)
	c.end(t.Context(), true)
	tell()
	if v := c.desk.View(); v.Show != nil || c.state != Ended {
		t.Errorf("a show that is over is on: %+v, %s", v.Show, c.state)
	}
	if c.stage.program, _, err = c.begin(c.stage, c.node.now()); err != nil { // the next one
		t.Fatal(err)
	}
	air(3 * time.Second)
	tell()
	if v := c.desk.View(); v.Show == nil || c.state != Live {
		t.Errorf("the next show is not on: %s", c.state)
	}
	c.end(t.Context(), true)
	if v := c.desk.View(); v.Show != nil {
		t.Errorf("%+v is on after its end", v.Show)
	}
}

// TestTakeoverOutOfOrder: all that another encoder sends comes after what the one
// before sent, whatever is ahead in what it sends first.
func TestTakeoverOutOfOrder(t *testing.T) {
	clock := &wallClock{t: t, true: time.Now()}
	c, air := soundOnly(t, clock)
	air(10 * time.Second)
	was := c.program.Position()
	s := newStage(c, c.stage.session)
	sound := &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x90}, SampleRate: 48000, Channels: 2}
	for _, at := range []media.Ticks{36_000, 0} {
		if err := s.WriteUnit(media.Unit{Track: sound, PTS: at, DTS: at, Sync: true, Data: []byte("sound")}); err != nil {
			t.Fatal(err)
		}
		clock.true = clock.true.Add(videoWait)
	}
	if s.base <= was {
		t.Errorf("it begins at %v, and the show had come to %v", s.base.Duration(), was.Duration())
	}
}

// TestNothingWaitsForNoTranscoder: where FFmpeg has nothing to do, nothing waits for
// it, and nobody is told that frames were left out.
func TestNothingWaitsForNoTranscoder(t *testing.T) {
	c, air := soundOnly(t, &wallClock{t: t, true: time.Now()})
	air(2 * time.Second)
	const size = 64 << 10
	for i := range 2 * queueBytes / size {
		at := 2*media.TicksPerSecond + media.Ticks(i)*3000
		u := media.Unit{Track: smallPicture, PTS: at, DTS: at, Sync: i%60 == 0, Data: make([]byte, size)}
		if err := c.stage.session.WriteUnit(u); err != nil {
			t.Fatal(err)
		}
	}
	if n := c.stage.queue.Dropped(); n != 0 {
		t.Errorf("%d units were dropped before a transcoder that does not run", n)
	}
}

// smallPicture is a track of H.264 in High profile.
var smallPicture = &media.Track{Kind: media.Video, Codec: media.H264, Width: 320, Height: 180, Config: []byte{
	1, 0x64, 0, 0x0c, 0xff, 0xe1, 0, 25, 0x67, 0x64, 0, 0x0c, 0xac, 0xd9, 0x41, 0x41, 0x9f, 0x9f, 1, 0x6c, 0x80, 0, 0,
	3, 0, 0x80, 0, 0, 0x1e, 7, 0x8a, 0x14, 0xcb, 1, 0, 2, 0x68, 0xef,
}}
