package synth

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// tag is one FLV tag of video, as it came in.
type tag struct {
	arrival time.Time
	key     bool
}

// recorder takes the place of a server: it keeps the FLV that comes in.
type recorder struct {
	listener net.Listener
	flv      bytes.Buffer
	tags     []tag
	enough   chan struct{} // closed after `want` video frames
	want     int
	done     chan error
}

// record listens for one publisher. It closes enough after so many frames.
func record(t *testing.T, want int) *recorder {
	t.Helper()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	r := &recorder{listener: l, want: want, enough: make(chan struct{}), done: make(chan error, 1)}
	go func() { r.done <- r.run() }()
	return r
}

func (r *recorder) url() string { return fmt.Sprintf("tcp://%s", r.listener.Addr()) }

func (r *recorder) run() error {
	conn, err := r.listener.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	in := bufio.NewReader(io.TeeReader(conn, &r.flv))
	if _, err := in.Discard(9 + 4); err != nil { // the file header and the first "previous size"
		return err
	}
	for {
		var head [11]byte
		if _, err := io.ReadFull(in, head[:]); err != nil {
			if errors.Is(err, io.EOF) {
				return nil
			}
			return err
		}
		body := make([]byte, int(binary.BigEndian.Uint32(head[:4])&0xFFFFFF)+4)
		if _, err := io.ReadFull(in, body); err != nil {
			return err
		}
		if head[0] == 9 && body[1] == 1 { // video, a NAL unit
			r.tags = append(r.tags, tag{time.Now(), body[0]>>4 == 1})
			if len(r.tags) == r.want {
				close(r.enough)
			}
		}
	}
}

// stamps decodes the recording at w × h and reads each frame's barcode.
func (r *recorder) stamps(t *testing.T, w, h int) []Stamp {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", "-v", "error", "-f", "flv", "-i", "pipe:0",
		"-vf", fmt.Sprintf("scale=%d:%d", w, h), "-f", "rawvideo", "-pix_fmt", "gray", "-fps_mode", "passthrough", "pipe:1")
	cmd.Stdin = bytes.NewReader(r.flv.Bytes())
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	luma, err := cmd.Output()
	if err != nil {
		t.Fatalf("decoding: %v: %s", err, stderr.String())
	}
	var stamps []Stamp
	for i := 0; i+w*h <= len(luma); i += w * h {
		s, ok := Decode(luma[i:i+w*h], w, h)
		if !ok {
			t.Errorf("%d × %d: frame %d has no barcode", w, h, i/(w*h))
		}
		stamps = append(stamps, s)
	}
	return stamps
}

// publish runs a host until frames have come in, putting a product in hand on
// the way, and returns when that was captured.
func publish(t *testing.T, c Config, frames, product int) (*recorder, time.Time) {
	t.Helper()
	r := record(t, frames)
	c.URL = r.url()
	h, err := New(c)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- h.Run(ctx) }()
	var at time.Time
	for {
		at, err = h.SetProduct(ctx, product)
		if !errors.Is(err, ErrStopped) { // Run is starting
			break
		}
	}
	if err != nil {
		t.Fatal(err)
	}
	select {
	case <-r.enough:
		cancel()
	case err := <-result:
		t.Fatalf("Run ended early: %v", err)
	}
	if err := <-result; err != nil {
		t.Errorf("Run: %v", err)
	}
	if err := <-r.done; err != nil {
		t.Errorf("recording: %v", err)
	}
	return r, at
}

// streamed is how many frames a test waits for.
const streamed = 45

func TestStreamCarriesItsStamps(t *testing.T) {
	defer goleak.VerifyNone(t)
	rows := []struct {
		name   string
		conf   Config
		scaled [][2]int
	}{
		{"640×360 at 300 kbit/s", Config{Width: 640, Height: 360, Bitrate: 300_000}, [][2]int{{640, 360}, {426, 240}}},
		{"with B-frames", Config{Width: 640, Height: 360, Bitrate: 300_000, BFrames: 2}, [][2]int{{640, 360}, {426, 240}}},
		{"portrait, without sound", Config{Width: 360, Height: 640, Bitrate: 300_000, NoAudio: true}, [][2]int{{360, 640}}},
	}
	for _, row := range rows {
		t.Run(row.name, func(t *testing.T) {
			r, at := publish(t, row.conf, streamed, 7)
			for _, size := range row.scaled {
				stamps := r.stamps(t, size[0], size[1])
				checkStamps(t, stamps, at, 7)
				logDelay(t, r, stamps)
			}
		})
	}
}

// checkStamps: even intervals, and the product first seen at the instant that
// SetProduct gave.
func checkStamps(t *testing.T, stamps []Stamp, at time.Time, product int) {
	t.Helper()
	if len(stamps) < streamed {
		t.Fatalf("%d frames, want %d", len(stamps), streamed)
	}
	first := slices.IndexFunc(stamps, func(s Stamp) bool { return s.Product == product })
	if first < 0 || stamps[first].At.UnixMilli() != at.UnixMilli() {
		t.Errorf("product first seen at frame %d of %v, want at %v", first, stamps[:10], at)
	}
	for i := 1; i < len(stamps); i++ {
		if d := stamps[i].At.Sub(stamps[i-1].At); d < 32*time.Millisecond || d > 35*time.Millisecond {
			t.Errorf("frame %d was captured %v after the one before", i, d)
		}
	}
}

// logDelay logs how long frames took from capture to the far end.
func logDelay(t *testing.T, r *recorder, stamps []Stamp) {
	t.Helper()
	var delays []time.Duration
	for i, tag := range r.tags[:min(len(r.tags), len(stamps))] {
		delays = append(delays, tag.arrival.Sub(stamps[i].At))
	}
	delays = delays[len(delays)/2:]
	slices.Sort(delays)
	t.Logf("capture to arrival: p50 %v, p95 %v", delays[len(delays)/2], delays[len(delays)*95/100])
}

func TestFFmpegsDeath(t *testing.T) {
	defer goleak.VerifyNone(t)
	h, err := New(Config{Width: 160, Height: 90, URL: "tcp://127.0.0.1:1/live/secret"})
	if err != nil {
		t.Fatal(err)
	}
	err = h.Run(t.Context())
	var exit *ExitError
	if !errors.As(err, &exit) || len(exit.Tail) == 0 {
		t.Fatalf("Run: %v, want an ExitError with ffmpeg's last words", err)
	}
	if strings.Contains(err.Error(), "secret") {
		t.Errorf("the stream key is told: %v", err)
	}
	if _, err := h.SetProduct(t.Context(), 1); !errors.Is(err, ErrStopped) {
		t.Errorf("SetProduct off air: %v", err)
	}
}

func TestNoFFmpeg(t *testing.T) {
	defer goleak.VerifyNone(t)
	h, err := New(Config{FFmpeg: "/nowhere/ffmpeg", URL: "rtmp://127.0.0.1/live/k"})
	if err != nil {
		t.Fatal(err)
	}
	if err := h.Run(t.Context()); err == nil || !strings.Contains(err.Error(), "/nowhere/ffmpeg") {
		t.Errorf("Run: %v, want the missing program named", err)
	}
}

// TestProductsFromManyHands: of products set at once each gets its instant, or is
// told that the host went off the air.
func TestProductsFromManyHands(t *testing.T) {
	defer goleak.VerifyNone(t)
	r := record(t, 60)
	h, err := New(Config{Width: 160, Height: 90, FPS: 60, URL: r.url()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
	defer cancel()
	result := make(chan error, 1)
	go func() { result <- h.Run(ctx) }()
	var hands sync.WaitGroup
	for hand := range 4 {
		hands.Go(func() {
			for no := hand; ctx.Err() == nil; no += 4 {
				before := time.Now()
				at, err := h.SetProduct(ctx, no)
				switch {
				case err == nil && at.Before(before.Add(-time.Second)):
					t.Errorf("product %d captured at %v, asked for at %v", no, at, before)
				case err != nil && !errors.Is(err, ErrStopped) && ctx.Err() == nil:
					t.Errorf("SetProduct: %v", err)
				}
			}
		})
	}
	select {
	case <-r.enough:
	case err := <-result:
		t.Fatalf("Run ended early: %v", err)
	}
	if err := h.Run(ctx); err == nil {
		t.Error("a second Run at the same time is accepted")
	}
	cancel()
	if err := <-result; err != nil {
		t.Errorf("Run: %v", err)
	}
	hands.Wait()
	if _, err := h.SetProduct(t.Context(), 1); !errors.Is(err, ErrStopped) {
		t.Errorf("SetProduct after the end: %v", err)
	}
}
