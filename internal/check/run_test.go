package check

import (
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// examineFor watches an origin in virtual time.
func examineFor(t *testing.T, o *origin, d time.Duration, expect ...string) *Report {
	t.Helper()
	var report *Report
	synctest.Test(t, func(t *testing.T) {
		o.t = t
		o.began = time.Now().Add(-90 * time.Second)
		var err error
		report, err = Run(t.Context(), Config{URL: "https://origin.test/index.m3u8", For: d, Transport: direct{o}, Expect: expect})
		if err != nil {
			t.Fatal(err)
		}
	})
	return report
}

// want holds a report against the assertions that should fail and those that
// may not apply; all others must be held.
func want(t *testing.T, r *Report, failed, absent []int) {
	t.Helper()
	is := func(list []int, n int) bool {
		for _, x := range list {
			if x == n {
				return true
			}
		}
		return false
	}
	for _, v := range r.Verdicts {
		want := Held
		switch {
		case is(failed, v.Number):
			want = Failed
		case is(absent, v.Number):
			want = NotApplicable
		}
		if v.State != want {
			t.Errorf("%d %s: %s, want %s; %s\n\t%s", v.Number, v.Title, v.State, want, v.Note, strings.Join(v.Evidence, "\n\t"))
		}
	}
}

// live are the assertions that do not apply to a stream that goes on: nothing
// stalls, nothing ends, nothing drops, and nobody sees an edge's origin.
var live = []int{22, 34, 37, 38}

func TestCorrectStreamHoldsAll(t *testing.T) {
	want(t, examineFor(t, &origin{}, 40*time.Second), nil, live)
}
