package record

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
)

// run runs a program of FFmpeg's, which must be there.
func run(t *testing.T, program string, args ...string) []byte {
	t.Helper()
	var out, stderr bytes.Buffer
	cmd := exec.CommandContext(t.Context(), program, args...)
	cmd.Stdout, cmd.Stderr = &out, &stderr
	if err := cmd.Run(); err != nil || stderr.Len() > 0 {
		t.Fatalf("%s %s: %v\n%s", program, strings.Join(args, " "), err, stderr.String())
	}
	return out.Bytes()
}

// film is a track in segments of about a second, its times from 0 on.
type film struct {
	track    *media.Track
	scale    int64
	head     []byte
	segments [][]byte
}

// shoot has FFmpeg make a film: of a picture of that size with B-frames, or of
// sound if there is none.
func shoot(t *testing.T, seconds, width, height, rate int) film {
	t.Helper()
	args := []string{"-v", "error", "-f", "lavfi"}
	f := film{scale: int64(rate)}
	if width > 0 {
		args = append(args, "-i", fmt.Sprintf("testsrc2=size=%dx%d:rate=30", width, height), "-c:v", "libx264", "-preset", "ultrafast",
			"-pix_fmt", "yuv420p", "-bf", "2", "-g", "30", "-sc_threshold", "0", "-video_track_timescale", strconv.Itoa(rate))
		f.track = &media.Track{Kind: media.Video, Codec: media.H264, Width: width, Height: height}
	} else {
		args = append(args, "-i", "sine=f=440:r="+strconv.Itoa(rate), "-c:a", "aac", "-ac", "2", "-frag_duration", "1000000")
		f.track = &media.Track{Kind: media.Audio, Codec: media.AAC, SampleRate: rate, Channels: 2}
	}
	file := run(t, "ffmpeg", append(args, "-t", strconv.Itoa(seconds), "-movflags", "+empty_moov+default_base_moof+frag_keyframe+negative_cts_offsets",
		"-f", "mp4", "pipe:1")...)
	err := boxes(file, func(name string, body []byte) error {
		box := file[:boxHead+len(body)]
		file = file[len(box):]
		switch name {
		case "ftyp", "moov":
			f.head = append(f.head, box...)
		case "moof":
			f.segments = append(f.segments, bytes.Clone(box))
		case "mdat":
			f.segments[len(f.segments)-1] = append(f.segments[len(f.segments)-1], box...)
		}
		return nil
	})
	if err != nil || len(f.segments) < seconds {
		t.Fatalf("%d segments, %v", len(f.segments), err)
	}
	return f
}

// stock is a show that is recorded to a real disk.
type stock struct {
	t    *testing.T
	root string
	rec  *Recorder
	msn  int64
	init int64
}

func newStock(t *testing.T) *stock { return &stock{t: t, root: t.TempDir()} }

func (s *stock) take(number int64) {
	s.rec = New(Config{
		FS: Disk{s.root}, Channel: "demo", Show: "SHOW", Started: time.Unix(100, 0), Take: number, Log: slog.New(slog.DiscardHandler), Now: time.Now,
	})
	s.init = 0
}

// play records segments [from, to) of a film, `at` seconds later than they say.
func (s *stock) play(rendition string, f film, at float64, from, to int) {
	s.t.Helper()
	s.rec.Init(rendition, s.init, f.scale, f.track, f.head)
	for i := from; i < min(to, len(f.segments)); i++ {
		b := bytes.Clone(f.segments[i])
		if err := retime(b, func(t int64) int64 { return t + int64(at*float64(f.scale)) }); err != nil {
			s.t.Fatal(err)
		}
		frags, err := fragments(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			s.t.Fatal(err)
		}
		s.msn++
		s.rec.Segment(Segment{
			Rendition: rendition, MSN: s.msn, Init: s.init, Timescale: f.scale, Start: frags[0].start, Dur: frags[0].dur, Size: len(b), Data: func() [][]byte { return [][]byte{b} },
		})
	}
	s.init++
}

func (s *stock) show(no int, title string, at float64) {
	s.rec.Cue(uint32(no), media.Ticks(at*media.TicksPerSecond), fmt.Appendf(nil, `{"type":"show","product":{"no":%d,"title":%q}}`, no, title))
}

// write has what was recorded written.
func (s *stock) write() {
	s.t.Helper()
	s.rec.End()
	if err := s.rec.Run(s.t.Context()); err != nil {
		s.t.Fatal(err)
	}
}

// export makes the file, and has every frame of it decoded.
func (s *stock) export(rendition string) (Exported, string) {
	s.t.Helper()
	out := filepath.Join(s.t.TempDir(), "out.mp4")
	var read, total int64
	e, err := Export(s.t.Context(), ExportConfig{
		FS: os.DirFS(s.root), Folder: "demo/SHOW", Rendition: rendition, Out: out, FFmpeg: "ffmpeg",
		Progress: func(d, n int64) { read, total = max(read, d), n },
	})
	if err != nil {
		s.t.Fatal(err)
	}
	if read != total || total == 0 {
		s.t.Errorf("%d of %d bytes read", read, total)
	}
	run(s.t, "ffmpeg", "-v", "error", "-xerror", "-i", out, "-map", "0:v?", "-map", "0:a?", "-f", "null", "-")
	return e, out
}

type probed struct {
	Streams []struct {
		Type       string `json:"codec_type"`
		Width      int
		SampleRate string  `json:"sample_rate"`
		Start      float64 `json:"start_time,string"`
		Duration   float64 `json:"duration,string"`
		Frames     string  `json:"nb_read_frames"`
	}
	Chapters []struct {
		Start float64 `json:"start_time,string"`
		End   float64 `json:"end_time,string"`
		Tags  struct{ Title string }
	}
	Format struct {
		Duration float64 `json:"duration,string"`
	}
}

func probe(t *testing.T, file string) probed {
	t.Helper()
	var p probed
	out := run(t, "ffprobe", "-v", "error", "-count_frames", "-show_chapters", "-show_streams", "-show_format", "-of", "json", file)
	if err := json.Unmarshal(out, &p); err != nil {
		t.Fatal(err)
	}
	return p
}

// packets returns when each packet of a track is shown, in seconds, by the hash
// of its bytes; those that are not unique are left out.
func packets(t *testing.T, file, track string) map[string]float64 {
	t.Helper()
	out := run(t, "ffprobe", "-v", "error", "-select_streams", track, "-show_packets", "-show_data_hash", "md5",
		"-show_entries", "packet=pts_time,data_hash", "-of", "csv=p=0", file)
	times, twice := map[string]float64{}, map[string]bool{}
	for line := range strings.Lines(string(out)) {
		fields := strings.Split(strings.TrimSpace(line), ",")
		at, err := strconv.ParseFloat(fields[0], 64)
		if err != nil {
			t.Fatalf("packet %q: %v", line, err)
		}
		if _, ok := times[fields[1]]; ok {
			twice[fields[1]] = true
		}
		times[fields[1]] = at
	}
	for hash := range twice {
		delete(times, hash)
	}
	return times
}

// filmed returns the packets of a film as it was shot.
func filmed(t *testing.T, f film, from, to int) map[string]float64 {
	t.Helper()
	name := filepath.Join(t.TempDir(), "film.mp4")
	b := bytes.Clone(f.head)
	for _, s := range f.segments[from:min(to, len(f.segments))] {
		b = append(b, s...)
	}
	if err := os.WriteFile(name, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return packets(t, name, "0")
}

// TestExportMovesAllAlike: takes and gaps are laid end to end, and every picture,
// every sound and every chapter is moved by the same time, to half a millisecond.
func TestExportMovesAllAlike(t *testing.T) {
	video, audio := shoot(t, 6, 320, 180, 90000), shoot(t, 6, 0, 0, 44100)
	s := newStock(t)
	s.take(100)
	s.play("source", video, 1, 0, 4)
	s.init = 0
	s.play("audio", audio, 1, 0, 4)
	s.show(7, "Auburn wave; #1", 2.5)
	s.write()
	s.take(200)
	s.play("source", video, 11, 4, 6)
	s.init = 0
	s.play("audio", audio, 11, 4, 7)
	s.show(8, "Midnight bob", 15.5)
	s.write()

	e, out := s.export("")
	p := probe(t, out)
	if e.Recoded || e.Missing != 0 || e.OnAir || e.Chapters != 3 {
		t.Errorf("%+v", e)
	}
	if d := p.Format.Duration; d < 5.95 || d > 6.2 || d-e.Duration.Seconds() > 0.04 || e.Duration.Seconds()-d > 0.04 {
		t.Errorf("%v s long, %v said", d, e.Duration)
	}
	moved := map[string][2]float64{}
	for track, f := range map[string]film{"v": video, "a": audio} {
		have := packets(t, out, track)
		for run, span := range [][2]int{{0, 4}, {4, 7}} {
			lowest, highest, n := 1e9, -1e9, 0
			for hash, at := range filmed(t, f, span[0], span[1]) {
				if to, ok := have[hash]; ok {
					lowest, highest, n = min(lowest, to-at), max(highest, to-at), n+1
				}
			}
			if n < 40 || highest-lowest > 0.0005 {
				t.Errorf("%d packets of %s in run %d are moved by %.4f to %.4f s", n, track, run, lowest, highest)
			}
			by := moved[track]
			by[run] = lowest
			moved[track] = by
		}
	}
	for run := range 2 {
		if off := moved["v"][run] - moved["a"][run]; off < -0.0005 || off > 0.0005 {
			t.Errorf("picture and sound are %.4f s apart in run %d", off, run)
		}
	}
	want := []struct {
		at    float64
		title string
	}{{0, "Opening"}, {1.5 + moved["v"][0], "7 Auburn wave; #1"}, {4.5 + moved["v"][1], "8 Midnight bob"}}
	for i, c := range p.Chapters {
		if off := c.Start - want[i].at; c.Tags.Title != want[i].title || off < -0.001 || off > 0.001 {
			t.Errorf("chapter %d: %q at %v, want %q at %v", i, c.Tags.Title, c.Start, want[i].title, want[i].at)
		}
	}
	b, err := os.ReadFile(out)
	if err != nil || bytes.Index(b, []byte("moov")) > bytes.Index(b, []byte("mdat")) || !bytes.Contains(b, []byte("chpl")) {
		t.Errorf("the index is not in front, or the chapters are missing: %v", err)
	}
}

// TestExportOfAPictureThatChanges: it is coded again, at the size of most of the
// time, and picture and sound stay together.
func TestExportOfAPictureThatChanges(t *testing.T) {
	small, large := shoot(t, 2, 320, 180, 90000), shoot(t, 4, 640, 360, 90000)
	first, second := shoot(t, 2, 0, 0, 48000), shoot(t, 4, 0, 0, 44100)
	s := newStock(t)
	s.take(100)
	s.play("source", small, 1, 0, 9)
	s.play("source", large, 3, 0, 9)
	s.init = 0
	s.play("audio", first, 1, 0, 9)
	s.play("audio", second, 3.05, 0, 9)
	s.show(7, "Auburn wave", 3)
	s.write()
	e, out := s.export("")
	p := probe(t, out)
	if !e.Recoded || len(p.Streams) < 2 || p.Streams[0].Width != 640 || p.Streams[1].SampleRate != "44100" {
		t.Fatalf("%+v\n%+v", e, p)
	}
	v, a := p.Streams[0], p.Streams[1]
	if v.Frames != "180" || v.Start < 0.033 || v.Start > 0.034 || // as it was shot
		v.Duration < 5.98 || v.Duration > 6.05 || a.Start > 0.03 || a.Duration < 5.95 || a.Duration > 6.15 {
		t.Errorf("picture %+v, sound %+v", v, a)
	}
	if len(p.Chapters) != 2 || p.Chapters[1].Start < 1.96 || p.Chapters[1].Start > 2.04 {
		t.Errorf("%+v", p.Chapters)
	}
}

// TestExportOfWhatIsLeft: segments that are damaged or gone are holes.
func TestExportOfWhatIsLeft(t *testing.T) {
	video := shoot(t, 5, 320, 180, 90000)
	s := newStock(t)
	s.take(100)
	s.play("720p", video, 1, 0, 9)
	s.write()
	folder := filepath.Join(s.root, "demo", "SHOW", "100", "720p")
	if err := os.Remove(filepath.Join(folder, "2.m4s")); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(filepath.Join(folder, "4.m4s"), 2000); err != nil {
		t.Fatal(err)
	}
	e, out := s.export("720p")
	if p := probe(t, out); e.Missing != 2 || p.Format.Duration < 2.95 || p.Format.Duration > 3.1 {
		t.Errorf("%+v, %v s", e, p.Format.Duration)
	}
}

// TestExportThatIsInterrupted leaves nothing.
func TestExportThatIsInterrupted(t *testing.T) {
	s := newStock(t)
	s.take(100)
	s.play("source", shoot(t, 3, 320, 180, 90000), 1, 0, 9)
	s.write()
	ctx, cancel := context.WithCancel(t.Context())
	dir := t.TempDir()
	_, err := Export(ctx, ExportConfig{
		FS: os.DirFS(s.root), Folder: "demo/SHOW", Out: filepath.Join(dir, "out.mp4"), FFmpeg: "ffmpeg", Progress: func(int64, int64) { cancel() },
	})
	if !errors.Is(err, ErrInterrupted) {
		t.Errorf("%v", err)
	}
	if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
		t.Errorf("%v is left, %v", left, err)
	}
}

func TestExportSaysWhatItCannotDo(t *testing.T) {
	video := shoot(t, 1, 320, 180, 90000)
	s := newStock(t)
	s.take(100)
	s.play("source", video, 1, 0, 9)
	s.write()
	broken := filepath.Join(t.TempDir(), "ffmpeg")
	if err := os.WriteFile(broken, []byte("#!/bin/sh\necho it broke >&2\nexit 3\n"), 0o700); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		change func(*ExportConfig)
		want   string
	}{
		"no such show":      {func(c *ExportConfig) { c.Folder = "demo/OTHER" }, "recording demo/OTHER"},
		"no such rendition": {func(c *ExportConfig) { c.Rendition = "4320p" }, "it has source"},
		"no such folder":    {func(c *ExportConfig) { c.Out = filepath.Join(t.TempDir(), "none", "out.mp4") }, "No such file"},
		"FFmpeg fails":      {func(c *ExportConfig) { c.FFmpeg = broken }, "it broke"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			cfg := ExportConfig{FS: os.DirFS(s.root), Folder: "demo/SHOW", Out: filepath.Join(dir, "out.mp4"), FFmpeg: "ffmpeg"}
			tc.change(&cfg)
			if _, err := Export(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("%v, want %q", err, tc.want)
			}
			if left, err := os.ReadDir(dir); err != nil || len(left) != 0 {
				t.Errorf("%v is left, %v", left, err)
			}
		})
	}
	empty := newStock(t)
	empty.take(100)
	empty.write()
	if _, err := Export(t.Context(), ExportConfig{FS: os.DirFS(empty.root), Folder: "demo/SHOW", FFmpeg: "ffmpeg"}); !errors.Is(err, ErrNothing) {
		t.Errorf("an empty recording: %v", err)
	}
}

// TestExportTakesAnotherPictureWhereTheBestHasNone: for as long as that is worth
// coding all of it again.
func TestExportTakesAnotherPictureWhereTheBestHasNone(t *testing.T) {
	large, small := shoot(t, 16, 320, 180, 90000), shoot(t, 16, 160, 90, 90000)
	for name, tc := range map[string]struct {
		gap     int // segments
		recoded bool
		frames  string
	}{
		"a short gap is held": {gap: 3, frames: "390"},
		"a long one is not":   {gap: 12, recoded: true, frames: "480"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newStock(t)
			s.take(100)
			s.play("source", large, 1, 0, 2)
			for i := range tc.gap {
				s.msn++
				s.rec.Segment(Segment{Rendition: "source", MSN: s.msn, Timescale: 90000, Start: int64(3+i) * 90000, Dur: 90000, Gap: true})
			}
			s.init--
			s.play("source", large, 1, 2+tc.gap, 16)
			s.init, s.msn = 0, 2
			s.play("720p", small, 1, 2, 2+tc.gap)
			s.write()
			e, out := s.export("")
			if p := probe(t, out); e.Recoded != tc.recoded || p.Streams[0].Frames != tc.frames || p.Streams[0].Width != 320 && !tc.recoded {
				t.Errorf("%+v, %+v", e, p.Streams[0])
			}
		})
	}
}
