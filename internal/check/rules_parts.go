package check

import (
	"math"
	"slices"
	"time"
)

const (
	// sampleTolerance is how far a DURATION may be from its samples, in seconds.
	sampleTolerance = 0.001
	// rounding is what decimal fractions lose in binary.
	rounding = 1e-9
	// minPartShare is the least share of PART-TARGET (rfc8216bis §4.4.4.9).
	minPartShare = 0.85
	// atOnce is how long the first byte of what is listed may take.
	atOnce = time.Second

	noParts  = "no playlist lists parts"
	noMedia  = "no fragmented MP4 was read"
	noVideo  = "there is no video in fragmented MP4"
	noHinted = "no part was hinted by a URL of its own"
)

func partDurations(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		if !r.hasParts() {
			continue
		}
		target := r.latest().PartTarget
		for _, s := range r.ever() {
			for i, p := range s.Parts {
				f.expect(p.Dur <= target+rounding, "%s %d.%d: DURATION %.5f, PART-TARGET %.5f", r.Name, s.MSN, i, p.Dur, target)
				if piece := r.Pieces[p.At]; piece.readable() {
					have := piece.Contents.main().seconds()
					f.expect(math.Abs(have-p.Dur) <= sampleTolerance+rounding, "%s: DURATION %.5f, its samples last %.5f", p.At.URL, p.Dur, have)
				}
			}
		}
	}
	return f.verdict("durations", noParts)
}

func listedIsThere(w *watch) Verdict {
	var f findings
	for _, r := range w.Renditions {
		for _, p := range r.Pieces {
			f.expect(p.ok() && p.Malformed == "", "%s: %s%s", p.At.URL, p.Fault, p.Malformed)
			if p.ok() && r.Hinted[p.At] == nil {
				took := p.First.Sub(p.Sent) - w.slack(p.Sent, p.First)
				f.expect(took <= atOnce, "%s: the first byte came after %.1f s", p.At.URL, took.Seconds())
			}
		}
		for _, p := range r.InitGets {
			f.expect(p.ok() && p.Malformed == "", "%s: %s%s", p.At.URL, p.Fault, p.Malformed)
		}
		for _, x := range r.Refusals {
			if x.Asked == nil && w.lists(r) {
				f.expect(false, "%s: %s", x.URL, x.Reason)
			}
		}
	}
	return f.verdict("answers", "nothing was listed")
}

// lists reports whether the presentation still names a rendition.
func (w *watch) lists(r *rendition) bool {
	if w.Main == nil {
		return true
	}
	return slices.ContainsFunc(renditionsOf(w.Main), func(x *rendition) bool { return x.URL == r.URL })
}

func hintsComeTrue(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		parts := map[address]part{}
		at := map[position]address{}
		for _, s := range r.ever() {
			for i, p := range s.Parts {
				parts[p.At] = p
				at[position{s.MSN, i}] = p.At
			}
		}
		for _, h := range r.Hinted {
			p, listed := parts[h.At]
			if !listed {
				other, taken := at[position{h.MSN, h.Part}]
				if taken {
					f.expect(false, "%s was hinted as part %d.%d, which is %s", h.At.URL, h.MSN, h.Part, other.URL)
				}
				continue // abandoned, or not listed yet
			}
			if p.Gap {
				continue
			}
			f.expect(h.ok(), "%s was hinted: %s", h.At.URL, h.Fault)
			if l := r.Pieces[h.At]; h.ok() && l.ok() && !l.Sent.Equal(h.Sent) {
				f.expect(l.Hash == h.Hash, "%s: the hint brought %d bytes, the part has %d, and they differ", h.At.URL, h.Size, l.Size)
			}
		}
	}
	return f.verdict("hinted answers", noHinted)
}

// Limits of assertion 6. A part that is written as it is made arrives over its
// whole duration; one that is whole arrives as fast as the line is.
const (
	trickleShare = 0.5                    // of the part's duration
	trickleLeast = 100 * time.Millisecond // below this it is the network
	trickleLine  = 3                      // times what a segment's bytes take
	trickleParts = 10                     // at most one in so many may be slow
)

func hintsComeWhole(w *watch) Verdict {
	var f findings
	slow, total := 0, 0
	for _, r := range w.media() {
		line := r.pace()
		for _, s := range r.ever() {
			for _, p := range s.Parts {
				h := r.Hinted[p.At]
				if !h.ok() || p.Gap {
					continue
				}
				total++
				took := h.Got.Sub(h.First) - w.slack(h.First, h.Got)
				limit := max(seconds(p.Dur*trickleShare), trickleLeast) + seconds(trickleLine*line*float64(h.Size))
				if took > limit {
					slow++
				}
				f.expect(took <= limit, "%s: its %d bytes came over %d ms of a part of %d ms", h.At.URL, h.Size, took.Milliseconds(), seconds(p.Dur).Milliseconds())
			}
		}
	}
	if slow*trickleParts <= total {
		f.failed = 0
	}
	return f.verdict("hinted parts", noHinted)
}

// pace is the time per byte of what exists, in seconds: the median over segments.
func (r *rendition) pace() float64 {
	var list []float64
	for _, p := range r.Pieces {
		if p.ok() && p.Part < 0 && p.Size > 0 {
			list = append(list, p.Got.Sub(p.First).Seconds()/float64(p.Size))
		}
	}
	if len(list) == 0 {
		return 0
	}
	slices.Sort(list)
	return list[len(list)/2]
}

func partsMakeSegment(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		for _, p := range r.Pieces {
			if p.Joined != nil {
				f.expect(p.Joined.Differing < 0, "%s: %d bytes, its %d parts have %d; the first that differs is part %d",
					p.At.URL, p.Size, p.Joined.Parts, p.Joined.Total, p.Joined.Differing)
			}
		}
	}
	return f.verdict("segments", "no segment was read with all of its parts")
}

func decodeTimes(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		var before *stretch
		for _, s := range r.stretches() {
			for _, x := range s.Piece.Contents.Runs {
				if x.Broken != "" {
					f.expect(false, "%s track %d: %s", s.Piece.At.URL, x.Track, x.Broken)
				}
				if old := runOf(before, x.Track); s.After && old != nil && old.Timescale == x.Timescale {
					f.expect(x.Start == old.Start+old.Dur, "%s track %d: tfdt %d, what is before it ends at %d", s.Piece.At.URL, x.Track, x.Start, old.Start+old.Dur)
				}
			}
			before = &s
		}
	}
	return f.verdict("joins", noMedia)
}

func runOf(s *stretch, track uint32) *run {
	if s == nil {
		return nil
	}
	for i := range s.Piece.Contents.Runs {
		if s.Piece.Contents.Runs[i].Track == track {
			return &s.Piece.Contents.Runs[i]
		}
	}
	return nil
}

func partsLongEnough(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		if !r.hasParts() {
			continue
		}
		least := minPartShare * r.latest().PartTarget
		for _, s := range r.ever() {
			for i, p := range s.Parts {
				last := i == len(s.Parts)-1 // of its parent, or the end of what is known
				if last || p.Independent || p.Gap || s.Parts[i+1].Gap {
					continue
				}
				f.expect(p.Dur >= least-rounding, "%s %d.%d: DURATION %.5f, at least %.5f is due", r.Name, s.MSN, i, p.Dur, least)
			}
		}
	}
	return f.verdict("parts", noParts)
}

func independence(w *watch) Verdict {
	var f findings
	for _, r := range w.videos() {
		for _, s := range r.stretches() {
			if m := s.Piece.Contents.main(); s.Part >= 0 && m.Video {
				f.expect(s.independent() == (m.Syncs > 0), "%s: INDEPENDENT is %v, and it has %d sync frames", s.Piece.At.URL, s.independent(), m.Syncs)
			}
		}
	}
	return f.verdict("parts", "no part with video was read")
}

func segmentsStartIDR(w *watch) Verdict {
	var f findings
	for _, r := range w.videos() {
		for _, s := range r.stretches() {
			if m := s.Piece.Contents.main(); s.Part <= 0 && m.Video {
				f.expect(m.StartsIDR, "%s: segment %d begins with another frame", s.Piece.At.URL, s.Seg.MSN)
			}
		}
	}
	return f.verdict("segments", noVideo)
}
