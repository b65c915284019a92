package show

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"vitrine/internal/media"
	"vitrine/overlay/catalogue"
)

// Bounds of a [Desk].
const (
	maxOnShow = 1           // products on show at once; players are ready for three
	cueLength = time.Second // of a cue: finite, or players fire it twice
)

// Placer puts a cue on the channel's media timeline.
type Placer interface {
	AddCue(media.Cue) (media.Placement, error)
}

// Config is what a [Desk] needs.
type Config struct {
	Channel string
	Shelf   *catalogue.Shelf // nil for an empty one
	Placer  Placer
	Cues    Log
	Now     func() time.Time // nil for time.Now
	Entropy io.Reader        // of cue ids; nil for crypto/rand
}

// Item is a product on show.
type Item struct {
	ID      string // of the cue that put it there
	Product catalogue.Product
	Since   time.Time   // capture time from which it is there
	Media   media.Ticks // the same on the media timeline
}

// View is what a Desk knows at one moment. It is immutable.
type View struct {
	Show  *Show // nil off air
	On    []Item
	Shelf *catalogue.Shelf
}

// Desk holds what is on show on one channel. It is safe for concurrent use:
// cues are placed one after the other and logged in the same order. To place
// one does not wait for another to be logged, and to look (View, Watch, State)
// waits for nothing.
type Desk struct {
	cfg    Config
	ledger *ledger

	turn    sync.Mutex // held while a cue is placed and taken over
	entropy *ulid.MonotonicEntropy
	lastID  uint64 // ms of the latest id, which time never goes behind
	last    Entry  // latest cue that decided what is on show

	mu      sync.Mutex
	view    View
	changed chan struct{} // closed and replaced when view is
}

// New returns the Desk of a channel. If the log holds a show that was not ended
// it is the current one again, with what was on show in it: the caller goes on
// with it (see [Desk.StartShow]), or ends it.
func New(ctx context.Context, cfg Config) (*Desk, error) {
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	if cfg.Entropy == nil {
		cfg.Entropy = rand.Reader
	}
	if cfg.Shelf == nil {
		empty, err := catalogue.NewShelf(nil)
		if err != nil {
			return nil, err
		}
		cfg.Shelf = empty
	}
	record, err := cfg.Cues.Unfinished(ctx, cfg.Channel)
	if err != nil {
		return nil, fmt.Errorf("channel %s: read the cue log: %w", cfg.Channel, err)
	}
	d := &Desk{
		cfg:     cfg,
		ledger:  newLedger(cfg.Cues),
		entropy: ulid.Monotonic(cfg.Entropy, 0),
		view:    View{Shelf: cfg.Shelf},
		changed: make(chan struct{}),
	}
	if record.Show.ID == "" {
		return d, nil
	}
	d.view.Show = &record.Show
	for _, e := range record.Entries {
		d.view.On = after(d.view.On, e)
	}
	return d, nil
}

// StartShow begins the show called id at the time at; it is called when the
// channel goes on air. If that is the current show, nothing changes: so a
// restarted server goes on with the show it finds in View. Any other current
// show is ended first.
//
// The Desk takes cues at once. An error is one of the log and does not undo
// that; the entry is written with the next one.
func (d *Desk) StartShow(ctx context.Context, id string, at time.Time) error {
	return d.ledger.flush(ctx, d.begin(id, at))
}

// begin is StartShow but for the log; it returns the number of its last entry.
func (d *Desk) begin(id string, at time.Time) int {
	d.turn.Lock()
	defer d.turn.Unlock()
	current := d.View().Show
	if current != nil && current.ID == id {
		return 0
	}
	d.last = Entry{}
	d.set(func(v *View) { v.Show, v.On = &Show{ID: id, Started: at}, nil })
	entries := []Entry{{Channel: d.cfg.Channel, Show: id, Type: TypeStart, At: at}}
	if current != nil {
		entries = slices.Insert(entries, 0, Entry{Channel: d.cfg.Channel, Show: current.ID, Type: TypeEnd, At: at})
	}
	return d.ledger.add(entries...)
}

// EndShow ends the current show at the time at, if there is one; nothing is on
// show then. An error is one of the log, as with StartShow.
func (d *Desk) EndShow(ctx context.Context, at time.Time) error {
	return d.ledger.flush(ctx, d.end(at))
}

// end is EndShow but for the log; it returns the number of its entry.
func (d *Desk) end(at time.Time) int {
	d.turn.Lock()
	defer d.turn.Unlock()
	current := d.View().Show
	if current == nil {
		return 0
	}
	d.last = Entry{}
	d.set(func(v *View) { v.Show, v.On = nil, nil })
	return d.ledger.add(Entry{Channel: d.cfg.Channel, Show: current.ID, Type: TypeEnd, At: at})
}

// Show puts the product with that number on show in the frame captured at at
// (zero for now), in place of the one that was.
//
// With [ErrNotLogged] the entry is valid and the product is on show; with any
// other error nothing has changed.
func (d *Desk) Show(ctx context.Context, no int, at time.Time) (Entry, error) {
	return d.act(ctx, TypeShow, no, at)
}

// Hide takes the product with that number off in the frame captured at at (zero
// for now). Errors are as with Show.
func (d *Desk) Hide(ctx context.Context, no int, at time.Time) (Entry, error) {
	return d.act(ctx, TypeHide, no, at)
}

func (d *Desk) act(ctx context.Context, what Type, no int, at time.Time) (Entry, error) {
	now := d.cfg.Now() // before any wait: it is the frame that the host was in
	if at.IsZero() {
		at = now
	}
	e, number, err := d.place(what, no, at, now)
	if err != nil {
		return Entry{}, err
	}
	return e, d.ledger.flush(ctx, number)
}

// place puts a cue on the media timeline and takes it over; it returns the
// number of its entry.
func (d *Desk) place(what Type, no int, at, now time.Time) (Entry, int, error) {
	d.turn.Lock()
	defer d.turn.Unlock()
	e := Entry{Channel: d.cfg.Channel, Type: what, At: at}
	v := d.View()
	var err error
	if e.Product, err = v.subject(what, no); err != nil {
		return Entry{}, 0, err
	}
	e.Show = v.Show.ID
	if e.ID, err = d.id(now); err != nil {
		return Entry{}, 0, err
	}
	c := media.Cue{ID: e.ID, At: at, Dur: cueLength}
	if c.Payload, err = payloadOf(e); err != nil {
		return Entry{}, 0, err
	}
	if c.State, err = stateOf(after(v.On, e)); err != nil {
		return Entry{}, 0, err
	}
	placed, err := d.cfg.Placer.AddCue(c)
	if err != nil {
		return Entry{}, 0, fmt.Errorf("place the cue: %w", err)
	}
	e.Media, e.Late, e.Clock = placed.Media, placed.Late, placed.Clock
	if !d.overtaken(e) {
		d.last = e
		d.set(func(v *View) { v.On = after(v.On, e) })
	}
	return e, d.ledger.add(e), nil
}

// subject returns the product that a cue is about, or why there can be none.
func (v View) subject(what Type, no int) (catalogue.Product, error) {
	if v.Show == nil {
		return catalogue.Product{}, ErrOffAir
	}
	if what == TypeShow {
		if p, ok := v.Shelf.Product(no); ok {
			return p, nil
		}
		return catalogue.Product{}, fmt.Errorf("product %d: %w", no, ErrUnknownProduct)
	}
	for _, it := range v.On {
		if it.Product.No == no {
			return it.Product, nil
		}
	}
	return catalogue.Product{}, fmt.Errorf("product %d: %w", no, ErrNotOnShow)
}

// overtaken reports that a cue placed earlier lies after e in the stream, since
// its caller asked for a later frame. That one has the last word there, and so
// it has here.
func (d *Desk) overtaken(e Entry) bool {
	return d.last.ID != "" && e.At.Before(d.last.At) && e.Media < d.last.Media
}

// after returns what is on show once e is, given what was before. It changes
// nothing in on.
func after(on []Item, e Entry) []Item {
	rest := slices.DeleteFunc(slices.Clone(on), func(it Item) bool { return it.Product.No == e.Product.No })
	if e.Type != TypeShow {
		return rest
	}
	rest = append(rest, Item{ID: e.ID, Product: e.Product, Since: e.At.Add(e.Late), Media: e.Media})
	return rest[max(0, len(rest)-maxOnShow):]
}

// id returns the next cue id: later than all before, even if the clock was set
// back. d.turn is held.
func (d *Desk) id(now time.Time) (string, error) {
	d.lastID = max(d.lastID, ulid.Timestamp(now))
	id, err := ulid.New(d.lastID, d.entropy)
	if errors.Is(err, ulid.ErrMonotonicOverflow) {
		d.lastID++
		id, err = ulid.New(d.lastID, d.entropy)
	}
	if err != nil {
		return "", fmt.Errorf("make a cue id: %w", err)
	}
	return id.String(), nil
}
