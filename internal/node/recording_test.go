package node

import (
	"log/slog"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager"
	"vitrine/packager/record"
)

func TestChooseWhatIsRecorded(t *testing.T) {
	for _, tc := range []struct {
		name                    string
		published, wanted, want []string
	}{
		{name: "the source and the sound", published: []string{"source", "720p", "audio"}, want: []string{"source", "audio"}},
		{name: "the best rung where the source is left out", published: []string{"720p", "480p", "audio"}, want: []string{"720p", "audio"}},
		{name: "sound alone", published: []string{"audio"}, want: []string{"audio"}},
		{name: "what is asked for", published: []string{"source", "720p", "audio"}, wanted: []string{"720p", "audio"}, want: []string{"720p", "audio"}},
		{name: "the best picture for one that is not made", published: []string{"720p", "audio"}, wanted: []string{"source", "1080p", "audio"}, want: []string{"720p", "audio"}},
		{name: "the sound is left out where it is not asked for", published: []string{"source", "audio"}, wanted: []string{"source"}, want: []string{"source"}},
		{name: "nothing twice", published: []string{"source", "audio"}, wanted: []string{"source", "source"}, want: []string{"source"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			if got := choose(tc.published, tc.wanted); !slices.Equal(got, tc.want) {
				t.Errorf("%v, want %v", got, tc.want)
			}
		})
	}
}

func TestRecordingWarningsNameTheCure(t *testing.T) {
	for name, tc := range map[string]struct {
		status record.Status
		codes  string
		says   string
	}{
		"all is well": {},
		"a disk that is slow": {
			status: record.Status{State: record.Slow, Queued: 40 << 20}, codes: "recording-slow", says: "40 MiB wait for it. Move the data folder",
		},
		"a disk that is full": {
			status: record.Status{State: record.Full}, codes: "recording-full", says: "Free some space on the disk of /data/recordings/demo/SHOW",
		},
		"a folder that may not be written": {
			status: record.Status{State: record.ReadOnly}, codes: "recording-read-only", says: "Let the server write to",
		},
		"a disk that breaks": {
			status: record.Status{State: record.Failing, Err: syscall.EIO}, codes: "recording-failing", says: "(input/output error). Check the disk",
		},
		"segments that are lost are told for the rest of the show": {
			status: record.Status{Lost: 3}, codes: "recording-gap", says: "3 segments are missing",
		},
	} {
		t.Run(name, func(t *testing.T) {
			var codes, text []string
			for _, w := range recordingWarnings(tc.status, "/data/recordings/demo/SHOW") {
				codes, text = append(codes, w.Code), append(text, w.Text)
			}
			if strings.Join(codes, " ") != tc.codes || !strings.Contains(strings.Join(text, " "), tc.says) {
				t.Errorf("%v %v", codes, text)
			}
		})
	}
}

// TestRungStandsInForASourceThatIsAGap: whichever of the two comes first, and
// only there.
func TestRungStandsInForASourceThatIsAGap(t *testing.T) {
	c := newChannel(&Node{cfg: Config{Data: t.TempDir()}, log: slog.New(slog.DiscardHandler), now: time.Now}, "demo", Channel{Record: &Recording{}})
	a := c.archive("SHOW", time.Unix(100, 0), time.Unix(100, 0))
	a.Keep(packager.Kept{Renditions: []string{"source", "720p", "480p", "audio"}})
	track := &media.Track{Kind: media.Video, Codec: media.H264, Width: 1280, Height: 720}
	for _, name := range []string{"source", "720p", "480p"} {
		a.Keep(packager.Kept{Init: &packager.KeptInit{Rendition: name, Track: track, Timescale: 90000, Data: []byte("init")}})
	}
	keep := func(rendition string, msn int64, gap bool) {
		s := &packager.KeptSegment{Rendition: rendition, MSN: msn, Start: msn * 180000, Dur: 180000, Gap: gap}
		if !gap {
			s.Size, s.Data = 7, func() [][]byte { return [][]byte{[]byte("segment")} }
		}
		a.Keep(packager.Kept{Segment: s})
	}
	keep("source", 100, false)
	keep("720p", 100, false)
	keep("720p", 101, false) // before it turns out that the source has none
	keep("480p", 101, false)
	keep("source", 101, true)
	keep("source", 102, true)
	keep("720p", 102, false)
	keep("source", 103, true)
	keep("720p", 103, true) // nobody has any
	keep("source", 104, false)
	keep("720p", 104, false)
	a.Keep(packager.Kept{Ended: true})
	if err := a.run(t.Context()); err != nil {
		t.Fatal(err)
	}
	names := func(rendition string) []string {
		entries, err := os.ReadDir(a.folder + "/100/" + rendition)
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, e := range entries {
			out = append(out, e.Name())
		}
		return out
	}
	if got := names("source"); !slices.Equal(got, []string{"100.m4s", "104.m4s", "init0.mp4"}) {
		t.Errorf("of the source %v", got)
	}
	if got := names("720p"); !slices.Equal(got, []string{"101.m4s", "102.m4s", "init0.mp4"}) {
		t.Errorf("of the rung %v", got)
	}
	if _, err := os.Stat(a.folder + "/100/480p"); err == nil {
		t.Error("another rung is recorded")
	}
}
