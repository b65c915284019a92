package packager_test

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/id3"
)

// A host shows a product in the moment in which the encoder is away, be it too
// short for an outage: the cue waits for the next frame, in every rendition alike.
func TestCueInAShortInterruptionIsCarriedAfterIt(t *testing.T) {
	for _, frames := range []int{200, 215, 239} { // within a segment, and at its end
		for _, away := range []time.Duration{100, 300, 500, 800, 1500, 2500, 2900} {
			for name, comeBack := range map[string]func(*studio){
				"another encoder": (*studio).comeBack,
				"the same one, with its next keyframe": func(s *studio) {
					at, _ := s.timeline.Media(s.now)
					s.frame = max(s.frame, (int((at-s.base)/frameTicks)+s.gop-1)/s.gop*s.gop)
					s.audio = int(media.Ticks(s.frame) * frameTicks / 1920)
					s.delayed = nil
				},
			} {
				s := newStudio(t, nil)
				s.run(frames)
				half := away * time.Millisecond / 2
				s.pass(half)
				placed, err := s.AddCue(media.Cue{ID: "c", At: s.now, Dur: time.Second, Payload: []byte(`{"id":"kept"}`), State: []byte(`{"on":[7]}`)})
				if err != nil {
					t.Fatal(err)
				}
				s.pass(half)
				comeBack(s)
				s.run(100)
				times := map[uint64]int{}
				for _, r := range []string{"source", "240p"} {
					for _, part := range s.parts(r) {
						all, _, _ := events(t, part)
						for _, e := range all {
							if bytes.Contains(e.MessageData, []byte(`"kept"`)) {
								times[e.PresentationTime]++
								_, stamped, err := id3.Parse(e.MessageData)
								if listed := strings.ReplaceAll(stamped, `"`, "%22"); err != nil || !strings.Contains(s.playlist(r), listed) {
									t.Errorf("%d frames, %s after %v ms: %s lists the cue elsewhere than at %s, %v", frames, name, int(away), r, stamped, err)
								}
							}
						}
					}
				}
				carried := 0
				for at, n := range times {
					if at >= uint64(placed.Media) {
						carried = n
					}
				}
				if len(times) != 1 || carried != 2 {
					t.Errorf("%d frames, %s after %v ms: a cue at %d is carried at %v", frames, name, int(away), placed.Media, times)
				}
			}
		}
	}
}
