package check

import (
	"cmp"
	"fmt"
	"slices"
	"time"
)

const (
	// jitter is what the way of an answer may cost beyond what was measured.
	jitter = 100 * time.Millisecond
	// stallMargin is how much before 3 target durations a 503 still counts as
	// being after them: playlists are seen to the second.
	stallMargin = 300 * time.Millisecond
)

// disturbed reports whether a segment is beside an outage: when media came then
// was the encoder's matter.
func disturbed(list map[int64]*segment, msn int64) bool {
	for n := msn - 1; n <= msn+1; n++ {
		s := list[n]
		if s == nil {
			continue
		}
		if s.Gap || s.Discontinuity || slices.ContainsFunc(s.Parts, func(p part) bool { return p.Gap }) {
			return true
		}
	}
	return false
}

func (r *rendition) byMSN() map[int64]*segment {
	m := map[int64]*segment{}
	for _, s := range r.ever() {
		m[s.MSN] = s
	}
	return m
}

// replies returns the lateness of the answers to blocking reloads, those of the
// past included.
func (r *rendition) replies(w *watch) []lateness {
	list, segments := r.Past.Replies, r.byMSN()
	list = slices.Clip(list)
	var before *version
	for _, v := range r.Versions {
		if v.Asked != nil && v.Asked.Part >= 0 && v.List.holds(*v.Asked) && !disturbed(segments, v.Asked.MSN) && before != nil {
			from := v.Sent
			if before.Got.After(from) {
				from = before.Got
			}
			dur := v.List.PartTarget
			if s := segments[v.Asked.MSN]; s != nil && v.Asked.Part < len(s.Parts) {
				dur = s.Parts[v.Asked.Part].Dur
			}
			wait := v.Got.Sub(from) - w.slack(from, v.Got)
			list = appendBounded(list, lateness{
				Late: (wait - seconds(dur) - jitter).Seconds(),
				Why:  fmt.Sprintf("%s: part %d.%d of %d ms came %d ms after it was asked for", r.Name, v.Asked.MSN, v.Asked.Part, seconds(dur).Milliseconds(), wait.Milliseconds()),
			}, maxLateness)
		}
		before = v
	}
	return list
}

// arrivals returns the lateness of parts and of segments. The instant at which
// the server listed something lies between what this side saw; the least is
// taken, so that nothing is late that may have been in time.
func (r *rendition) arrivals(w *watch) (parts, segments []lateness) {
	parts, segments = slices.Clip(r.Past.Parts), slices.Clip(r.Past.Segments)
	all := r.byMSN()
	var before *version
	var lastPart, lastSegment time.Time
	for _, v := range r.Versions {
		if before == nil {
			before, lastPart = v, v.Got
			continue
		}
		shown := v.Got.Add(-w.slack(v.Sent, v.Got)) // no later than this it was listed
		if v.Asked == nil {
			shown = before.Sent
		}
		add := func(list []lateness, since time.Time, limit time.Duration, what string) []lateness {
			if since.IsZero() || disturbed(all, v.List.last().MSN) || disturbed(all, before.List.last().MSN) {
				return list
			}
			took := shown.Sub(since)
			return appendBounded(list, lateness{
				Late: (took - limit - jitter).Seconds(),
				Why:  fmt.Sprintf("%s: %s after %d.%d came %d ms after the one before, %d are allowed", r.Name, what, before.List.last().MSN, before.List.last().Part, took.Milliseconds(), limit.Milliseconds()),
			}, maxLateness)
		}
		if before.List.last().before(v.List.last()) {
			if v.List.PartTarget > 0 {
				parts = add(parts, lastPart, seconds(v.List.PartTarget), "the part")
			}
			lastPart = v.Got
		}
		if v.List.next() > before.List.next() {
			segments = add(segments, lastSegment, time.Duration(v.List.TargetDuration)*time.Second*3/2, "the segment")
			lastSegment = v.Got
		}
		before = v
	}
	return parts, segments
}

// worst sorts by lateness, and tells how many are late and how many may be: one
// in a hundred, and one in any case, for p99 of a few says nothing of one.
func worst(list []lateness) (late []lateness, allowed int, p99 float64) {
	if len(list) == 0 {
		return nil, 0, 0
	}
	sorted := slices.SortedFunc(slices.Values(list), func(a, b lateness) int { return cmp.Compare(b.Late, a.Late) })
	allowed = max(1, len(sorted)/100)
	n := 0
	for n < len(sorted) && sorted[n].Late > 0 {
		n++
	}
	return sorted[:n], allowed, sorted[min(allowed, len(sorted)-1)].Late
}

// punctual judges lateness.
func punctual(f *findings, list []lateness) {
	late, allowed, _ := worst(list)
	f.checked += len(list)
	if len(late) <= allowed {
		return
	}
	for _, l := range late {
		f.failed++
		if len(f.bad) < maxEvidence {
			f.bad = append(f.bad, l.Why)
		}
	}
}

const noBlocking = "the server offers no blocking reloads"

func blockingReloads(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		for _, v := range r.Versions {
			if v.Asked != nil && !v.List.holds(*v.Asked) && v.Got.Sub(v.Sent) < maxWait(v.List) {
				f.expect(false, "%s: part %d.%d was asked for, and the answer ends with %d.%d", r.Name, v.Asked.MSN, v.Asked.Part, v.List.last().MSN, v.List.last().Part)
			}
		}
		for _, x := range r.Refusals {
			if x.Asked != nil && x.Status != 0 && x.Status != 503 && w.lists(r) {
				f.expect(false, "%s: %s", x.URL, x.Reason)
			}
		}
		punctual(&f, r.replies(w))
	}
	return f.verdict("blocking reloads", noBlocking)
}

func arrivalsInTime(w *watch) Verdict {
	var f findings
	slowest := 0.0
	for _, r := range w.media() {
		parts, segments := r.arrivals(w)
		punctual(&f, parts)
		punctual(&f, segments)
		if len(parts) > 0 {
			_, _, p99 := worst(parts)
			slowest = max(slowest, p99+jitter.Seconds()+r.latest().PartTarget)
		}
	}
	v := f.verdict("parts and segments", "nothing new came while it was watched")
	if slowest > 0 {
		v.Note += fmt.Sprintf("; parts at p99 after %.0f ms", slowest*1000)
	}
	return v
}

func stalls(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		for _, x := range r.Refusals {
			if x.Asked == nil || x.MaxWait == 0 {
				continue
			}
			took := x.Got.Sub(x.Sent)
			switch x.Status {
			case 503:
				f.expect(took >= x.MaxWait-stallMargin, "%s: 503 after %.1f s, 3 x TD is %.0f s", x.URL, took.Seconds(), x.MaxWait.Seconds())
			case 0:
				f.expect(took < x.MaxWait, "%s: %s; 3 x TD is %.0f s", x.URL, x.Reason, x.MaxWait.Seconds())
			}
		}
		for _, v := range r.Versions {
			if v.Asked != nil && !v.List.holds(*v.Asked) && v.Got.Sub(v.Sent) >= maxWait(v.List) {
				f.expect(false, "%s: 200 without part %d.%d after %.1f s", r.Name, v.Asked.MSN, v.Asked.Part, v.Got.Sub(v.Sent).Seconds())
			}
		}
	}
	return f.verdict("blocked requests that stalled", "no request stalled while it was watched")
}
