package node_test

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
	"vitrine/internal/synth"
	"vitrine/overlay/show"
)

func (s *server) state() string {
	s.t.Helper()
	var status struct{ State string }
	if err := json.Unmarshal(s.get("/live/demo/status.json", 200), &status); err != nil {
		s.t.Fatal(err)
	}
	return status.State
}

// sequence reads a number that a playlist counts.
func (s *server) sequence(rendition, tag string) int {
	s.t.Helper()
	list := string(s.get("/live/demo/"+rendition+"/index.m3u8", 200))
	m := regexp.MustCompile(tag + `:(\d+)`).FindStringSubmatch(list)
	if m == nil {
		s.t.Fatalf("no %s in\n%s", tag, list)
	}
	n, err := strconv.Atoi(m[1])
	if err != nil {
		s.t.Fatal(err)
	}
	return n
}

// newer waits for pictures that were captured after an instant.
func (v *viewer) newer(what string, since time.Time, limit time.Duration) notes {
	v.t.Helper()
	return v.await(what, limit, func(n notes) bool {
		for i := len(n.Frames) - 1; i >= 0 && i > len(n.Frames)-30; i-- {
			if n.Frames[i].Captured > float64(since.UnixMilli()) {
				return true
			}
		}
		return false
	})
}

// TestEncoderDropsAndReturns: the playlist goes on, the page is not reloaded,
// and the picture is back.
func TestEncoderDropsAndReturns(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 30 })
	h.stop()
	until(t, "the wait for the encoder", 5*time.Second, func() bool { return s.state() == "waiting" })
	before := s.sequence("source", "MEDIA-SEQUENCE")
	until(t, "a gap in the playlist", 10*time.Second, func() bool {
		return strings.Contains(string(s.get("/live/demo/source/index.m3u8", 200)), "#EXT-X-GAP")
	})
	until(t, "the same gap on the rung", 10*time.Second, func() bool {
		return strings.Contains(string(s.get("/live/demo/240p/index.m3u8", 200)), "#EXT-X-GAP")
	})
	if source, rung := s.available("source"), s.available("240p"); math.Abs(source-rung) > 0.01 {
		t.Errorf("%.3f s of the source are left, and %.3f s of the rung", source, rung)
	}
	s.goLive(nil)
	back := time.Now()
	v.newer("the picture after the drop", back, 20*time.Second)
	list := string(s.get("/live/demo/source/index.m3u8", 200))
	if strings.Contains(list, "ENDLIST") || strings.Count(list, "#EXT-X-DISCONTINUITY\n") != 1 || s.sequence("source", "MEDIA-SEQUENCE") < before {
		t.Errorf("after the drop\n%s", list)
	}
}

// available returns how much of a rendition can be had of the time for which its
// playlist lists parts, in seconds.
func (s *server) available(rendition string) (sum float64) {
	s.t.Helper()
	for line := range strings.Lines(string(s.get("/live/demo/"+rendition+"/index.m3u8", 200))) {
		part, ok := strings.CutPrefix(line, "#EXT-X-PART:DURATION=")
		if !ok || strings.Contains(line, "GAP=YES") {
			continue
		}
		d, err := strconv.ParseFloat(part[:strings.IndexByte(part, ',')], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		sum += d
	}
	return sum
}

// TestShowEndsAndTheNextBegins: an encoder that does not return ends the show;
// the page says so, and starts by itself with the next one.
func TestShowEndsAndTheNextBegins(t *testing.T) {
	s := startWith(t, node.Config{Reconnect: 2 * time.Second, Channels: map[string]node.Channel{"demo": {Ladder: []string{"source"}}}})
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 30 })
	msn, seq := s.sequence("source", "MEDIA-SEQUENCE"), s.sequence("source", "DISCONTINUITY-SEQUENCE")
	h.stop()
	until(t, "the end", 10*time.Second, func() bool { return s.state() == "ended" })
	if list := string(s.get("/live/demo/source/index.m3u8", 200)); !strings.HasSuffix(list, "#EXT-X-ENDLIST\n") {
		t.Errorf("after the end\n%s", list)
	}
	s.goLive(nil)
	next := time.Now()
	v.newer("the next show", next, 25*time.Second)
	if m, d := s.sequence("source", "MEDIA-SEQUENCE"), s.sequence("source", "DISCONTINUITY-SEQUENCE"); m <= msn || d <= seq {
		t.Errorf("MEDIA-SEQUENCE %d then %d, DISCONTINUITY-SEQUENCE %d then %d", msn, m, seq, d)
	}
}

// TestSecondEncoderTakesOver: within a second, and viewers stay.
func TestSecondEncoderTakesOver(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source"}}})
	first := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 30 })
	second := s.goLive(func(c *synth.Config) { c.Product = 42 })
	n := v.await("the second encoder's picture", 20*time.Second, func(n notes) bool {
		return len(n.Frames) > 0 && n.Frames[len(n.Frames)-1].Product == 42
	})
	if list := string(s.get("/live/demo/source/index.m3u8", 200)); strings.Count(list, "#EXT-X-DISCONTINUITY\n") != 1 {
		t.Errorf("after the takeover\n%s", list)
	}
	gap := 0.0
	for i := 1; i < len(n.Frames); i++ {
		if n.Frames[i].Product == 42 && n.Frames[i-1].Product != 42 {
			gap = n.Frames[i].Now - n.Frames[i-1].Now
		}
	}
	t.Logf("the viewer's picture stood for %.0f ms", gap)
	first.expelled()
	second.stop()
}

// TestLadderPlays: a rung, made by FFmpeg, in a real browser.
func TestLadderPlays(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.goLive(func(c *synth.Config) { c.Width, c.Height = 1280, 720 })
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/?quality=360p"))
	v.watch()
	v.await("a picture of 360p", 25*time.Second, func(n notes) bool { return len(n.Frames) > 30 && n.Height == 360 })
	if list := string(s.get("/live/demo/index.m3u8", 200)); strings.Count(list, "#EXT-X-STREAM-INF") != 3 {
		t.Errorf("a ladder of three\n%s", list)
	}
}

// TestKeyframesFarApart: the rungs carry the show, and the host is told.
func TestKeyframesFarApart(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.goLive(func(c *synth.Config) { c.GOP = 250 })
	until(t, "the show", 20*time.Second, s.live)
	until(t, "a playlist", 20*time.Second, func() bool {
		return strings.Contains(string(s.get("/live/demo/index.m3u8", 200)), "240p/index.m3u8")
	})
	if list := string(s.get("/live/demo/index.m3u8", 200)); strings.Contains(list, "source/") {
		t.Errorf("the source is offered\n%s", list)
	}
	until(t, "a warning", 20*time.Second, func() bool {
		return strings.Contains(string(s.call(http.MethodGet, "/channels/demo", nil, 200)), `"code":"keyframes"`)
	})
}

// TestSoundAloneAndPictureAlone: what is missing is said, the rest plays.
func TestPictureAlone(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Ladder: []string{"source"}}})
	s.goLive(func(c *synth.Config) { c.NoAudio = true })
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 30 })
	until(t, "a warning", 20*time.Second, func() bool {
		return strings.Contains(string(s.call(http.MethodGet, "/channels/demo", nil, 200)), `"code":"no-audio"`)
	})
}

// TestCatalogueIsReplacedWholeOrNotAtAll through the API.
func TestCatalogueIsReplacedWholeOrNotAtAll(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.stock(3)
	before := string(s.get("/live/demo/shelf.json", 200))
	answer := s.call(http.MethodPut, "/channels/demo/products", []map[string]any{
		{"no": 1, "sku": "A", "title": "Fine", "price": "1.00", "currency": "USD"},
		{"no": 1, "sku": "B", "title": "", "price": "cheap", "currency": "USD"},
	}, http.StatusUnprocessableEntity)
	if !strings.Contains(string(answer), "price") || string(s.get("/live/demo/shelf.json", 200)) != before {
		t.Errorf("%s", answer)
	}
	s.call(http.MethodPost, "/channels/demo/cues", map[string]any{"type": "show", "product": 1}, http.StatusConflict) // off air
	if got := fmt.Sprint(s.state()); got != "off" {
		t.Errorf("state %s", got)
	}
}

// TestAnnouncementOfTheConfiguration is what the page says before the first show.
func TestAnnouncementOfTheConfiguration(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {Announcement: show.Announcement{Title: "Wig night"}}})
	if status := string(s.get("/live/demo/status.json", 200)); !strings.Contains(status, `"title":"Wig night"`) {
		t.Errorf("off air: %s", status)
	}
}
