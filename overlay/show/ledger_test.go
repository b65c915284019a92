package show

import (
	"context"
	"errors"
	"testing"
)

func TestLedgerTellsOfALostEntry(t *testing.T) {
	s := &stage{}
	l := newLedger(s)
	first := l.add(Entry{ID: "first"})
	for range maxBacklog {
		l.add(Entry{ID: "later"})
	}
	if err := l.flush(t.Context(), first); !errors.Is(err, ErrNotLogged) {
		t.Errorf("the first is lost, and flush says %v", err)
	}
	if err := l.flush(t.Context(), l.last); err != nil || len(s.logged) != maxBacklog {
		t.Errorf("%v, %d logged", err, len(s.logged))
	}
}

func TestLedgerKeepsAnEntryThatComesWhileTheHeadIsWritten(t *testing.T) {
	s := &stage{}
	l := newLedger(s)
	first := l.add(Entry{ID: "first"})
	s.append = func(_ context.Context, e Entry) error {
		if e.ID == "first" { // the backlog overflows while the log writes its head
			for range maxBacklog {
				l.add(Entry{ID: "later"})
			}
		}
		return nil
	}
	_ = l.flush(t.Context(), first) // it is both written and given up: either word is true
	if err := l.flush(t.Context(), l.last); err != nil || len(s.logged) != 1+maxBacklog {
		t.Errorf("%v, %d logged", err, len(s.logged))
	}
}
