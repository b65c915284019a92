package synth

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

func TestPaceHasNoDrift(t *testing.T) {
	for _, fps := range []int{24, 30, 60} {
		synctest.Test(t, func(t *testing.T) {
			p := newPacer(fps)
			defer p.stop()
			start := time.Now()
			const hour = 3600
			for n := range hour * fps {
				at, err := p.next(t.Context())
				if err != nil {
					t.Fatal(err)
				}
				if n%fps == 0 && at.Sub(start) != time.Duration(n/fps)*time.Second {
					t.Fatalf("%d fps: frame %d after %v", fps, n, at.Sub(start))
				}
			}
			if got, want := time.Since(start), p.offset(int64(hour*fps-1)); got != want {
				t.Errorf("%d fps: an hour took %v, want %v", fps, got, want)
			}
		})
	}
}

func TestPaceCatchesUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(10)
		defer p.stop()
		first, err := p.next(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		<-time.After(450 * time.Millisecond) // the encoder was slow
		for n := 1; n <= 5; n++ {
			at, err := p.next(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if want := first.Add(time.Duration(n) * 100 * time.Millisecond); !at.Equal(want) {
				t.Errorf("frame %d: captured at %v, want %v", n, at, want)
			}
		}
		if got := time.Since(first); got != 500*time.Millisecond {
			t.Errorf("in step again after %v, want 500ms", got)
		}
		if d := p.restarted(); d != 0 {
			t.Errorf("the pace started over by %v", d)
		}
	})
}

func TestPaceStartsOverAfterSleep(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(10)
		defer p.stop()
		if _, err := p.next(t.Context()); err != nil {
			t.Fatal(err)
		}
		<-time.After(time.Minute)
		for n := range 3 {
			want := time.Now()
			if n > 0 {
				want = want.Add(100 * time.Millisecond)
			}
			if at, err := p.next(t.Context()); err != nil || !at.Equal(want) {
				t.Errorf("frame %d: captured at %v, want %v (%v)", n, at, want, err)
			}
		}
		if d, again := p.restarted(), p.restarted(); d != time.Minute-100*time.Millisecond || again != 0 {
			t.Errorf("the pace started over by %v, then %v", d, again)
		}
	})
}

func TestPaceEndsWithItsContext(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newPacer(1)
		defer p.stop()
		gone := errors.New("gone")
		ctx, cancel := context.WithCancelCause(t.Context())
		if _, err := p.next(ctx); err != nil {
			t.Fatal(err)
		}
		time.AfterFunc(time.Second/2, func() { cancel(gone) })
		for range 2 { // while waiting, and when it is due already
			if _, err := p.next(ctx); !errors.Is(err, gone) {
				t.Errorf("next: %v, want the cause", err)
			}
			<-time.After(time.Second)
		}
	})
}
