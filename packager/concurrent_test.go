package packager_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/asset"
)

// Writers of three renditions, cues, the clock and viewers, all at once: for the
// race detector, and none may be left waiting.
func TestConcurrentUse(t *testing.T) {
	s := newStudio(t, nil)
	s.run(200)
	at := s.base + media.Ticks(s.frame)*frameTicks
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	var viewers, writers sync.WaitGroup
	for i := range 100 {
		viewers.Go(func() {
			rendition := []string{"source", "240p", "audio"}[i%3]
			msn, part := epoch+3, 1
			for ctx.Err() == nil {
				a, err := s.Fetch(ctx, reload(rendition, msn, part))
				if err == nil && string(a.Body[0][len(a.Body[0])-9:]) == "-ENDLIST\n" {
					return
				}
				if part++; part > 6 {
					msn, part = msn+1, 0
				}
				if i%20 != 0 {
					continue
				}
				if _, err := s.Fetch(ctx, asset.Request{Kind: asset.Multivariant}); err != nil {
					t.Error(err)
				}
			}
		})
	}
	for i, name := range []string{"source", "240p", "audio"} {
		track, step := video, media.Ticks(frameTicks)
		if name == "audio" {
			track, step = audio, 1920
		}
		writers.Go(func() {
			for n := range 600 {
				pts := at + media.Ticks(n)*step
				u := media.Unit{Track: track, PTS: pts, DTS: pts, Sync: i == 2 || n%60 == 0, Data: fmt.Appendf(nil, "unit %d", n)}
				if err := s.WriteUnit(name, u); err != nil {
					t.Error(err)
				}
			}
		})
	}
	writers.Go(func() {
		for n := range 200 {
			s.Tick(s.now.Add(time.Duration(n) * time.Millisecond))
			if _, err := s.AddCue(media.Cue{ID: "c", At: s.now, Dur: time.Second, Payload: []byte(`{"id":"c"}`)}); err != nil {
				t.Error(err)
			}
			s.Position()
		}
	})
	writers.Wait()
	s.End()
	viewers.Wait()
	if ctx.Err() != nil {
		t.Error("a viewer is left waiting")
	}
}
