package packager

import (
	"fmt"
	"log/slog"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/cmaf"
	"vitrine/packager/hls"
)

// benchProgram is on air with a rendition that has one segment open.
func benchProgram(b *testing.B) (*Program, *rendition) {
	b.Helper()
	p, err := New(Config{
		Start: time.Unix(1_800_000_000, 0), PartTarget: 350 * time.Millisecond, Segment: 2 * time.Second,
		Timeline: &media.Timeline{}, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		b.Fatal(err)
	}
	p.board.begin([]byte(`{"v":1,"type":"state","on":[]}`), 0)
	p.grid = *newGrid(p.first, 2*media.TicksPerSecond, 2)
	r := newRendition(p, "source", media.Video)
	r.openSegment(Boundary{MSN: p.first})
	return p, r
}

// tenFrames are those of one part of 1/3 s at 720p: ten, 120 KB.
func tenFrames() []cmaf.Sample {
	samples := make([]cmaf.Sample, 10)
	for i := range samples {
		samples[i] = cmaf.Sample{Data: make([]byte, 12_000), Dur: 3000, Sync: i == 0}
	}
	return samples
}

// BenchmarkPart packages one part, with the state in front, and publishes it: what
// it allocates is the version of the playlist.
func BenchmarkPart(b *testing.B) {
	_, r := benchProgram(b)
	samples := tenFrames()
	b.ReportAllocs()
	for b.Loop() {
		r.open.Parts, r.open.data, r.open.Keyframes, r.stated = r.open.Parts[:0], r.open.data[:0], r.open.Keyframes[:0], false
		r.onPiece(piece{samples: samples, start: r.end, dur: 30_000})
	}
}

// BenchmarkJoin is what the first viewer of a part pays for all.
func BenchmarkJoin(b *testing.B) {
	_, r := benchProgram(b)
	samples := tenFrames()
	b.ReportAllocs()
	b.SetBytes(120_000)
	for b.Loop() {
		r.open.Parts, r.open.data, r.open.Keyframes = r.open.Parts[:0], r.open.data[:0], r.open.Keyframes[:0]
		r.onPiece(piece{samples: samples, start: r.end, dur: 30_000})
		r.open.data[0].bytes()
	}
}

// BenchmarkPlaylist renders one version of a playlist in its four forms, with two
// cues in it and the reports of three other renditions.
func BenchmarkPlaylist(b *testing.B) {
	p, r := benchProgram(b)
	p.all = append(p.all, r)
	for i := range 3 {
		p.all = append(p.all, newRendition(p, fmt.Sprintf("%dp", 240*(i+1)), media.Video))
	}
	for i := range 10 {
		for _, r := range p.all {
			r.open = nil
			r.openSegment(Boundary{MSN: p.first + int64(i), Start: media.Ticks(i) * 180_000, Wall: time.Unix(int64(2*i), 123_456_789)})
			for range 6 {
				r.onPiece(piece{samples: tenFrames(), start: r.end, dur: 30_000})
			}
			if i < 9 {
				r.closeSegment(r.end)
			}
		}
	}
	for i := range media.Ticks(2) {
		payload := []byte(`{"v":1,"id":"01JD0000000000000000000000","type":"show","at":"2026-11-22T10:00:00.123Z","product":{"no":7,"sku":"WIG-7","title":"Auburn wave","price":"29.90","currency":"USD"}}`)
		p.ranges.add(hls.NewDateRange("01JD", time.Unix(9, 0), time.Second, payload), i*900_000, i*900_000)
	}
	b.ReportAllocs()
	for b.Loop() {
		s := r.snapshot(false)
		if s.playlist(hls.Full) == s.playlist(hls.DeltaV2) {
			b.Fatal("there is nothing to skip")
		}
	}
}

// BenchmarkChannel is one second of a channel of six renditions, a source of 720p30,
// four rungs and sound, from the units to each version of each playlist in its four
// forms. A second of it in 30 ms of CPU is 3 % of a core.
func BenchmarkChannel(b *testing.B) {
	cfg := Config{
		Start: time.Unix(1_800_000_000, 0), PartTarget: 350 * time.Millisecond, Segment: 2 * time.Second, Source: true,
		Timeline: &media.Timeline{}, Log: slog.New(slog.DiscardHandler),
	}
	sizes := map[string]int{Source: 12_000, "540p": 8_000, "480p": 4_500, "360p": 3_000, "240p": 1_500}
	for _, name := range []string{"540p", "480p", "360p", "240p"} {
		cfg.Rungs = append(cfg.Rungs, Rung{Name: name, Bitrate: sizes[name] * 240})
	}
	p, err := New(cfg)
	if err != nil {
		b.Fatal(err)
	}
	write := func(name string, u media.Unit) {
		if err := p.WriteUnit(name, u); err != nil {
			b.Fatal(err)
		}
	}
	frame, sound, versions := 0, 0, 0
	seen := map[string]*Snapshot{}
	second := func() {
		for range 30 {
			at := media.Ticks(frame)*3000 + media.TicksPerSecond
			now := cfg.Start.Add(at.Duration())
			cfg.Timeline.Observe(at, now)
			for name, size := range sizes {
				write(name, media.Unit{Track: matrixTrack, PTS: at, DTS: at, Sync: frame%60 == 0, Data: make([]byte, size)})
			}
			for ; media.Ticks(sound)*1920 < media.Ticks(frame+1)*3000; sound++ {
				at := media.Ticks(sound)*1920 + media.TicksPerSecond
				write(Audio, media.Unit{Track: matrixSound, PTS: at, DTS: at, Sync: true, Data: make([]byte, 340)})
			}
			p.Tick(now)
			for _, r := range p.all {
				if s := r.win.Snapshot(); s != seen[r.name] && len(s.list.Segments) > 0 {
					seen[r.name] = s
					versions++
					s.playlist(hls.Full)
					s.playlist(hls.DeltaV2)
				}
			}
			frame++
		}
	}
	for range 30 {
		second()
	}
	versions = 0
	b.ReportAllocs()
	for b.Loop() {
		second()
	}
	b.ReportMetric(float64(versions)/float64(b.N), "versions/op")
}
