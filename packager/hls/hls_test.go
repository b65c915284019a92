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
		s.FirstKeyframe = 64_000 + 2*m.NextMSN
		if !s.Gap {
			s.Keyframes = []hls.Keyframe{{Offset: 120, Size: 9000}, {At: 1200 * time.Millisecond, Offset: 40_000, Size: 8000}}
		}
		m.Segments = append(m.Segments, s)
		m.NextMSN++
		wall = wall.Add(s.Dur)
	}
	m.Open = &hls.Segment{MSN: m.NextMSN, Init: 1, Wall: wall, Parts: []hls.Part{{Dur: time.Second / 3, Independent: true}}}
	return m
}

// cues gives a playlist date ranges, and reports of two others.
func cues(m *hls.Media) *hls.Media {
	wall := m.Segments[0].Wall
	dates := []*hls.DateRange{
		hls.NewDateRange("gone", wall.Add(-time.Second), time.Second, []byte(`{}`)),
		hls.NewDateRange("c1", wall.Add(300*time.Millisecond), time.Second, []byte(`{"v":1,"type":"hide","product":7}`)),
		hls.NewDateRange("c2", wall.Add(9*time.Second), 1500*time.Millisecond, []byte(`{"title":"100 % \"Auburn\"`+"\n\tgr\u00fcn"+`"}`)),
	}
	m.Ranges = hls.Ranges{Listed: dates[1:], Old: 1, Removed: dates[:1]}
	m.Reports = []hls.Report{{URI: "../480p/index.m3u8", MSN: m.NextMSN, Part: 0}, {URI: "../audio/index.m3u8", MSN: m.NextMSN - 1, Part: 5}}
	return m
}

func TestMediaPlaylist(t *testing.T) {
	m := playlist(5)
	golden(t, "live.m3u8", string(m.AppendTo(nil, hls.Full)))
	golden(t, "iframes.m3u8", string(m.AppendIFrames(nil)))
	m.Ended, m.Open = true, nil
	golden(t, "ended.m3u8", string(m.AppendTo(nil, hls.Full)))
}

func TestDeltaUpdates(t *testing.T) {
	m := cues(playlist(9))
	golden(t, "full.m3u8", string(m.AppendTo(nil, hls.Full)))
	golden(t, "delta.m3u8", string(m.AppendTo(nil, hls.Delta)))
	golden(t, "delta-v2.m3u8", string(m.AppendTo(nil, hls.DeltaV2)))
}

// A delta update that has nothing to leave out needs no newer version.
func TestVersionIsTheLowest(t *testing.T) {
	for name, c := range map[string]struct {
		list *hls.Media
		form hls.Form
		want string
	}{
		"a full playlist":                      {playlist(9), hls.Full, "6"},
		"nothing older than the skip boundary": {playlist(6), hls.DeltaV2, "6"},
		"segments are left out":                {cues(playlist(9)), hls.Delta, "9"},
		"version 2 without date ranges":        {playlist(9), hls.DeltaV2, "9"},
		"date ranges are left out":             {cues(playlist(9)), hls.DeltaV2, "10"},
	} {
		text := string(c.list.AppendTo(nil, c.form))
		if got, _, _ := strings.Cut(strings.TrimPrefix(text, "#EXTM3U\n#EXT-X-VERSION:"), "\n"); got != c.want {
			t.Errorf("%s: version %s, want %s", name, got, c.want)
		}
		if skips := strings.Contains(text, "EXT-X-SKIP"); skips != (c.want != "6") {
			t.Errorf("%s: EXT-X-SKIP %v", name, skips)
		}
	}
}

func TestWhatIsRenderedCanBeRead(t *testing.T) {
	p, kind, err := m3u8.DecodeFrom(strings.NewReader(string(playlist(5).AppendTo(nil, hls.Full))), true)
	if err != nil || kind != m3u8.MEDIA {
		t.Fatal(err)
	}
	read := p.(*m3u8.MediaPlaylist)
	if read.Count() != 5 || read.SeqNo != 1000 || read.Segments[3].URI != "1000/1003.m4s" || read.Segments[3].Duration != 2 {
		t.Errorf("%d segments from %d: %+v", read.Count(), read.SeqNo, read.Segments[3])
	}
}

func TestMediaPlaylistAllocatesNothing(t *testing.T) {
	m, b := cues(playlist(10)), make([]byte, 0, 16<<10)
	for _, form := range []hls.Form{hls.Full, hls.Delta, hls.DeltaV2} {
		if n := testing.AllocsPerRun(100, func() { b = m.AppendTo(b[:0], form) }); n != 0 {
			t.Errorf("form %d: %v allocations", form, n)
		}
		if len(b) > m.Size() {
			t.Errorf("form %d: %d bytes, more than the estimate of %d", form, len(b), m.Size())
		}
	}
}

func TestMultivariant(t *testing.T) {
	aac := hls.AudioTrack{Group: "audio", URI: "audio/index.m3u8", Channels: 2}
	opus := hls.AudioTrack{Group: "opus", URI: "opus/index.m3u8", Channels: 6}
	variants := []hls.Variant{
		{
			URI: "source/index.m3u8", Bandwidth: 3_000_000, AverageBandwidth: 2_500_000, Codecs: []string{"avc1.64001F", "mp4a.40.2"}, Width: 1280, Height: 720, FrameRate: 30, Audio: "audio",
			IFrames: &hls.IFrames{URI: "source/iframes.m3u8", Bandwidth: 400_000, AverageBandwidth: 300_000, Codec: "avc1.64001F"},
		},
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
	m, buf := cues(playlist(10)), make([]byte, 0, 16<<10)
	b.ReportAllocs()
	for b.Loop() {
		buf = m.AppendTo(buf[:0], hls.Full)
	}
}
