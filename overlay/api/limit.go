package api

import (
	"net/http"
	"net/netip"
	"sync"
	"time"
)

// Bounds on guessing a host token.
const (
	loginTries    = 10          // wrong tokens per address and window
	loginWindow   = time.Minute // and then none until it is over
	loginAddrs    = 4096        // addresses remembered
	loginIPv6Bits = 64          // one network is one guesser
)

// limiter counts wrong tokens per address. Its table is bounded: when it is
// full the address that began longest ago is forgotten.
type limiter struct {
	now func() time.Time

	mu    sync.Mutex
	tries map[netip.Prefix]tries
}

type tries struct {
	since time.Time
	n     int
}

func newLimiter(now func() time.Time) *limiter {
	return &limiter{now: now, tries: map[netip.Prefix]tries{}}
}

// wait returns how long the address must wait before it may try again; 0 if it
// may now.
func (l *limiter) wait(addr netip.Prefix) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	t := l.tries[addr]
	if t.n < loginTries {
		return 0
	}
	return max(0, t.since.Add(loginWindow).Sub(l.now()))
}

// wrong counts a wrong token.
func (l *limiter) wrong(addr netip.Prefix) {
	l.mu.Lock()
	defer l.mu.Unlock()
	now := l.now()
	t, known := l.tries[addr]
	if !known || now.Sub(t.since) >= loginWindow {
		t = tries{since: now}
	}
	if !known && len(l.tries) >= loginAddrs {
		l.forget(now)
	}
	t.n++
	l.tries[addr] = t
}

// forget makes room: all whose window is over, or else the oldest. l.mu is held.
func (l *limiter) forget(now time.Time) {
	var oldest netip.Prefix
	for addr, t := range l.tries {
		if now.Sub(t.since) >= loginWindow {
			delete(l.tries, addr)
			continue
		}
		if o, set := l.tries[oldest]; !set || t.since.Before(o.since) {
			oldest = addr
		}
	}
	if len(l.tries) >= loginAddrs {
		delete(l.tries, oldest)
	}
}

// addressOf returns the network that r comes from. Behind a proxy that is the
// proxy for all, which then share their tries.
func addressOf(r *http.Request) netip.Prefix {
	ap, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{}
	}
	addr := ap.Addr().Unmap().WithZone("")
	n := addr.BitLen()
	if addr.Is6() {
		n = loginIPv6Bits
	}
	p, err := addr.Prefix(n)
	if err != nil {
		return netip.Prefix{}
	}
	return p
}
