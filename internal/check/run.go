package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"
)

// Config says what to watch.
type Config struct {
	URL       string            // of a multivariant or media playlist, required
	For       time.Duration     // how long; 30 s if it is 0
	Insecure  bool              // accept any certificate
	Expect    func() []string   // ids of cues that must have come in every video rendition; asked at the end
	Transport http.RoundTripper // nil for a transport of its own
}

const (
	defaultFor = 30 * time.Second
	// stretchTime is how much of a watch is judged at once, and kept in memory.
	stretchTime = time.Minute
	// refreshEvery is how often the multivariant playlist is read again; the
	// request is also the measure of what the network and the server take.
	refreshEvery = time.Second
	// pulseEvery is how often this machine is asked whether it keeps up.
	pulseEvery = 20 * time.Millisecond
	// pulseLag is the least delay of this machine that is kept.
	pulseLag = 3 * time.Millisecond
)

// ErrUnreachable is returned where nothing could be checked at all.
var ErrUnreachable = errors.New("nothing to check")

// Run watches a presentation until its time is over, ctx ends or the programme
// does, and reports. Its error is [ErrUnreachable], with the cure.
func Run(ctx context.Context, cfg Config) (*Report, error) {
	u, err := url.Parse(cfg.URL)
	if err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, fmt.Errorf("%w: %q is no http or https URL; give that of the playlist, such as https://HOST/live/CHANNEL/index.m3u8", ErrUnreachable, cfg.URL)
	}
	if cfg.For <= 0 {
		cfg.For = defaultFor
	}
	t := cfg.Transport
	if t == nil {
		own := newTransport(cfg.Insecure)
		defer own.CloseIdleConnections()
		t = own
	}
	r := &runner{
		cfg: cfg, base: u, fetch: newFetcher(t), started: map[string]*client{},
		rec: &record{w: &watch{URL: cfg.URL}},
	}
	if err := r.open(ctx); err != nil {
		return nil, err
	}
	return r.run(ctx)
}

// runner is one watch.
type runner struct {
	cfg     Config
	base    *url.URL
	fetch   *fetcher
	rec     *record
	clients sync.WaitGroup
	started map[string]*client // by the URL of the rendition
	began   time.Time
}

// open reads the URL for the first time.
func (r *runner) open(ctx context.Context) error {
	short, cancel := context.WithTimeout(ctx, defaultWait)
	defer cancel()
	a := r.fetch.do(short, ask{url: r.cfg.URL, gzip: true, limit: maxPlaylist})
	switch {
	case a.Err != nil && strings.Contains(a.Err.Error(), "certificate"):
		return fmt.Errorf("%w: %w; if it is a certificate of your own, add --insecure", ErrUnreachable, a.Err)
	case a.Err != nil:
		return fmt.Errorf("%w: %w; is the server running, and reachable from here?", ErrUnreachable, a.Err)
	case a.Status == http.StatusNotFound:
		return fmt.Errorf("%w: %s answers 404; is the channel on air, and its name right?", ErrUnreachable, r.cfg.URL)
	case a.Status == http.StatusUnauthorized || a.Status == http.StatusForbidden:
		return fmt.Errorf("%w: %s answers %d; give a URL that carries its token", ErrUnreachable, r.cfg.URL, a.Status)
	case a.Status >= http.StatusInternalServerError:
		return fmt.Errorf("%w: %s answers %d; the log of that server tells why", ErrUnreachable, r.cfg.URL, a.Status)
	case !a.ok():
		return fmt.Errorf("%w: %s answers %d", ErrUnreachable, r.cfg.URL, a.Status)
	}
	m, err := parseMultivariant(a.Base, string(a.Body))
	if err == nil && m == nil {
		_, err = parsePlaylist(a.Base, string(a.Body))
	}
	if err != nil {
		return fmt.Errorf("%w: %s: %w; give the URL of an HLS playlist", ErrUnreachable, r.cfg.URL, err)
	}
	r.rec.with(func(w *watch) { w.Main, w.MainHead, w.Secure = m, a.Head, a.Base.Scheme == "https" })
	return nil
}

func (r *runner) run(ctx context.Context) (*Report, error) {
	ctx, stop := context.WithTimeout(ctx, r.cfg.For)
	defer stop()
	r.began = time.Now()
	var rest sync.WaitGroup
	rest.Go(func() { r.pulse(ctx) })
	if isHere(r.base.Hostname()) {
		rest.Go(func() { r.strain(ctx) })
	}
	var main *multivariant
	r.rec.with(func(w *watch) { main = w.Main })
	r.join(ctx, main)
	rest.Go(func() { r.refresh(ctx) })
	ended := make(chan struct{})
	go func() { r.clients.Wait(); close(ended) }()

	book := &ledger{}
	next := time.NewTicker(stretchTime)
	defer next.Stop()
	for over := false; !over; {
		select {
		case <-next.C:
			book.enter(r.rec.cut())
		case <-ctx.Done():
			over = true
		case <-ended:
			over = true
		}
	}
	stop()
	rest.Wait()
	r.clients.Wait()
	<-ended
	var report *Report
	var expected []string
	if r.cfg.Expect != nil {
		expected = r.cfg.Expect()
	}
	r.rec.with(func(w *watch) {
		w.Expect = expected
		book.enter(w)
		report = book.report(w, time.Since(r.began))
	})
	if len(report.Renditions) == 0 {
		return nil, fmt.Errorf("%w: no media playlist of %s could be read: %s", ErrUnreachable, r.cfg.URL, report.trouble)
	}
	return report, nil
}

// join starts a client for each rendition that has none yet.
func (r *runner) join(ctx context.Context, m *multivariant) {
	if m == nil {
		r.follow(ctx, newRendition(r.cfg.URL, nameOf(r.cfg.URL), mediaKind))
		return
	}
	for _, x := range renditionsOf(m) {
		r.follow(ctx, x)
	}
}

func (r *runner) follow(ctx context.Context, x *rendition) {
	if r.started[x.URL] != nil || len(r.started) >= maxVariants {
		return
	}
	c, err := newClient(x.URL, x.Name, x.Kind, r.fetch, r.rec)
	if err != nil {
		return // it was parsed once already
	}
	r.started[x.URL] = c
	r.rec.with(func(w *watch) { w.Renditions = append(w.Renditions, x) })
	r.clients.Go(func() { c.Run(ctx) })
}

// renditionsOf lists the media playlists of a presentation, each once.
func renditionsOf(m *multivariant) (list []*rendition) {
	at := map[string]*rendition{}
	add := func(u string, k kind) *rendition {
		if at[u] == nil {
			at[u] = newRendition(u, nameOf(u), k)
			list = append(list, at[u])
		}
		return at[u]
	}
	for _, v := range m.Variants {
		k := mediaKind
		if v.IFrames {
			k = iframesKind
		}
		x := add(v.URL, k)
		x.Variants = append(x.Variants, v)
	}
	for _, a := range m.Alternatives {
		k := mediaKind
		if a.Type != "AUDIO" && a.Type != "VIDEO" {
			k = textKind
		}
		add(a.URL, k).Group = a.Group
	}
	return list
}

// nameOf shortens a URL to what tells renditions apart.
func nameOf(u string) string {
	p, err := url.Parse(u)
	if err != nil {
		return u
	}
	f := strings.Split(strings.Trim(p.Path, "/"), "/")
	return strings.Join(f[max(len(f)-2, 0):], "/")
}

// refresh reads the multivariant playlist now and then: renditions come, and the
// time that a small answer takes is the measure of the network.
func (r *runner) refresh(ctx context.Context) {
	for ctx.Err() == nil {
		a := r.fetch.do(ctx, ask{url: r.cfg.URL, gzip: true, limit: maxPlaylist})
		if ctx.Err() != nil {
			return
		}
		r.rec.pause(a.Sent.Add(-refreshEvery), a.Got.Add(refreshEvery), a.Got.Sub(a.Sent))
		if a.ok() {
			if m, err := parseMultivariant(a.Base, string(a.Body)); err == nil && m != nil && !r.retold(m) {
				r.rec.with(func(w *watch) { w.Main = m })
				r.join(ctx, m)
			}
		}
		wait(ctx, refreshEvery)
	}
}

// retold reports whether a multivariant playlist tells another session of what
// is watched already: it names none of the renditions that are followed, and
// those are still there. Each request may get URLs of its own.
func (r *runner) retold(m *multivariant) bool {
	for _, x := range renditionsOf(m) {
		if r.started[x.URL] != nil {
			return false
		}
	}
	for _, c := range r.started {
		if c.there.Load() {
			return true
		}
	}
	return false
}

// pulse measures by how much this machine is late.
func (r *runner) pulse(ctx context.Context) {
	for ctx.Err() == nil {
		before := time.Now()
		wait(ctx, pulseEvery)
		now := time.Now()
		if lag := now.Sub(before) - pulseEvery; lag > pulseLag {
			r.rec.pause(before, now, lag)
		}
	}
}
