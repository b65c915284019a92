package packager

import (
	"testing"
	"time"

	"pgregory.net/rapid"
)

// Dates are whole milliseconds, no step differs from the segment's length by more
// than one, and an encoder's clock that is off by 200 ppm is followed for ever.
func TestDatesFollowTheClock(t *testing.T) {
	begin := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	rapid.Check(t, func(t *rapid.T) {
		ppm := rapid.IntRange(-200, 200).Draw(t, "ppm")
		now, next := begin, begin
		for range 500 {
			d := time.Duration(rapid.IntRange(500_000, 2_500_000).Draw(t, "µs")) * time.Microsecond
			now = now.Add(d + d*time.Duration(ppm)/1_000_000)
			before := next
			next = slew(before.Add(d), now, d)
			if off := next.Sub(before) - d; off < -1500*time.Microsecond || off > 1500*time.Microsecond {
				t.Fatalf("a segment of %v, and a step of %v", d, next.Sub(before))
			}
			if next.Nanosecond()%1e6 != 0 {
				t.Fatalf("%v is no whole millisecond", next)
			}
			if off := next.Sub(now); off < -2*time.Millisecond || off > 2*time.Millisecond {
				t.Fatalf("%v off the clock", off)
			}
		}
	})
}

// Each segment lasts a little less than a whole millisecond: what each rounds off
// must not be all that it may catch up.
func TestDatesFollowTheClockInUnevenSegments(t *testing.T) {
	now := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	next := now
	for range 1000 {
		const d = 1999990 * time.Microsecond
		now = now.Add(d + d*200/1_000_000)
		next = slew(next.Add(d), now, d)
	}
	if off := next.Sub(now).Abs(); off > 2*time.Millisecond {
		t.Errorf("%v off the clock", off)
	}
}

// A clock that steps is not followed at once.
func TestDatesDoNotStep(t *testing.T) {
	at := time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	for _, d := range []time.Duration{time.Second, 2 * time.Second, 10 * time.Second} {
		most := max(time.Millisecond, time.Duration(float64(d)*maxSlew)) + dateUnit/2
		for _, by := range []time.Duration{time.Hour, -time.Hour} {
			if off := slew(at, at.Add(by), d).Sub(at).Abs(); off > most || off < most/2 {
				t.Errorf("%v after a step of %v: moved by %v", d, by, off)
			}
		}
	}
}
