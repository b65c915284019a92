package check

import (
	"math"
	"slices"
	"strings"
)

const noID3 = "no timed ID3 was seen"

// id3Events calls f for each timed ID3 event of a rendition.
func (r *rendition) id3Events(f func(stretch, *event)) {
	for _, s := range r.stretches() {
		for i := range s.Piece.Contents.Events {
			if e := &s.Piece.Contents.Events[i]; e.id3() {
				f(s, e)
			}
		}
	}
}

// moment identifies an event by what it says and when.
type moment struct {
	hash [32]byte
	at   int64 // µs
}

func momentOf(e *event) moment { return moment{e.Hash, int64(math.Round(e.seconds() * 1e6))} }

// span returns the media that a stretch covers, in seconds.
func (s *stretch) span() (from, to float64) {
	m := s.Piece.Contents.main()
	scale := float64(m.Timescale)
	return min(float64(m.First), float64(m.Start)) / scale, max(float64(m.End), float64(m.Start+m.Dur)) / scale
}

func cuesEverywhere(w *watch) Verdict {
	var f findings
	videos := w.videos()
	have := make([]map[moment]bool, len(videos))
	for i, r := range videos {
		have[i] = map[moment]bool{}
		r.id3Events(func(_ stretch, e *event) { have[i][momentOf(e)] = true })
	}
	for i, r := range videos {
		r.id3Events(func(s stretch, e *event) {
			f.expect(e.Version == 1 && e.Scheme == id3Scheme, "%s: emsg of version %d and scheme %q", s.Piece.At.URL, e.Version, clip(e.Scheme))
			if e.Version != 1 {
				return
			}
			for j, other := range videos {
				if j != i && !have[j][momentOf(e)] && other.covers(e.seconds()) {
					f.expect(false, "the event at %.3f s (%s) is in %s and not in %s", e.seconds(), e.Cue.name(), r.Name, other.Name)
				}
			}
		})
	}
	return f.verdict("events", noID3)
}

func (c cueFacts) name() string {
	return strings.TrimSpace(c.Type + " " + c.ID)
}

// covers reports whether the media at a time was read.
func (r *rendition) covers(at float64) bool {
	return slices.ContainsFunc(r.stretches(), func(s stretch) bool {
		from, to := s.span()
		return from <= at && at < to
	})
}

func cuesInTheirPart(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		r.id3Events(func(s stretch, e *event) {
			if e.Version == 1 {
				from, to := s.span()
				f.expect(from-1e-6 <= e.seconds() && e.seconds() < to, "%s: event at %.6f s (%s), the part is [%.6f, %.6f)", s.Piece.At.URL, e.seconds(), e.Cue.name(), from, to)
			}
		})
	}
	return f.verdict("events", noID3)
}

func cuesAreID3(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		r.id3Events(func(s stretch, e *event) {
			f.expect(e.Fault == "", "%s: event %d at %.3f s: %s", s.Piece.At.URL, e.ID, e.seconds(), e.Fault)
		})
	}
	return f.verdict("events", noID3)
}

// cues returns the segments in which cues with an id of their own were first
// seen, those of the past included.
func (r *rendition) cues() map[string]int64 {
	m := map[string]int64{}
	for id, msn := range r.Past.Cues {
		m[id] = msn
	}
	r.id3Events(func(s stretch, e *event) {
		if _, known := m[e.Cue.ID]; e.Cue.ID != "" && !known && len(m) < maxIDs {
			m[e.Cue.ID] = s.Seg.MSN
		}
	})
	return m
}

// cueKey tells apart what happens to one product: it is shown and hidden once each.
func cueKey(e *event) string { return e.Cue.Type + " " + e.Cue.ID }

func cuesOnce(w *watch) Verdict {
	var f findings
	videos := w.videos()
	for _, r := range videos {
		first := r.cues()
		count := map[string]int{}
		r.id3Events(func(s stretch, e *event) {
			if e.Cue.ID == "" {
				return
			}
			count[cueKey(e)]++
			again := first[e.Cue.ID] != s.Seg.MSN && e.Cue.Type == "show"
			f.expect(count[cueKey(e)] == 1 && !again, "%s: cue %s comes again at %.3f s", r.Name, e.Cue.name(), e.seconds())
		})
		for _, id := range w.Expect {
			_, came := first[id]
			f.expect(came, "%s: cue %s never came", r.Name, id)
		}
	}
	return f.verdict("cues", "no cue with an id of its own was seen")
}

// ranges returns the DATERANGEs ever listed, those of the past included.
func (r *rendition) ranges() map[string]dateRange {
	m := map[string]dateRange{}
	for id, d := range r.Past.Ranges {
		m[id] = d
	}
	for _, v := range r.Versions {
		for _, d := range v.List.DateRanges {
			if old, known := m[d.ID]; known {
				m[d.ID] = merge(old, d)
			} else if len(m) < maxIDs {
				m[d.ID] = d
			}
		}
	}
	return m
}

// merge joins the attributes of two tags with the same id (rfc8216bis §4.4.5.1).
func merge(a, b dateRange) dateRange {
	if a.Start.IsZero() {
		a.Start = b.Start
	}
	for k, v := range b.Attrs {
		if _, known := a.Attrs[k]; !known {
			all := attributes{k: v}
			for k, v := range a.Attrs {
				all[k] = v
			}
			a.Attrs = all
		}
	}
	return a
}

func rangesAgree(w *watch) Verdict {
	var f findings
	known := map[string]dateRange{}
	for _, r := range w.media() {
		for id, d := range r.Past.Ranges {
			known[id] = d
		}
	}
	for _, r := range w.media() {
		for _, v := range r.Versions {
			for _, d := range v.List.DateRanges {
				old, again := known[d.ID]
				if !again {
					f.expect(!d.Start.IsZero(), "%s: DATERANGE %s has no START-DATE", r.Name, d.ID)
					known[d.ID] = d
					continue
				}
				for k, x := range d.Attrs {
					y, given := old.Attrs[k]
					f.expect(!given || x == y, "%s: DATERANGE %s has %s %s, and had %s", r.Name, d.ID, k, clip(x), clip(y))
				}
				known[d.ID] = merge(old, d)
			}
		}
	}
	return f.verdict("attributes and ids", "no DATERANGE was seen")
}

// slot is a segment with its place on both clocks.
type slot struct {
	seg   *segment
	start float64 // s
	frame float64 // s
}

// slots returns the segments of which media time and date are known.
func (r *rendition) slots() (list []slot) {
	for _, s := range r.stretches() {
		if m := s.Piece.Contents.main(); s.Part <= 0 && !s.Seg.Wall.IsZero() && m.Samples > 0 {
			list = append(list, slot{s.Seg, m.at(), m.seconds() / float64(m.Samples)})
		}
	}
	return list
}

func rangesMatchCues(w *watch) Verdict {
	var f findings
	for _, r := range w.videos() {
		slots, ranges := r.slots(), r.ranges()
		r.id3Events(func(s stretch, e *event) {
			d, mirrored := ranges[e.Cue.ID]
			if !mirrored || e.Cue.ID == "" || e.Cue.Type == "hide" || e.Version != 1 {
				return
			}
			i := slices.IndexFunc(slots, func(x slot) bool { return x.seg.MSN == s.Seg.MSN })
			if i < 0 {
				return
			}
			at := slots[i].start + d.Start.Sub(slots[i].seg.Wall).Seconds()
			off := at - e.seconds()
			f.expect(math.Abs(off) <= slots[i].frame+2*sampleTolerance, "%s: DATERANGE %s begins %.0f ms from the emsg, a frame is %.0f ms", r.Name, d.ID, off*1000, slots[i].frame*1000)
		})
	}
	return f.verdict("cues", "no DATERANGE has the id of a cue that was seen")
}

func joinersLearn(w *watch) Verdict {
	var f findings
	for _, r := range w.videos() {
		told := map[int64]bool{}
		from := int64(math.MaxInt64) // the first segment after a cue was seen
		r.id3Events(func(s stretch, e *event) {
			if !e.Cue.Ours {
				return
			}
			from = min(from, s.Seg.MSN+1)
			if e.Cue.Type == "state" && s.Part <= 0 {
				told[s.Seg.MSN] = true
			}
		})
		for _, s := range r.stretches() {
			if s.Seg.MSN >= from && s.Part <= 0 {
				f.expect(told[s.Seg.MSN], "%s: segment %d does not begin with the state", r.Name, s.Seg.MSN)
			}
		}
	}
	return f.verdict("segments", "no cue of the kind vitrine.cue was seen (docs/cues.md)")
}
