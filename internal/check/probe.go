package check

import (
	"context"
	"strconv"
	"strings"
	"time"
)

// question is what a probe asks.
type question int

const (
	partAlone      question = iota // _HLS_part without _HLS_msn
	farAhead                       // _HLS_msn three past the last one
	pastEnd                        // _HLS_part past the last of a complete segment
	oldMSN                         // _HLS_msn of the first segment listed
	zipped                         // the playlist, gzip accepted
	missing                        // what is not there
	revalidate                     // If-None-Match with the ETag just given
	removedPart                    // a part, at the end of its time after removal
	removedSegment                 // a segment, at the end of its time after removal
	afterEnd                       // directives after EXT-X-ENDLIST
)

// probe is a request that no player sends, and what came of it.
type probe struct {
	Ask           question
	Rendition     string
	URL           string
	At            position
	Status        int
	Fault         string
	Head          headers
	Took          time.Duration
	Sent, Got     time.Time
	List          *playlist // what came, if it is a playlist
	Before, After position  // the last one listed when it was sent, and after
	Same          bool      // what came is what a plain request brings
}

const (
	// probeTimeout is how long an answer may take that must come at once.
	probeTimeout = 3 * time.Second
	// raceRetries is how often a probe is sent again whose ground moved meanwhile.
	raceRetries = 3
)

// directives adds delivery directives to a URL, in their canonical order
// (rfc8216bis §6.2.5).
func directives(u string, at *position, skip string) string {
	var add []string
	if at != nil {
		if at.MSN >= 0 {
			add = append(add, "_HLS_msn="+strconv.FormatInt(at.MSN, 10))
		}
		if at.Part >= 0 {
			add = append(add, "_HLS_part="+strconv.Itoa(at.Part))
		}
	}
	if skip != "" {
		add = append(add, "_HLS_skip="+skip)
	}
	if len(add) == 0 {
		return u
	}
	sep := "?"
	if strings.Contains(u, "?") {
		sep = "&"
	}
	return u + sep + strings.Join(add, "&")
}

// ask sends a probe and reads its playlist, if it is one.
func (c *client) ask(ctx context.Context, q question, a ask, at position, limit time.Duration) (probe, bool) {
	short, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	p := probe{Ask: q, Rendition: c.name, URL: a.url, At: at, Before: c.position()}
	r := c.fetch.do(short, a)
	p.Status, p.Fault, p.Head, p.Took, p.Sent, p.Got = r.Status, r.failure(), r.Head, r.Got.Sub(r.Sent), r.Sent, r.Got
	if r.Err != nil && short.Err() != nil {
		p.Status, p.Fault = 0, "no answer within "+limit.String()
	}
	if r.ok() {
		// An answer that is no playlist is a fact too: List stays nil.
		p.List, _ = parsePlaylist(r.Base, string(r.Body))
	}
	p.After = c.position()
	return p, ctx.Err() == nil
}

// examine sends the probes that a server is asked once.
func (c *client) examine(ctx context.Context) {
	list := c.current()
	if list == nil || list.Ended {
		return
	}
	if list.Control.BlockReload && c.kind == mediaKind {
		c.examineDirectives(ctx)
	}
	if p, done := c.ask(ctx, zipped, ask{url: c.url, gzip: true, limit: maxPlaylist}, position{}, probeTimeout); done {
		c.rec.probe(p)
		if etag := p.Head.ETag; etag != "" && c.kind == mediaKind {
			c.revalidate(ctx, list)
		}
	}
	beside, err := c.base.Parse("vitrine-check-asks-for-what-is-not-there.mp4")
	if err != nil {
		return
	}
	if p, done := c.ask(ctx, missing, ask{url: beside.String(), limit: maxPlaylist}, position{}, probeTimeout); done {
		c.rec.probe(p)
	}
}

func (c *client) examineDirectives(ctx context.Context) {
	alone := position{MSN: -1, Part: 0}
	if p, done := c.ask(ctx, partAlone, ask{url: directives(c.url, &alone, ""), limit: maxPlaylist}, alone, probeTimeout); done {
		c.rec.probe(p)
	}
	for range raceRetries {
		at := position{MSN: c.position().MSN + 3, Part: -1}
		p, done := c.ask(ctx, farAhead, ask{url: directives(c.url, &at, ""), limit: maxPlaylist}, at, probeTimeout)
		if !done {
			return
		}
		if p.Status == 200 && p.After.MSN > p.Before.MSN {
			continue // a segment came meanwhile, so that the question was another
		}
		c.rec.probe(p)
		break
	}
	if list := c.current(); list != nil && len(list.Segments) > 0 {
		at := position{MSN: list.MediaSequence, Part: -1}
		if p, done := c.ask(ctx, oldMSN, ask{url: directives(c.url, &at, ""), limit: maxPlaylist}, at, probeTimeout); done {
			c.rec.probe(p)
		}
		if s := list.Segments[len(list.Segments)-1]; len(s.Parts) > 0 {
			c.askPastEnd(ctx, s, list)
		}
	}
}

// askPastEnd asks for the part after the last one of a complete segment.
func (c *client) askPastEnd(ctx context.Context, s *segment, list *playlist) {
	at := position{MSN: s.MSN, Part: len(s.Parts)}
	p, done := c.ask(ctx, pastEnd, ask{url: directives(c.url, &at, ""), limit: maxPlaylist}, at, maxWait(list)+graceWait)
	if done {
		c.rec.probe(p)
	}
}

// revalidate asks again for an initialization segment with its ETag.
func (c *client) revalidate(ctx context.Context, list *playlist) {
	if len(list.Segments) == 0 {
		return
	}
	at := list.Segments[len(list.Segments)-1].Map
	if at.URL == "" || at.Range.Length > 0 {
		return
	}
	first := c.fetch.do(ctx, ask{url: at.URL})
	if !first.ok() || first.Head.ETag == "" {
		return
	}
	if p, done := c.ask(ctx, revalidate, ask{url: at.URL, etag: first.Head.ETag}, position{}, probeTimeout); done {
		c.rec.probe(p)
	}
}

// askAfterEnd asks with directives that an ended playlist must ignore.
func (c *client) askAfterEnd(ctx context.Context, list *playlist) {
	plain := c.fetch.do(ctx, ask{url: c.url, limit: maxPlaylist})
	at := position{MSN: list.next() + 10, Part: 0}
	p, done := c.ask(ctx, afterEnd, ask{url: directives(c.url, &at, "YES"), limit: maxPlaylist}, at, probeTimeout)
	if !done || !plain.ok() {
		return
	}
	again, err := parsePlaylist(plain.Base, string(plain.Body))
	p.Same = err == nil && p.List != nil && len(differences(again, p.List)) == 0
	c.rec.probe(p)
}
