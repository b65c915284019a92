package show

import (
	"bytes"
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"vitrine/internal/media"
	"vitrine/overlay/catalogue"
)

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123_000_000, time.UTC)

// stage is a Placer and a Log in memory.
type stage struct {
	mu      sync.Mutex
	placed  []media.Cue
	logged  []Entry
	place   func(media.Cue) (media.Placement, error)
	append  func(context.Context, Entry) error
	resumed Record
}

func (s *stage) AddCue(c media.Cue) (media.Placement, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.place != nil {
		if p, err := s.place(c); err != nil || p != (media.Placement{}) {
			s.placed = append(s.placed, c)
			return p, err
		}
	}
	s.placed = append(s.placed, c)
	return media.Placement{Media: media.TicksOf(c.At.Sub(noon)), Clock: media.Clock{Source: media.ClockArrival}}, nil
}

func (s *stage) Append(ctx context.Context, e Entry) error {
	if s.append != nil {
		if err := s.append(ctx, e); err != nil {
			return err
		}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.logged = append(s.logged, e)
	return nil
}

func (s *stage) Unfinished(context.Context, string) (Record, error) { return s.resumed, nil }

func (s *stage) types() []Type {
	var types []Type
	for _, e := range s.logged {
		types = append(types, e.Type)
	}
	return types
}

func product(no int) catalogue.Product {
	return catalogue.Product{No: no, SKU: "WIG", Title: "Wave", Price: "29.90", Currency: "USD"}
}

// open returns a Desk with products 1 to 9 and a stage that the caller may
// change before the first cue.
func open(t *testing.T, s *stage) *Desk {
	t.Helper()
	var products []catalogue.Product
	for no := 1; no <= 9; no++ {
		products = append(products, product(no))
	}
	shelf, err := catalogue.NewShelf(products)
	if err != nil {
		t.Fatal(err)
	}
	d, err := New(t.Context(), Config{
		Channel: "demo", Shelf: shelf, Placer: s, Cues: s,
		Now: func() time.Time { return noon }, Entropy: rand.NewChaCha8([32]byte{}),
	})
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func onAir(t *testing.T, s *stage) *Desk {
	t.Helper()
	d := open(t, s)
	if err := d.StartShow(t.Context(), "s1", noon); err != nil {
		t.Fatal(err)
	}
	return d
}

func numbers(on []Item) []int {
	got := []int{}
	for _, it := range on {
		got = append(got, it.Product.No)
	}
	return got
}

func TestShowAndHide(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	e, err := d.Show(t.Context(), 7, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Show(t.Context(), 8, noon.Add(time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := numbers(d.View().On); !slices.Equal(got, []int{8}) {
		t.Errorf("8 did not replace 7: %v", got)
	}
	if _, err := d.Hide(t.Context(), 7, time.Time{}); !errors.Is(err, ErrNotOnShow) {
		t.Errorf("hide 7: %v", err)
	}
	if _, err := d.Hide(t.Context(), 8, noon.Add(2*time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := numbers(d.View().On); len(got) != 0 {
		t.Errorf("still on show: %v", got)
	}
	if want := []Type{TypeStart, TypeShow, TypeShow, TypeHide}; !slices.Equal(s.types(), want) {
		t.Errorf("logged %v, want %v", s.types(), want)
	}

	c := s.placed[0]
	if c.ID != e.ID || c.At != noon || c.Dur < time.Second || e.Channel != "demo" || e.Show != "s1" {
		t.Errorf("cue %+v, entry %+v", c, e)
	}
	for i, want := range []struct{ payload, state string }{
		{
			`{"v":1,"id":"ID","type":"show","at":"2026-11-22T12:00:00.123Z","product":{"no":7,"sku":"WIG","title":"Wave","price":"29.90","currency":"USD"}}`,
			`{"v":1,"type":"state","on":[{"id":"ID","no":7,"sku":"WIG"}]}`,
		},
		{
			`{"v":1,"id":"ID","type":"show","at":"2026-11-22T12:00:01.123Z","product":{"no":8,"sku":"WIG","title":"Wave","price":"29.90","currency":"USD"}}`,
			`{"v":1,"type":"state","on":[{"id":"ID","no":8,"sku":"WIG"}]}`,
		},
		{
			`{"v":1,"id":"ID","type":"hide","at":"2026-11-22T12:00:02.123Z","product":{"no":8,"sku":"WIG"}}`,
			`{"v":1,"type":"state","on":[]}`,
		},
	} {
		c := s.placed[i]
		if got := strings.ReplaceAll(string(c.Payload), c.ID, "ID"); got != want.payload {
			t.Errorf("payload %d\n got %s\nwant %s", i, got, want.payload)
		}
		if got := strings.ReplaceAll(string(c.State), c.ID, "ID"); got != want.state {
			t.Errorf("state %d\n got %s\nwant %s", i, got, want.state)
		}
	}
}

func TestRefusals(t *testing.T) {
	s := &stage{}
	d := open(t, s)
	if _, err := d.Show(t.Context(), 7, time.Time{}); !errors.Is(err, media.ErrOffAir) {
		t.Errorf("show off air: %v", err)
	}
	if _, err := d.Hide(t.Context(), 7, time.Time{}); !errors.Is(err, media.ErrOffAir) {
		t.Errorf("hide off air: %v", err)
	}
	if len(s.placed)+len(s.logged) != 0 {
		t.Errorf("placed %v, logged %v", s.placed, s.logged)
	}
}

func TestUnknownProduct(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	if _, err := d.Show(t.Context(), 10, time.Time{}); !errors.Is(err, ErrUnknownProduct) || len(s.placed) != 0 {
		t.Errorf("got %v, placed %v", err, s.placed)
	}
}

func TestCueThatCannotBePlacedChangesNothing(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	if _, err := d.Show(t.Context(), 7, time.Time{}); err != nil {
		t.Fatal(err)
	}
	before, logged := d.View(), len(s.logged)
	s.place = func(media.Cue) (media.Placement, error) { return media.Placement{}, media.ErrOutsideWindow }
	if _, err := d.Show(t.Context(), 8, noon.Add(time.Hour)); !errors.Is(err, media.ErrOutsideWindow) {
		t.Errorf("show: %v", err)
	}
	if _, err := d.Hide(t.Context(), 7, noon.Add(time.Hour)); !errors.Is(err, media.ErrOutsideWindow) {
		t.Errorf("hide: %v", err)
	}
	if got := d.View(); !slices.Equal(got.On, before.On) || len(s.logged) != logged {
		t.Errorf("on show %v, logged %v", got.On, s.logged)
	}
}

func TestPackagerHearsBeforeTheLog(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	s.append = func(_ context.Context, e Entry) error {
		if len(s.placed) != 1 || s.placed[0].ID != e.ID {
			t.Errorf("logged %v when %v were placed", e, s.placed)
		}
		if got := numbers(d.View().On); !slices.Equal(got, []int{7}) {
			t.Errorf("on show while logging: %v", got)
		}
		return nil
	}
	if _, err := d.Show(t.Context(), 7, time.Time{}); err != nil {
		t.Fatal(err)
	}
}

func TestLogThatFailsIsToldAndCaughtUpInOrder(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	full := errors.New("disk full")
	s.append = func(context.Context, Entry) error { return full }
	e, err := d.Show(t.Context(), 7, time.Time{})
	if !errors.Is(err, ErrNotLogged) || !errors.Is(err, full) || e.ID == "" {
		t.Errorf("show: %+v, %v", e, err)
	}
	if got := numbers(d.View().On); !slices.Equal(got, []int{7}) {
		t.Errorf("viewers see 7, the desk says %v", got)
	}
	s.append = nil
	if _, err := d.Hide(t.Context(), 7, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if want := []Type{TypeStart, TypeShow, TypeHide}; !slices.Equal(s.types(), want) {
		t.Errorf("logged %v, want %v", s.types(), want)
	}
}

func TestBacklogIsBounded(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	s.append = func(context.Context, Entry) error { return errors.New("disk full") }
	var err error
	for range maxBacklog + 2 {
		_, err = d.Show(t.Context(), 7, time.Time{})
	}
	if len(d.ledger.waiting) != maxBacklog || err == nil || !strings.Contains(err.Error(), "1000 entries wait, 2 are lost") {
		t.Errorf("backlog %d, %v", len(d.ledger.waiting), err)
	}
}

func TestLogThatHangsHoldsItsCallerOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stage{}
		d := onAir(t, s)
		s.append = func(ctx context.Context, _ Entry) error {
			<-ctx.Done()
			return ctx.Err()
		}
		gone, leave := context.WithCancel(t.Context())
		leave() // the caller has hung up: its cue is logged all the same
		done := make(chan error, 1)
		go func() {
			_, err := d.Show(gone, 7, time.Time{})
			done <- err
		}()
		synctest.Wait()
		if got := numbers(d.View().On); !slices.Equal(got, []int{7}) {
			t.Errorf("on show while the log hangs: %v", got)
		}
		began := time.Now()
		go func() { // the next cue is placed all the same
			_, err := d.Show(t.Context(), 8, time.Time{})
			done <- err
		}()
		synctest.Wait()
		if got := numbers(d.View().On); !slices.Equal(got, []int{8}) || len(s.placed) != 2 {
			t.Errorf("the second cue waits for the log: on show %v", got)
		}
		for range 2 {
			if err := <-done; !errors.Is(err, ErrNotLogged) {
				t.Errorf("show: %v", err)
			}
		}
		if waited := time.Since(began); waited != logPatience {
			t.Errorf("waited %v for the log", waited)
		}
	})
}

func TestCuesAtOnceAreOneAfterTheOther(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	var wg sync.WaitGroup
	for i := range 60 {
		wg.Go(func() {
			if _, err := d.Show(t.Context(), 1+i%9, time.Time{}); err != nil {
				t.Error(err)
			}
			d.Stock(d.Shelf())
		})
	}
	wg.Wait()
	for i, c := range s.placed {
		if e := s.logged[i+1]; e.ID != c.ID {
			t.Fatalf("cue %d: placed %s, logged %s", i, c.ID, e.ID)
		}
		if i > 0 && c.ID <= s.placed[i-1].ID {
			t.Fatalf("id %s after %s", c.ID, s.placed[i-1].ID)
		}
	}
	last := s.placed[len(s.placed)-1]
	if on := d.View().On; len(on) != 1 || on[0].ID != last.ID {
		t.Errorf("on show %v, last placed %s", on, last.ID)
	}
	if state, err := d.State(); err != nil || !bytes.Equal(state, last.State) {
		t.Errorf("state %s, last placed %s", state, last.State)
	}
}

func TestCueForAnEarlierFrameHasNotTheLastWord(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	if _, err := d.Show(t.Context(), 7, noon.Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if _, err := d.Show(t.Context(), 8, noon); err != nil {
		t.Fatal(err)
	}
	if got := numbers(d.View().On); !slices.Equal(got, []int{7}) {
		t.Errorf("the stream ends with 7, the desk says %v", got)
	}
	if _, err := d.Show(t.Context(), 9, noon.Add(10*time.Second)); err != nil {
		t.Fatal(err)
	}
	if got := numbers(d.View().On); !slices.Equal(got, []int{9}) {
		t.Errorf("the same frame again: %v", got)
	}
}

func TestShowsFollowEachOther(t *testing.T) {
	s := &stage{}
	d := onAir(t, s)
	if _, err := d.Show(t.Context(), 7, time.Time{}); err != nil {
		t.Fatal(err)
	}
	if err := d.StartShow(t.Context(), "s1", noon.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if v := d.View(); !v.Show.Started.Equal(noon) || len(v.On) != 1 {
		t.Errorf("the same show began anew: %+v", v)
	}
	if err := d.StartShow(t.Context(), "s2", noon.Add(time.Hour)); err != nil {
		t.Fatal(err)
	}
	if v := d.View(); v.Show.ID != "s2" || len(v.On) != 0 {
		t.Errorf("second show: %+v", v)
	}
	for range 2 {
		if err := d.EndShow(t.Context(), noon.Add(2*time.Hour)); err != nil {
			t.Fatal(err)
		}
	}
	if v := d.View(); v.Show != nil || len(v.On) != 0 {
		t.Errorf("after the end: %+v", v)
	}
	if want := []Type{TypeStart, TypeShow, TypeEnd, TypeStart, TypeEnd}; !slices.Equal(s.types(), want) {
		t.Errorf("logged %v, want %v", s.types(), want)
	}
	if e := s.logged[2]; e.Show != "s1" || !e.At.Equal(noon.Add(time.Hour)) {
		t.Errorf("first show ended by %+v", e)
	}
}

func TestRestartGoesOnWithTheUnfinishedShow(t *testing.T) {
	s := &stage{resumed: Record{
		Show: Show{ID: "s1", Started: noon},
		Entries: []Entry{
			{Type: TypeShow, ID: "A", Product: product(7), At: noon},
			{Type: TypeHide, ID: "B", Product: product(7), At: noon},
			{Type: TypeShow, ID: "C", Product: product(8), At: noon, Late: time.Second},
		},
	}}
	d := open(t, s)
	v := d.View()
	if v.Show == nil || v.Show.ID != "s1" || len(v.On) != 1 || v.On[0].ID != "C" || !v.On[0].Since.Equal(noon.Add(time.Second)) {
		t.Errorf("resumed %+v", v)
	}
	state, err := d.State()
	if want := `{"v":1,"type":"state","on":[{"id":"C","no":8,"sku":"WIG"}]}`; err != nil || string(state) != want {
		t.Errorf("state %s, %v", state, err)
	}
}

func TestWatch(t *testing.T) {
	d := onAir(t, &stage{})
	_, changed := d.Watch()
	select {
	case <-changed:
		t.Fatal("changed before anything happened")
	default:
	}
	if _, err := d.Show(t.Context(), 7, time.Time{}); err != nil {
		t.Fatal(err)
	}
	<-changed
	v, _ := d.Watch()
	v.On[0].Product.Title = "changed"
	if d.View().On[0].Product.Title != "Wave" {
		t.Error("a watcher changed the desk")
	}
}
