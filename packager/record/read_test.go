package record

import (
	"bytes"
	"encoding/json"
	"slices"
	"strings"
	"testing"

	"vitrine/packager/cmaf"
)

const journal = `{"type":"take","take":100,"v":1,"channel":"demo","show":"SHOW","started":"2026-11-24T19:19:00Z"}
{"type":"init","take":100,"rendition":"source","kind":"video","codec":"h264","width":640,"height":360,"scale":90000,"bytes":668}
{"type":"segment","take":100,"rendition":"source","msn":100,"scale":90000,"start":91890,"dur":180000,"bytes":10}
{"type":"cue","take":100,"cue":1,"at":95000,"payload":{"type":"show"}}
{"type":"cue","take":100,"cue":1,"at":99000,"payload":{"type":"show"}}
{"type":"lost","take":100,"rendition":"source","from":101,"to":103,"segments":3}
{"type":"end","take":100}
`

func TestReadsAJournalWhateverIsLeftOfIt(t *testing.T) {
	for name, tc := range map[string]struct {
		text                             string
		segments, cues, lost, torn, take int
		ended                            bool
	}{
		"whole":                         {text: journal, segments: 1, cues: 1, lost: 3, take: 1, ended: true},
		"nothing":                       {},
		"the last line is half":         {text: journal[:len(journal)-9], segments: 1, cues: 1, lost: 3, torn: 1, take: 1},
		"a type from a later version":   {text: journal + `{"type":"poster","take":100}` + "\n", segments: 1, cues: 1, lost: 3, take: 1, ended: true},
		"another take goes on":          {text: journal + `{"type":"take","take":200,"v":1}` + "\n", segments: 1, cues: 1, lost: 3, take: 2},
		"a segment written twice":       {text: journal + strings.Split(journal, "\n")[2] + "\n", segments: 1, cues: 1, lost: 3, take: 1, ended: true},
		"zeros":                         {text: string(make([]byte, 5000)) + "\n" + journal, segments: 1, cues: 1, lost: 3, torn: 1, take: 1, ended: true},
		"a line that never ends":        {text: strings.Repeat("x", 100_000), torn: 1},
		"a line too long in the middle": {text: strings.Repeat("x", 100_000) + "\n" + journal, segments: 1, cues: 1, lost: 3, torn: 1, take: 1, ended: true},
		"a name that leaves the folder": {text: `{"type":"segment","take":1,"rendition":"../..","msn":1,"scale":1,"bytes":1}` + "\n", torn: 1},
		"a clock of 0 Hz":               {text: `{"type":"segment","take":1,"rendition":"source","msn":1,"bytes":1}` + "\n", torn: 1},
	} {
		t.Run(name, func(t *testing.T) {
			rec, err := ReadJournal(strings.NewReader(tc.text))
			if err != nil {
				t.Fatal(err)
			}
			got := []int{len(rec.segments["source"]), len(rec.cues), rec.Lost, rec.Torn, len(rec.takes)}
			if want := []int{tc.segments, tc.cues, tc.lost, tc.torn, tc.take}; !slices.Equal(got, want) || rec.Ended != tc.ended {
				t.Errorf("segments, cues, lost, torn, takes %v, ended %v; want %v, %v", got, rec.Ended, want, tc.ended)
			}
			if len(rec.cues) > 0 && rec.cues[0].At != 99000 {
				t.Errorf("a cue that was moved is at %d", rec.cues[0].At)
			}
		})
	}
}

func TestJournalReadsAsItWasWritten(t *testing.T) {
	for line := range strings.Lines(journal) {
		var e Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		if again, err := e.appendLine(nil); err != nil || string(again) != line {
			t.Errorf("%s, %v; want %s", again, err, line)
		}
	}
}

func FuzzReadJournal(f *testing.F) {
	f.Add([]byte(journal))
	f.Add([]byte(journal[:len(journal)-5]))
	f.Add(append([]byte(journal), make([]byte, 100)...))
	f.Add([]byte(`{"type":"segment","take":1,"rendition":"source","msn":9223372036854775807,"scale":1,"dur":9223372036854775807,"bytes":1}` + "\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		rec, err := ReadJournal(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err) // memory does not fail, and there are not that many lines
		}
		if lines := bytes.Count(b, []byte("\n")) + 1; rec.Torn > lines || len(rec.cues) > lines {
			t.Errorf("%d torn and %d cues of %d lines", rec.Torn, len(rec.cues), lines)
		}
		rec.Duration()
		for _, name := range rec.Renditions() {
			for _, e := range rec.segments[name] {
				if f := e.file(); strings.Contains(f, "..") || strings.HasPrefix(f, "/") {
					t.Errorf("a segment lies in %q", f)
				}
			}
		}
		whole, err := ReadJournal(bytes.NewReader(append(b, '\n')))
		if err != nil || len(whole.segments) < len(rec.segments) {
			t.Errorf("a whole last line takes something away: %v", err)
		}
	})
}

func FuzzFragments(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x08free"))
	f.Add(cmaf.AppendChunk(nil, 1, 90000, []cmaf.Sample{{Data: []byte("frame"), Dur: 3000, Sync: true}}))
	f.Add([]byte("\x00\x00\x00\x10moof\x00\x00\x00\x08traf"))
	f.Fuzz(func(t *testing.T, b []byte) {
		frags, err := fragments(bytes.NewReader(b), int64(len(b)))
		moved := bytes.Clone(b)
		if err != nil || retime(moved, func(at int64) int64 { return at + 1 }) != nil {
			return
		}
		again, err := fragments(bytes.NewReader(moved), int64(len(moved)))
		if err != nil || len(again) != len(frags) {
			t.Fatalf("moved, %d fragments are %d, %v", len(frags), len(again), err)
		}
		for i, f := range frags {
			if want := (fragment{f.start + 1, f.dur}); f.start >= 0 && again[i] != want {
				t.Errorf("fragment %v moved by 1 is %v", f, again[i])
			}
		}
	})
}
