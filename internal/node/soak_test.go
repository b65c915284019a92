//go:build soak

package node_test

import (
	"os"
	"runtime"
	"testing"
	"time"

	"vitrine/internal/node"
	"vitrine/internal/synth"
)

// soakCues is how many products are put on show over a soak.
const soakCues = 50

// soakGrowth is by how much the live heap may grow after the first tenth of a soak.
const soakGrowth = 8 << 20

// TestSoak: a show with a ladder of three in a real browser, under the eye of the
// checker. No cue is lost, the picture never stands still, every assertion that
// can apply is held to the end, and memory is flat.
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
	s.filled()
	report := s.conforms(length, onAir, func() []string { return v.soak(s, h, length) })
	for _, a := range report.Verdicts {
		t.Logf("%2d  %-14s %s; %s", a.Number, a.State, a.Title, a.Note)
	}
}

// soak shows products for `length`, watches their cards, and returns the ids of
// the cues.
func (v *viewer) soak(s *server, h *host, length time.Duration) (ids []string) {
	t, began := s.t, time.Now()
	stalls, lost, early := 0, 0, uint64(0)
	for i := range soakCues {
		no := i%9 + 1
		until(t, "a pause", length, func() bool { return time.Since(began) > time.Duration(i)*length/soakCues })
		switch i {
		case 1:
			stalls = v.notes().Stalls // joining is not a stall
		case soakCues / 10:
			early = liveHeap()
		}
		at, err := h.SetProduct(t.Context(), no)
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, s.show(no, at))
		var c card
		until(t, "the card", 30*time.Second, func() bool {
			c, _ = shown(v.cards(), no)
			return c.Now > float64(at.UnixMilli())
		})
		if c.Product != no {
			lost++
			t.Errorf("cue %d: card %d over product %d", i, no, c.Product)
		}
		t.Logf("cue %d at %v: %d stalls so far", i, time.Since(began).Round(time.Second), eval[int](v, "window.vitrineNotes().Stalls"))
	}
	until(t, "the end", length, func() bool { return time.Since(began) > length-settle })
	late := liveHeap()
	n := v.notes()
	l := n.latencies(began.Add(settle))
	t.Logf("%v: %d of %d cards on their product, %d stalls, glass to glass p50 %.0f ms, p95 %.0f ms",
		length, soakCues-lost, soakCues, n.Stalls-stalls, percentile(l, .5), percentile(l, .95))
	t.Logf("live heap, synthetic host and checker included: %d MB after a tenth, %d MB at the end", early>>20, late>>20)
	if n.Stalls > stalls {
		t.Errorf("%d stalls", n.Stalls-stalls)
	}
	if late > early+soakGrowth {
		t.Errorf("the live heap grew by %d MB", (late-early)>>20)
	}
	return ids
}

// liveHeap returns what is in use after a collection, in bytes.
func liveHeap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// settle is dropped at the start: players catch up.
const settle = 15 * time.Second
