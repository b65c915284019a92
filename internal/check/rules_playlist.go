package check

import (
	"cmp"
	"fmt"
	"maps"
	"math"
	"slices"
	"time"
)

const (
	holdBackParts  = 3 // Apple authoring specification 14.3
	holdBackTarget = 3 // rfc8216bis §4.4.3.8
	skipTargets    = 6 // rfc8216bis §4.4.3.8
	partTargets    = 3 // rfc8216bis §6.2.2
)

func constants(w *watch) Verdict {
	var f findings
	for _, r := range w.Renditions {
		if len(r.Versions) == 0 {
			continue
		}
		first := r.Past.Constants
		if first == nil {
			first = r.Versions[0].List
		}
		for _, v := range r.Versions {
			p := v.List
			f.expect(p.PartTarget == first.PartTarget && p.TargetDuration == first.TargetDuration &&
				p.Control.PartHoldBack == first.Control.PartHoldBack && p.Control.HoldBack == first.Control.HoldBack,
				"%s: PART-TARGET %g, PART-HOLD-BACK %g, HOLD-BACK %g, TARGETDURATION %d; at first %g, %g, %g, %d", r.Name,
				p.PartTarget, p.Control.PartHoldBack, p.Control.HoldBack, p.TargetDuration,
				first.PartTarget, first.Control.PartHoldBack, first.Control.HoldBack, first.TargetDuration)
		}
	}
	return f.verdict("playlists", "no playlist came")
}

func numbersStay(w *watch) Verdict {
	var f findings
	for _, r := range w.Renditions {
		uris, parts := map[int64]address{}, map[position]address{}
		var before *playlist
		for _, v := range r.Versions {
			if before != nil {
				f.expect(v.List.MediaSequence >= before.MediaSequence && v.List.next() >= before.next() && v.List.MediaSequence <= before.next(),
					"%s: MEDIA-SEQUENCE %d with %d segments after %d with %d", r.Name, v.List.MediaSequence, len(v.List.Segments), before.MediaSequence, len(before.Segments))
			}
			before = v.List
			for _, s := range v.List.all() {
				if old, ok := uris[s.MSN]; ok && s.At.URL != "" {
					f.expect(old == s.At, "%s: segment %d was %s and is %s", r.Name, s.MSN, old.URL, s.At.URL)
				}
				if s.At.URL != "" {
					uris[s.MSN] = s.At
				}
				for i, p := range s.Parts {
					at := position{s.MSN, i}
					if old, ok := parts[at]; ok && old != p.At {
						f.expect(false, "%s: part %d.%d was %s and is %s", r.Name, s.MSN, i, old.URL, p.At.URL)
					}
					parts[at] = p.At
				}
			}
		}
	}
	return f.verdict("segments in playlists", "no playlist came twice")
}

func holdBacks(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		p := r.latest()
		c := p.Control
		if p.PartTarget > 0 {
			f.expect(c.PartHoldBack >= holdBackParts*p.PartTarget-rounding, "%s: PART-HOLD-BACK %g, PART-TARGET %g", r.Name, c.PartHoldBack, p.PartTarget)
		}
		if c.HoldBack > 0 {
			f.expect(c.HoldBack >= float64(holdBackTarget*p.TargetDuration)-rounding, "%s: HOLD-BACK %g, TARGETDURATION %d", r.Name, c.HoldBack, p.TargetDuration)
		}
		if c.SkipUntil > 0 {
			f.expect(c.SkipUntil >= float64(skipTargets*p.TargetDuration)-rounding, "%s: CAN-SKIP-UNTIL %g, TARGETDURATION %d", r.Name, c.SkipUntil, p.TargetDuration)
		}
	}
	return f.verdict("attributes", "no parts, HOLD-BACK or CAN-SKIP-UNTIL in any playlist")
}

// firstPast returns the index of the first version that goes beyond at.
func (r *rendition) firstPast(at position) int {
	n, _ := slices.BinarySearchFunc(r.Versions, at, func(v *version, at position) int {
		if at.before(v.List.last()) {
			return 1
		}
		return -1
	})
	return n
}

// reports holds each report against what the client of that rendition knew.
func reports(w *watch) Verdict {
	var f findings
	list := w.media()
	behind, all := 0, 0
	for _, r := range list {
		for _, v := range r.Versions {
			if v.List.Ended || v.List.PartTarget == 0 {
				continue
			}
			have := map[string]report{}
			for _, o := range v.List.Reports {
				if _, twice := have[o.URL]; twice {
					f.expect(false, "%s: two reports of %s", r.Name, o.URL)
				}
				have[o.URL] = o
			}
			for _, other := range list {
				if other == r || !w.lists(other) || !other.hasParts() || other.Versions[0].Got.After(v.Sent) {
					continue
				}
				o, ok := have[other.URL]
				f.expect(ok, "%s has no report of %s", r.Name, other.Name)
				if !ok || v.First {
					continue
				}
				f.expect(o.LastMSN >= 0 && o.LastPart >= 0, "%s: the report of %s lacks LAST-MSN or LAST-PART", r.Name, other.Name)
				all++
				if why := other.untrue(w, v, o); why != "" {
					behind++
					f.expect(false, "%s reports %s at %d.%d: %s", r.Name, other.Name, o.LastMSN, o.LastPart, why)
				}
			}
		}
	}
	if behind > 0 && behind == f.failed && behind <= max(1, all/100) {
		f.failed = 0
	}
	return f.verdict("reports", "there is only one media playlist with parts")
}

// untrue says why a report about r in a version of another playlist was off by
// more than a part when it was written.
func (r *rendition) untrue(w *watch, v *version, o report) string {
	if !r.latest().Control.BlockReload {
		return ""
	}
	at := position{o.LastMSN, o.LastPart}
	slack := jitter + w.slack(v.Sent, v.Got)
	// Two parts beyond the report had come here before it was sent.
	newer := r.firstPast(at)
	if newer < len(r.Versions) {
		twice := r.firstPast(r.Versions[newer].List.last())
		if twice < len(r.Versions) && r.Versions[twice].Got.Add(slack).Before(v.Got) {
			return fmt.Sprintf("%d ms before it had come to %d.%d", v.Got.Sub(r.Versions[twice].Got).Milliseconds(), r.Versions[twice].List.last().MSN, r.Versions[twice].List.last().Part)
		}
	}
	// What it says came a part and more after it was said.
	for _, x := range r.Versions {
		if !x.List.last().before(at) {
			if late := x.Got.Sub(v.Got) - slack - w.slack(x.Sent, x.Got) - seconds(x.List.PartTarget); late > 0 {
				return fmt.Sprintf("it came there %d ms later", x.Got.Sub(v.Got).Milliseconds())
			}
			return ""
		}
	}
	return ""
}

func playlistsAgree(w *watch) Verdict {
	var f findings
	list := w.media()
	for _, r := range w.Renditions {
		if len(list) == 0 || len(r.Versions) == 0 || r == list[0] {
			continue
		}
		first, p := list[0].latest(), r.latest()
		f.expect(p.TargetDuration == first.TargetDuration, "%s has TARGETDURATION %d, %s %d", r.Name, p.TargetDuration, list[0].Name, first.TargetDuration)
		if r.Kind == mediaKind {
			f.expect(p.Control == first.Control, "%s has SERVER-CONTROL %+v, %s %+v", r.Name, p.Control, list[0].Name, first.Control)
			for _, pair := range matches(list[0], r) {
				f.expect(pair.a.CC == pair.b.CC, "segment %d of %s has discontinuity sequence %d, segment %d of %s at the same time %d",
					pair.a.MSN, list[0].Name, pair.a.CC, pair.b.MSN, r.Name, pair.b.CC)
			}
		}
	}
	return f.verdict("comparisons", "there is only one media playlist")
}

// pair are two segments of different renditions at the same time.
type pair struct{ a, b *segment }

// matches pairs the segments of two renditions whose starts are within half of
// the shorter, by their place on the media timeline, or by date where the media
// was not read.
func matches(a, b *rendition) (list []pair) {
	startA, startB := a.starts(), b.starts()
	others := b.ever()
	for _, s := range a.ever() {
		if s.At.URL == "" {
			continue
		}
		best, off := (*segment)(nil), math.Inf(1)
		for _, o := range others {
			if o.At.URL == "" {
				continue
			}
			d := math.Inf(1)
			sa, okA := startA[s.MSN]
			sb, okB := startB[o.MSN]
			switch {
			case okA && okB:
				d = math.Abs(sa - sb)
			case !s.Wall.IsZero() && !o.Wall.IsZero():
				d = math.Abs(s.Wall.Sub(o.Wall).Seconds())
			}
			if d < off {
				best, off = o, d
			}
		}
		if best != nil && off < min(s.Dur, best.Dur)/2 {
			list = append(list, pair{s, best})
		}
	}
	return list
}

const (
	// dateTolerance is how far a step of PROGRAM-DATE-TIME may be from EXTINF,
	// beyond the resolution in which it is written.
	dateTolerance = time.Millisecond
	// audioDates is how far the dates of sound may be from those of the picture:
	// an AAC frame.
	audioDates = 25 * time.Millisecond
)

func dates(w *watch) Verdict {
	var f findings
	list := w.media()
	for _, r := range list {
		if r.recorded() && r.Versions[0].List.undated() {
			continue // a date is due while it is live
		}
		var before *segment
		for _, s := range r.ever() {
			f.expect(!s.Wall.IsZero(), "%s: segment %d has no PROGRAM-DATE-TIME, nor has one from which its date follows", r.Name, s.MSN)
			if before != nil && before.MSN == s.MSN-1 && before.Dur > 0 && !before.Wall.IsZero() && !s.Wall.IsZero() {
				step := s.Wall.Sub(before.Wall)
				f.expect(step > 0, "%s: segment %d begins %v before segment %d", r.Name, s.MSN, -step, before.MSN)
				if !s.Discontinuity {
					off := (step - seconds(before.Dur)).Abs()
					f.expect(off <= dateTolerance+max(s.Quantum, before.Quantum), "%s: segment %d begins %v after segment %d, whose EXTINF is %.5f", r.Name, s.MSN, step, before.MSN, before.Dur)
				}
			}
			before = s
		}
	}
	for _, r := range list {
		if r != list[0] {
			datesAgree(&f, list[0], r)
		}
	}
	return f.verdict("dates", "no segment was listed, or only those of a recording without dates")
}

// recorded reports whether the programme was over before it was watched.
func (r *rendition) recorded() bool { return r.Versions[0].List.Ended }

func (p *playlist) undated() bool {
	return !slices.ContainsFunc(p.Segments, func(s *segment) bool { return !s.PDT.IsZero() })
}

// datesAgree compares what two renditions say of the same media time.
func datesAgree(f *findings, a, b *rendition) {
	startA, startB := a.starts(), b.starts()
	for _, m := range matches(a, b) {
		sa, okA := startA[m.a.MSN]
		sb, okB := startB[m.b.MSN]
		if !okA || !okB || m.a.Wall.IsZero() || m.b.Wall.IsZero() {
			continue
		}
		allowed := dateTolerance + max(m.a.Quantum, m.b.Quantum)
		if a.isVideo() != b.isVideo() {
			allowed = audioDates
		}
		off := m.b.Wall.Sub(m.a.Wall) - seconds(sb-sa)
		f.expect(off.Abs() <= allowed, "segment %d of %s and %d of %s: for the same media time the dates differ by %v", m.a.MSN, a.Name, m.b.MSN, b.Name, off.Round(time.Microsecond))
	}
}

func partsStay(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		for _, v := range r.Versions {
			if v.List.PartTarget == 0 || v.List.Ended {
				continue
			}
			left := float64(partTargets * v.List.TargetDuration)
			if v.List.Open != nil {
				left -= v.List.Open.listed()
			}
			for _, s := range slices.Backward(v.List.Segments) {
				if left -= s.Dur; left < 0 {
					break
				}
				f.expect(s.Gap || len(s.Parts) > 0, "%s: the parts of segment %d are not listed, and it is within 3 x TD of the end", r.Name, s.MSN)
			}
		}
	}
	fetched(&f, w, removedPart)
	return f.verdict("parts", noParts)
}

func segmentsStay(w *watch) Verdict {
	var f findings
	fetched(&f, w, removedSegment)
	return f.verdict("removed segments, at the end of their time", "no removed segment came to the end of its availability duration: watch for longer, with --for")
}

// fetched judges what was asked for after its removal.
func fetched(f *findings, w *watch, q question) {
	for _, p := range w.Probes {
		late := w.slack(p.Sent.Add(-removalMargin), p.Got) > removalMargin/2 // it may have come there too late
		if p.Ask == q && (p.Fault == "" || !late) {
			f.expect(p.Fault == "", "%s, removed: %s", p.URL, p.Fault)
		}
	}
}

func hintsPresent(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		for _, v := range r.Versions {
			if v.List.PartTarget == 0 {
				continue
			}
			if v.List.Ended {
				f.expect(len(v.List.Hints) == 0, "%s: a hint after EXT-X-ENDLIST", r.Name)
				continue
			}
			hinted := slices.ContainsFunc(v.List.Hints, func(h hint) bool { return h.Type == "PART" })
			f.expect(hinted, "%s: no EXT-X-PRELOAD-HINT of a part after %d.%d", r.Name, v.List.last().MSN, v.List.last().Part)
		}
	}
	return f.verdict("playlists", noParts)
}

// differences names what two playlists differ in, reports and hints apart.
func differences(a, b *playlist) (list []string) {
	note := func(same bool, format string, args ...any) {
		if !same && len(list) < maxEvidence {
			list = append(list, fmt.Sprintf(format, args...))
		}
	}
	note(a.MediaSequence == b.MediaSequence, "MEDIA-SEQUENCE %d, %d", a.MediaSequence, b.MediaSequence)
	note(a.DiscontinuitySequence == b.DiscontinuitySequence, "DISCONTINUITY-SEQUENCE %d, %d", a.DiscontinuitySequence, b.DiscontinuitySequence)
	note(a.TargetDuration == b.TargetDuration, "TARGETDURATION %d, %d", a.TargetDuration, b.TargetDuration)
	note(a.PartTarget == b.PartTarget, "PART-TARGET %g, %g", a.PartTarget, b.PartTarget)
	note(a.Control == b.Control, "SERVER-CONTROL %+v, %+v", a.Control, b.Control)
	note(a.Ended == b.Ended, "ENDLIST %v, %v", a.Ended, b.Ended)
	one, two := a.all(), b.all()
	note(len(one) == len(two), "%d segments, %d", len(one), len(two))
	for i := range min(len(one), len(two)) {
		note(sameSegment(one[i], two[i]), "segment %d: %+v, %+v", one[i].MSN, *one[i], *two[i])
	}
	return list
}

func sameSegment(a, b *segment) bool {
	return a.MSN == b.MSN && a.At == b.At && a.Dur == b.Dur && a.Gap == b.Gap && a.Discontinuity == b.Discontinuity &&
		a.Map == b.Map && a.PDT.Equal(b.PDT) && slices.Equal(a.Parts, b.Parts)
}

// ids returns the ids of the DATERANGEs of a playlist, sorted.
func ids(p *playlist) []string {
	set := map[string]bool{}
	for _, d := range p.DateRanges {
		set[d.ID] = true
	}
	return slices.SortedFunc(maps.Keys(set), cmp.Compare[string])
}
