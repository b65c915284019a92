package show

import (
	"context"
	"errors"
	"time"

	"vitrine/internal/media"
	"vitrine/overlay/catalogue"
)

// Type says what an [Entry] tells.
type Type string

// The types of entry. Start and end frame a show; the others are cues, and
// their names are those that players read.
const (
	TypeStart Type = "start"
	TypeEnd   Type = "end"
	TypeShow  Type = "show"
	TypeHide  Type = "hide"
)

// Entry is one line of the cue log. An entry that starts or ends a show has
// only Channel, Show, Type and At.
type Entry struct {
	Channel string
	Show    string // id of the show
	Type    Type
	At      time.Time // capture time that was asked for

	ID      string            // of the cue, a ULID
	Product catalogue.Product // as it was then, whole
	Media   media.Ticks       // where the cue was placed
	Late    time.Duration     // how much later than At that is
	Clock   media.Clock
}

// Show is one time on air of a channel.
type Show struct {
	ID      string
	Started time.Time
	Ended   time.Time // zero while it is not over
}

// Record is a show and cues of it. A zero Show means that there is none.
type Record struct {
	Show    Show
	Entries []Entry
}

// Log keeps entries across restarts.
type Log interface {
	// Append returns when e would survive the death of the process and of the
	// machine. To append the same entry again changes nothing.
	Append(ctx context.Context, e Entry) error
	// Unfinished returns the channel's latest show if it was not ended, with
	// its cues in the order they were appended; else a zero Record.
	Unfinished(ctx context.Context, channel string) (Record, error)
}

// Query asks for a page of a show's cues, newest first.
type Query struct {
	Channel string
	Show    string // empty for the latest show
	Before  string // id of the cue that the page ends before; empty for the newest
	Limit   int
}

// Errors of a [Desk]. The first two are those of placing, named here for those
// who know the Desk only.
var (
	ErrOffAir         = media.ErrOffAir
	ErrOutsideWindow  = media.ErrOutsideWindow
	ErrUnknownProduct = errors.New("no product on the shelf has this number")
	ErrNotOnShow      = errors.New("this product is not on show")
	ErrNotLogged      = errors.New("viewers see it, but the cue log could not be written")
)
