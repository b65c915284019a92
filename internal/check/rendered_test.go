package check

import (
	"fmt"
	"math"
	"math/rand/v2"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grafov/m3u8"

	"vitrine/packager/hls"
)

// draw makes a playlist out of a seed: anything that the packager may come to.
func draw(seed uint64) *hls.Media {
	r := rand.New(rand.NewPCG(seed, 40))
	yes := func() bool { return r.IntN(4) == 0 }
	m := &hls.Media{
		Epoch: r.Int64N(1 << 33), TargetDuration: 1 + r.IntN(10), PartTarget: time.Duration(100+r.IntN(1900)) * time.Millisecond,
		DiscontinuitySequence: r.Int64N(1 << 20), NextMSN: r.Int64N(1 << 33),
	}
	wall, keyframes := time.UnixMilli(r.Int64N(1<<41)), r.Int64N(1<<38)
	segment := func() *hls.Segment {
		s := &hls.Segment{MSN: m.NextMSN, Wall: wall, Discontinuity: yes(), Gap: yes(), Init: r.Int64N(3), FirstKeyframe: keyframes}
		for range 1 + r.IntN(4) {
			p := hls.Part{Dur: time.Duration(1 + r.Int64N(int64(m.PartTarget))), Independent: yes(), Gap: s.Gap || yes()}
			s.Parts = append(s.Parts, p)
			if !s.Gap && yes() {
				s.Keyframes = append(s.Keyframes, hls.Keyframe{At: s.Dur, Offset: r.IntN(1 << 24), Size: 1 + r.IntN(1<<20)})
			}
			s.Dur += p.Dur
		}
		wall, keyframes = wall.Add(s.Dur), keyframes+int64(s.Entries())
		return s
	}
	for range 1 + r.IntN(12) {
		m.Segments = append(m.Segments, segment())
		m.NextMSN++
	}
	if m.Ended = yes(); !m.Ended && !yes() {
		m.Open = segment()
	}
	for i := range r.IntN(6) {
		cue := fmt.Appendf(nil, "{\"id\":\"%d\",\"title\":\"100 %% \\\"wave\\\" \u00fc\t\"}", i)
		m.Ranges.Listed = append(m.Ranges.Listed, hls.NewDateRange(fmt.Sprintf("cue %d", i), wall, time.Second, cue))
	}
	m.Ranges.Old = r.IntN(len(m.Ranges.Listed) + 1)
	for i := range r.IntN(3) {
		m.Ranges.Removed = append(m.Ranges.Removed, hls.NewDateRange(fmt.Sprintf("gone %d", i), wall, time.Second, nil))
		m.Reports = append(m.Reports, hls.Report{URI: fmt.Sprintf("../%dp/index.m3u8", i), MSN: m.NextMSN, Part: i})
	}
	return m
}

func reread(t *testing.T, b []byte) *playlist {
	t.Helper()
	base, err := url.Parse("http://host/live/demo/source/index.m3u8")
	if err != nil {
		t.Fatal(err)
	}
	p, err := parsePlaylist(base, string(b))
	if err != nil {
		t.Fatalf("%v\n%s", err, b)
	}
	if _, _, err := m3u8.DecodeFrom(strings.NewReader(string(b)), true); err != nil {
		t.Fatalf("grafov: %v\n%s", err, b)
	}
	return p
}

// Whatever the packager renders, this reader reads, and finds in it what it was
// made of.
func FuzzRendered(f *testing.F) {
	for seed := range uint64(20) {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, seed uint64) {
		m := draw(seed)
		full := reread(t, m.AppendTo(nil, hls.Full))
		if len(full.Segments) != len(m.Segments) || full.MediaSequence != m.Segments[0].MSN || full.Ended != m.Ended || full.Skipped >= 0 ||
			full.DiscontinuitySequence != m.DiscontinuitySequence || len(full.DateRanges) != len(m.Ranges.Listed) {
			t.Fatalf("%+v\n%s", full, m.AppendTo(nil, hls.Full))
		}
		for i, s := range full.Segments {
			same(t, s, m.Segments[i])
		}
		if !m.Ended && (len(full.Reports) != len(m.Reports) || len(full.Hints) != 1) {
			t.Fatalf("%d reports, %d hints", len(full.Reports), len(full.Hints))
		}
		for _, form := range []hls.Form{hls.Delta, hls.DeltaV2} {
			delta := reread(t, m.AppendTo(nil, form))
			skipped := int(max(delta.Skipped, 0))
			if skipped != m.Skipped() || skipped+len(delta.Segments) != len(m.Segments) || delta.next() != full.next() {
				t.Fatalf("form %d: %d skipped, %d listed of %d", form, skipped, len(delta.Segments), len(m.Segments))
			}
			for i, s := range delta.Segments {
				same(t, s, m.Segments[skipped+i])
			}
			if left := len(m.Ranges.Listed) - len(delta.DateRanges); left != 0 && (form == hls.Delta || left != m.Ranges.Old) {
				t.Fatalf("form %d leaves out %d of %d date ranges", form, left, len(m.Ranges.Listed))
			}
		}
		frames := reread(t, m.AppendIFrames(nil))
		entries := 0
		for _, s := range m.Segments {
			entries += s.Entries()
		}
		if len(frames.Segments) != entries || !frames.IFramesOnly || frames.MediaSequence != m.Segments[0].FirstKeyframe {
			t.Fatalf("%d entries of %d\n%s", len(frames.Segments), entries, m.AppendIFrames(nil))
		}
		off := 0.0
		for _, f := range frames.Segments {
			off += f.Dur
		}
		for _, s := range m.Segments {
			off -= s.Dur.Seconds()
		}
		if math.Abs(off) > 5e-6*float64(entries+1) {
			t.Fatalf("the I-frames last %v s more than the segments", off)
		}
	})
}

// same holds a segment as read against the one that was rendered.
func same(t *testing.T, got *segment, want *hls.Segment) {
	t.Helper()
	if got.MSN != want.MSN || got.Gap != want.Gap || got.Discontinuity != want.Discontinuity || !got.PDT.Equal(want.Wall.Round(time.Millisecond)) ||
		math.Abs(got.Dur-want.Dur.Seconds()) > 1e-5 || len(got.Parts) > 0 && len(got.Parts) != len(want.Parts) {
		t.Fatalf("read %+v, rendered %+v", got, want)
	}
	for i, p := range got.Parts {
		if w := want.Parts[i]; p.Independent != w.Independent || p.Gap != w.Gap || math.Abs(p.Dur-w.Dur.Seconds()) > 1e-5 {
			t.Fatalf("read %+v, rendered %+v", p, w)
		}
	}
}
