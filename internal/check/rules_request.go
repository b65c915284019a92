package check

import (
	"maps"
	"slices"
	"strings"
	"time"
)

// probed judges the probes of one kind.
func probed(w *watch, q question, what, reason string, judge func(*findings, probe)) Verdict {
	var f findings
	for _, p := range w.Probes {
		if p.Ask == q {
			judge(&f, p)
		}
	}
	return f.verdict(what, reason)
}

func partAloneRefused(w *watch) Verdict {
	return probed(w, partAlone, "requests", noBlocking, func(f *findings, p probe) {
		f.expect(p.Status == 400, "%s: %s, and 400 is due", p.URL, p.outcome())
	})
}

func (p *probe) outcome() string {
	if p.Fault == "" {
		return "HTTP 200"
	}
	return p.Fault
}

func farAheadRefused(w *watch) Verdict {
	return probed(w, farAhead, "requests", noBlocking, func(f *findings, p probe) {
		took := p.Took - w.slack(p.Sent, p.Got)
		f.expect(p.Status == 400 && took <= atOnce, "%s: %s after %d ms, and 400 at once is due; the last segment is %d", p.URL, p.outcome(), p.Took.Milliseconds(), p.Before.MSN)
	})
}

func pastEndAnswered(w *watch) Verdict {
	return probed(w, pastEnd, "requests", noBlocking, func(f *findings, p probe) {
		next := position{MSN: p.At.MSN + 1, Part: 0}
		f.expect(p.List != nil && p.List.holds(next), "%s: %s, without part %d.0", p.URL, p.outcome(), next.MSN)
		if since, target, ok := w.listedSince(&p, next); ok && p.List != nil {
			late := p.Got.Sub(since) - seconds(target) - jitter - w.slack(since, p.Got)
			f.expect(late <= 0, "%s: held for %d ms after part %d.0 was listed", p.URL, p.Got.Sub(since).Milliseconds(), next.MSN)
		}
	})
}

// listedSince returns from when on a probe could be answered with at, and the
// PART-TARGET: when its rendition first listed that, or when it was asked.
func (w *watch) listedSince(p *probe, at position) (since time.Time, target float64, ok bool) {
	for _, r := range w.media() {
		if directives(r.URL, &p.At, "") != p.URL {
			continue
		}
		for _, v := range r.Versions {
			if !v.List.holds(at) {
				continue
			}
			if since = v.Got; since.Before(p.Sent) {
				since = p.Sent
			}
			return since, v.List.PartTarget, true
		}
	}
	return since, 0, false
}

func oldMSNAnswered(w *watch) Verdict {
	return probed(w, oldMSN, "requests", noBlocking, func(f *findings, p probe) {
		took := p.Took - w.slack(p.Sent, p.Got)
		f.expect(p.List != nil && p.List.Skipped < 0 && !p.List.last().before(p.Before) && took <= atOnce,
			"%s: %s after %d ms, and the full playlist up to %d.%d at once is due", p.URL, p.outcome(), p.Took.Milliseconds(), p.Before.MSN, p.Before.Part)
	})
}

func endedIgnores(w *watch) Verdict {
	return probed(w, afterEnd, "requests", "the programme did not end while it was watched", func(f *findings, p probe) {
		f.expect(p.Same, "%s: %s, other than without directives", p.URL, p.outcome())
	})
}

func edgesCoalesce(*watch) Verdict {
	return Verdict{State: NotApplicable, Note: "only the origin behind an edge can count its requests"}
}

// versionSkip and versionSkipRanges are the least EXT-X-VERSION of a delta
// update, and of one that leaves out DATERANGEs (rfc8216bis §8).
const (
	versionSkip       = 9
	versionSkipRanges = 10
)

// rebuild applies a delta update to the playlist that a client had.
func rebuild(cached, update *playlist) (*playlist, bool) {
	p := *update
	p.Segments = nil
	var last *segment
	for msn := update.MediaSequence; msn < update.MediaSequence+update.Skipped; msn++ {
		if last = cached.find(msn); last == nil {
			return nil, false
		}
		p.Segments = append(p.Segments, last)
	}
	p.Segments = append(p.Segments, update.Segments...)
	p.Skipped = -1
	if last == nil {
		return &p, true
	}
	inherit := func(s *segment) *segment {
		if s == nil || s.Map.URL != "" {
			return s
		}
		full := *s
		full.Map = last.Map
		return &full
	}
	for i := range p.Segments {
		p.Segments[i] = inherit(p.Segments[i])
	}
	p.Open = inherit(update.Open)
	return &p, true
}

func deltasRebuild(w *watch) Verdict {
	var f findings
	offered := false
	for _, r := range w.media() {
		offered = offered || r.latest().Control.SkipUntil > 0
		for _, d := range r.Deltas {
			if d.Update.Skipped < 0 {
				continue
			}
			f.expect(d.Update.Version >= versionSkip, "%s: EXT-X-VERSION %d of a delta update", r.Name, d.Update.Version)
			kept := 0.0
			for _, s := range d.Update.all() {
				kept += max(s.Dur, s.listed())
			}
			f.expect(kept >= d.Update.Control.SkipUntil-sampleTolerance, "%s: a delta update of %.3f s, CAN-SKIP-UNTIL %g", r.Name, kept, d.Update.Control.SkipUntil)
			full, ok := rebuild(d.Cached, d.Update)
			if !ok {
				f.expect(false, "%s: EXT-X-SKIP of %d from %d stands for segments that the playlist before did not list", r.Name, d.Update.Skipped, d.Update.MediaSequence)
				continue
			}
			diff := differences(full, d.Full)
			f.expect(len(diff) == 0, "%s, _HLS_skip=%s: rebuilt and full: %s", r.Name, d.Form, strings.Join(diff, "; "))
			if d.Form == "YES" {
				f.expect(slices.Equal(ids(d.Update), ids(d.Full)), "%s: DATERANGEs %q, in full %q", r.Name, ids(d.Update), ids(d.Full))
			}
		}
	}
	reason := "the server offers no delta updates (CAN-SKIP-UNTIL)"
	if offered {
		reason = "the playlists were too short, or the watch, for a delta update"
	}
	return f.verdict("comparisons", reason)
}

func deltaRanges(w *watch) Verdict {
	var f findings
	for _, r := range w.media() {
		for _, d := range r.Deltas {
			if d.Form != "v2" || len(d.Full.DateRanges)+len(d.Cached.DateRanges) == 0 {
				continue
			}
			rebuilt := map[string]bool{}
			if d.Update.Skipped >= 0 {
				for _, id := range ids(d.Cached) {
					rebuilt[id] = true
				}
				for _, id := range d.Update.RemovedDateRanges {
					delete(rebuilt, id)
				}
			}
			for _, id := range ids(d.Update) {
				rebuilt[id] = true
			}
			have := slices.Sorted(maps.Keys(rebuilt))
			f.expect(slices.Equal(have, ids(d.Full)), "%s: DATERANGEs rebuilt %q, in full %q", r.Name, have, ids(d.Full))
			if len(d.Update.RemovedDateRanges) > 0 || d.Update.Skipped >= 0 && len(d.Update.DateRanges) < len(d.Full.DateRanges) {
				f.expect(d.Update.Version >= versionSkipRanges, "%s: EXT-X-VERSION %d of a delta update that leaves out DATERANGEs", r.Name, d.Update.Version)
			}
		}
	}
	return f.verdict("comparisons", "no DATERANGEs, or no CAN-SKIP-DATERANGES, in what was seen")
}

// playlistTypes are the media types of a playlist (rfc8216bis §4).
var playlistTypes = []string{"application/vnd.apple.mpegurl", "audio/mpegurl"}

// mediaTypes are those of fragmented MP4, MPEG-TS, packed audio and WebVTT.
var mediaTypes = []string{
	"video/mp4", "audio/mp4", "video/iso.segment", "audio/iso.segment", "application/mp4", "video/mp2t", "audio/aac", "text/vtt",
}

func transport(w *watch) Verdict {
	var f findings
	whole := func(name string, h headers, types []string) {
		f.expect(slices.Contains(types, h.Type), "%s: Content-Type %q", name, h.Type)
		f.expect(h.Origin != "", "%s: no Access-Control-Allow-Origin", name)
		f.expect(h.Cache != "", "%s: no Cache-Control", name)
		f.expect(!h.FromCache || h.Age != "", "%s: it comes from a cache, and has no Age", name)
	}
	if w.Main != nil {
		whole(w.URL, w.MainHead, playlistTypes)
	}
	for _, r := range w.Renditions {
		for _, v := range r.Versions {
			whole(r.Name, v.Head, playlistTypes)
		}
		for _, p := range r.Pieces {
			if p.ok() {
				whole(p.At.URL, p.Head, mediaTypes)
			}
		}
	}
	for _, p := range w.Probes {
		switch p.Ask {
		case zipped:
			f.expect(p.Head.Encoding == "gzip", "%s: gzip was accepted, and Content-Encoding is %q", p.URL, p.Head.Encoding)
		case missing, partAlone, farAhead:
			f.expect(p.Status == 0 || p.Head.Origin != "", "%s: HTTP %d without Access-Control-Allow-Origin", p.URL, p.Status)
		case revalidate:
			f.expect(p.Status == 304, "%s: its ETag brings HTTP %d, and 304 is due", p.URL, p.Status)
		}
	}
	return f.verdict("answers", "nothing was answered")
}

func protocols(w *watch) Verdict {
	var f findings
	for _, r := range w.Renditions {
		for _, p := range r.Pieces {
			if !p.ok() {
				continue
			}
			f.expect(!p.Head.Redirect, "%s: it took a redirect", p.At.URL)
			if strings.HasPrefix(p.At.URL, "https:") {
				f.expect(strings.HasPrefix(p.Head.Proto, "HTTP/2") || strings.HasPrefix(p.Head.Proto, "HTTP/3"), "%s: %s", p.At.URL, p.Head.Proto)
			}
		}
	}
	v := f.verdict("answers", "no media was read")
	if v.State == Held && !w.Secure {
		return Verdict{State: NotApplicable, Note: "the URL is not https; no media took a redirect"}
	}
	return v
}
