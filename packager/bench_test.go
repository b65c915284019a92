package packager

import (
	"log/slog"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/cmaf"
	"vitrine/packager/hls"
)

// BenchmarkPart packages one part of 1/3 s at 720p: ten frames, 120 KB, with
// the state in front. Of what it allocates all but the part itself is the
// version of the playlist that it makes.
func BenchmarkPart(b *testing.B) {
	timeline := &media.Timeline{}
	p, err := New(Config{Start: time.Unix(0, 0), PartTarget: 350 * time.Millisecond, Segment: 2 * time.Second, Timeline: timeline, Log: slog.New(slog.DiscardHandler)})
	if err != nil {
		b.Fatal(err)
	}
	p.board.state = []byte(`{"v":1,"type":"state","on":[]}`)
	p.grid = *newGrid(0, 2*media.TicksPerSecond, 2)
	r := newRendition(p, "source", media.Video)
	samples := make([]cmaf.Sample, 10)
	for i := range samples {
		samples[i] = cmaf.Sample{Data: make([]byte, 12_000), Dur: 3000, Sync: i == 0}
	}
	r.open = &segment{Segment: hls.Segment{}}
	b.ReportAllocs()
	b.SetBytes(120_000)
	for b.Loop() {
		r.open.Parts, r.open.data = r.open.Parts[:0], r.open.data[:0]
		r.onPiece(piece{samples: samples, start: r.end, dur: 30_000})
	}
}
