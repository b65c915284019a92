//go:build clients

package node_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"vitrine/ingest/ingesttest"
	"vitrine/internal/node"
)

// TestClientOBS: OBS is on air for a minute, and a browser plays it all, with
// the cards of its cues.
func TestClientOBS(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.stock(9)
	ingesttest.OBS(t, "rtmp://"+s.RTMPAddr+"/live", s.Channels[0].StreamKey)
	until(t, "OBS", time.Minute, s.live)
	v := browse(t, s.url("/live/demo/"))
	v.watch()
	v.await("the first picture", 30*time.Second, func(n notes) bool { return len(n.Frames) > 0 })
	began := time.Now()
	for no := 1; no <= 6; no++ {
		s.show(no, time.Time{})
		v.await("the card", 20*time.Second, func(n notes) bool {
			_, ok := n.shown(no)
			return ok
		})
		until(t, "ten seconds", 20*time.Second, func() bool { return time.Since(began) > time.Duration(no)*10*time.Second })
	}
	n := v.notes()
	last := n.Frames[len(n.Frames)-1]
	if played := last.Media - n.Frames[0].Media; played < 45 {
		t.Errorf("%.1f s played in a minute, %d stalls", played, n.Stalls)
	}
	t.Logf("%d frames at %dp, %d stalls", len(n.Frames), n.Height, n.Stalls)
	if status := string(s.call(http.MethodGet, "/channels/demo", nil, 200)); !strings.Contains(status, "obs") {
		t.Errorf("the encoder does not call itself OBS: %s", status)
	}
}
