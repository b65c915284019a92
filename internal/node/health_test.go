package node

import (
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
)

// A host is told within 5 s of going live that keyframes are too far apart, also
// where the second one has not come yet; and of nothing else.
func TestHostIsToldOfKeyframesTooFarApart(t *testing.T) {
	for name, tc := range map[string]struct {
		gop, jitter time.Duration
		lost        time.Duration // how long before the first keyframe pictures come
		told        bool
	}{
		"OBS's automatic distance of 8.33 s": {gop: 8333 * time.Millisecond, told: true},
		"10 s":                               {gop: 10 * time.Second, told: true},
		"3 s":                                {gop: 3 * time.Second, told: true},
		"4 s, over an uplink that stutters":  {gop: 4 * time.Second, jitter: 400 * time.Millisecond, told: true},
		"none at all":                        {gop: time.Hour, lost: time.Hour, told: true},
		"2 s":                                {gop: 2 * time.Second},
		"2.002 s":                            {gop: 2002 * time.Millisecond},
		"1 s, over an uplink that stutters":  {gop: time.Second, jitter: 900 * time.Millisecond},
		"2 s, over an uplink that stutters a little": {gop: 2 * time.Second, jitter: 150 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			h, start := newHealth(), time.Now()
			video := &media.Track{Kind: media.Video, Codec: media.H264, Width: 640, Height: 360}
			sound := &media.Track{Kind: media.Audio, Codec: media.AAC, SampleRate: 48000, Channels: 2}
			var first time.Duration
			key := tc.lost
			for i := range 30 * 20 {
				at := time.Duration(i) * time.Second / 30
				sync := at >= key
				if sync {
					key += tc.gop
				}
				now := start.Add(at + tc.jitter*time.Duration(i%5)/5)
				h.observe(media.Unit{Track: video, PTS: media.TicksOf(at), DTS: media.TicksOf(at), Sync: sync, Data: []byte("frame")}, now)
				h.observe(media.Unit{Track: sound, PTS: media.TicksOf(at), DTS: media.TicksOf(at), Sync: true, Data: []byte("sound")}, now)
				for _, w := range h.vitals(now).warnings(2*time.Second, 0, 0, 0) {
					if !strings.Contains(w.Text, "Set Keyframe Interval to 2 s") || !tc.told {
						t.Fatalf("after %v: %s", at, w.Text)
					}
					if first == 0 {
						first = at
					}
				}
			}
			if tc.told && (first == 0 || first > 5*time.Second) {
				t.Errorf("told after %v", first)
			}
		})
	}
}

// Once a host has changed the setting the warning is gone within two keyframes.
func TestHostIsToldNoMore(t *testing.T) {
	h, start := newHealth(), time.Now()
	video := &media.Track{Kind: media.Video, Codec: media.H264, Width: 640, Height: 360}
	at := time.Duration(0)
	for _, gap := range []time.Duration{8, 8, 2, 2} {
		h.observe(media.Unit{Track: video, PTS: media.TicksOf(at), Sync: true}, start.Add(at))
		at += gap * time.Second
	}
	v := h.vitals(start.Add(at - time.Second))
	v.Audio = video // not what this is about
	if w := v.warnings(2*time.Second, 0, 0, 0); len(w) > 0 && w[0].Code == "keyframes" {
		t.Errorf("%+v", w)
	}
}
