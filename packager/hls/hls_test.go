package hls_test

import (
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/grafov/m3u8"

	"vitrine/packager/hls"
)

var update = flag.Bool("update", false, "write the golden files")

func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s\n got\n%s\nwant\n%s", name, got, want)
	}
}

// playlist is on air for some segments of 2 s, with one gap and one
// discontinuity, and an open segment.
func playlist(segments int) *hls.Media {
	m := &hls.Media{Epoch: 1000, TargetDuration: 2, PartTarget: 350 * time.Millisecond, DiscontinuitySequence: 1000, NextMSN: 1000}
	wall := time.Date(2026, 11, 22, 10, 0, 0, 123_600_000, time.UTC)
	for i := range segments {
		s := &hls.Segment{MSN: m.NextMSN, Dur: 2 * time.Second, Wall: wall, Gap: i == 1, Discontinuity: i == 2}
		if i >= 2 {
			s.Init = 1
		}
		for j := range 6 {
			s.Parts = append(s.Parts, hls.Part{Dur: time.Second / 3, Independent: j == 0 && !s.Gap, Gap: s.Gap})
		}
		m.Segments = append(m.Segments, s)
		m.NextMSN++
		wall = wall.Add(s.Dur)
	}
	m.Open = &hls.Segment{MSN: m.NextMSN, Init: 1, Wall: wall, Parts: []hls.Part{{Dur: time.Second / 3, Independent: true}}}
	return m
}

func TestMediaPlaylist(t *testing.T) {
	m := playlist(5)
	golden(t, "live.m3u8", string(m.AppendTo(nil)))
	m.Ended, m.Open = true, nil
	golden(t, "ended.m3u8", string(m.AppendTo(nil)))
}

func TestWhatIsRenderedCanBeRead(t *testing.T) {
	p, kind, err := m3u8.DecodeFrom(strings.NewReader(string(playlist(5).AppendTo(nil))), true)
	if err != nil || kind != m3u8.MEDIA {
		t.Fatal(err)
	}
	read := p.(*m3u8.MediaPlaylist)
	if read.Count() != 5 || read.SeqNo != 1000 || read.Segments[3].URI != "1000/1003.m4s" || read.Segments[3].Duration != 2 {
		t.Errorf("%d segments from %d: %+v", read.Count(), read.SeqNo, read.Segments[3])
	}
}

func TestMediaPlaylistAllocatesNothing(t *testing.T) {
	m, b := playlist(10), make([]byte, 0, 16<<10)
	if n := testing.AllocsPerRun(100, func() { b = m.AppendTo(b[:0]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestMultivariant(t *testing.T) {
	aac := hls.AudioTrack{Group: "audio", URI: "audio/index.m3u8", Channels: 2}
	opus := hls.AudioTrack{Group: "opus", URI: "opus/index.m3u8", Channels: 6}
	variants := []hls.Variant{
		{URI: "source/index.m3u8", Bandwidth: 3_000_000, AverageBandwidth: 2_500_000, Codecs: []string{"avc1.64001F", "mp4a.40.2"}, Width: 1280, Height: 720, FrameRate: 30, Audio: "audio"},
		{URI: "480p/index.m3u8", Bandwidth: 1_300_000, AverageBandwidth: 1_100_000, Codecs: []string{"avc1.4D401E", "mp4a.40.2"}, Width: 854, Height: 480, FrameRate: 29.97, Audio: "audio"},
	}
	golden(t, "multivariant.m3u8", hls.Multivariant(variants, []hls.AudioTrack{aac}))
	twice := slices.Concat(variants, variants)
	for i := range variants {
		twice[len(variants)+i].Codecs = []string{variants[i].Codecs[0], "opus"}
		twice[len(variants)+i].Audio = "opus"
	}
	golden(t, "two_sounds.m3u8", hls.Multivariant(twice, []hls.AudioTrack{aac, opus}))
	alone := variants[0]
	alone.Audio = ""
	golden(t, "video.m3u8", hls.Multivariant([]hls.Variant{alone}, nil))
	sound := hls.Variant{URI: "audio/index.m3u8", Bandwidth: 140_000, AverageBandwidth: 128_000, Codecs: []string{"mp4a.40.2"}}
	golden(t, "audio.m3u8", hls.Multivariant([]hls.Variant{sound}, nil))
}

func BenchmarkMediaPlaylist(b *testing.B) {
	m, buf := playlist(10), make([]byte, 0, 16<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = m.AppendTo(buf[:0])
	}
}
