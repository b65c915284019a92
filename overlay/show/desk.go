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
	maxOnShow   = 1               // products on show at once; players are ready for three
	cueLength   = time.Second     // of a cue: finite, or players fire it twice
	logPatience = 5 * time.Second // how long a caller waits for the log
	maxBacklog  = 1000            // entries kept while the log refuses them
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
// cues are placed and logged one after the other, in the order of the calls,
// and to look (View, Watch, State) waits for none of them.
type Desk struct {
	cfg Config

	turn    sync.Mutex // held over a whole cue: placing and logging
	entropy *ulid.MonotonicEntropy
	lastID  uint64 // ms of the latest id, which time never goes behind
	backlog []Entry
	lost    int   // entries that the backlog had no room for
	last    Entry // latest cue that decided what is on show

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
	d.turn.Lock()
	defer d.turn.Unlock()
	current := d.View().Show
	if current != nil && current.ID == id {
		return nil
	}
	d.last = Entry{}
	d.set(func(v *View) { v.Show, v.On = &Show{ID: id, Started: at}, nil })
	entries := []Entry{{Channel: d.cfg.Channel, Show: id, Type: TypeStart, At: at}}
	if current != nil {
		entries = slices.Insert(entries, 0, Entry{Channel: d.cfg.Channel, Show: current.ID, Type: TypeEnd, At: at})
	}
	return d.write(ctx, entries...)
}

// EndShow ends the current show at the time at, if there is one; nothing is on
// show then. An error is one of the log, as with StartShow.
func (d *Desk) EndShow(ctx context.Context, at time.Time) error {
	d.turn.Lock()
	defer d.turn.Unlock()
	current := d.View().Show
	if current == nil {
		return nil
	}
	d.last = Entry{}
	d.set(func(v *View) { v.Show, v.On = nil, nil })
	return d.write(ctx, Entry{Channel: d.cfg.Channel, Show: current.ID, Type: TypeEnd, At: at})
}

// Show puts the product with that number on show in the frame captured at at
// (zero for now), in place of the one that was.
//
// With [ErrNotLogged] the entry is valid and the product is on show; with any
// other error nothing has changed.
func (d *Desk) Show(ctx context.Context, no int, at time.Time) (Entry, error) {
	d.turn.Lock()
	defer d.turn.Unlock()
	p, ok := d.View().Shelf.Product(no)
	if !ok {
		return Entry{}, fmt.Errorf("product %d: %w", no, ErrUnknownProduct)
	}
	return d.cue(ctx, Entry{Type: TypeShow, Product: p, At: at}, showPayload)
}

// Hide takes the product with that number off in the frame captured at at (zero
// for now). Errors are as with Show.
func (d *Desk) Hide(ctx context.Context, no int, at time.Time) (Entry, error) {
	d.turn.Lock()
	defer d.turn.Unlock()
	v := d.View()
	if v.Show == nil {
		return Entry{}, media.ErrOffAir
	}
	i := slices.IndexFunc(v.On, func(it Item) bool { return it.Product.No == no })
	if i < 0 {
		return Entry{}, fmt.Errorf("product %d: %w", no, ErrNotOnShow)
	}
	return d.cue(ctx, Entry{Type: TypeHide, Product: v.On[i].Product, At: at}, hidePayload)
}

// cue places e, then commits it, then logs it; d.turn is held.
func (d *Desk) cue(ctx context.Context, e Entry, payload func(string, time.Time, catalogue.Product) ([]byte, error)) (Entry, error) {
	v := d.View()
	if v.Show == nil {
		return Entry{}, media.ErrOffAir
	}
	now := d.cfg.Now()
	if e.At.IsZero() {
		e.At = now
	}
	e.Channel, e.Show = d.cfg.Channel, v.Show.ID
	var err error
	if e.ID, err = d.id(now); err != nil {
		return Entry{}, err
	}
	c := media.Cue{ID: e.ID, At: e.At, Dur: cueLength}
	if c.Payload, err = payload(e.ID, e.At, e.Product); err != nil {
		return Entry{}, err
	}
	if c.State, err = stateOf(after(v.On, e)); err != nil {
		return Entry{}, err
	}
	placed, err := d.cfg.Placer.AddCue(c)
	if err != nil {
		return Entry{}, fmt.Errorf("place the cue: %w", err)
	}
	e.Media, e.Late, e.Clock = placed.Media, placed.Late, placed.Clock
	if !d.overtaken(e) {
		d.last = e
		d.set(func(v *View) { v.On = after(v.On, e) })
	}
	return e, d.write(ctx, e)
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

// write appends entries to the log after those that it still lacks; d.turn is
// held. A caller that leaves does not take its entries with it.
func (d *Desk) write(ctx context.Context, entries ...Entry) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logPatience)
	defer cancel()
	d.backlog = append(d.backlog, entries...)
	for len(d.backlog) > 0 {
		if err := d.cfg.Cues.Append(ctx, d.backlog[0]); err != nil {
			if over := len(d.backlog) - maxBacklog; over > 0 {
				d.backlog, d.lost = slices.Delete(d.backlog, 0, over), d.lost+over
			}
			return fmt.Errorf("%w: %w (%d entries wait, %d are lost)", ErrNotLogged, err, len(d.backlog), d.lost)
		}
		d.backlog = slices.Delete(d.backlog, 0, 1)
	}
	return nil
}
