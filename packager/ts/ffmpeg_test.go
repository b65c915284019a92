package ts_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
	"vitrine/packager/id3"
	"vitrine/packager/ts"
)

// run returns what a program prints, and fails if it complains.
func run(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var out, complaints bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &complaints
	if err := cmd.Run(); err != nil || complaints.Len() > 0 {
		t.Fatalf("%s: %v\n%s", name, err, complaints.String())
	}
	return out.Bytes()
}

// encode has FFmpeg make four seconds of one track.
func encode(t *testing.T, args ...string) (*mp4.StsdBox, []mp4.FullSample) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "in.mp4")
	args = append([]string{"-v", "warning", "-t", "4", "-f", "lavfi", "-i"}, args...)
	run(t, "ffmpeg", append(args, "-movflags", "frag_keyframe+empty_moov+default_base_moof", path)...)
	f, err := mp4.ReadMP4File(path)
	if err != nil {
		t.Fatal(err)
	}
	var all []mp4.FullSample
	for _, s := range f.Segments {
		for _, fragment := range s.Fragments {
			samples, err := fragment.GetFullSamples(f.Init.Moov.Mvex.Trex)
			if err != nil {
				t.Fatal(err)
			}
			all = append(all, samples...)
		}
	}
	return f.Init.Moov.Trak.Mdia.Minf.Stbl.Stsd, all
}

// reel is four seconds of picture with B-frames, and of sound, as two segments
// from one second on, with a cue in each.
func reel(t *testing.T) []*ts.Segment {
	t.Helper()
	stsd, pictures := encode(t, "testsrc=size=320x180:rate=30", "-c:v", "libx264", "-preset", "veryfast", "-pix_fmt", "yuv420p",
		"-bf", "3", "-g", "60", "-sc_threshold", "0", "-video_track_timescale", "90000")
	var avcC bytes.Buffer
	if err := stsd.AvcX.AvcC.Encode(&avcC); err != nil {
		t.Fatal(err)
	}
	v := &media.Track{Kind: media.Video, Codec: media.H264, Config: avcC.Bytes()[8:]}
	stsd, sounds := encode(t, "sine=sample_rate=48000", "-c:a", "aac")
	a := &media.Track{
		Kind: media.Audio, Codec: media.AAC, SampleRate: 48000, Channels: 1,
		Config: stsd.Mp4a.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig,
	}
	const start, boundary = media.TicksPerSecond, 3 * media.TicksPerSecond
	out := []*ts.Segment{{MSN: 15, Video: v, Audio: a}, {MSN: 16, Video: v, Audio: a}}
	shift := media.Ticks(pictures[0].CompositionTimeOffset) // as the packager does: DTS is PTS at a keyframe
	for i, s := range pictures {
		at := start + media.Ticks(s.DecodeTime)
		out[i/60].Pictures = append(out[i/60].Pictures, ts.Sample{PTS: at + media.Ticks(s.CompositionTimeOffset) - shift, DTS: at, Sync: s.IsSync(), Data: s.Data})
	}
	for _, s := range sounds {
		at, i := start+media.Ticks(media.Rescale(int64(s.DecodeTime), 48000, media.TicksPerSecond)), 0
		if at >= boundary {
			i = 1
		}
		out[i].Sounds = append(out[i].Sounds, ts.Sample{PTS: at, DTS: at, Data: s.Data})
	}
	for i, at := range []media.Ticks{start + 12345, boundary} {
		out[i].Events = []ts.Event{{PTS: at, Tag: id3.Append(nil, "vitrine.cue", `{"v":1,"id":"c`+strconv.Itoa(i)+`"}`)}}
	}
	return out
}

// TestFFmpegReadsIt: both segments as one stream, decoded without a complaint,
// and every time as it went in.
func TestFFmpegReadsIt(t *testing.T) {
	segments := reel(t)
	path := filepath.Join(t.TempDir(), "out.ts")
	if err := os.WriteFile(path, append(must(t, segments[0]), must(t, segments[1])...), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, "ffmpeg", "-v", "warning", "-xerror", "-i", path, "-map", "0:v", "-map", "0:a", "-f", "null", "-")
	var got struct {
		Packets []struct {
			Type     string `json:"codec_type"`
			PTS, DTS int64
			Flags    string
		}
		Streams []struct {
			Codec string `json:"codec_name"`
		}
	}
	if err := json.Unmarshal(run(t, "ffprobe", "-v", "error", "-show_packets", "-show_streams", "-of", "json", path), &got); err != nil {
		t.Fatal(err)
	}
	var codecs []string
	for _, s := range got.Streams {
		codecs = append(codecs, s.Codec)
	}
	if !slices.Equal(codecs, []string{"h264", "aac", "timed_id3"}) {
		t.Errorf("streams %q", codecs)
	}
	times := map[string][]int64{}
	for _, p := range got.Packets {
		times[p.Type] = append(times[p.Type], p.PTS)
		if p.DTS > p.PTS {
			t.Errorf("%s at %d decodes at %d", p.Type, p.PTS, p.DTS)
		}
	}
	want := map[string][]int64{}
	for _, s := range segments {
		for _, x := range s.Pictures {
			want["video"] = append(want["video"], int64(x.PTS))
		}
		for _, x := range s.Sounds {
			want["audio"] = append(want["audio"], int64(x.PTS))
		}
		for _, x := range s.Events {
			want["data"] = append(want["data"], int64(x.PTS))
		}
	}
	for kind := range want {
		if !slices.Equal(times[kind], want[kind]) {
			t.Errorf("%s\n got %d\nwant %d", kind, times[kind], want[kind])
		}
	}
}
