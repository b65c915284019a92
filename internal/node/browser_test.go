package node_test

import (
	"context"
	_ "embed"
	"math"
	"slices"
	"testing"
	"time"

	"github.com/chromedp/chromedp"

	"vitrine/internal/synth"
)

// watchScript makes a page note what its video shows: for each frame that is
// presented the instant and the barcode, for each change of a card the same.
//
//go:embed testdata/watch.js
var watchScript string

// viewer is a page in a real Chromium.
type viewer struct {
	t   testing.TB
	ctx context.Context // chromedp's handle of the page

	close func() // the browser; it is closed at the test's end anyway
}

// sight is a frame on a viewer's screen.
type sight struct {
	Now      float64 // ms since 1970, when it was presented
	Captured float64 // ms since 1970, by its barcode
	Product  int     // in the host's hand
	Media    float64 // s, on the player's timeline
}

// card is a change of the card on a viewer's screen, and the frame under it.
type card struct {
	ID       string
	Type     string
	No       int
	Now      float64
	Captured float64
	Product  int
}

// notes is what a viewer has seen so far.
type notes struct {
	Frames []sight
	Cards  []card
	Stalls int
	Errors []string
	Height int // of the picture, pixels
}

// browse opens a page.
func browse(t testing.TB, url string) *viewer {
	t.Helper()
	opts := append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.NoSandbox, chromedp.DisableGPU, chromedp.IgnoreCertErrors, chromedp.WindowSize(1000, 700),
		chromedp.Flag("autoplay-policy", "no-user-gesture-required"),
		chromedp.Flag("disable-quic", true),
	)
	alloc, stop := chromedp.NewExecAllocator(context.WithoutCancel(t.Context()), opts...)
	t.Cleanup(stop)
	ctx, closePage := chromedp.NewContext(alloc)
	t.Cleanup(closePage)
	v := &viewer{t: t, ctx: ctx, close: func() { closePage(); stop() }}
	if err := chromedp.Do(ctx, chromedp.Navigate(url)); err != nil {
		t.Fatalf("open %s in Chromium (is it installed?): %v", url, err)
	}
	return v
}

// pageTimeout bounds one question to a page.
const pageTimeout = 30 * time.Second

// watch has the page note what it shows from now on.
func (v *viewer) watch() {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, pageTimeout)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](synth.BarcodeJS), chromedp.Evaluate[chromedp.Void](watchScript)); err != nil {
		v.t.Fatalf("page: %v", err)
	}
}

// eval evaluates an expression in the page.
func eval[T any](v *viewer, expression string) T {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.ctx, pageTimeout)
	defer cancel()
	out, err := chromedp.Run(ctx, chromedp.Evaluate[T](expression))
	if err != nil {
		v.t.Fatalf("page: %s: %v", expression, err)
	}
	return out
}

// notes returns what was seen since watch.
func (v *viewer) notes() notes {
	v.t.Helper()
	return eval[notes](v, "window.vitrineNotes()")
}

// await waits until ok holds for what is seen.
func (v *viewer) await(what string, limit time.Duration, ok func(notes) bool) notes {
	v.t.Helper()
	ctx, cancel := context.WithTimeout(v.t.Context(), limit)
	defer cancel()
	ticker := time.NewTicker(200 * time.Millisecond)
	defer ticker.Stop()
	for {
		n := v.notes()
		if ok(n) {
			return n
		}
		select {
		case <-ticker.C:
		case <-ctx.Done():
			state := eval[map[string]any](v, "window.vitrineState()")
			v.t.Fatalf("%s did not come within %v: %d frames, cards %+v, errors %v\npage: %v", what, limit, len(n.Frames), n.Cards, n.Errors, state)
		}
	}
}

// cards returns the changes of the card seen since watch, without the frames: a page
// that is asked often must not copy the thousands that it has noted.
func (v *viewer) cards() []card {
	v.t.Helper()
	return eval[[]card](v, "window.vitrineNotes().Cards")
}

// shown returns when the card of a product came, and whether it did.
func (n notes) shown(no int) (card, bool) { return shown(n.Cards, no) }

func shown(cards []card, no int) (card, bool) {
	for _, c := range slices.Backward(cards) {
		if c.Type == "show" && c.No == no {
			return c, true
		}
	}
	return card{}, false
}

// latencies returns, in ms, how old each frame was when it was presented; from
// the given instant on.
func (n notes) latencies(since time.Time) []float64 {
	var out []float64
	for _, f := range n.Frames {
		if f.Captured > 0 && f.Now > float64(since.UnixMilli()) {
			out = append(out, f.Now-f.Captured)
		}
	}
	slices.Sort(out)
	return out
}

// percentile returns the p-th percentile of sorted values, 0 ≤ p ≤ 1.
func percentile(sorted []float64, p float64) float64 {
	if len(sorted) == 0 {
		return math.NaN()
	}
	return sorted[int(p*float64(len(sorted)-1))]
}
