package dash_test

import (
	"encoding/xml"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/packager/dash"
)

var update = flag.Bool("update", false, "write the golden files")

// show is on air for two periods, with an irregular segment and one of which
// nobody knows yet how long it will be.
func show() *dash.MPD {
	video := func(offset, first int64, segments ...dash.Segment) dash.Set {
		return dash.Set{ID: 1, Video: true, Representations: []dash.Representation{{
			ID: "source", Codecs: "avc1.4D401E", Bandwidth: 1_300_000, Width: 640, Height: 360, Timescale: 90000,
			Offset: offset, First: first, Init: "source/1000/init0.mp4", Media: "dash/source/1000/$Number$.m4s", Segments: segments,
		}}}
	}
	return &dash.MPD{
		Name: "index.mpd", Start: time.Date(2026, 11, 22, 9, 59, 59, 0, time.UTC), Published: time.Date(2026, 11, 22, 10, 0, 20, 5e6, time.UTC),
		Update: time.Second, Depth: 20 * time.Second, Longest: 2 * time.Second, Latency: 3050 * time.Millisecond, Chunk: 350 * time.Millisecond,
		Periods: []dash.Period{
			{ID: "90000", Start: time.Second, Sets: []dash.Set{video(90000, 1000, dash.Segment{Time: 90000, Dur: 180000}, dash.Segment{Time: 270000, Dur: 180000})}},
			{ID: "500000", Start: 5555556 * time.Microsecond, Sets: []dash.Set{
				video(500000, 1004, dash.Segment{Time: 500000, Dur: 180180}, dash.Segment{Time: 680180, Dur: 90000}, dash.Segment{Time: 770180, Dur: 180000}),
				{ID: 2, Representations: []dash.Representation{{
					ID: "audio", Codecs: "mp4a.40.2", Bandwidth: 140_000, SampleRate: 48000, Channels: 2, Timescale: 48000,
					Offset: 266667, First: 1004, Init: "audio/1000/init0.mp4", Media: "dash/audio/1000/$Number$.m4s",
					Segments: []dash.Segment{{Time: 266240, Dur: 96256}},
				}}},
			}},
		},
	}
}

func render(t *testing.T, m *dash.MPD) string {
	t.Helper()
	b, err := m.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	for d := xml.NewDecoder(strings.NewReader(string(b))); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			return string(b)
		} else if err != nil {
			t.Fatalf("no XML: %v\n%s", err, b)
		}
	}
}

func TestMPD(t *testing.T) {
	ended := show()
	ended.Ended = true
	for name, m := range map[string]*dash.MPD{"live.mpd": show(), "ended.mpd": ended} {
		got := render(t, m)
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
}

func TestNamesAreEscaped(t *testing.T) {
	m := show()
	m.Periods[0].Sets[0].Representations[0].ID = `a"<b`
	if got := render(t, m); !strings.Contains(got, "a&#34;&lt;b") {
		t.Error(got)
	}
}
