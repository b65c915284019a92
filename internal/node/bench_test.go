//go:build bench

package node_test

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
	"vitrine/internal/synth"
)

// settleTime is dropped at the start of each measurement: players catch up.
const settleTime = 15 * time.Second

// watchTime is how long glass to glass is measured.
func watchTime(t *testing.T) time.Duration {
	if s := os.Getenv("BENCH_WATCH"); s != "" {
		d, err := time.ParseDuration(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	return 5 * time.Minute
}

// report prints a figure as `make bench` collects it.
func report(t *testing.T, name, format string, args ...any) {
	t.Helper()
	fmt.Printf("BENCH %-44s %s\n", name, fmt.Sprintf(format, args...))
}

// glass measures how old the frames on a viewer's screen are.
func glass(t *testing.T, name string, v *viewer) {
	t.Helper()
	since := time.Now().Add(settleTime)
	before := 0
	v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 0 })
	until(t, name, settleTime+time.Minute, func() bool {
		before = v.notes().Stalls
		return time.Now().After(since)
	})
	end := time.Now().Add(watchTime(t))
	until(t, name, watchTime(t)+time.Minute, func() bool { return time.Now().After(end) })
	n := v.notes()
	l := n.latencies(since)
	report(t, name, "p50 %.0f ms, p95 %.0f ms, %d frames at %dp, %d stalls in %v", percentile(l, .5), percentile(l, .95), len(l), n.Height, n.Stalls-before, watchTime(t))
}

// part makes a channel with a PART-TARGET.
func part(d time.Duration, ladder ...string) map[string]node.Channel {
	return map[string]node.Channel{"demo": {Part: d, Ladder: ladder}}
}

func TestBenchGlassToGlass(t *testing.T) {
	for _, tc := range []struct {
		name    string
		part    time.Duration
		ladder  []string
		quality string
	}{
		{"low, source", node.PartLow, []string{"source"}, "source"},
		{"standard, source", node.PartStandard, []string{"source"}, "source"},
		{"low, rung", node.PartLow, []string{"source", "240p"}, "240p"},
		{"standard, rung", node.PartStandard, []string{"source", "240p"}, "240p"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			s := start(t, part(tc.part, tc.ladder...))
			s.goLive(nil)
			until(t, "the show", 20*time.Second, s.live)
			v := browse(t, s.url("/live/demo/?quality="+tc.quality))
			v.watch()
			glass(t, "glass to glass, "+tc.name, v)
			report(t, "  the player says, "+tc.name, "%s", eval[string](v, "JSON.stringify(document.querySelector('vitrine-player').stats)"))
		})
	}
}

// plainPage is hls.js as it comes, and nothing else.
const plainPage = `<!doctype html><video id="v" muted autoplay playsinline></video><script src="/hls.js"></script>
<script>const h = new Hls({lowLatencyMode: true}); h.loadSource(%q); h.attachMedia(document.getElementById("v"));</script>`

func TestBenchPlainHLSJS(t *testing.T) {
	script, err := os.ReadFile(filepath.Join("..", "..", "overlay", "web", "node_modules", "hls.js", "dist", "hls.min.js"))
	if err != nil {
		t.Fatal(err)
	}
	for name, target := range map[string]time.Duration{"low": node.PartLow, "standard": node.PartStandard} {
		t.Run(name, func(t *testing.T) {
			s := start(t, part(target, "source"))
			s.goLive(nil)
			until(t, "the show", 20*time.Second, s.live)
			page := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, ".js") {
					w.Header().Set("Content-Type", "text/javascript")
					w.Write(script)
					return
				}
				w.Header().Set("Content-Type", "text/html")
				fmt.Fprintf(w, plainPage, s.url("/live/demo/index.m3u8"))
			}))
			defer page.Close()
			v := browse(t, page.URL)
			v.watch()
			glass(t, "glass to glass, plain hls.js, "+name, v)
		})
	}
}

func TestBenchFirstFrame(t *testing.T) {
	s := start(t, part(node.PartStandard, "source"))
	s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	s.get("/live/demo/source/index.m3u8", 200)
	var first []float64
	for range 7 {
		v := browse(t, s.url("/live/demo/"))
		v.watch()
		v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 3 })
		first = append(first, eval[float64](v, "document.querySelector('vitrine-player').stats.firstFrameMs"))
		v.close()
	}
	slices.Sort(first)
	report(t, "page load to first frame", "median %.0f ms, from %.0f to %.0f", percentile(first, .5), first[0], first[len(first)-1])
}

func TestBenchCueAccuracy(t *testing.T) {
	const cues = 100
	s := start(t, part(node.PartStandard, "source"))
	s.stock(9)
	h := s.goLive(func(c *synth.Config) { c.Preset = "ultrafast" })
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 300 })
	type sent struct {
		no int
		at time.Time
	}
	var log []sent
	for i := range cues {
		no := i%9 + 1
		if _, err := h.SetProduct(t.Context(), no); err != nil {
			t.Fatal(err)
		}
		at := time.Now()
		s.show(no, time.Time{})
		log = append(log, sent{no, at})
		until(t, "a pause", 5*time.Second, func() bool { return time.Since(at) > 700*time.Millisecond })
	}
	n := v.await("the last card", 15*time.Second, func(n notes) bool {
		c, ok := n.shown(log[cues-1].no)
		return ok && c.Now > float64(log[cues-1].at.UnixMilli())
	})
	var off []float64
	i := 0
	for _, c := range n.Cards {
		if c.Type != "show" || i >= cues || c.No != log[i].no {
			continue
		}
		d := c.Captured - float64(log[i].at.UnixMicro())/1000
		off = append(off, max(d, -d))
		i++
	}
	slices.Sort(off)
	report(t, "cue accuracy, frame against API call", "p50 %.0f ms, p95 %.0f ms, max %.0f ms, %d of %d shown", percentile(off, .5), percentile(off, .95), percentile(off, 1), len(off), cues)
}
