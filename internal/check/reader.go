package check

import (
	"context"
	"crypto/sha256"
	"time"
)

// note takes a new version: it reads what is new, follows the hint, and sees to
// what has gone.
func (c *client) note(ctx context.Context, v *version, before *playlist) {
	c.mu.Lock()
	seen := c.lastGot // when what has gone by now was last seen
	c.last, c.lastGot = v.List, v.Got
	c.mu.Unlock()
	if c.kind == textKind {
		return
	}
	all := v.List.all()
	from := 0
	if before == nil {
		from = max(len(all)-joinSegments, 0)
		if from > 0 {
			c.want(ctx, all[0], v.List) // the oldest listed is there too
		}
	}
	for _, s := range all[from:] {
		if before == nil || s.MSN >= before.next() {
			c.want(ctx, s, v.List)
		}
	}
	c.follow(ctx, v.List)
	c.gone(ctx, before, v.List, seen)
	c.forget(v.List)
	if before != nil && v.List.Open == nil && v.List.Control.BlockReload && len(v.List.Segments) > 0 && c.pastEnds < maxPastEnds {
		if s := v.List.Segments[len(v.List.Segments)-1]; len(s.Parts) > 0 {
			c.pastEnds++
			c.wg.Go(func() { c.askPastEnd(ctx, s, v.List) })
		}
	}
}

// want reads the parts of a segment and, when it is complete, the segment.
func (c *client) want(ctx context.Context, s *segment, list *playlist) {
	var parts []*job
	for i := range s.Parts {
		p := &s.Parts[i]
		if p.Gap || s.Gap {
			continue
		}
		parts = append(parts, c.start(ctx, p.At, func(ctx context.Context) *piece {
			return c.readPart(ctx, p.At, position{s.MSN, i}, s.Map)
		}))
	}
	if s.At.URL == "" || s.Gap {
		return
	}
	if c.kind == iframesKind && s != list.Segments[len(list.Segments)-1] {
		return
	}
	whole := len(parts) > 0 && len(parts) == len(s.Parts)
	c.start(ctx, s.At, func(ctx context.Context) *piece {
		p, body := c.readPiece(ctx, s.At, position{s.MSN, -1}, s.Map)
		if p != nil && p.ok() && whole {
			p.Joined = compareParts(ctx, body, parts)
		}
		return p
	})
}

// start begins a job, unless it has begun.
func (c *client) start(ctx context.Context, at address, read func(context.Context) *piece) *job {
	c.mu.Lock()
	j, begun := c.jobs[at]
	if !begun {
		j = &job{done: make(chan struct{})}
		c.jobs[at] = j
	}
	c.mu.Unlock()
	if begun {
		return j
	}
	c.wg.Go(func() {
		defer close(j.done)
		if j.piece = read(ctx); j.piece != nil && ctx.Err() == nil {
			c.rec.piece(c.url, j.piece, false)
		}
	})
	return j
}

// readPart takes a part from the hint that asked for it, or reads it.
func (c *client) readPart(ctx context.Context, at address, pos position, init address) *piece {
	c.mu.Lock()
	h := c.hinted[at]
	c.mu.Unlock()
	if h != nil {
		select {
		case <-h.done:
		case <-ctx.Done():
			return nil
		}
		if h.piece.ok() {
			c.mu.Lock()
			c.read++
			again := c.read%againEvery == 1
			c.mu.Unlock()
			if !again {
				p := *h.piece
				p.MSN, p.Part = pos.MSN, pos.Part
				return &p
			}
		}
	}
	p, _ := c.readPiece(ctx, at, pos, init)
	return p
}

// readPiece reads a piece of media within one of the client's slots.
func (c *client) readPiece(ctx context.Context, at address, pos position, init address) (*piece, []byte) {
	select {
	case c.slots <- struct{}{}:
		defer func() { <-c.slots }()
	case <-ctx.Done():
		return nil, nil
	}
	return c.take(ctx, at, pos, init, defaultWait)
}

// take reads a piece of media and what is in it.
func (c *client) take(ctx context.Context, at address, pos position, init address, limit time.Duration) (*piece, []byte) {
	short, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	a := c.fetch.do(short, ask{url: at.URL, rng: at.Range})
	if ctx.Err() != nil {
		return nil, nil
	}
	p := newPiece(at, pos, a)
	if p.ok() && init.URL != "" && c.kind == mediaKind {
		if in := c.initialization(ctx, init); in != nil {
			var err error
			if p.Contents, err = parseMedia(a.Body, in); err != nil {
				p.Malformed, p.Contents = err.Error(), nil
			}
		}
	}
	return p, a.Body
}

func newPiece(at address, pos position, a *answer) *piece {
	return &piece{
		At: at, MSN: pos.MSN, Part: pos.Part, Status: a.Status, Fault: a.failure(), Head: a.Head,
		Size: int64(len(a.Body)), Hash: sha256.Sum256(a.Body), Sent: a.Sent, First: a.First, Got: a.Got,
	}
}

// initialization returns an initialization segment, read once.
func (c *client) initialization(ctx context.Context, at address) *initialization {
	c.mu.Lock()
	j := c.inits[at]
	if j == nil {
		j = &initJob{}
		c.inits[at] = j
	}
	c.mu.Unlock()
	j.once.Do(func() {
		a := c.fetch.do(ctx, ask{url: at.URL, rng: at.Range})
		if ctx.Err() != nil {
			return
		}
		p := newPiece(at, position{-1, -1}, a)
		if p.ok() {
			var err error
			if j.init, err = parseInit(a.Body); err != nil {
				p.Malformed, j.init = err.Error(), nil
			}
		}
		c.rec.initialization(c.url, p, j.init)
	})
	return j.init
}

// follow asks for the part that the playlist hints at, once.
func (c *client) follow(ctx context.Context, list *playlist) {
	for _, h := range list.Hints {
		if h.Type != "PART" || h.At.Range != (byteRange{}) {
			continue // a range that goes on to the end of the file is many parts
		}
		c.mu.Lock()
		_, asked := c.hinted[h.At]
		j := &job{done: make(chan struct{})}
		if !asked {
			c.hinted[h.At] = j
		}
		c.mu.Unlock()
		if asked {
			continue
		}
		init := address{}
		if all := list.all(); len(all) > 0 {
			init = all[len(all)-1].Map
		}
		at := list.awaited()
		c.wg.Go(func() {
			defer close(j.done)
			if j.piece, _ = c.take(ctx, h.At, at, init, maxWait(list)+graceWait); j.piece != nil {
				c.rec.piece(c.url, j.piece, true)
			}
		})
	}
}

// gone sees to it that what has left the playlist is asked for at the end of
// the time for which it must stay.
func (c *client) gone(ctx context.Context, before, now *playlist, seen time.Time) {
	if before == nil || c.kind != mediaKind {
		return
	}
	for _, s := range before.Segments {
		kept := now.find(s.MSN)
		if s.Gap {
			continue
		}
		if len(s.Parts) > 0 && !s.Parts[0].Gap && (kept == nil || len(kept.Parts) == 0) && now.PartTarget > 0 && !now.Ended {
			c.askRemoved(ctx, removedPart, s.Parts[0].At, position{s.MSN, 0}, seen.Add(maxWait(now)))
		}
		if kept == nil && s.MSN < now.next() {
			c.askRemoved(ctx, removedSegment, s.At, position{s.MSN, -1}, seen.Add(seconds(s.Dur+before.duration())))
		}
	}
}

// removalMargin is how much before the end of its time a removed piece is asked for.
const removalMargin = 700 * time.Millisecond

// askRemoved waits for most of the time that a piece must stay, and asks for it.
// Where this machine wakes too late for that, nothing is asked.
func (c *client) askRemoved(ctx context.Context, q question, at address, pos position, until time.Time) {
	c.mu.Lock()
	full := c.removed >= maxRemoved
	if !full {
		c.removed++
	}
	c.mu.Unlock()
	if full {
		return
	}
	c.wg.Go(func() {
		wait(ctx, time.Until(until)-removalMargin)
		c.mu.Lock()
		c.removed--
		c.mu.Unlock()
		if ctx.Err() != nil || time.Until(until) < removalMargin/2 {
			return
		}
		if p, done := c.ask(ctx, q, ask{url: at.URL, rng: at.Range}, pos, defaultWait); done {
			c.rec.probe(p)
		}
	})
}

// forget drops the jobs of what is listed no more.
func (c *client) forget(list *playlist) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.jobs)+len(c.hinted) < 4*maxRemoved {
		return
	}
	listed := map[address]bool{}
	for _, s := range list.all() {
		listed[s.At] = true
		for _, p := range s.Parts {
			listed[p.At] = true
		}
	}
	for _, jobs := range []map[address]*job{c.jobs, c.hinted} {
		for at, j := range jobs {
			select {
			case <-j.done:
				if !listed[at] {
					delete(jobs, at)
				}
			default:
			}
		}
	}
}

// compareParts holds a segment against its parts, when they are there.
func compareParts(ctx context.Context, body []byte, parts []*job) *joined {
	out := &joined{Parts: len(parts), Differing: -1}
	for i, j := range parts {
		select {
		case <-j.done:
		case <-ctx.Done():
			return nil
		}
		p := j.piece
		if !p.ok() {
			return nil
		}
		from := min(out.Total, int64(len(body)))
		to := min(out.Total+p.Size, int64(len(body)))
		if out.Differing < 0 && sha256.Sum256(body[from:to]) != p.Hash {
			out.Differing = i
		}
		out.Total += p.Size
	}
	if out.Differing < 0 && out.Total != int64(len(body)) {
		out.Differing = len(parts)
	}
	return out
}
