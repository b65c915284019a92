package check

import (
	"cmp"
	"maps"
	"slices"
	"time"
)

// maxLate bounds the lateness that a tally tells apart, on either side of its
// limit: what is later counts as so late.
const maxLate = 10 * time.Second

// tally counts how late things came, in a memory that does not grow with the watch.
type tally struct {
	Cases int
	Late  int                   // after their limit
	Sure  int                   // after it even when the network and this machine are taken off
	By    map[time.Duration]int // how many, by lateness in whole ms, at most maxLate
	Worst []offence             // the surest of those that were surely late, at most maxEvidence
}

// offence is a case of lateness that is told as evidence.
type offence struct {
	Sure time.Duration
	Why  string
}

// clone returns a tally that can be added to while the first stays as it is.
func (t tally) clone() tally {
	t.By, t.Worst = maps.Clone(t.By), slices.Clone(t.Worst)
	return t
}

// add counts what came so late after its limit, negative if before it. Of that
// sure is what neither the network nor this machine explain.
func (t *tally) add(late, sure time.Duration, why func() string) {
	if t.By == nil {
		t.By = map[time.Duration]int{}
	}
	t.Cases++
	t.By[min(max(late, -maxLate), maxLate).Truncate(time.Millisecond)]++
	if late > 0 {
		t.Late++
	}
	if sure <= 0 {
		return
	}
	t.Sure++
	i, _ := slices.BinarySearchFunc(t.Worst, sure, func(o offence, sure time.Duration) int { return cmp.Compare(sure, o.Sure) })
	if i < maxEvidence {
		t.Worst = slices.Insert(t.Worst, i, offence{sure, why()})
		t.Worst = t.Worst[:min(len(t.Worst), maxEvidence)]
	}
}

// allowed is how many may be late: one in a hundred, and one in any case, for
// the p99 of a few says nothing of one.
func (t tally) allowed() int { return max(1, t.Cases/100) }

// p99 returns the lateness that one in a hundred exceeds, to the millisecond.
func (t tally) p99() (late time.Duration) {
	over := min(t.allowed(), t.Cases-1)
	for _, late = range slices.Backward(slices.Sorted(maps.Keys(t.By))) {
		if over -= t.By[late]; over < 0 {
			break
		}
	}
	return late
}
