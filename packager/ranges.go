package packager

import (
	"vitrine/internal/media"
	"vitrine/packager/hls"
)

// ranges are the date ranges of a program's cues, in the order they were listed:
// one list for all playlists. What is handed out is never written to again.
type ranges struct {
	dates []*hls.DateRange
	at    []media.Ticks // of the cue
	since []media.Ticks // how far the grid had come when it was listed
}

// add lists a cue's date range when the grid has come to now.
func (g *ranges) add(d *hls.DateRange, at, now media.Ticks) {
	g.dates = append(g.dates, d)
	g.at = append(g.at, at)
	g.since = append(g.since, now)
}

// of returns the date ranges of a playlist that spans [from, to): a cue is listed
// as long as its segment, and named for a while when it is not any more
// (rfc8216bis §4.4.5.1, §4.4.5.2). skip is the skip boundary.
func (g *ranges) of(from, to, skip media.Ticks) hls.Ranges {
	gone := 0
	for gone < len(g.at) && g.at[gone] < from-2*skip {
		gone++
	}
	first := gone
	for first < len(g.at) && g.at[first] < from {
		first++
	}
	old := first
	for old < len(g.at) && g.since[old] < to-skip {
		old++
	}
	return hls.Ranges{Listed: g.dates[first:len(g.dates):len(g.dates)], Old: old - first, Removed: g.dates[gone:first:first]}
}

// prune forgets what no playlist that begins at from or later names any more.
func (g *ranges) prune(from, skip media.Ticks) {
	n := 0
	for n < len(g.at) && g.at[n] < from-2*skip {
		n++
	}
	g.dates, g.at, g.since = g.dates[n:], g.at[n:], g.since[n:]
}
