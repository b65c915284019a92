package rtmp

import (
	"errors"
	"strings"
	"testing"

	"vitrine/ingest"
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

func TestFFmpegSendsOtherThings(t *testing.T) {
	for name, test := range map[string]struct {
		clip  ingesttest.Clip
		check func(t *testing.T, video, audio []media.Unit)
	}{
		"MP3": {ingesttest.Clip{AudioCodec: "libmp3lame"}, func(t *testing.T, video, audio []media.Unit) {
			t.Helper()
			if len(video) != 60 || len(audio) < 75 || len(audio) > 80 {
				t.Errorf("%d pictures, %d frames", len(video), len(audio))
			}
			if tr := audio[0].Track; tr.Codec != media.MP3 || tr.SampleRate != 44100 || tr.Channels != 2 {
				t.Errorf("%+v", tr)
			}
		}},
		"audio only": {ingesttest.Clip{NoVideo: true}, func(t *testing.T, video, audio []media.Unit) {
			t.Helper()
			if len(video) > 0 {
				t.Error("pictures")
			}
			checkAudio(t, audio, 2, 44100)
		}},
		"video only": {ingesttest.Clip{AudioCodec: "none"}, func(t *testing.T, video, audio []media.Unit) {
			t.Helper()
			checkVideo(t, video, 60, false)
			if len(audio) > 0 {
				t.Error("sound")
			}
		}},
		// Past 4.66 hours every chunk has an extended timestamp.
		"after 20,000 seconds": {
			ingesttest.Clip{Args: []string{"-output_ts_offset", "20000"}, Bitrate: 3_000_000},
			func(t *testing.T, video, audio []media.Unit) {
				t.Helper()
				checkVideo(t, video, 60, false)
				checkAudio(t, audio, 2, 44100)
				if at := video[0].DTS.Seconds(); at < 19_999 || at > 20_001 {
					t.Errorf("begins at %v s", at)
				}
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			test.clip.Seconds = 2
			if err := ingesttest.FFmpeg(t, s.url, key, test.clip).Wait(t); err != nil {
				t.Fatal(err)
			}
			s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
			units := s.rec.Units()
			test.check(t, ingesttest.Of(media.Video, units), ingesttest.Of(media.Audio, units))
		})
	}
}

func TestFFmpegIsToldWhy(t *testing.T) {
	for name, test := range map[string]struct{ path, want string }{
		"a wrong key": {"", ingest.ErrBadKey.Error()},
		"a wrong app": {"x", errApp.Error()},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			c := ingesttest.FFmpeg(t, s.url+test.path, "wrong", ingesttest.Clip{Seconds: 1})
			if err := c.Wait(t); err == nil {
				t.Error("FFmpeg ended well")
			}
			if !strings.Contains(c.Output(), test.want) {
				t.Errorf("FFmpeg said %q", c.Output())
			}
			refusedOnce(t, s, test.want)
		})
	}
}

func TestFFmpegTakesOver(t *testing.T) {
	s := start(t)
	first := ingesttest.FFmpeg(t, s.url, key, ingesttest.Clip{Live: true})
	s.rec.Wait(t, "the first on air", func(r *ingesttest.Recorder) bool { return len(r.Units()) > 10 })
	ingesttest.FFmpeg(t, s.url, key, ingesttest.Clip{Live: true})
	s.rec.Wait(t, "the second on air", func(r *ingesttest.Recorder) bool {
		return len(r.Sessions()) == 2 && r.Sessions()[1].Context().Err() == nil && len(r.Ended()) == 1
	})
	if err := s.rec.Ended()[0]; !errors.Is(err, ingest.ErrTakenOver) {
		t.Errorf("the first ended with %v", err)
	}
	if err := first.Wait(t); err == nil {
		t.Error("the first FFmpeg did not notice")
	}
	// Both come from this host: the first, if it reconnects, is refused.
	again := ingesttest.FFmpeg(t, s.url, key, ingesttest.Clip{Live: true})
	if err := again.Wait(t); err == nil || !strings.Contains(again.Output(), ingest.ErrDisplaced.Error()) {
		t.Errorf("a third one: %v, %q", err, again.Output())
	}
	had := len(s.rec.Units())
	s.rec.Wait(t, "the second undisturbed", func(r *ingesttest.Recorder) bool { return len(r.Units()) > had+10 })
	if !s.gate.Kick(channel, 0) {
		t.Error("nothing to kick")
	}
}
