package check

import (
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

// replies tells of the answers to blocking reloads, those of the past included.
func (r *rendition) replies(w *watch) tally {
	all, segments := r.Past.Replies.clone(), r.byMSN()
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
				// The hint tells when the part came to be: an encoder may be late.
				if h := r.Hinted[s.Parts[v.Asked.Part].At]; h.ok() && h.First.Add(-seconds(dur)).After(from) {
					from = h.First.Add(-seconds(dur))
				}
			}
			late := v.Got.Sub(from) - seconds(dur) - jitter
			all.add(late, late-w.slack(from, v.Got), func() string {
				return fmt.Sprintf("%s: part %d.%d of %d ms came %d ms late, 100 are allowed", r.Name, v.Asked.MSN, v.Asked.Part, seconds(dur).Milliseconds(), (late + jitter).Milliseconds())
			})
		}
		before = v
	}
	return all
}

// arrivals tells of parts and of segments. The instant at which the server listed
// something lies between what this side saw; the least is taken, so that nothing
// is late that may have been in time.
func (r *rendition) arrivals(w *watch) (parts, segments tally) {
	parts, segments = r.Past.Parts.clone(), r.Past.Segments.clone()
	all := r.byMSN()
	var before *version
	var lastPart, lastSegment time.Time
	for _, v := range r.Versions {
		if before == nil {
			before, lastPart = v, v.Got
			continue
		}
		shown := v.Got
		if v.Asked == nil {
			shown = before.Sent // when it was not listed yet, or not for long
		}
		add := func(to *tally, since time.Time, limit time.Duration, what string) {
			if since.IsZero() || disturbed(all, v.List.last().MSN) || disturbed(all, before.List.last().MSN) {
				return
			}
			took, after := shown.Sub(since), before.List.last()
			late := took - limit - jitter
			to.add(late, late-w.slack(since, v.Got), func() string {
				return fmt.Sprintf("%s: %s after %d.%d came %d ms after the one before, %d are allowed", r.Name, what, after.MSN, after.Part, took.Milliseconds(), limit.Milliseconds())
			})
		}
		if before.List.last().before(v.List.last()) {
			if v.List.PartTarget > 0 {
				add(&parts, lastPart, seconds(v.List.PartTarget), "the part")
			}
			lastPart = v.Got
		}
		if v.List.next() > before.List.next() {
			add(&segments, lastSegment, time.Duration(v.List.TargetDuration)*time.Second*3/2, "the segment")
			lastSegment = v.Got
		}
		before = v
	}
	return parts, segments
}

// punctuality judges lateness. What may be the network's fault, or that of this
// machine, is no failure; but where there is much of it nothing can be said.
type punctuality struct {
	findings
	unsure int // tallies of which nothing can be said
	excuse string
}

func (p *punctuality) judge(t tally) {
	p.checked += t.Cases
	if t.Late > t.allowed() && t.Sure <= t.allowed() {
		p.unsure++
		p.excuse = fmt.Sprintf("%d of %d came late while the network or this machine were slow: nothing can be said at p99", t.Late, t.Cases)
	}
	if t.Sure <= t.allowed() {
		return
	}
	p.failed += t.Sure
	for _, x := range t.Worst {
		if len(p.bad) < maxEvidence {
			p.bad = append(p.bad, x.Why)
		}
	}
}

func (p *punctuality) verdict(what, reason string) Verdict {
	if p.failed == 0 && p.unsure > 0 {
		return Verdict{State: NotApplicable, Note: p.excuse}
	}
	return p.findings.verdict(what, reason)
}

const noBlocking = "the server offers no blocking reloads"

func blockingReloads(w *watch) Verdict {
	var f punctuality
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
		f.judge(r.replies(w))
	}
	return f.verdict("blocking reloads", noBlocking)
}

func arrivalsInTime(w *watch) Verdict {
	var f punctuality
	slowest := 0.0
	for _, r := range w.media() {
		parts, segments := r.arrivals(w)
		f.judge(parts)
		f.judge(segments)
		if parts.Cases > 0 {
			slowest = max(slowest, (parts.p99()+jitter).Seconds()+r.latest().PartTarget)
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
