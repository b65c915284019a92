package storetest

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"testing"
	"time"

	"vitrine/overlay/catalogue"
	"vitrine/overlay/show"
)

// Store is what is tested.
type Store interface {
	show.Log
	Cues(ctx context.Context, q show.Query) (show.Record, error)
	SaveShelf(ctx context.Context, channel string, s *catalogue.Shelf) error
	Shelf(ctx context.Context, channel string) (s *catalogue.Shelf, found bool, err error)
	SaveAnnouncement(ctx context.Context, channel string, a show.Announcement) error
	Announcement(ctx context.Context, channel string) (show.Announcement, error)
	Secret(ctx context.Context, name, fresh string) (value string, isNew bool, err error)
	Advance(ctx context.Context, name string, n int64) (int64, error)
	Close() error
}

// Open opens the store that place names: the same place, the same content.
// place is a fresh directory, and any store can derive a name from it.
type Open func(t *testing.T, place string) Store

var noon = time.Date(2026, 11, 22, 12, 0, 0, 123_456_000, time.UTC)

// Run tests a store. Times are kept to the microsecond at least.
func Run(t *testing.T, open Open) {
	for name, test := range map[string]func(*testing.T, *box){
		"shelf":                 shelf,
		"announcement":          announcement,
		"secret":                secret,
		"counter":               counter,
		"an unfinished show":    unfinished,
		"shows end":             ends,
		"entries come once":     once,
		"a beginning is lost":   orphan,
		"pages":                 pages,
		"channels are apart":    apart,
		"many at once":          atOnce,
		"a caller that is gone": gone,
	} {
		t.Run(name, func(t *testing.T) {
			b := &box{open: open, place: t.TempDir()}
			b.Store = open(t, b.place)
			t.Cleanup(func() { check(t, b.Close()) })
			test(t, b)
		})
	}
}

// box is a store that can be closed and opened again.
type box struct {
	Store
	open  Open
	place string
}

func (b *box) reopen(t *testing.T) {
	t.Helper()
	check(t, b.Close())
	b.Store = b.open(t, b.place)
}

func check(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func product(no int) catalogue.Product {
	return catalogue.Product{No: no, SKU: "WIG", Title: "Perücke 👩‍👧 <&>", Price: "29.90", Currency: "USD", Image: "/7.jpg", URL: "https://shop.example/7?a=b&c"}
}

func start(id string) show.Entry {
	return show.Entry{Channel: "demo", Show: id, Type: show.TypeStart, At: noon}
}

func end(id string) show.Entry {
	return show.Entry{Channel: "demo", Show: id, Type: show.TypeEnd, At: noon.Add(time.Hour)}
}

func cue(id string, n int) show.Entry {
	e := show.Entry{
		Channel: "demo", Show: id, Type: show.TypeShow, At: noon.Add(time.Duration(n) * time.Second),
		ID: fmt.Sprintf("C%03d", n), Product: product(1 + n%9),
		Media: 1 << 40, Late: time.Duration(n) * time.Millisecond,
	}
	e.Clock.Source, e.Clock.Error = "arrival", 50*time.Millisecond
	return e
}

func appendAll(t *testing.T, b *box, entries ...show.Entry) {
	t.Helper()
	for _, e := range entries {
		check(t, b.Append(t.Context(), e))
	}
}

func shelf(t *testing.T, b *box) {
	if _, found, err := b.Shelf(t.Context(), "demo"); found || err != nil {
		t.Fatalf("a shelf before any was saved: %v, %v", found, err)
	}
	for _, products := range [][]catalogue.Product{{product(1), product(7)}, {product(2)}, nil} {
		want, err := catalogue.NewShelf(products)
		check(t, err)
		check(t, b.SaveShelf(t.Context(), "demo", want))
		b.reopen(t)
		got, found, err := b.Shelf(t.Context(), "demo")
		check(t, err)
		if !found || got.Version() != want.Version() || !reflect.DeepEqual(got.Products(), want.Products()) {
			t.Errorf("saved %v, got %v", want.Products(), got.Products())
		}
	}
}

func announcement(t *testing.T, b *box) {
	for _, want := range []show.Announcement{
		{},
		{Title: "Evening wigs", Poster: "/p.jpg", Starts: noon},
		{Title: "Without a time"},
	} {
		if want != (show.Announcement{}) {
			check(t, b.SaveAnnouncement(t.Context(), "demo", want))
		}
		b.reopen(t)
		got, err := b.Announcement(t.Context(), "demo")
		check(t, err)
		if got.Title != want.Title || got.Poster != want.Poster || !got.Starts.Equal(want.Starts) {
			t.Errorf("saved %v, got %v", want, got)
		}
	}
}

func secret(t *testing.T, b *box) {
	for i, want := range []bool{true, false} {
		value, isNew, err := b.Secret(t.Context(), "admin token", fmt.Sprintf("candidate %d", i))
		check(t, err)
		if value != "candidate 0" || isNew != want {
			t.Errorf("call %d: %q, %v", i, value, isNew)
		}
		b.reopen(t)
	}
	if value, isNew, err := b.Secret(t.Context(), "another", "x"); value != "x" || !isNew || err != nil {
		t.Errorf("another name: %q, %v, %v", value, isNew, err)
	}
}

func counter(t *testing.T, b *box) {
	for i, want := range []int64{0, 64, 65} {
		got, err := b.Advance(t.Context(), "demo", []int64{64, 1, 64}[i])
		check(t, err)
		if got != want {
			t.Errorf("call %d: %d, want %d", i, got, want)
		}
		b.reopen(t)
	}
	if got, err := b.Advance(t.Context(), "another", 1); got != 0 || err != nil {
		t.Errorf("another name: %d, %v", got, err)
	}
}

func unfinished(t *testing.T, b *box) {
	if r, err := b.Unfinished(t.Context(), "demo"); err != nil || r.Show.ID != "" {
		t.Fatalf("empty log: %+v, %v", r, err)
	}
	want := []show.Entry{cue("s1", 1), cue("s1", 2), cue("s1", 0)}
	want[1].Type = show.TypeHide
	appendAll(t, b, append([]show.Entry{start("s1")}, want...)...)
	b.reopen(t)
	r, err := b.Unfinished(t.Context(), "demo")
	check(t, err)
	if r.Show.ID != "s1" || !r.Show.Started.Equal(noon) || !r.Show.Ended.IsZero() {
		t.Errorf("show %+v", r.Show)
	}
	if !reflect.DeepEqual(r.Entries, want) {
		t.Errorf("appended %+v\ngot      %+v", want, r.Entries)
	}
}

func ends(t *testing.T, b *box) {
	late := end("s1")
	late.At = late.At.Add(time.Hour)
	appendAll(t, b, start("s1"), end("s1"), late)
	r, err := b.Unfinished(t.Context(), "demo")
	check(t, err)
	if r.Show.ID != "" {
		t.Errorf("an ended show is unfinished: %+v", r.Show)
	}
	r, err = b.Cues(t.Context(), show.Query{Channel: "demo", Limit: 10})
	check(t, err)
	if r.Show.ID != "s1" || !r.Show.Ended.Equal(end("s1").At) {
		t.Errorf("show %+v, want the first end", r.Show)
	}
	appendAll(t, b, start("s2"), start("s3"), end("s3"))
	if r, err = b.Unfinished(t.Context(), "demo"); err != nil || r.Show.ID != "" {
		t.Errorf("an older show came back: %+v, %v", r.Show, err)
	}
}

func once(t *testing.T, b *box) {
	appendAll(t, b, start("s1"), start("s1"), cue("s1", 1), cue("s1", 1), start("s1"))
	r, err := b.Unfinished(t.Context(), "demo")
	check(t, err)
	if len(r.Entries) != 1 {
		t.Errorf("%d entries", len(r.Entries))
	}
}

func orphan(t *testing.T, b *box) {
	appendAll(t, b, cue("s1", 1))
	r, err := b.Unfinished(t.Context(), "demo")
	check(t, err)
	if r.Show.ID != "s1" || len(r.Entries) != 1 {
		t.Errorf("got %+v", r)
	}
}

func pages(t *testing.T, b *box) {
	appendAll(t, b, start("s1"))
	for n := range 5 {
		appendAll(t, b, cue("s1", n))
	}
	appendAll(t, b, start("s2"), cue("s2", 7))
	for name, c := range map[string]struct {
		q    show.Query
		show string
		want []string
	}{
		"latest show":   {show.Query{Limit: 10}, "s2", []string{"C007"}},
		"first page":    {show.Query{Show: "s1", Limit: 2}, "s1", []string{"C004", "C003"}},
		"second page":   {show.Query{Show: "s1", Before: "C003", Limit: 2}, "s1", []string{"C002", "C001"}},
		"last page":     {show.Query{Show: "s1", Before: "C001", Limit: 2}, "s1", []string{"C000"}},
		"past the last": {show.Query{Show: "s1", Before: "C000", Limit: 2}, "s1", nil},
		"unknown show":  {show.Query{Show: "s9", Limit: 2}, "", nil},
	} {
		c.q.Channel = "demo"
		r, err := b.Cues(t.Context(), c.q)
		check(t, err)
		var got []string
		for _, e := range r.Entries {
			got = append(got, e.ID)
		}
		if r.Show.ID != c.show || !slices.Equal(got, c.want) {
			t.Errorf("%s: %s %v, want %s %v", name, r.Show.ID, got, c.show, c.want)
		}
	}
}

func apart(t *testing.T, b *box) {
	other := cue("s1", 2)
	other.Channel = "other"
	appendAll(t, b, start("s1"), cue("s1", 1), other, end("s1"))
	r, err := b.Unfinished(t.Context(), "other")
	check(t, err)
	if len(r.Entries) != 1 || r.Entries[0].ID != "C002" || r.Entries[0].Channel != "other" {
		t.Errorf("got %+v", r)
	}
}

func atOnce(t *testing.T, b *box) {
	appendAll(t, b, start("s1"))
	const writers, each = 4, 10
	var wg sync.WaitGroup
	for w := range writers {
		wg.Go(func() {
			for n := range each {
				if err := b.Append(t.Context(), cue("s1", w*each+n)); err != nil {
					t.Error(err)
				}
				if _, err := b.Unfinished(t.Context(), "demo"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
	r, err := b.Unfinished(t.Context(), "demo")
	check(t, err)
	if len(r.Entries) != writers*each {
		t.Errorf("%d entries, want %d", len(r.Entries), writers*each)
	}
}

func gone(t *testing.T, b *box) {
	ctx, leave := context.WithCancel(t.Context())
	leave()
	if err := b.Append(ctx, start("s1")); err == nil {
		t.Error("acknowledged to a caller that is gone")
	}
	appendAll(t, b, start("s2")) // and the store still works
}
