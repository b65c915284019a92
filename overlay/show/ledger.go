package show

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"
)

const (
	logPatience = 5 * time.Second // how long a caller waits for the log
	maxBacklog  = 1000            // entries kept while the log refuses them
)

// ledger brings entries to a [Log] in the order they came, one after the other,
// and keeps those that the log does not take yet. To hand one in waits for
// nothing; to see it written is a step of its own.
type ledger struct {
	log     Log
	writing chan struct{} // holds a token while the log is being written

	mu      sync.Mutex
	waiting []Entry // oldest first
	last    int     // number of the latest entry, counting from 1
	lost    int     // how many there was no room for
	gone    int     // number of the last of those
}

func newLedger(log Log) *ledger {
	return &ledger{log: log, writing: make(chan struct{}, 1)}
}

// add hands in entries and returns the number of the last.
func (l *ledger) add(entries ...Entry) int {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.waiting = append(l.waiting, entries...)
	l.last += len(entries)
	if over := len(l.waiting) - maxBacklog; over > 0 {
		l.waiting, l.lost = slices.Delete(l.waiting, 0, over), l.lost+over
		l.gone = l.last - len(l.waiting)
	}
	return l.last
}

// head returns the oldest entry that waits, and its number; 0 if none does.
func (l *ledger) head() (Entry, int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) == 0 {
		return Entry{}, 0
	}
	return l.waiting[0], l.last - len(l.waiting) + 1
}

// written takes entry n off the list, unless it was lost meanwhile.
func (l *ledger) written(n int) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if len(l.waiting) > 0 && l.last-len(l.waiting)+1 == n {
		l.waiting = slices.Delete(l.waiting, 0, 1)
	}
}

// flush returns when all entries up to number n are in the log, whoever wrote
// them, or [ErrNotLogged]. A caller that leaves does not take its entry with it.
func (l *ledger) flush(ctx context.Context, n int) error {
	if n == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), logPatience)
	defer cancel()
	select {
	case l.writing <- struct{}{}:
		defer func() { <-l.writing }()
	case <-ctx.Done():
		return l.failed(ctx.Err())
	}
	for {
		e, number := l.head()
		if number == 0 || number > n {
			return l.fate(n)
		}
		if err := l.log.Append(ctx, e); err != nil {
			return l.failed(err)
		}
		l.written(number)
	}
}

// fate tells of entry n, which waits no more: it was written unless there was
// no room for it.
func (l *ledger) fate(n int) error {
	l.mu.Lock()
	gone := l.gone
	l.mu.Unlock()
	if n <= gone {
		return l.failed(errors.New("no room to keep it"))
	}
	return nil
}

func (l *ledger) failed(err error) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return fmt.Errorf("%w: %w (%d entries wait, %d are lost)", ErrNotLogged, err, len(l.waiting), l.lost)
}
