package transcode

import (
	"bytes"
	"context"
	"fmt"
	"os/exec"
	"slices"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
)

// encoded has ffmpeg make one track of anything and returns its units.
func encoded(t testing.TB, args ...string) []media.Unit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	all := append([]string{"-nostdin", "-v", "error"}, args...)
	cmd := exec.CommandContext(ctx, "ffmpeg", append(all, "-video_track_timescale", "90000", "-use_editlist", "0",
		"-movflags", "frag_keyframe+delay_moov+default_base_moof", "-f", "mp4", "pipe:1")...)
	cmd.Env = append(cmd.Environ(), "SVT_LOG=1")
	var said bytes.Buffer
	cmd.Stderr = &said
	b, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", all, err, said.Bytes())
	}
	f, err := mp4.DecodeFile(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	trak := f.Init.Moov.Trak
	track, scale := describe(t, trak), int64(trak.Mdia.Mdhd.Timescale)
	var units []media.Unit
	for _, s := range f.Segments {
		for _, frag := range s.Fragments {
			samples, err := frag.GetFullSamples(f.Init.Moov.Mvex.Trex)
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range samples {
				u := media.Unit{Track: track, Data: s.Data, Sync: track.Kind == media.Audio || s.IsSync()}
				u.DTS = media.Ticks(media.Rescale(int64(s.DecodeTime), scale, media.TicksPerSecond))
				u.PTS = u.DTS + media.Ticks(media.Rescale(int64(s.CompositionTimeOffset), scale, media.TicksPerSecond))
				units = append(units, u)
			}
		}
	}
	return units
}

func describe(t testing.TB, trak *mp4.TrakBox) *media.Track {
	t.Helper()
	stsd := trak.Mdia.Minf.Stbl.Stsd
	var box mp4.Box
	out := &media.Track{Kind: media.Video, FrameRate: 30, Width: int(trak.Tkhd.Width >> 16), Height: int(trak.Tkhd.Height >> 16)}
	switch e := stsd.Children[0].(type) {
	case *mp4.VisualSampleEntryBox:
		switch {
		case e.AvcC != nil:
			out.Codec, box = media.H264, e.AvcC
		case e.HvcC != nil:
			out.Codec, box = media.HEVC, e.HvcC
		default:
			out.Codec, box = media.AV1, e.Av1C
		}
	case *mp4.AudioSampleEntryBox:
		out = &media.Track{Kind: media.Audio, Codec: media.Opus, SampleRate: int(e.SampleRate), Channels: int(e.ChannelCount)}
		if e.Dops == nil {
			out.Codec, out.Config = media.AAC, e.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig
			return out
		}
		box = e.Dops
	}
	var buf bytes.Buffer
	if err := box.Encode(&buf); err != nil {
		t.Fatal(err)
	}
	out.Config = buf.Bytes()[8:]
	return out
}

func scene(seconds int, codec ...string) []string {
	return append([]string{"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30", "-t", itoa(seconds), "-g", "60"}, codec...)
}

func tone(layout string, rate int, codec ...string) []string {
	in := fmt.Sprintf("sine=frequency=440:sample_rate=%d,aformat=channel_layouts=%s", rate, layout)
	return append([]string{"-f", "lavfi", "-i", in, "-t", "4"}, codec...)
}

var (
	x265Args = []string{
		"-c:v", "libx265", "-preset", "ultrafast", "-tag:v", "hvc1",
		"-x265-params", "log-level=none:open-gop=0:keyint=60:min-keyint=60:scenecut=0:bframes=3",
	}
	svtArgs = []string{"-c:v", "libsvtav1", "-preset", "12"}
)

// merged returns the units of several tracks by their times.
func merged(tracks ...[]media.Unit) []media.Unit {
	all := slices.Concat(tracks...)
	slices.SortStableFunc(all, func(a, b media.Unit) int { return int(a.DTS - b.DTS) })
	return all
}

// The ladder is made of whatever a source has; times and keyframes are kept.
func TestTheLadderTakesEveryCodec(t *testing.T) {
	t.Parallel()
	opus := encoded(t, tone("stereo", 48000, "-c:a", "libopus")...)
	hevc := encoded(t, scene(4, x265Args...)...)
	av1 := encoded(t, scene(4, svtArgs...)...)
	mono := encoded(t, tone("mono", 48000, "-c:a", "aac")...)
	for name, in := range map[string][]media.Unit{
		"HEVC with B-frames":    hevc,
		"HEVC, 10 bits":         encoded(t, scene(4, append(slices.Clone(x265Args), "-pix_fmt", "yuv420p10le")...)...),
		"AV1":                   av1,
		"AV1 and AAC in mono":   merged(av1, mono),
		"HEVC and MP3":          merged(hevc, soundOf(withSound(t))),
		"HEVC and Opus":         merged(hevc, opus),
		"H.264 and Opus":        merged(encoded(t, scene(4, "-c:v", "libx264", "-preset", "veryfast")...), opus),
		"H.264 High 4:4:4":      encoded(t, scene(4, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv444p")...),
		"H.264 High 10":         encoded(t, scene(4, "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p10le")...),
		"HEVC, times that wind": odd(shifted(hevc, 7_654_321)),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			out := transcode(t, in, small)
			for _, r := range small {
				if got, want := ptsOf(out[r.Name]), ptsOf(in); !slices.Equal(got, want) {
					t.Errorf("%s: %d pictures came out, %d went in, or at other times: %v, want %v", r.Name, len(got), len(want), got, want)
				}
				if got, want := syncOf(out[r.Name]), syncOf(in); !slices.Equal(got, want) {
					t.Errorf("%s: keyframes at %v, want %v", r.Name, got, want)
				}
			}
			if s := soundOf(in); len(s) > 0 {
				checkSound(t, out[AudioRung], s)
			}
		})
	}
}

// A source whose parameters change goes on: the new ones stand before a keyframe.
func TestParametersChangeInMatroska(t *testing.T) {
	t.Parallel()
	first := encoded(t, scene(2, x265Args...)...)
	second := shifted(encoded(t, scene(2, append(slices.Clone(x265Args), "-vf", "scale=256:144")...)...), 2*media.TicksPerSecond)
	in := slices.Concat(first, second)
	if bytes.Equal(first[0].Track.Config, second[0].Track.Config) {
		t.Fatal("they do not differ")
	}
	out := transcode(t, in, small)
	for _, r := range small {
		if got, want := ptsOf(out[r.Name]), ptsOf(in); !slices.Equal(got, want) {
			t.Errorf("%s: %d pictures came out, %d went in", r.Name, len(got), len(want))
		}
	}
}

// All sound becomes AAC-LC in stereo.
func TestSoundBecomesStereo(t *testing.T) {
	t.Parallel()
	pictures := encoded(t, scene(4, "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency")...)
	mono := encoded(t, tone("mono", 48000, "-c:a", "aac")...)
	for name, in := range map[string][]media.Unit{
		"AAC in mono, a second late":   mono[47:],
		"AAC in mono":                  encoded(t, tone("mono", 48000, "-c:a", "aac")...),
		"AAC in mono at 44.1 kHz":      encoded(t, tone("mono", 44100, "-c:a", "aac")...),
		"AAC in 5.1":                   encoded(t, tone("5.1", 48000, "-c:a", "aac")...),
		"AAC in 5.1, the sides named":  encoded(t, tone("5.1(side)", 48000, "-c:a", "aac")...),
		"AAC at 24 kHz, or silent SBR": encoded(t, tone("stereo", 24000, "-c:a", "aac")...),
		"Opus in mono":                 encoded(t, tone("mono", 48000, "-c:a", "libopus")...),
		"Opus in 5.1":                  encoded(t, tone("5.1", 48000, "-c:a", "libopus")...),
		"Opus, 60 ms in a packet":      encoded(t, tone("stereo", 48000, "-c:a", "libopus", "-frame_duration", "60")...),
	} {
		for _, with := range []string{"alone", "with pictures"} {
			t.Run(name+" "+with, func(t *testing.T) {
				t.Parallel()
				units, rungs := in, []Rung(nil)
				if with != "alone" {
					units, rungs = merged(pictures, in), small[:1]
				}
				out := transcode(t, units, rungs)
				checkSound(t, out[AudioRung], in)
				if rungs != nil && !slices.Equal(ptsOf(out["240p"]), ptsOf(pictures)) {
					t.Errorf("%d pictures came out, %d went in", len(ptsOf(out["240p"])), len(ptsOf(pictures)))
				}
			})
		}
	}
}
