//go:build !race

package packager_test

import (
	"runtime"
	"testing"
	"time"

	"vitrine/internal/media"
)

func heap() uint64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// Eight hours in virtual time, with a cue every ten seconds, and a picture that
// changes its parameters every minute.
func TestMemoryOfALongShowIsFlat(t *testing.T) {
	s := newStudio(t, nil)
	tracks := [2]*media.Track{video, {Kind: media.Video, Codec: media.H264, Config: append([]byte(nil), video.Config...)}}
	tracks[1].Config[len(tracks[1].Config)-1] ^= 1
	hours := func(n int) {
		for i := range n * 60 * 6 {
			s.picture = tracks[i/6%2]
			s.run(300)
			if _, err := s.AddCue(media.Cue{ID: "c", At: s.now, Dur: time.Second, Payload: []byte(`{"id":"c"}`), State: []byte(`{"on":[]}`)}); err != nil {
				t.Fatal(err)
			}
		}
	}
	hours(1)
	before := heap()
	hours(7)
	if grown := int64(heap()) - int64(before); grown > 256<<10 {
		t.Errorf("%d KB more after eight hours", grown>>10)
	}
	runtime.KeepAlive(s)
}
