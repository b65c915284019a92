package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"vitrine/internal/node"
	"vitrine/internal/synth"
)

// host is a synthetic host on air.
type host struct {
	*synth.Host
	t    *testing.T
	stop func() // ends the encoder, as a person would
	done chan error
}

// expelled waits until the server has thrown the encoder out.
func (h *host) expelled() {
	h.t.Helper()
	select {
	case err := <-h.done:
		if err == nil {
			h.t.Error("the encoder ended in good order")
		}
		h.stop = func() {}
	case <-time.After(10 * time.Second):
		h.t.Error("the encoder is still on air")
	}
}

// goLive publishes a synthetic picture to the server's first channel.
func (s *server) goLive(change func(*synth.Config)) *host {
	s.t.Helper()
	cfg := synth.Config{
		URL: "rtmp://" + s.RTMPAddr + "/live/" + s.Channels[0].StreamKey, Width: 640, Height: 360, Preset: "ultrafast",
	}
	if change != nil {
		change(&cfg)
	}
	h, err := synth.New(cfg)
	if err != nil {
		s.t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.WithoutCancel(s.t.Context()))
	done := make(chan error, 1)
	go func() { done <- h.Run(ctx) }()
	out := &host{Host: h, t: s.t, done: done}
	out.stop = func() {
		cancel()
		if err := <-done; err != nil {
			s.t.Errorf("encoder: %v", err)
		}
		out.stop = func() {}
	}
	s.t.Cleanup(func() { out.stop() })
	return out
}

// call sends JSON to the API as its admin.
func (s *server) call(method, path string, body any, want int) []byte {
	s.t.Helper()
	b, err := json.Marshal(body)
	if err != nil {
		s.t.Fatal(err)
	}
	req, err := http.NewRequestWithContext(s.t.Context(), method, s.url("/api/v1"+path), bytes.NewReader(b))
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.AdminToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	var out bytes.Buffer
	if _, err := out.ReadFrom(resp.Body); err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != want {
		s.t.Fatalf("%s %s: %s\n%s", method, path, resp.Status, out.String())
	}
	return out.Bytes()
}

// stock gives a channel n products.
func (s *server) stock(n int) {
	s.t.Helper()
	var products []map[string]any
	for i := range n {
		products = append(products, map[string]any{
			"no": i + 1, "sku": fmt.Sprintf("WIG-%d", i+1), "title": fmt.Sprintf("Wig number %d", i+1),
			"price": "29.90", "currency": "USD", "url": "/live/demo/",
		})
	}
	s.call(http.MethodPut, "/channels/demo/products", products, http.StatusOK)
}

// show puts a product on show, as of the frame captured at `at`; now if it is
// zero. It returns the cue's id.
func (s *server) show(no int, at time.Time) string {
	s.t.Helper()
	body := map[string]any{"type": "show", "product": no}
	if !at.IsZero() {
		body["at"] = at.UTC().Format(time.RFC3339Nano)
	}
	var cue struct{ ID string }
	if err := json.Unmarshal(s.call(http.MethodPost, "/channels/demo/cues", body, http.StatusCreated), &cue); err != nil {
		s.t.Fatal(err)
	}
	return cue.ID
}

// live reports whether the channel can be watched.
func (s *server) live() bool {
	var status struct{ State string }
	if err := json.Unmarshal(s.get("/live/demo/status.json", 200), &status); err != nil {
		s.t.Fatal(err)
	}
	return status.State == "live"
}

// until waits until ok holds.
func until(t testing.TB, what string, limit time.Duration, ok func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), limit)
	defer cancel()
	ticker := time.NewTicker(50 * time.Millisecond)
	defer ticker.Stop()
	for !ok() {
		select {
		case <-ticker.C:
		case <-ctx.Done():
			t.Fatalf("%s did not come within %v", what, limit)
		}
	}
}

// TestCardChangesOnItsFrame is the thread through the whole: a real encoder, a
// real FFmpeg, a real browser, and the product on the viewer's screen.
func TestCardChangesOnItsFrame(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.stock(9)
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the first picture", 20*time.Second, func(n notes) bool { return len(n.Frames) > 30 })
	const cues = 4
	for i := range cues {
		no := i + 2
		at, err := h.SetProduct(t.Context(), no)
		if err != nil {
			t.Fatal(err)
		}
		s.show(no, at)
		n := v.await(fmt.Sprintf("the card of product %d", no), 15*time.Second, func(n notes) bool {
			_, ok := n.shown(no)
			return ok
		})
		c, _ := n.shown(no)
		if off := c.Captured - float64(at.UnixMilli()); off < -100 || off > 500 || c.Product != no {
			t.Errorf("card %d came %v ms after its frame, over product %d", no, off, c.Product)
		}
	}
}
