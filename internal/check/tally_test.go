package check

import (
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"
	"time"
)

// TestTallyIsExactToTheMillisecond: it says what a sorted list would say.
func TestTallyIsExactToTheMillisecond(t *testing.T) {
	for _, cases := range []int{1, 2, 99, 100, 101, 1000, 12_345} {
		r := rand.New(rand.NewPCG(uint64(cases), 1))
		var all tally
		var list []time.Duration
		for range cases {
			late := time.Duration(r.IntN(800)-400) * time.Millisecond
			list = append(list, late)
			all.add(late, late-100*time.Millisecond, func() string { return strconv.Itoa(int(late.Milliseconds())) })
		}
		slices.Sort(list)
		slices.Reverse(list)
		late := slices.IndexFunc(list, func(d time.Duration) bool { return d <= 0 })
		sure := slices.IndexFunc(list, func(d time.Duration) bool { return d <= 100*time.Millisecond })
		if late < 0 {
			late = cases
		}
		if sure < 0 {
			sure = cases
		}
		if all.Cases != cases || all.Late != late || all.Sure != sure {
			t.Errorf("%d cases: %d, %d late and %d surely, for %d and %d", cases, all.Cases, all.Late, all.Sure, late, sure)
		}
		if p := list[min(max(1, cases/100), cases-1)]; all.p99() != p {
			t.Errorf("%d cases: p99 %v for %v", cases, all.p99(), p)
		}
		for i, o := range all.Worst {
			if want := strconv.Itoa(int(list[i].Milliseconds())); o.Why != want {
				t.Errorf("%d cases: %s ms is told as number %d, not %s", cases, o.Why, i, want)
			}
		}
		if len(all.Worst) != min(sure, maxEvidence) {
			t.Errorf("%d cases: %d are told of %d", cases, len(all.Worst), sure)
		}
	}
}

// TestTallyIsBounded: whatever comes, it holds no more than its limits.
func TestTallyIsBounded(t *testing.T) {
	var all tally
	for i := range 200_000 {
		late := time.Duration(i-100_000) * time.Millisecond
		all.add(late, late, func() string { return "late" })
	}
	if most := int(2*maxLate/time.Millisecond) + 1; len(all.By) > most || len(all.Worst) > maxEvidence {
		t.Errorf("%d kinds of lateness, %d cases told", len(all.By), len(all.Worst))
	}
}

// TestTallyIsHandedOn: what is added to the copy is not in the first.
func TestTallyIsHandedOn(t *testing.T) {
	var first tally
	first.add(time.Second, time.Second, func() string { return "1 s" })
	next := first.clone()
	next.add(2*time.Second, 2*time.Second, func() string { return "2 s" })
	if first.Cases != 1 || len(first.By) != 1 || first.Worst[0].Why != "1 s" || next.Worst[0].Why != "2 s" {
		t.Errorf("%+v, then %+v", first, next)
	}
}
