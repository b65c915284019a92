package record

import (
	"cmp"
	"slices"

	"vitrine/internal/media"
)

// maxHole is the longest time without anything that stays in an export: what
// rounding and the different lengths of frames leave. Longer ones are closed.
const maxHole = media.TicksPerSecond / 10

// span is a stretch of a take in which something was recorded, and where it goes.
type span struct {
	take     int64
	from, to media.Ticks // on the take's timeline
	out      media.Ticks // of from, in the export
}

// merge appends [from, to) to the spans of one rendition, which come in order.
func merge(list []span, take int64, from, to media.Ticks) []span {
	if n := len(list); n > 0 && list[n-1].take == take && from >= list[n-1].from && from-list[n-1].to <= maxHole {
		list[n-1].to = max(list[n-1].to, to)
		return list
	}
	return append(list, span{take: take, from: from, to: to})
}

// timeline lays what was recorded end to end: the union of all renditions, so
// that picture and sound are moved alike, take after take.
type timeline []span

func newTimeline(takes []int64, lists ...[]span) timeline {
	all := slices.Concat(lists...)
	order := map[int64]int{}
	for i, t := range takes {
		order[t] = i
	}
	slices.SortStableFunc(all, func(a, b span) int {
		return cmp.Or(cmp.Compare(order[a.take], order[b.take]), cmp.Compare(a.from, b.from))
	})
	var line timeline
	for _, s := range all {
		line = merge(line, s.take, s.from, s.to)
	}
	out := media.Ticks(0)
	for i := range line {
		line[i].out = out
		out += line[i].to - line[i].from
	}
	return line
}

// duration returns the length of the export.
func (l timeline) duration() media.Ticks {
	if len(l) == 0 {
		return 0
	}
	last := l[len(l)-1]
	return last.out + last.to - last.from
}

// find returns the span that holds a time of a take, or the next one after it,
// which may be one of a later take. It reports false if there is none.
func (l timeline) find(take int64, at media.Ticks) (span, bool) {
	past := false // what belongs to later takes
	for _, s := range l {
		if s.take == take {
			past = true
			if at < s.to {
				return s, true
			}
		} else if past {
			return s, true
		}
	}
	return span{}, false
}

// place returns where a time of a take comes in the export: in a hole, where the
// picture goes on.
func (l timeline) place(take int64, at media.Ticks) (media.Ticks, bool) {
	s, ok := l.find(take, at)
	if !ok {
		return 0, false
	}
	if s.take != take || at < s.from {
		return s.out, true
	}
	return s.out + at - s.from, true
}

// mover returns what moves decode times of a take, in 1/scale s.
func (l timeline) mover(take, scale int64) func(int64) int64 {
	return func(at int64) int64 {
		s, ok := l.find(take, media.Ticks(media.Rescale(at, scale, media.TicksPerSecond)))
		if !ok {
			return at
		}
		return at + media.Rescale(int64(s.out-s.from), media.TicksPerSecond, scale)
	}
}
