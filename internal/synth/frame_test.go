package synth

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"
)

func newTestFrame(tb testing.TB, w, h, product int) (*studio, *frame) {
	tb.Helper()
	s, err := newStudio(w, h)
	if err != nil {
		tb.Fatal(err)
	}
	f, err := newFrame(w, h)
	if err != nil {
		tb.Fatal(err)
	}
	scene, err := s.scene(product, "Auburn wave")
	if err != nil {
		tb.Fatal(err)
	}
	f.show(scene)
	return s, f
}

// TestSceneFitsAnyPicture: every shape and size draws, and looks like itself only.
func TestSceneFitsAnyPicture(t *testing.T) {
	for _, size := range [][2]int{{426, 240}, {240, 426}, {240, 240}, {80, 80}, {600, 82}, {82, 600}} {
		s, f := newTestFrame(t, size[0], size[1], 1)
		seen := map[string]int{}
		for _, no := range []int{0, 1, 2, 3, 4, 5, 12, 345, MaxProduct} {
			scene, err := s.scene(no, strings.Repeat("A long title, ", no%9))
			if err != nil {
				t.Fatal(err)
			}
			if other, ok := seen[string(scene.data)]; ok {
				t.Errorf("%v: products %d and %d look alike", size, no, other)
			}
			seen[string(scene.data)] = no
			f.show(scene)
			f.draw(Stamp{At: time.UnixMilli(1_800_000_000_000), Product: no})
			if got, ok := Decode(f.luma(), f.w, f.h); !ok || got.Product != no {
				t.Errorf("%v: read %v %v, want product %d", size, got, ok, no)
			}
		}
	}
}

// TestFrameRestores: a frame does not depend on the ones before it.
func TestFrameRestores(t *testing.T) {
	_, fresh := newTestFrame(t, 640, 360, 7)
	_, used := newTestFrame(t, 640, 360, 7)
	at := time.UnixMilli(1_800_000_000_123)
	for ms := range 1500 {
		used.draw(Stamp{At: at.Add(time.Duration(ms) * time.Millisecond), Product: ms})
	}
	fresh.draw(Stamp{At: at, Product: 7})
	used.draw(Stamp{At: at, Product: 7})
	if !bytes.Equal(fresh.data, used.data) {
		t.Error("something of earlier frames is left")
	}
}

func TestFrameAllocatesNothing(t *testing.T) {
	_, f := newTestFrame(t, 1280, 720, 7)
	s := Stamp{At: time.Now(), Product: 7}
	if n := testing.AllocsPerRun(100, func() { f.draw(s) }); n != 0 {
		t.Errorf("%v allocations for a frame", n)
	}
}

func TestValidate(t *testing.T) {
	rows := map[string]Config{
		"no URL":                {},
		"an odd width":          {URL: "x", Width: 641, Height: 360},
		"too small":             {URL: "x", Width: 64, Height: 36},
		"too large":             {URL: "x", Width: 8192, Height: 4320},
		"too many frames":       {URL: "x", FPS: 1000},
		"a negative bit rate":   {URL: "x", Bitrate: -1},
		"a product of 17 bits":  {URL: "x", Product: MaxProduct + 1},
		"a product below zero":  {URL: "x", Product: -1},
		"a negative frame rate": {URL: "x", FPS: -30},
	}
	for name, c := range rows {
		if _, err := New(c); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if err := (Config{URL: "x"}).Validate(); err != nil {
		t.Errorf("the defaults: %v", err)
	}
}

func BenchmarkFrame(b *testing.B) {
	for _, size := range [][2]int{{640, 360}, {1280, 720}} {
		b.Run(fmt.Sprintf("%dx%d", size[0], size[1]), func(b *testing.B) {
			_, f := newTestFrame(b, size[0], size[1], 7)
			s := Stamp{At: time.Now(), Product: 7}
			b.ReportAllocs()
			for b.Loop() {
				f.draw(s)
			}
		})
	}
}

func BenchmarkScene(b *testing.B) {
	s, _ := newTestFrame(b, 1280, 720, 7)
	for b.Loop() {
		if _, err := s.scene(7, "Auburn wave"); err != nil {
			b.Fatal(err)
		}
	}
}
