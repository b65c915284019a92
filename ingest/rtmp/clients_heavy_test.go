//go:build clients

package rtmp

import (
	"strings"
	"testing"

	"vitrine/ingest/ingesttest"
	"vitrine/internal/media"
)

func TestGStreamerPublishes(t *testing.T) {
	const frames = 90
	s := start(t)
	if err := ingesttest.GStreamer(t, s.url, key, frames).Wait(t); err != nil {
		t.Fatal(err)
	}
	s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
	units := s.rec.Units()
	checkVideo(t, ingesttest.Of(media.Video, units), frames, false)
	if n := len(ingesttest.Of(media.Audio, units)); n < 138 || n > 144 {
		t.Errorf("%d audio frames for 3 s at 48 kHz, want about 140", n)
	}
}

func TestOBSPublishes(t *testing.T) {
	const seconds, fps = 10, 30
	s := start(t)
	obs := ingesttest.OBS(t, s.url, key)
	s.rec.Wait(t, "ten seconds of OBS", func(r *ingesttest.Recorder) bool {
		return len(ingesttest.Of(media.Video, r.Units())) >= seconds*fps
	})
	if enc := s.rec.Sessions()[0].Claim().Encoder; !strings.Contains(enc, "obs") {
		t.Errorf("the encoder calls itself %q", enc)
	}
	obs.Kill() // asked to close, OBS asks back whether to stop the stream
	s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
	units := s.rec.Units()
	tracks := ingesttest.Tracks(units)
	if len(tracks) != 2 {
		t.Fatalf("%d tracks", len(tracks))
	}
	for _, tr := range tracks {
		switch tr.Codec {
		case media.H264:
			if tr.Width != 480 || tr.Height != 270 || tr.FrameRate != fps {
				t.Errorf("%+v", tr)
			}
		case media.AAC:
			if tr.SampleRate != 48000 || tr.Channels != 2 {
				t.Errorf("%+v", tr)
			}
		default:
			t.Errorf("%+v", tr)
		}
	}
	video := ingesttest.Of(media.Video, units)
	for i, u := range video {
		if u.PTS < u.DTS || i > 0 && u.DTS <= video[i-1].DTS {
			t.Errorf("picture %d: PTS %d, DTS %d", i, u.PTS, u.DTS)
		}
		if u.Sync != (i%60 == 0) {
			t.Errorf("picture %d: sync %v", i, u.Sync)
		}
	}
}

func TestOBSIsToldOfAWrongKey(t *testing.T) {
	s := start(t)
	obs := ingesttest.OBS(t, s.url, "wrong")
	// OBS_OUTPUT_INVALID_STREAM, for which OBS shows: "Could not access the
	// specified channel or stream key, please double-check your stream key."
	obs.WaitOutput(t, "failed: -3")
	s.stop()
	if log := s.log.String(); strings.Count(log, "level=WARN") != 1 || !strings.Contains(log, "unknown stream key") {
		t.Errorf("logged:\n%s", log)
	}
}
