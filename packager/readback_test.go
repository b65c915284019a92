package packager_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/hevc"
	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/packager/asset"
)

// toolLimit bounds every run of ffmpeg and ffprobe, on a busy machine.
const toolLimit = time.Minute

func tool(t *testing.T, name string, args ...string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), toolLimit)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Env = append(cmd.Environ(), "SVT_LOG=1") // errors only
	var out, said bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &said
	if err := cmd.Run(); err != nil || said.Len() > 0 {
		t.Fatalf("%s %v: %v: %s", name, args, err, said.Bytes())
	}
	return out.Bytes()
}

// clip has ffmpeg encode one track and returns it as units, its times later by a
// second.
func clip(t *testing.T, args ...string) []media.Unit {
	t.Helper()
	all := append([]string{"-nostdin", "-v", "error"}, args...)
	all = append(all, "-map_metadata", "-1", "-video_track_timescale", "90000",
		"-movflags", "frag_keyframe+delay_moov+default_base_moof", "-use_editlist", "0", "-f", "mp4", "pipe:1")
	f := mustDecode(t, tool(t, "ffmpeg", all...))
	track, scale := trackOf(t, f.Init.Moov.Trak)
	var units []media.Unit
	for _, frag := range fragments(f) {
		samples, err := frag.GetFullSamples(f.Init.Moov.Mvex.Trex)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			u := media.Unit{Track: track, Data: s.Data, Sync: track.Kind == media.Audio || s.IsSync()}
			u.DTS = media.TicksPerSecond + media.Ticks(media.Rescale(int64(s.DecodeTime), scale, media.TicksPerSecond))
			u.PTS = u.DTS + media.Ticks(media.Rescale(int64(s.CompositionTimeOffset), scale, media.TicksPerSecond))
			units = append(units, u)
		}
	}
	return units
}

// trackOf makes a track of a sample entry, and returns its timescale.
func trackOf(t *testing.T, trak *mp4.TrakBox) (*media.Track, int64) {
	t.Helper()
	stsd := trak.Mdia.Minf.Stbl.Stsd
	out := &media.Track{Kind: media.Video}
	body := func(b mp4.Box) []byte {
		var buf bytes.Buffer
		if err := b.Encode(&buf); err != nil {
			t.Fatal(err)
		}
		return buf.Bytes()[8:]
	}
	switch {
	case stsd.AvcX != nil:
		out.Codec, out.Config = media.H264, body(stsd.AvcX.AvcC)
	case stsd.HvcX != nil:
		out.Codec, out.Config = media.HEVC, body(stsd.HvcX.HvcC)
	case stsd.Av01 != nil:
		out.Codec, out.Config = media.AV1, body(stsd.Av01.Av1C)
	case stsd.Mp4a != nil:
		out.Codec, out.Config = media.AAC, stsd.Mp4a.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig
	default:
		for _, c := range stsd.Children {
			if e, ok := c.(*mp4.AudioSampleEntryBox); ok && e.Dops != nil {
				out.Codec, out.Config = media.Opus, body(e.Dops)
				out.Kind, out.SampleRate, out.Channels = media.Audio, 48000, int(e.ChannelCount)
				return out, int64(trak.Mdia.Mdhd.Timescale)
			}
		}
	}
	switch out.Codec {
	case media.AAC:
		c, err := media.ParseAAC(out.Config)
		if err != nil {
			t.Fatal(err)
		}
		out.Kind, out.SampleRate, out.Channels = media.Audio, c.SampleRate, c.Channels
	case 0:
		t.Fatalf("ffmpeg made %v", stsd.Children)
	default:
		out.Width, out.Height = int(trak.Tkhd.Width>>16), int(trak.Tkhd.Height>>16)
	}
	return out, int64(trak.Mdia.Mdhd.Timescale)
}

// publish plays units into a program as the renditions that they are named for,
// and ends it.
func publish(t *testing.T, units map[string][]media.Unit) *packager.Program {
	t.Helper()
	timeline := &media.Timeline{}
	p, err := packager.New(packager.Config{
		Start: start, PartTarget: 350 * time.Millisecond, Segment: 2 * time.Second, Source: true, Opus: true,
		Timeline: timeline, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		t.Fatal(err)
	}
	type named struct {
		name string
		media.Unit
	}
	var all []named
	for name, list := range units {
		for _, u := range list {
			all = append(all, named{name, u})
		}
	}
	slices.SortStableFunc(all, func(a, b named) int { return int(a.DTS - b.DTS) })
	for _, u := range all {
		now := start.Add((u.DTS - media.TicksPerSecond).Duration())
		timeline.Observe(u.PTS, now)
		p.Tick(now)
		if err := p.WriteUnit(u.name, u.Unit); err != nil {
			t.Fatal(err)
		}
	}
	p.End()
	return p
}

func fetch(t *testing.T, p *packager.Program, r asset.Request) []byte {
	t.Helper()
	a, err := p.Fetch(t.Context(), r)
	if err != nil {
		t.Fatalf("%+v: %v", r, err)
	}
	return bytes.Join(a.Body, nil)
}

// wholeOf returns a rendition's initialization segment and all its media.
func wholeOf(t *testing.T, p *packager.Program, rendition string) (init, all []byte) {
	t.Helper()
	init = fetch(t, p, asset.Request{Kind: asset.Init, Rendition: rendition, Epoch: epoch})
	all = slices.Clone(init)
	for line := range strings.Lines(string(fetch(t, p, asset.Request{Kind: asset.Playlist, Rendition: rendition}))) {
		r := asset.Request{Kind: asset.Segment, Rendition: rendition}
		if n, _ := fmt.Sscanf(line, "%d/%d.m4s", &r.Epoch, &r.MSN); n == 2 {
			all = append(all, fetch(t, p, r)...)
		}
	}
	return init, all
}

// probed is what ffprobe found.
type probed struct {
	Streams []struct {
		Codec      string `json:"codec_name"`
		Profile    string
		PixFmt     string `json:"pix_fmt"`
		Width      int
		Height     int
		SampleRate string `json:"sample_rate"`
		Channels   int
		TimeBase   string `json:"time_base"`
	}
	Frames []struct {
		PTS int64
		N   int64 `json:"nb_samples"`
	}
}

// probe has ffprobe decode everything; it may not complain.
func probe(t *testing.T, b []byte) probed {
	t.Helper()
	path := filepath.Join(t.TempDir(), "rendition.mp4")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	var out probed
	if err := json.Unmarshal(tool(t, "ffprobe", "-v", "error", "-show_streams", "-show_frames", "-of", "json", path), &out); err != nil {
		t.Fatal(err)
	}
	if len(out.Streams) != 1 {
		t.Fatalf("%d streams", len(out.Streams))
	}
	return out
}

// codecOf returns the codec string that mp4ff reads out of an initialization
// segment.
func codecOf(t *testing.T, init []byte) string {
	t.Helper()
	stsd := mustDecode(t, init).Init.Moov.Trak.Mdia.Minf.Stbl.Stsd
	switch {
	case stsd.AvcX != nil:
		sps := stsd.AvcX.AvcC.SPSnalus[0]
		return strings.ToUpper(fmt.Sprintf("%x", sps[1:4]))
	case stsd.HvcX != nil:
		sps, err := hevc.ParseSPSNALUnit(stsd.HvcX.HvcC.GetNalusForType(hevc.NALU_SPS)[0])
		if err != nil {
			t.Fatal(err)
		}
		return hevc.CodecString("hvc1", sps)
	case stsd.Av01 != nil:
		return stsd.Av01.Av1C.CodecString("av01")
	}
	t.Fatalf("%v", stsd.Children)
	return ""
}

func picture(codec ...string) []string {
	return append([]string{"-f", "lavfi", "-i", "testsrc2=size=320x180:rate=30000/1001", "-t", "5"}, codec...)
}

// Every codec that a source may have, by real encoders, read back by ffprobe and
// mp4ff: the same frames at the same times.
func TestVideoCodecsReadBack(t *testing.T) {
	x264 := func(profile, format string, more ...string) []string {
		return picture(append([]string{"-c:v", "libx264", "-preset", "veryfast", "-profile:v", profile, "-pix_fmt", format, "-g", "60"}, more...)...)
	}
	x265 := func(format string) []string {
		return picture("-c:v", "libx265", "-preset", "ultrafast", "-pix_fmt", format, "-tag:v", "hvc1",
			"-x265-params", "log-level=none:open-gop=0:keyint=60:min-keyint=60:scenecut=0:bframes=3")
	}
	for name, tc := range map[string]struct {
		args                   []string
		codec, profile, format string
	}{
		"H.264 Baseline":                            {x264("baseline", "yuv420p"), "avc1.42C0", "Constrained Baseline", "yuv420p"},
		"H.264 Main":                                {x264("main", "yuv420p", "-bf", "3"), "avc1.4D40", "Main", "yuv420p"},
		"H.264 High":                                {x264("high", "yuv420p", "-bf", "3"), "avc1.6400", "High", "yuv420p"},
		"H.264 High, full range":                    {x264("high", "yuvj420p"), "avc1.6400", "High", "yuvj420p"},
		"H.264 High 10, OBS's P010":                 {x264("high10", "yuv420p10le"), "avc1.6E00", "High 10", "yuv420p10le"},
		"H.264 High 4:2:2":                          {x264("high422", "yuv422p"), "avc1.7A00", "High 4:2:2", "yuv422p"},
		"H.264 High 4:4:4 Predictive, OBS's I444":   {x264("high444", "yuv444p"), "avc1.F400", "High 4:4:4 Predictive", "yuv444p"},
		"HEVC Main":                                 {x265("yuv420p"), "hvc1.1.6.L60.90", "Main", "yuv420p"},
		"HEVC Main 10":                              {x265("yuv420p10le"), "hvc1.2.4.L60.90", "Main 10", "yuv420p10le"},
		"HEVC with range extensions: 4:4:4, 8 bits": {x265("yuv444p"), "hvc1.4.10.L60.9E.8", "Rext", "yuv444p"},
		"AV1 Main by SVT": {
			picture("-c:v", "libsvtav1", "-preset", "12", "-g", "60", "-svtav1-params", "scd=0"),
			"av01.0.00M.08", "Main", "yuv420p",
		},
		"AV1 Main, 10 bits, by libaom": {
			picture("-c:v", "libaom-av1", "-cpu-used", "8", "-usage", "realtime", "-pix_fmt", "yuv420p10le", "-g", "60"),
			"av01.0.00M.10", "Main", "yuv420p10le",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := clip(t, tc.args...)
			p := publish(t, map[string][]media.Unit{packager.Source: in})
			text := string(fetch(t, p, asset.Request{Kind: asset.Multivariant}))
			_, codecs, _ := strings.Cut(text, `CODECS="`)
			codecs, _, _ = strings.Cut(codecs, `"`)
			init, all := wholeOf(t, p, packager.Source)
			if read := codecOf(t, init); !strings.HasPrefix(codecs, tc.codec) || !strings.HasSuffix(codecs, read) {
				t.Errorf("CODECS=%q, mp4ff reads %q, want %s", codecs, read, tc.codec)
			}
			out := probe(t, all)
			if s := out.Streams[0]; s.Profile != tc.profile || s.PixFmt != tc.format || s.Width != 320 || s.Height != 180 {
				t.Errorf("ffprobe reads %+v", s)
			}
			checkTimes(t, in, all, out)
			if !strings.Contains(text, "RESOLUTION=320x180") || !strings.Contains(text, "FRAME-RATE=29.970") {
				t.Errorf("%s", text)
			}
		})
	}
}

// checkTimes holds what mp4ff and ffprobe read against what went in. FFmpeg adds
// the most negative composition offset to every time.
func checkTimes(t *testing.T, in []media.Unit, all []byte, out probed) {
	t.Helper()
	var want []int64
	for _, u := range in {
		want = append(want, int64(u.PTS))
	}
	shift, i := int64(0), 0
	for _, frag := range fragments(mustDecode(t, all)) {
		samples, err := frag.GetFullSamples(nil)
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range samples {
			if i >= len(want) || int64(s.PresentationTime()) != want[i] || s.IsSync() != in[i].Sync || !bytes.Equal(s.Data, in[i].Data) {
				t.Fatalf("sample %d is not that of the source: at %d", i, s.PresentationTime())
			}
			shift = max(shift, -int64(s.CompositionTimeOffset))
			i++
		}
	}
	slices.Sort(want)
	if len(out.Frames) != len(want) || i != len(want) {
		t.Fatalf("%d samples, and %d frames decoded, of %d", i, len(out.Frames), len(want))
	}
	for i, f := range out.Frames {
		if f.PTS-shift != want[i] {
			t.Fatalf("ffprobe shows frame %d at %d, want %d", i, f.PTS-shift, want[i])
		}
	}
}

func sound(layout string, rate int, codec ...string) []string {
	in := fmt.Sprintf("sine=frequency=440:sample_rate=%d,aformat=channel_layouts=%s", rate, layout)
	return append([]string{"-f", "lavfi", "-i", in, "-t", "5"}, codec...)
}

// heAAC tells decoders that the frames of an AAC-LC track have SBR, which they
// have not: no free encoder makes HE-AAC. A decoder then raises the rate alone.
func heAAC(units []media.Unit, config string) []media.Unit {
	track := *units[0].Track
	track.Config, track.SampleRate, track.Channels = configuration(config), 2*track.SampleRate, 2
	out := slices.Clone(units)
	for i := range out {
		out[i].Track = &track
	}
	return out
}

func TestAudioCodecsReadBack(t *testing.T) {
	for name, tc := range map[string]struct {
		args          []string
		he            string
		codec, decode string
		rate          string
		samples       int64
	}{
		"AAC-LC at 44.1 kHz":                           {args: sound("stereo", 44100, "-c:a", "aac"), codec: "mp4a.40.2", decode: "aac", rate: "44100", samples: 1024},
		"AAC-LC at 48 kHz":                             {args: sound("stereo", 48000, "-c:a", "aac"), codec: "mp4a.40.2", decode: "aac", rate: "48000", samples: 1024},
		"HE-AAC at 48 kHz, signalled first":            {args: sound("stereo", 24000, "-c:a", "aac"), he: "2b118800", codec: "mp4a.40.5", decode: "aac", rate: "48000", samples: 2048},
		"HE-AAC at 44.1 kHz, signalled last":           {args: sound("stereo", 22050, "-c:a", "aac"), he: "139056e5a0", codec: "mp4a.40.5", decode: "aac", rate: "44100", samples: 2048},
		"HE-AAC v2 at 44.1 kHz":                        {args: sound("mono", 22050, "-c:a", "aac"), he: "eb8a0800", codec: "mp4a.40.29", decode: "aac", rate: "44100", samples: 2048},
		"Opus, frames of 20 ms":                        {args: sound("stereo", 48000, "-c:a", "libopus"), codec: "opus", decode: "opus", rate: "48000", samples: 960},
		"Opus, frames of 60 ms, of sound at 24 kHz":    {args: sound("mono", 24000, "-c:a", "libopus", "-frame_duration", "60"), codec: "opus", decode: "opus", rate: "48000", samples: 2880},
		"Opus, 5.1, which has a table of its speakers": {args: sound("5.1", 48000, "-c:a", "libopus"), codec: "opus", decode: "opus", rate: "48000", samples: 960},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			in := clip(t, tc.args...)
			if tc.he != "" {
				in = heAAC(in, tc.he)
			}
			p := publish(t, map[string][]media.Unit{packager.Audio: in})
			text := string(fetch(t, p, asset.Request{Kind: asset.Multivariant}))
			if !strings.Contains(text, `CODECS="`+tc.codec+`"`) {
				t.Errorf("no %s in\n%s", tc.codec, text)
			}
			_, all := wholeOf(t, p, packager.Audio)
			out := probe(t, all)
			s := out.Streams[0]
			if s.Codec != tc.decode || s.SampleRate != tc.rate || s.TimeBase != "1/"+tc.rate || s.Channels != in[0].Track.Channels {
				t.Errorf("ffprobe reads %+v", s)
			}
			rate, err := strconv.ParseInt(tc.rate, 10, 64)
			if err != nil {
				t.Fatal(err)
			}
			if len(out.Frames) < len(in)-1 || len(out.Frames) > len(in) { // a decoder may keep the last
				t.Errorf("%d frames of %d", len(out.Frames), len(in))
			}
			for i, f := range out.Frames {
				want := media.Rescale(int64(in[0].PTS), media.TicksPerSecond, rate) + int64(i)*tc.samples
				if i == 0 && tc.decode == "opus" { // the decoder's delay is cut off its beginning
					f.PTS, f.N = f.PTS+f.N-tc.samples, tc.samples
				}
				if f.PTS != want || f.N != tc.samples {
					t.Fatalf("frame %d: %d samples at %d, want %d at %d", i, f.N, f.PTS, tc.samples, want)
				}
			}
		})
	}
}

// Opus beside the AAC that was made of it: two groups, and each variant in both.
func TestOpusBesideAAC(t *testing.T) {
	p := publish(t, map[string][]media.Unit{
		packager.Source: clip(t, picture("-c:v", "libx264", "-preset", "veryfast", "-g", "60")...),
		packager.Audio:  clip(t, sound("stereo", 48000, "-c:a", "aac")...),
		packager.Opus:   clip(t, sound("stereo", 48000, "-c:a", "libopus")...),
	})
	text := string(fetch(t, p, asset.Request{Kind: asset.Multivariant}))
	aac := strings.Index(text, `mp4a.40.2"`)
	if opus := strings.Index(text, `,opus"`); aac < 0 || opus < aac || count(text, "source/index.m3u8") != 2 ||
		count(text, `GROUP-ID="audio"`) != 1 || count(text, `GROUP-ID="opus"`) != 1 || count(text, `AUDIO="opus"`) != 1 {
		t.Errorf("%s", text)
	}
	plain := string(fetch(t, p, asset.Request{Output: asset.Legacy, Kind: asset.Multivariant}))
	if count(plain, "source/index.m3u8") != 1 || strings.Contains(plain, "opus") {
		t.Errorf("MPEG-TS carries one sound, with each picture:\n%s", plain)
	}
	_, all := wholeOf(t, p, packager.Opus)
	if out := probe(t, all); out.Streams[0].Codec != "opus" || len(out.Frames) < 240 {
		t.Errorf("%d frames of %+v", len(out.Frames), out.Streams)
	}
	list := string(fetch(t, p, asset.Request{Kind: asset.Playlist, Rendition: packager.Opus}))
	if a := string(fetch(t, p, asset.Request{Kind: asset.Playlist, Rendition: packager.Audio})); count(a, "#EXTINF") != count(list, "#EXTINF") {
		t.Errorf("segments differ\n%s\n%s", list, a)
	}
}
