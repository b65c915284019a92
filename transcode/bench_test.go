package transcode

import (
	"bytes"
	"context"
	"os"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/media"
)

// paced is a Source that gives each unit at the wall time of its DTS.
type paced struct {
	units []media.Unit
	began time.Time
}

func (p *paced) Next(ctx context.Context) (media.Unit, error) {
	u, err := (&stored{p.units}).Next(ctx)
	if err != nil {
		return u, err
	}
	if p.began.IsZero() {
		p.began = time.Now().Add(-u.DTS.Duration())
	}
	p.units = p.units[1:]
	select {
	case <-time.After(time.Until(p.began.Add(u.DTS.Duration()))):
		return u, nil
	case <-ctx.Done():
		return u, context.Cause(ctx)
	}
}

// benchSource is 10 s of 720p30 as an encoder for live shows makes it.
func benchSource(b *testing.B) ([]media.Unit, []Rung) {
	in := makeClip(b, "-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-t", "10",
		"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "60", "-b:v", "2500k", "-maxrate", "2500k", "-bufsize", "2500k")
	rungs, _, err := Ladder([]string{"auto"}, in[0].Track)
	if err != nil {
		b.Fatal(err)
	}
	return in, rungs
}

// BenchmarkLadderDelay plays 720p30 in real time through the ladder of auto and
// tells the delay it adds, once FFmpeg has started. Goals: p95 20 ms, first
// picture 500 ms. Mind that anything else on the machine counts as delay.
func BenchmarkLadderDelay(b *testing.B) {
	in, rungs := benchSource(b)
	benchDelay(b, in, rungs)
}

// BenchmarkLadderDelayOfOtherCodecs does so with sources in Matroska, for the
// smallest rung: two cores decode 720p of these in real time, and little more.
func BenchmarkLadderDelayOfOtherCodecs(b *testing.B) {
	picture := []string{"-f", "lavfi", "-i", "testsrc2=size=1280x720:rate=30", "-t", "10", "-g", "60"}
	opus := []string{"-f", "lavfi", "-i", "sine=sample_rate=48000", "-t", "10", "-c:a", "libopus"}
	h264 := append(picture[:8:8], "-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency")
	for name, in := range map[string][]media.Unit{
		"HEVC": encoded(b, append(picture[:8:8], "-c:v", "libx265", "-preset", "ultrafast", "-tune", "zerolatency", "-tag:v", "hvc1",
			"-x265-params", "log-level=none:open-gop=0:keyint=60")...),
		"AV1":            encoded(b, append(picture[:8:8], "-c:v", "libsvtav1", "-preset", "12", "-svtav1-params", "pred-struct=1")...),
		"H.264 and Opus": merged(encoded(b, h264...), encoded(b, opus...)),
	} {
		b.Run(name, func(b *testing.B) {
			rungs, _, err := Ladder([]string{"360p"}, in[0].Track)
			if err != nil {
				b.Fatal(err)
			}
			benchDelay(b, in, rungs)
		})
	}
}

func benchDelay(b *testing.B, in []media.Unit, rungs []Rung) {
	in = append(in, shifted(in, 10*media.TicksPerSecond)...) // longer than Stats look back
	var first time.Duration
	var last Stats
	for b.Loop() {
		ctx, cancel := context.WithTimeout(b.Context(), testLimit)
		var once sync.Once
		began := time.Now()
		cfg := configOf(in, rungs, func(string, media.Unit) error {
			once.Do(func() { first = max(first, time.Since(began)) })
			return nil
		})
		cfg.In = &paced{units: in}
		j := newJob(b, cfg)
		if err := j.Run(ctx); err != nil {
			b.Fatal(err)
		}
		cancel()
		last = j.Stats()
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(float64(last.DelayP50.Microseconds())/1000, "p50-ms")
	b.ReportMetric(float64(last.DelayP95.Microseconds())/1000, "p95-ms")
	b.ReportMetric(float64(first.Milliseconds()), "first-ms")
	b.ReportMetric(last.Speed, "speed")
}

// BenchmarkLadderCPU compares the CPU time of our FFmpeg with that of one run by
// hand for the same rungs. Goal: 1.05 times at most.
func BenchmarkLadderCPU(b *testing.B) {
	in, rungs := benchSource(b)
	var ours, byHand time.Duration
	for b.Loop() {
		before := childTime(b)
		transcode(b, in, rungs)
		between := childTime(b)
		runByHand(b, in, rungs)
		ours += between - before
		byHand += childTime(b) - between
	}
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(ours.Seconds()/float64(b.N), "ours-s")
	b.ReportMetric(byHand.Seconds()/float64(b.N), "by-hand-s")
	b.ReportMetric(ours.Seconds()/byHand.Seconds(), "ratio")
}

// runByHand runs the command that one would type for these rungs, from a file
// to files.
func runByHand(b *testing.B, in []media.Unit, rungs []Rung) {
	var flv bytes.Buffer
	f := &feeder{video: in[0].Track, w: &flv, now: time.Now, begun: func(*clock) {}, fed: func() {}}
	if err := f.run(b.Context(), &stored{slices.Clone(in)}, &flv); err != nil {
		b.Fatal(err)
	}
	file := b.TempDir() + "/in.flv"
	if err := os.WriteFile(file, flv.Bytes(), 0o600); err != nil {
		b.Fatal(err)
	}
	args := []string{"-nostdin", "-v", "error", "-i", file}
	for _, r := range rungs {
		args = append(args, "-map", "0:v:0", "-vf", "scale="+itoa(r.Width)+":"+itoa(r.Height),
			"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-g", "60", "-sc_threshold", "0",
			"-b:v", itoa(r.Bitrate), "-maxrate", itoa(r.Bitrate/100*peakPercent), "-bufsize", itoa(r.Bitrate),
			"-f", "mpegts", b.TempDir()+"/"+r.Name+".ts")
	}
	if out, err := exec.CommandContext(b.Context(), "ffmpeg", args...).CombinedOutput(); err != nil {
		b.Fatalf("%v: %s", err, strings.TrimSpace(string(out)))
	}
}

// childTime is the CPU time of all children that have ended.
func childTime(b *testing.B) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_CHILDREN, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkReadRung is our own share of the work: a rung's MPEG-TS to units.
func BenchmarkReadRung(b *testing.B) {
	payload := append([]byte("\x00\x00\x00\x01\x09\xf0\x00\x00\x01\x67\x42\x00\x1e\xab\x40\xb0\x4b\x20\x00\x00\x01\x68\xce\x3c\x80\x00\x00\x01\x65"),
		bytes.Repeat([]byte{0x88}, 12_000)...)
	ts := muxed(b, slices.Repeat([][]byte{payload}, 100)...)
	b.SetBytes(int64(len(ts)))
	b.ReportAllocs()
	for b.Loop() {
		r := newPESReader(b.Context(), bytes.NewReader(ts))
		var v videoReader
		for {
			p, err := r.next()
			if err != nil {
				break
			}
			if _, ok, err := v.unit(p.data); err != nil || !ok {
				b.Fatal("no picture", err)
			}
		}
	}
}
