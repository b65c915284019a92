package node_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/check"
	"vitrine/internal/node"
	"vitrine/internal/synth"
)

// Assertions that do not apply to a server of this kind on loopback, each with
// its reason.
var (
	onAir = []int{
		22, // nobody stalls the packager
		34, // the show goes on
		37, // the encoder stays
		38, // no edge
		39, // plain HTTP
	}
	// brief do not apply to a watch that is shorter than the playlist.
	brief = []int{32}
	// measured are those that a machine may be too busy to judge.
	measured = []int{4, 25}
)

// conforms watches the channel and expects every assertion to be held, but for
// those that may not apply.
func (s *server) conforms(d time.Duration, absent []int, during func() []string) *check.Report {
	s.t.Helper()
	type outcome struct {
		report *check.Report
		err    error
	}
	done, sent := make(chan outcome, 1), make(chan []string, 1)
	go func() {
		r, err := check.Run(s.t.Context(), check.Config{
			URL: s.url("/live/demo/index.m3u8"), For: d, Expect: func() []string { return <-sent },
		})
		done <- outcome{r, err}
	}()
	sent <- during()
	o := <-done
	if o.err != nil {
		s.t.Fatal(o.err)
	}
	for _, v := range o.report.Verdicts {
		may := slices.Contains(absent, v.Number) || slices.Contains(measured, v.Number)
		if v.State == check.Held || v.State == check.NotApplicable && may {
			continue
		}
		s.t.Errorf("%d %s: %s; %s\n\t%s", v.Number, v.Title, v.State, v.Note, strings.Join(v.Evidence, "\n\t"))
	}
	return o.report
}

// cues shows n products, one every half second, and returns the ids.
func (s *server) cues(n int) (ids []string) {
	s.t.Helper()
	tick := time.NewTicker(500 * time.Millisecond)
	defer tick.Stop()
	for i := range n {
		<-tick.C
		ids = append(ids, s.show(i%9+1, time.Time{}))
	}
	return ids
}

// TestPassthroughConforms: the source alone, with cues flowing.
func TestPassthroughConforms(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source"}}})
	s.stock(9)
	s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	s.filled()
	s.conforms(16*time.Second, append(brief, onAir...), func() []string { return s.cues(20) })
}

// TestLadderConforms: source and rungs.
func TestLadderConforms(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.stock(9)
	s.goLive(func(c *synth.Config) { c.Width, c.Height = 854, 480 })
	until(t, "the show", 20*time.Second, s.live)
	s.filled()
	s.conforms(16*time.Second, append(brief, onAir...), func() []string { return s.cues(20) })
}

// TestDropConforms: the encoder goes away in the middle of the watch, and returns.
func TestDropConforms(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.stock(9)
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	s.filled()
	absent := slices.DeleteFunc(append(brief, onAir...), func(n int) bool { return n == 37 })
	s.conforms(32*time.Second, absent, func() []string {
		ids := s.cues(6)
		h.stop()
		until(t, "the wait for the encoder", 5*time.Second, func() bool { return s.state() == "waiting" })
		until(t, "a gap in the playlist", 10*time.Second, func() bool {
			return strings.Contains(string(s.get("/live/demo/source/index.m3u8", 200)), "#EXT-X-GAP")
		})
		s.goLive(nil)
		until(t, "the show again", 20*time.Second, func() bool { return s.state() == "live" })
		return append(ids, s.cues(6)...)
	})
}

// TestEndConforms: the encoder goes for good in the middle of the watch, and the
// playlists end.
func TestEndConforms(t *testing.T) {
	s := startWith(t, node.Config{Reconnect: 2 * time.Second, Channels: map[string]node.Channel{"demo": {}}})
	s.stock(9)
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	short := []int{26, 27} // a list of so few segments has no delta updates
	absent := slices.DeleteFunc(slices.Concat(brief, short, onAir), func(n int) bool { return n == 34 })
	s.conforms(15*time.Second, absent, func() []string {
		ids := s.cues(8)
		h.stop()
		until(t, "the end", 10*time.Second, func() bool {
			return strings.Contains(string(s.get("/live/demo/source/index.m3u8", 200)), "#EXT-X-ENDLIST")
		})
		return ids
	})
}

// filled waits until the playlist is long enough for delta updates.
func (s *server) filled() {
	s.t.Helper()
	first := s.sequence("source", "MEDIA-SEQUENCE")
	until(s.t, "a full playlist", 60*time.Second, func() bool { return s.sequence("source", "MEDIA-SEQUENCE") > first })
}
