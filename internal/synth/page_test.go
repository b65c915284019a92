package synth

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"os/exec"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// TestPageReadsBarcode: barcode.js reads in Chromium what Go drew, after x264 at
// 300 kbit/s, at the picture's own size and scaled to a small rung.
func TestPageReadsBarcode(t *testing.T) {
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	options := append(chromedp.DefaultExecAllocatorOptions[:], chromedp.NoSandbox)
	ctx, cancel = chromedp.NewExecAllocator(ctx, options...)
	defer cancel()
	ctx, cancel = chromedp.NewContext(ctx)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Navigate("about:blank"), chromedp.Evaluate[chromedp.Void](BarcodeJS)); err != nil {
		t.Fatal(err)
	}
	const script = `(async (url, width, height) => {
		const image = new Image(); image.src = url; await image.decode();
		const canvas = document.createElement("canvas");
		canvas.width = width; canvas.height = height;
		const context = canvas.getContext("2d");
		const blank = vitrineBarcode(canvas);
		context.drawImage(image, 0, 0, width, height);
		return { image: vitrineBarcode(image), canvas: vitrineBarcode(canvas), blank };
	})(%q, %d, %d)`
	type reading struct {
		MS      int64 `json:"ms"`
		Product int   `json:"product"`
	}
	rows := []struct{ w, h, canvasW, canvasH, product int }{
		{1280, 720, 854, 480, 1},
		{640, 360, 426, 240, 7},
		{720, 1280, 360, 640, 12},
		{720, 720, 360, 360, MaxProduct},
	}
	for _, row := range rows {
		want := Stamp{At: time.UnixMilli(1_800_000_000_000 + int64(row.w)*7919), Product: row.product}
		url := "data:image/png;base64," + base64.StdEncoding.EncodeToString(throughX264(t, want, row.w, row.h))
		got, err := chromedp.Run(ctx, chromedp.Evaluate[struct{ Image, Canvas, Blank *reading }](
			fmt.Sprintf(script, url, row.canvasW, row.canvasH), chromedp.EvalAwaitPromise))
		if err != nil {
			t.Fatal(err)
		}
		expected := reading{want.At.UnixMilli(), want.Product}
		if got.Image == nil || *got.Image != expected {
			t.Errorf("%d × %d: read %v from the image, want %v", row.w, row.h, got.Image, expected)
		}
		if got.Canvas == nil || *got.Canvas != expected {
			t.Errorf("%d × %d scaled to %d × %d: read %v, want %v", row.w, row.h, row.canvasW, row.canvasH, got.Canvas, expected)
		}
		if got.Blank != nil {
			t.Errorf("read %v from a blank canvas", got.Blank)
		}
	}
}

// throughX264 codes half a second of frames and returns the last of them, which
// carries the stamp, as a PNG.
func throughX264(t *testing.T, s Stamp, w, h int) []byte {
	t.Helper()
	const frames = 15
	_, f := newTestFrame(t, w, h, s.Product)
	var raw bytes.Buffer
	for n := range frames {
		f.draw(Stamp{At: s.At.Add(time.Duration(n-frames+1) * 33 * time.Millisecond), Product: s.Product})
		raw.Write(f.data)
	}
	size := fmt.Sprintf("%dx%d", w, h)
	coded := run(t, &raw, "-f", "rawvideo", "-pix_fmt", "yuv420p", "-s", size, "-r", "30", "-i", "pipe:0",
		"-c:v", "libx264", "-preset", "ultrafast", "-tune", "zerolatency", "-b:v", "300k", "-maxrate", "300k", "-bufsize", "300k",
		"-f", "h264", "pipe:1")
	return run(t, bytes.NewBuffer(coded), "-f", "h264", "-i", "pipe:0",
		"-vf", fmt.Sprintf("select=eq(n\\,%d)", frames-1), "-frames:v", "1", "-f", "image2pipe", "-c:v", "png", "pipe:1")
}

// run runs ffmpeg and returns what it writes.
func run(t *testing.T, in *bytes.Buffer, args ...string) []byte {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "ffmpeg", append([]string{"-v", "error"}, args...)...)
	cmd.Stdin = in
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("ffmpeg: %v: %s", err, stderr.String())
	}
	return out
}
