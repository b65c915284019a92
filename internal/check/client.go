package check

import (
	"context"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// graceWait is how long a client waits beyond what the standard allows a
	// server to hold a request.
	graceWait = 5 * time.Second
	// defaultWait is the limit before a target duration is known.
	defaultWait = 20 * time.Second
	// backoff is how long a client waits after a refusal.
	backoff = 500 * time.Millisecond
	// maxFailures in a row end a client: its rendition has gone.
	maxFailures = 30
	// lostAfter failures in a row a rendition may have moved to another URL.
	lostAfter = 5
	// joinSegments of the end of the first playlist are read, as a player does.
	joinSegments = 3
	// slots is how many requests for media one client has under way; the first
	// readers are those that a hint holds.
	slots = 12
	// againEvery is how often a part that a hint brought is read again as listed.
	againEvery = 4
	// deltaEvery is after how many reloads a delta update is compared.
	deltaEvery = 8
	// examineAfter is how many reloads come before the probes.
	examineAfter = 6
	// maxPastEnds is how often a client asks past the end of a segment.
	maxPastEnds = 3
	// maxRemoved is how many removed pieces of one rendition are awaited at once.
	maxRemoved = 64
)

// maxWait is how long a server may hold a request (rfc8216bis §6.2.5.2).
func maxWait(p *playlist) time.Duration {
	return 3 * time.Duration(p.TargetDuration) * time.Second
}

// job is a piece of media under way; done is closed when its piece is there.
type job struct {
	done  chan struct{}
	piece *piece
}

// client follows one rendition as a correct player does.
type client struct {
	url, name string
	base      *url.URL
	kind      kind
	fetch     *fetcher
	rec       *record
	slots     chan struct{}
	wg        sync.WaitGroup

	mu      sync.Mutex
	last    *playlist
	lastGot time.Time
	jobs    map[address]*job
	hinted  map[address]*job
	inits   map[address]*initJob
	removed int
	read    int // parts that hints have brought

	reloads  int
	pastEnds int
	there    atomic.Bool // the rendition goes on, as far as is known
}

type initJob struct {
	once sync.Once
	init *initialization
}

func newClient(u, name string, k kind, f *fetcher, rec *record) (*client, error) {
	base, err := url.Parse(u)
	if err != nil {
		return nil, err
	}
	c := &client{
		url: u, name: name, base: base, kind: k, fetch: f, rec: rec, slots: make(chan struct{}, slots),
		jobs: map[address]*job{}, hinted: map[address]*job{}, inits: map[address]*initJob{},
	}
	c.there.Store(true)
	return c, nil
}

// Run follows the rendition until it ends, goes away, or ctx does.
func (c *client) Run(ctx context.Context) {
	ctx, cancel := context.WithCancel(ctx)
	defer c.wg.Wait()
	defer c.there.Store(false)
	failures := 0
	for ctx.Err() == nil && failures < maxFailures {
		v := c.reload(ctx)
		if v == nil {
			failures++
			c.there.Store(failures < lostAfter)
			wait(ctx, backoff)
			continue
		}
		failures = 0
		c.there.Store(!v.List.Ended)
		before := c.current()
		c.note(ctx, v, before)
		if v.List.Ended {
			c.askAfterEnd(ctx, v.List)
			c.wg.Wait() // what is removed from an ended playlist is read to its time
			break
		}
		c.reloads++
		if c.reloads == examineAfter {
			c.wg.Go(func() { c.examine(ctx) })
		}
		wait(ctx, c.rest(v, before))
	}
	cancel()
}

// wait waits, or until ctx ends.
func wait(ctx context.Context, d time.Duration) {
	if d <= 0 {
		return
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

// rest is how long to wait before the next reload.
func (c *client) rest(v *version, before *playlist) time.Duration {
	target := time.Duration(v.List.TargetDuration) * time.Second
	switch {
	case c.kind != mediaKind:
		return target
	case !v.List.Control.BlockReload && v.List.PartTarget > 0:
		return seconds(v.List.PartTarget)
	case !v.List.Control.BlockReload:
		return target / 2
	case before != nil && !before.last().before(v.List.last()):
		return seconds(max(v.List.PartTarget, 0.1)) // the answer brought nothing new: no storm
	}
	return 0
}

func seconds(s float64) time.Duration { return time.Duration(s * float64(time.Second)) }

func (c *client) current() *playlist {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.last
}

// position returns the last position that the client knows.
func (c *client) position() position {
	if list := c.current(); list != nil {
		return list.last()
	}
	return position{}
}

// reload asks for the next version; nil if none came, which is on record then.
func (c *client) reload(ctx context.Context) *version {
	list := c.current()
	if list == nil || !list.Control.BlockReload || c.kind != mediaKind {
		return c.get(ctx, nil)
	}
	at := list.awaited()
	if list.Control.SkipUntil > 0 && c.reloads%deltaEvery == 2 {
		return c.compare(ctx, list, at)
	}
	return c.get(ctx, &at)
}

// compare asks for the next version twice at once, whole and as a delta update.
func (c *client) compare(ctx context.Context, cached *playlist, at position) *version {
	form := "YES"
	if cached.Control.SkipDateRanges && c.reloads/deltaEvery%2 == 0 {
		form = "v2"
	}
	update := make(chan *answer, 1)
	c.wg.Go(func() {
		ctx, cancel := context.WithTimeout(ctx, maxWait(cached)+graceWait)
		defer cancel()
		update <- c.fetch.do(ctx, ask{url: directives(c.url, &at, form), gzip: true, limit: maxPlaylist})
	})
	v, a := c.get(ctx, &at), <-update
	if v == nil || !a.ok() {
		if a.Err == nil && !a.ok() {
			c.rec.refusal(c.url, refusal{URL: a.URL, Sent: a.Sent, Got: a.Got, Asked: &at, Status: a.Status, Reason: a.failure(), MaxWait: maxWait(cached)})
		}
		return v
	}
	list, err := parsePlaylist(a.Base, string(a.Body))
	if err != nil {
		c.rec.refusal(c.url, refusal{URL: a.URL, Sent: a.Sent, Got: a.Got, Asked: &at, Status: a.Status, Reason: err.Error(), MaxWait: maxWait(cached)})
		return v
	}
	if list.newest() == v.List.newest() && list.Ended == v.List.Ended {
		c.rec.delta(c.url, delta{Form: form, Cached: cached, Full: v.List, Update: list})
	}
	return v
}

// get asks for the playlist, with directives if at is not nil.
func (c *client) get(ctx context.Context, at *position) *version {
	list, limit := c.current(), defaultWait
	var allowed time.Duration
	if list != nil {
		allowed = maxWait(list)
		limit = allowed + graceWait
	}
	short, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := c.fetch.do(short, ask{url: directives(c.url, at, ""), gzip: true, limit: maxPlaylist})
	if ctx.Err() != nil {
		return nil
	}
	refuse := func(reason string) *version {
		c.rec.refusal(c.url, refusal{URL: a.URL, Sent: a.Sent, Got: a.Got, Asked: at, Status: a.Status, Reason: reason, MaxWait: allowed})
		return nil
	}
	if a.Err != nil && short.Err() != nil {
		return refuse("no answer within " + limit.String())
	}
	if a.Err != nil || a.Status != http.StatusOK {
		return refuse(a.failure())
	}
	next, err := parsePlaylist(a.Base, string(a.Body))
	if err != nil {
		return refuse("the playlist cannot be read: " + err.Error())
	}
	if list != nil {
		share(list, next)
	}
	v := &version{Sent: a.Sent, Got: a.Got, Asked: at, List: next, Head: a.Head, First: list == nil}
	c.rec.version(c.url, v)
	return v
}

// share keeps one copy of what two versions list alike, so that a long playlist
// that is read often costs little.
func share(old, now *playlist) {
	for i, s := range now.Segments {
		if o := old.find(s.MSN); o != nil && o.CC == s.CC && o.Wall.Equal(s.Wall) && sameSegment(o, s) {
			now.Segments[i] = o
		}
	}
}
