package node

import (
	"log/slog"
	"strings"
	"testing"
	"time"

	"vitrine/ingest"
	"vitrine/internal/media"
	"vitrine/packager/asset"
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
