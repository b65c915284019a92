package transcode

import (
	"bytes"
	"context"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os/exec"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/avc"
	"go.uber.org/goleak"

	"vitrine/internal/media"
)

var update = flag.Bool("update", false, "write the golden files anew")

func TestMain(m *testing.M) {
	flag.Parse()
	goleak.VerifyTestMain(m)
}

// testLimit bounds every test that runs an ffmpeg, on a busy machine.
const testLimit = 60 * time.Second

// clips remembers what makeClip has made: several tests look at the same one.
var clips struct {
	sync.Mutex
	made map[string][]media.Unit
}

// makeClip has ffmpeg make an FLV with args and returns what is in it.
func makeClip(t testing.TB, args ...string) []media.Unit {
	t.Helper()
	clips.Lock()
	defer clips.Unlock()
	key := fmt.Sprint(args)
	if units := clips.made[key]; units != nil {
		return slices.Clone(units)
	}
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	all := append([]string{"-nostdin", "-v", "error"}, args...)
	cmd := exec.CommandContext(ctx, "ffmpeg", append(all, "-f", "flv", "pipe:1")...)
	var said bytes.Buffer
	cmd.Stderr = &said
	flv, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg %v: %v: %s", all, err, said.Bytes())
	}
	units := parseFLV(t, flv)
	if clips.made == nil {
		clips.made = make(map[string][]media.Unit)
	}
	clips.made[key] = units
	return slices.Clone(units)
}

// x264 makes a clip of so many seconds of a moving test picture.
func x264(t testing.TB, size string, fps, seconds int, more ...string) []media.Unit {
	t.Helper()
	args := []string{
		"-f", "lavfi", "-i", fmt.Sprintf("testsrc2=size=%s:rate=%d", size, fps), "-t", fmt.Sprint(seconds),
		"-c:v", "libx264", "-preset", "ultrafast", "-sc_threshold", "0",
	}
	return makeClip(t, append(args, more...)...)
}

// parseFLV returns the units of a well-formed FLV.
func parseFLV(t testing.TB, b []byte) []media.Unit {
	t.Helper()
	var units []media.Unit
	var video *media.Track
	audio := &media.Track{Kind: media.Audio, Codec: media.MP3, SampleRate: 44100, Channels: 2}
	fps := 0.0
	for b = b[13:]; len(b) >= flvTagHeader; {
		size := int(b[1])<<16 | int(b[2])<<8 | int(b[3])
		dts := media.Ticks(int64(b[7])<<24|int64(b[4])<<16|int64(b[5])<<8|int64(b[6])) * ticksPerMS
		body := b[flvTagHeader : flvTagHeader+size]
		kind := b[0]
		b = b[flvTagHeader+size+4:]
		switch {
		case kind == flvScript:
			if i := bytes.Index(body, []byte("framerate")); i >= 0 {
				fps = float64frombytes(body[i+len("framerate")+1:])
			}
		case kind == flvAudio:
			units = append(units, media.Unit{Track: audio, PTS: dts, DTS: dts, Sync: true, Data: body[1:]})
		case len(body) > 5 && body[1] == avcSequenceHeader:
			video = trackOf(t, body[5:], fps)
		case len(body) > 5 && body[1] == avcNALUnits:
			cts := int64(int32(uint32(body[2])<<24|uint32(body[3])<<16|uint32(body[4])<<8) >> 8)
			units = append(units, media.Unit{
				Track: video, PTS: dts + media.Ticks(cts)*ticksPerMS, DTS: dts,
				Sync: body[0]>>4 == 1, Data: body[5:],
			})
		}
	}
	return units
}

func trackOf(t testing.TB, config []byte, fps float64) *media.Track {
	t.Helper()
	record, err := avc.DecodeAVCDecConfRec(config)
	if err != nil {
		t.Fatalf("reading an avcC: %v", err)
	}
	sps, err := avc.ParseSPSNALUnit(record.SPSnalus[0], false)
	if err != nil {
		t.Fatalf("reading an SPS: %v", err)
	}
	return &media.Track{
		Kind: media.Video, Codec: media.H264, Config: config,
		Width: int(sps.Width), Height: int(sps.Height), FrameRate: fps,
	}
}

// shifted returns units at later times.
func shifted(units []media.Unit, by media.Ticks) []media.Unit {
	out := slices.Clone(units)
	for i := range out {
		out[i].PTS += by
		out[i].DTS += by
	}
	return out
}

// stored is a Source of units that are all there.
type stored struct{ units []media.Unit }

func (s *stored) Next(context.Context) (media.Unit, error) {
	if len(s.units) == 0 {
		return media.Unit{}, io.EOF
	}
	u := s.units[0]
	s.units = s.units[1:]
	return u, nil
}

// live is a Source that goes on for ever, as fast as it is asked: the units of a
// clip, again and again on one timeline.
type live struct {
	clip   []media.Unit
	length media.Ticks
	i      int
}

func (l *live) Next(ctx context.Context) (media.Unit, error) {
	if ctx.Err() != nil {
		return media.Unit{}, context.Cause(ctx)
	}
	u := l.clip[l.i%len(l.clip)]
	by := media.Ticks(l.i/len(l.clip)) * l.length
	l.i++
	u.PTS, u.DTS = u.PTS+by, u.DTS+by
	return u, nil
}

// sink keeps what comes out, by rung.
type sink struct {
	mu    sync.Mutex
	units map[string][]media.Unit
}

func (s *sink) out(rung string, u media.Unit) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.units == nil {
		s.units = make(map[string][]media.Unit)
	}
	s.units[rung] = append(s.units[rung], u)
	return nil
}

var small = []Rung{{Name: "240p", Width: 320, Height: 180, Bitrate: 400_000}, {Name: "120p", Width: 160, Height: 90, Bitrate: 200_000}}

// configOf returns the Config of a Job that makes rungs of units.
func configOf(units []media.Unit, rungs []Rung, out func(string, media.Unit) error) Config {
	cfg := Config{
		Channel: "test", Rungs: rungs, Segment: 2 * time.Second, In: &stored{units}, Out: out,
		Log: slog.New(slog.DiscardHandler),
	}
	for _, u := range units {
		if u.Track.Kind == media.Video && cfg.Video == nil {
			cfg.Video = u.Track
		}
		if u.Track.Kind == media.Audio && cfg.Audio == nil {
			cfg.Audio = u.Track
		}
	}
	return cfg
}

func newJob(t testing.TB, cfg Config) *Job {
	t.Helper()
	j, err := NewJob(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return j
}

// transcode runs units through a Job to their end and returns what came out.
func transcode(t testing.TB, units []media.Unit, rungs []Rung, with ...func(*Job)) map[string][]media.Unit {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), testLimit)
	defer cancel()
	var got sink
	j := newJob(t, configOf(units, rungs, got.out))
	for _, f := range with {
		f(j)
	}
	if err := j.Run(ctx); err != nil {
		t.Fatal(err)
	}
	return got.units
}

// ptsOf returns the times of the pictures in presentation order.
func ptsOf(units []media.Unit) []media.Ticks {
	var pts []media.Ticks
	for _, u := range units {
		if u.Track.Kind == media.Video {
			pts = append(pts, u.PTS)
		}
	}
	slices.Sort(pts)
	return pts
}

// syncOf returns the times of the keyframes.
func syncOf(units []media.Unit) []media.Ticks {
	return ptsOf(slices.DeleteFunc(slices.Clone(units), func(u media.Unit) bool { return !u.Sync }))
}

func float64frombytes(b []byte) float64 {
	var v float64
	if _, err := binary.Decode(b, binary.BigEndian, &v); err != nil {
		return 0
	}
	return v
}

func itoa(n int) string { return fmt.Sprint(n) }
