package transcode

import (
	"slices"
	"testing"

	"vitrine/internal/media"
)

// withSound makes a clip with sound in MP3.
func withSound(t *testing.T, more ...string) []media.Unit {
	t.Helper()
	args := []string{
		"-f", "lavfi", "-i", "testsrc2=size=160x90:rate=30", "-f", "lavfi", "-i", "sine=frequency=440:sample_rate=44100",
		"-t", "4", "-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-g", "30",
		"-c:a", "libmp3lame", "-ar", "44100", "-ac", "2",
	}
	return makeClip(t, append(args, more...)...)
}

func soundOf(units []media.Unit) []media.Unit {
	return slices.DeleteFunc(slices.Clone(units), func(u media.Unit) bool { return u.Track.Kind != media.Audio })
}

func picturesOf(units []media.Unit) []media.Unit {
	return slices.DeleteFunc(slices.Clone(units), func(u media.Unit) bool { return u.Track.Kind != media.Video })
}

func TestMP3BecomesAAC(t *testing.T) {
	t.Parallel()
	in := shifted(withSound(t), 777777)
	late := slices.DeleteFunc(slices.Clone(in), func(u media.Unit) bool {
		return u.Track.Kind == media.Audio && u.PTS < 777777+2*media.TicksPerSecond
	})
	hole := slices.DeleteFunc(slices.Clone(in), func(u media.Unit) bool {
		return u.Track.Kind == media.Audio && u.PTS > 777777+media.TicksPerSecond && u.PTS < 777777+2*media.TicksPerSecond
	})
	for name, units := range map[string][]media.Unit{
		"with pictures":              in,
		"without pictures":           soundOf(in),
		"beginning after pictures":   late,
		"with a hole in the middle":  hole,
		"all sound before a picture": slices.Concat(soundOf(in), picturesOf(in)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			rungs := small[:1]
			if len(picturesOf(units)) == 0 {
				rungs = nil
			}
			out := transcode(t, units, rungs)
			if got, want := ptsOf(out["240p"]), ptsOf(units); rungs != nil && !slices.Equal(got, want) {
				t.Errorf("%d pictures came out, %d went in", len(got), len(want))
			}
			sound := out[AudioRung]
			if name == "all sound before a picture" {
				return // nearly all of it is before the beginning
			}
			checkSound(t, sound, soundOf(units))
		})
	}
}

// checkSound holds AAC against the MP3 that it was made of.
func checkSound(t *testing.T, out, in []media.Unit) {
	t.Helper()
	if len(out) == 0 {
		t.Fatal("no sound came out")
	}
	const frame = 1024 * media.TicksPerSecond / audioSampleRate
	track := out[0].Track
	if track.Codec != media.AAC || track.SampleRate != audioSampleRate || track.Channels != audioChannels ||
		!slices.Equal(track.Config, []byte{0x11, 0x90}) {
		t.Errorf("the track is %+v", track)
	}
	for i, u := range out {
		if u.Track != track || !u.Sync || u.DTS != u.PTS {
			t.Fatalf("unit %d is %+v", i, u)
		}
		if i > 0 && u.PTS-out[i-1].PTS != frame {
			t.Errorf("%d ticks from unit %d to the next, want %d", u.PTS-out[i-1].PTS, i-1, frame)
		}
	}
	const slack = media.TicksPerSecond / 10
	if d := out[len(out)-1].PTS - in[len(in)-1].PTS; d > slack || d < -slack {
		t.Errorf("the sound ends %.3f s off", d.Seconds())
	}
}

func TestAACIsNotSent(t *testing.T) {
	t.Parallel()
	in := x264(t, "160x90", 30, 1, "-tune", "zerolatency")
	aac := &media.Track{Kind: media.Audio, Codec: media.AAC, SampleRate: 48000, Channels: 2}
	var units []media.Unit
	for _, u := range in {
		units = append(units, u, media.Unit{Track: aac, PTS: u.PTS, DTS: u.DTS, Sync: true, Data: []byte("not for ffmpeg")})
	}
	out := transcode(t, units, small[:1], func(j *Job) { j.cfg.Audio = nil })
	if len(out) != 1 || !slices.Equal(ptsOf(out["240p"]), ptsOf(in)) {
		t.Errorf("%d rungs came out", len(out))
	}
}
