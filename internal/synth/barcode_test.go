package synth

import (
	"math/rand/v2"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestBarcodeRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := 2 * rapid.IntRange(minSide/2, 1000).Draw(t, "w/2")
		h := 2 * rapid.IntRange(minSide/2, 1000).Draw(t, "h/2")
		want := Stamp{
			At:      time.UnixMilli(rapid.Int64Range(0, 1<<48-1).Draw(t, "ms")),
			Product: rapid.IntRange(0, MaxProduct).Draw(t, "product"),
		}
		luma := make([]byte, w*h)
		want.draw(luma, w, h)
		if got, ok := Decode(luma, w, h); !ok || !got.At.Equal(want.At) || got.Product != want.Product {
			t.Fatalf("%d × %d: read %v %v, want %v", w, h, got, ok, want)
		}
	})
}

// The check value of CRC-16/CCITT-FALSE.
func TestCRC16(t *testing.T) {
	if got := crc16([]byte("123456789")); got != 0x29B1 {
		t.Errorf("CRC %#x, want 0x29B1", got)
	}
}

func TestDecodeRefuses(t *testing.T) {
	const w, h = 640, 360
	noise := make([]byte, w*h)
	random := rand.New(rand.NewPCG(1, 2))
	for i := range noise {
		noise[i] = byte(random.Uint32())
	}
	damaged := make([]byte, w*h)
	Stamp{At: time.UnixMilli(1_800_000_000_000), Product: 7}.draw(damaged, w, h)
	for y := h - barcodeHeight(w, h); y < h; y++ { // one cell turned over, in both rows
		for x := range w / barcodeColumns {
			damaged[y*w+x] = lumaWhite + lumaBlack - damaged[y*w+x]
		}
	}
	rows := map[string]struct {
		luma []byte
		w, h int
	}{
		"black":            {make([]byte, w*h), w, h},
		"noise":            {noise, w, h},
		"a damaged cell":   {damaged, w, h},
		"too short":        {make([]byte, w*h-1), w, h},
		"too small":        {make([]byte, 60*60), 60, 60},
		"nothing":          {nil, 0, 0},
		"negative numbers": {make([]byte, w*h), -w, -h},
	}
	for name, row := range rows {
		if s, ok := Decode(row.luma, row.w, row.h); ok {
			t.Errorf("%s: read %v", name, s)
		}
	}
}

func FuzzDecode(f *testing.F) {
	luma := make([]byte, 80*80)
	Stamp{At: time.UnixMilli(1_800_000_000_000), Product: 7}.draw(luma, 80, 80)
	f.Add(luma, 80, 80)
	f.Add([]byte{}, -1, 1<<40)
	f.Fuzz(func(t *testing.T, luma []byte, w, h int) {
		s, ok := Decode(luma, w, h)
		if !ok {
			return
		}
		again := make([]byte, w*h)
		s.draw(again, w, h)
		if got, ok := Decode(again, w, h); !ok || got != s {
			t.Errorf("read %v, written and read again %v %v", s, got, ok)
		}
	})
}
