//go:build soak

package node_test

import (
	"os"
	"testing"
	"time"

	"vitrine/internal/node"
	"vitrine/internal/synth"
)

// soakCues is how many products are put on show over a soak.
const soakCues = 50

// TestSoak: a show with a ladder of three in a real browser. No cue is lost, and
// the picture never stands still.
func TestSoak(t *testing.T) {
	length := 10 * time.Minute
	if text := os.Getenv("SOAK"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	s := start(t, map[string]node.Channel{"demo": {}})
	s.stock(9)
	h := s.goLive(func(c *synth.Config) { c.Width, c.Height = 1280, 720 })
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 30 })
	began := time.Now()
	stalls, lost := 0, 0
	for i := range soakCues {
		no := i%9 + 1
		until(t, "a pause", length, func() bool { return time.Since(began) > time.Duration(i)*length/soakCues })
		if i == 1 {
			stalls = v.notes().Stalls // joining is not a stall
		}
		at, err := h.SetProduct(t.Context(), no)
		if err != nil {
			t.Fatal(err)
		}
		s.show(no, at)
		n := v.await("the card", 30*time.Second, func(n notes) bool {
			c, ok := n.shown(no)
			return ok && c.Now > float64(at.UnixMilli())
		})
		if c, _ := n.shown(no); c.Product != no {
			lost++
			t.Errorf("cue %d: card %d over product %d", i, no, c.Product)
		}
	}
	until(t, "the end", length, func() bool { return time.Since(began) > length })
	n := v.notes()
	l := n.latencies(began.Add(settle))
	t.Logf("%v: %d frames, %d of %d cards on their product, %d stalls, glass to glass p50 %.0f ms, p95 %.0f ms",
		length, len(n.Frames), soakCues-lost, soakCues, n.Stalls-stalls, percentile(l, .5), percentile(l, .95))
	if n.Stalls > stalls {
		t.Errorf("%d stalls", n.Stalls-stalls)
	}
}

// settle is dropped at the start: players catch up.
const settle = 15 * time.Second
