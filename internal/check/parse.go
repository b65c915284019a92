package check

import (
	"fmt"
	"net/url"
	"strings"
	"time"
)

// Bounds of a playlist: an eight-hour event playlist of 2 s segments has 14,400.
const (
	maxSegments      = 20_000
	maxPartsOfOne    = 1_000 // parts of one segment
	maxReports       = 200
	maxDateRanges    = 20_000
	maxPlaylistLines = 400_000
	maxMediaFile     = 1 << 50 // bytes: what a range may reach
)

// parser is a media playlist being read.
type parser struct {
	p    *playlist
	base *url.URL

	pending  segment // what is known of the next segment
	dirty    bool    // pending has a tag or part
	extinf   bool
	ranged   bool // pending has an EXT-X-BYTERANGE
	mapOf    address
	cc       int64
	wall     time.Time        // of the next segment, extrapolated
	rangeEnd map[string]int64 // where the last range of a URL ended, for ranges without offset
	seen     map[string]bool  // tags that may come once
}

// parsePlaylist reads a media playlist strictly (rfc8216bis §4.4). Tags and
// attributes that it does not know are skipped, as the standard demands.
func parsePlaylist(base *url.URL, text string) (*playlist, error) {
	r := &parser{
		p: &playlist{Version: 1, Skipped: -1}, base: base,
		rangeEnd: map[string]int64{}, seen: map[string]bool{},
	}
	n := 0
	for line := range strings.SplitSeq(text, "\n") {
		n++
		if n > maxPlaylistLines {
			return nil, fmt.Errorf("more than %d lines", maxPlaylistLines)
		}
		line = strings.TrimSuffix(line, "\r")
		if n == 1 {
			if line != "#EXTM3U" {
				return nil, fmt.Errorf("line 1: %q, and a playlist begins with #EXTM3U", clip(line))
			}
			continue
		}
		if err := r.line(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
	}
	return r.end()
}

func (r *parser) end() (*playlist, error) {
	if r.p.TargetDuration == 0 {
		return nil, fmt.Errorf("no EXT-X-TARGETDURATION")
	}
	if r.extinf {
		return nil, fmt.Errorf("the last EXTINF has no URI")
	}
	if r.dirty && len(r.pending.Parts) > 0 {
		r.finish()
		r.p.Open = &r.pending
	}
	r.dateBack()
	return r.p, nil
}

// dateBack dates the segments before the first date, as a client does
// (rfc8216bis §4.4.4.6). A discontinuity ends what can be known.
func (r *parser) dateBack() {
	all := r.p.all()
	for i := len(all) - 2; i >= 0; i-- {
		if s, next := all[i], all[i+1]; s.Wall.IsZero() && !next.Wall.IsZero() && !next.Discontinuity {
			s.Wall = next.Wall.Add(-time.Duration(s.Dur * float64(time.Second)))
		}
	}
}

func (r *parser) line(s string) error {
	switch {
	case s == "":
		return nil
	case !strings.HasPrefix(s, "#"):
		return r.uri(s)
	case !strings.HasPrefix(s, "#EXT"):
		return nil
	}
	tag, value, _ := strings.Cut(s[1:], ":")
	if err := r.tag(tag, value); err != nil {
		return fmt.Errorf("%s: %w", tag, err)
	}
	return nil
}

// once are the tags of which a playlist holds one at most.
var once = map[string]bool{
	"EXT-X-VERSION": true, "EXT-X-TARGETDURATION": true, "EXT-X-MEDIA-SEQUENCE": true,
	"EXT-X-DISCONTINUITY-SEQUENCE": true, "EXT-X-PART-INF": true, "EXT-X-SERVER-CONTROL": true,
	"EXT-X-SKIP": true, "EXT-X-ENDLIST": true, "EXT-X-I-FRAMES-ONLY": true,
}

func (r *parser) tag(tag, value string) (err error) {
	if once[tag] {
		if r.seen[tag] {
			return fmt.Errorf("the tag comes twice")
		}
		r.seen[tag] = true
	}
	switch tag {
	case "EXT-X-VERSION":
		r.p.Version, err = parseInteger(value)
	case "EXT-X-TARGETDURATION":
		r.p.TargetDuration, err = parseInteger(value)
	case "EXT-X-MEDIA-SEQUENCE":
		r.p.MediaSequence, err = parseInteger(value)
		return r.early(err)
	case "EXT-X-DISCONTINUITY-SEQUENCE":
		r.p.DiscontinuitySequence, err = parseInteger(value)
		r.cc = r.p.DiscontinuitySequence
		return r.early(err)
	case "EXT-X-ENDLIST":
		r.p.Ended = true
	case "EXT-X-I-FRAMES-ONLY":
		r.p.IFramesOnly = true
	case "EXTINF":
		return r.inf(value)
	case "EXT-X-GAP":
		r.pending.Gap, r.dirty = true, true
	case "EXT-X-DISCONTINUITY":
		r.pending.Discontinuity, r.dirty = true, true
		r.cc++
	case "EXT-X-PROGRAM-DATE-TIME":
		r.dirty = true
		r.pending.PDT, r.pending.Quantum, err = parseDate(value)
	case "EXT-X-BYTERANGE":
		r.dirty, r.ranged = true, true
		r.pending.At.Range, err = parseRange(value)
	default:
		return r.listTag(tag, value)
	}
	return err
}

// early reports a sequence number that comes after a segment.
func (r *parser) early(err error) error {
	if err == nil && (len(r.p.Segments) > 0 || r.dirty) {
		return fmt.Errorf("the tag comes after the first segment")
	}
	return err
}

func (r *parser) inf(value string) (err error) {
	if r.extinf {
		return fmt.Errorf("two in a row, without a URI")
	}
	d, _, _ := strings.Cut(value, ",")
	r.extinf, r.dirty = true, true
	r.pending.Dur, err = parseDecimal(d)
	return err
}

// uri ends a segment.
func (r *parser) uri(s string) error {
	if !r.extinf {
		return fmt.Errorf("%q has no EXTINF", clip(s))
	}
	if len(r.p.Segments) >= maxSegments {
		return fmt.Errorf("more than %d segments", maxSegments)
	}
	u, err := r.resolve(s)
	if err != nil {
		return err
	}
	r.pending.At.URL = u
	if r.ranged {
		r.pending.At.Range = r.place(u, r.pending.At.Range)
	}
	r.finish()
	done := r.pending
	r.p.Segments = append(r.p.Segments, &done)
	if !r.wall.IsZero() {
		r.wall = r.wall.Add(time.Duration(done.Dur * float64(time.Second)))
	}
	r.pending, r.dirty, r.extinf, r.ranged = segment{}, false, false, false
	return nil
}

// finish fills in what a segment inherits.
func (r *parser) finish() {
	s := &r.pending
	s.MSN, s.CC, s.Map = r.p.next(), r.cc, r.mapOf
	if !s.PDT.IsZero() {
		r.wall = s.PDT
	} else if s.Discontinuity {
		r.wall = time.Time{}
	}
	s.Wall = r.wall
}

// place completes a range that goes on where the last one of its URL ended.
func (r *parser) place(u string, b byteRange) byteRange {
	if b.Offset < 0 {
		b.Offset = r.rangeEnd[u]
	}
	r.rangeEnd[u] = b.Offset + b.Length
	return b
}

func (r *parser) resolve(s string) (string, error) { return resolve(r.base, s) }

// parseRange reads LENGTH[@OFFSET]; the offset is -1 if it is absent.
func parseRange(s string) (byteRange, error) {
	length, offset, given := strings.Cut(s, "@")
	b := byteRange{Offset: -1}
	var err error
	if b.Length, err = parseInteger(length); err != nil {
		return b, err
	}
	if given {
		b.Offset, err = parseInteger(offset)
	}
	if err == nil && max(b.Length, b.Offset) > maxMediaFile {
		err = fmt.Errorf("%q is beyond any file", clip(s))
	}
	return b, err
}

// parseDate reads an ISO 8601 date with its zone, and tells its resolution.
func parseDate(s string) (time.Time, time.Duration, error) {
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999Z0700"} {
		t, err := time.Parse(layout, s)
		if err != nil {
			continue
		}
		quantum := time.Second
		if _, frac, found := strings.Cut(s, "."); found {
			for _, c := range frac {
				if c < '0' || c > '9' || quantum < 10 {
					break
				}
				quantum /= 10
			}
		}
		return t, quantum, nil
	}
	return time.Time{}, 0, fmt.Errorf("%q is not a date with a time and a zone", clip(s))
}
