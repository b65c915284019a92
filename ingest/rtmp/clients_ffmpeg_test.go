package rtmp

import (
	"testing"

	"vitrine/ingest/ingesttest"
	"vitrine/internal/media"
)

func TestFFmpegPublishes(t *testing.T) {
	const seconds, fps = 3, 30
	for name, bframes := range map[string]int{"without B-frames": 0, "with B-frames": 2} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			clip := ingesttest.Clip{Seconds: seconds, FPS: fps, BFrames: bframes}
			if err := ingesttest.FFmpeg(t, s.url, key, clip).Wait(t); err != nil {
				t.Fatal(err)
			}
			s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
			if err := s.rec.Ended()[0]; err != nil {
				t.Errorf("the session ended with %v", err)
			}
			units := s.rec.Units()
			checkVideo(t, ingesttest.Of(media.Video, units), seconds*fps, bframes > 0)
			checkAudio(t, ingesttest.Of(media.Audio, units), seconds, 44100)
		})
	}
}

// checkVideo holds video against a clip of n pictures at 30 fps, 320×180.
func checkVideo(t *testing.T, units []media.Unit, n int, reordered bool) {
	t.Helper()
	if len(units) != n {
		t.Fatalf("%d pictures, want %d", len(units), n)
	}
	track := units[0].Track
	if track.Codec != media.H264 || track.Width != 320 || track.Height != 180 || track.FrameRate != 30 {
		t.Errorf("track %+v", track)
	}
	const ms = media.TicksPerSecond / 1000
	moved := false
	seen := make(map[media.Ticks]bool)
	for i, u := range units {
		if u.Track != track {
			t.Errorf("picture %d has another track", i)
		}
		if i > 0 {
			if d := u.DTS - units[i-1].DTS; d < 33*ms || d > 34*ms {
				t.Errorf("picture %d: DTS %d after the one before", i, d)
			}
		}
		if u.PTS < u.DTS || seen[u.PTS] {
			t.Errorf("picture %d: PTS %d, DTS %d", i, u.PTS, u.DTS)
		}
		seen[u.PTS] = true
		moved = moved || i > 0 && u.PTS < units[i-1].PTS
		if want := i%60 == 0; u.Sync != want {
			t.Errorf("picture %d: sync %v", i, u.Sync)
		}
	}
	if moved != reordered {
		t.Errorf("pictures out of order: %v, want %v", moved, reordered)
	}
}

// checkAudio holds audio against a stereo AAC clip.
func checkAudio(t *testing.T, units []media.Unit, seconds, rate int) {
	t.Helper()
	if want := seconds * rate / 1024; len(units) < want || len(units) > want+3 {
		t.Fatalf("%d audio frames, want about %d", len(units), want)
	}
	track := units[0].Track
	if track.Codec != media.AAC || track.SampleRate != rate || track.Channels != 2 || len(track.Config) < 2 {
		t.Errorf("track %+v", track)
	}
	for i, u := range units {
		if u.Track != track || !u.Sync || u.PTS != u.DTS || len(u.Data) == 0 {
			t.Errorf("audio frame %d: %+v", i, u)
		}
		if i > 0 && u.PTS <= units[i-1].PTS {
			t.Errorf("audio frame %d: PTS %d after %d", i, u.PTS, units[i-1].PTS)
		}
	}
}
