package packager

import (
	"bytes"
	"encoding/binary"
	"math"
	"time"

	"vitrine/internal/media"
)

// judge is a test, or one try of a property.
type judge interface {
	Helper()
	Fatal(args ...any)
	Fatalf(format string, args ...any)
}

// inspector holds what a program publishes against what the draft and the design
// promise of parts, segments and times. It sees each segment once, when it is
// complete.
type inspector struct {
	t      judge
	p      *Program
	exact  bool // encoders behave: no slack for what comes late
	fits   bool // frames are short enough for a keyframe within a segment to keep its time
	seen   map[string]int64
	next   map[string]int64 // where the next chunk is to begin, in scale
	scale  map[string]int64
	open   map[int64]bool // boundaries that need no keyframe
	starts map[int64]media.Ticks
	parts  int
	gaps   map[string]int
	whole  map[string]int // complete segments without any gap
}

func newInspector(t judge, p *Program, exact bool) *inspector {
	return &inspector{
		t: t, p: p, exact: exact, seen: map[string]int64{}, next: map[string]int64{}, scale: map[string]int64{},
		open: map[int64]bool{}, starts: map[int64]media.Ticks{}, whole: map[string]int{}, gaps: map[string]int{},
	}
}

// look inspects what is new.
func (i *inspector) look() {
	for _, b := range i.p.grid.list {
		if was, ok := i.starts[b.MSN]; ok && was != b.Start {
			i.t.Fatalf("boundary %d moves from %d to %d", b.MSN, was, b.Start)
		}
		i.starts[b.MSN], i.open[b.MSN] = b.Start, b.Open
	}
	for _, r := range i.p.all {
		if r.open != nil && r.open.MSN > i.p.first && r.name != Audio && len(r.kept) > 0 && r.kept[len(r.kept)-1].MSN != r.open.MSN-1 {
			i.t.Fatalf("%s: segment %d is open after %d", r.name, r.open.MSN, r.kept[len(r.kept)-1].MSN)
		}
		for n, s := range r.kept {
			if last, ok := i.seen[r.name]; !ok || s.MSN > last {
				if n == 0 { // or a leap of a minute made more than are kept
					delete(i.next, r.name)
				} else if ok && s.MSN != last+1 {
					i.t.Fatalf("%s: segment %d after %d", r.name, s.MSN, last)
				}
				i.seen[r.name] = s.MSN
				i.segment(r, s)
			}
		}
	}
}

func (i *inspector) segment(r *rendition, s *segment) {
	i.t.Helper()
	scale := r.scale
	if n := s.Init - r.initLow; n >= 0 && n < int64(len(r.inits)) { // a later one may have another
		_, mdhd, _ := bytes.Cut(r.inits[n], []byte("mdhd\x00"))
		scale = int64(binary.BigEndian.Uint32(mdhd[11:]))
	}
	if at, ok := i.next[r.name]; ok {
		i.next[r.name] = media.Rescale(at, i.scale[r.name], scale)
	}
	i.scale[r.name] = scale
	var sum time.Duration
	gaps := 0
	for n, part := range s.Parts {
		sum += part.Dur
		i.parts++
		if part.Dur > i.p.cfg.PartTarget {
			i.t.Fatalf("%s %d.%d lasts %v", r.name, s.MSN, n, part.Dur)
		}
		last := n == len(s.Parts)-1
		if part.Gap {
			gaps++
			i.gap(r, part.Dur)
			if s.data[n] != nil || part.Independent {
				i.t.Fatalf("%s %d.%d is a gap with something in it", r.name, s.MSN, n)
			}
			continue
		}
		if part.Dur*100 < i.p.cfg.PartTarget*floorPercent && !part.Independent && !last && !s.Parts[n+1].Gap {
			i.t.Fatalf("%s %d.%d lasts %v, which is too short", r.name, s.MSN, n, part.Dur)
		}
		i.chunk(r, s, n)
	}
	i.gaps[r.name] += gaps
	if gaps == 0 && !s.Gap {
		i.whole[r.name]++
	}
	if off := (sum - s.Dur).Abs(); off > time.Millisecond && len(s.Parts) > 0 {
		i.t.Fatalf("%s: segment %d lasts %v, its parts %v", r.name, s.MSN, s.Dur, sum)
	}
	if s.Dur <= 0 || int(math.Round(s.Dur.Seconds())) > i.p.target {
		i.t.Fatalf("%s: segment %d lasts %v", r.name, s.MSN, s.Dur)
	}
	if gaps == len(s.Parts) != s.Gap && gaps == len(s.Parts) {
		i.t.Fatalf("%s: segment %d is nothing but gaps and not said to be one", r.name, s.MSN)
	}
}

// gap moves the next chunk's time, which may then be a tick off.
func (i *inspector) gap(r *rendition, d time.Duration) {
	if at, ok := i.next[r.name]; ok {
		i.next[r.name] = at + media.Rescale(int64(d), int64(time.Second), i.scale[r.name])
	}
}

func (i *inspector) chunk(r *rendition, s *segment, n int) {
	i.t.Helper()
	scale := i.scale[r.name]
	length := func(d int64) time.Duration { return time.Duration(media.Rescale(d, scale, int64(time.Second))) }
	c := readChunk(i.t, s.data[n].bytes())
	if d := (length(c.dur) - s.Parts[n].Dur).Abs(); d > time.Millisecond {
		i.t.Fatalf("%s %d.%d: samples of %v in a part of %v", r.name, s.MSN, n, length(c.dur), s.Parts[n].Dur)
	}
	want, known := i.next[r.name]
	if off := c.start - want; known && (off < -1 || off > 1) && (n > 0 || off < 0 || length(off) > media.Ticks(joinSlack).Duration()+time.Millisecond || i.exact && r.kind == media.Video) {
		i.t.Fatalf("%s %d.%d begins at %d, the one before ends at %d", r.name, s.MSN, n, c.start, want)
	}
	i.next[r.name] = c.start + c.dur
	if c.sync != s.Parts[n].Independent {
		i.t.Fatalf("%s %d.%d: independent is %v", r.name, s.MSN, n, s.Parts[n].Independent)
	}
	if n > 0 {
		if r.kind == media.Video && i.fits && c.syncOff != 0 {
			i.t.Fatalf("%s %d.%d: a keyframe is shown %d after its decode time", r.name, s.MSN, n, c.syncOff)
		}
		return
	}
	b := i.starts[s.MSN]
	off := media.Ticks(media.Rescale(c.start, scale, media.TicksPerSecond)) - b
	slack := media.Ticks(boundaryMatch)
	if r.kind == media.Audio {
		slack = media.TicksPerSecond*aacFrame/2/media.Ticks(scale) + 1
	}
	if !i.exact { // a keyframe may come before its turn, while the frame before lasts
		slack = backLimit + media.TicksOf(i.p.cfg.PartTarget)
	}
	if r.kind == media.Video && i.exact && !i.open[s.MSN] {
		slack = 0
	}
	switch {
	case !known && !i.exact && off > 0: // the first there is may come late
	case off < -slack || off > slack:
		i.t.Fatalf("%s: segment %d begins %v after its boundary", r.name, s.MSN, off.Duration())
	case r.kind == media.Video && !c.firstSync && !i.open[s.MSN]:
		i.t.Fatalf("%s: segment %d does not begin with a keyframe", r.name, s.MSN)
	case r.kind == media.Video && c.firstSync && c.firstOff != 0 && i.exact:
		i.t.Fatalf("%s: segment %d begins %d before its keyframe is shown", r.name, s.MSN, c.firstOff)
	}
}

// chunk is what an independent eye sees in a part.
type chunk struct {
	start, dur int64
	sync       bool // some sample is a sync sample
	firstSync  bool
	firstOff   int32 // composition offset of the first sample
	syncOff    int32 // the largest one of a sync sample
}

// readChunk reads a part: fragments that follow each other in time, each of event
// messages, one moof, one mdat (ISO/IEC 14496-12).
func readChunk(t judge, b []byte) (c chunk) {
	t.Helper()
	u32 := binary.BigEndian.Uint32
	var boxes func(b []byte)
	size, first := -1, true
	boxes = func(b []byte) {
		for len(b) >= 8 {
			n, name := int(u32(b)), string(b[4:8])
			if n < 8 || n > len(b) {
				t.Fatalf("a box %q of %d bytes in %d", name, n, len(b))
			}
			body := b[8:n]
			switch name {
			case "moof", "traf":
				boxes(body)
			case "tfdt":
				at := int64(binary.BigEndian.Uint64(body[4:]))
				if first {
					c.start = at
				} else if at != c.start+c.dur {
					t.Fatalf("a fragment begins at %d, the one before ends at %d", at, c.start+c.dur)
				}
			case "trun":
				size = 0
				for k := range int(u32(body[4:])) {
					row := body[12+16*k:]
					c.dur += int64(u32(row))
					size += int(u32(row[4:]))
					sync, off := u32(row[8:])&0x10000 == 0, int32(u32(row[12:]))
					if first {
						first, c.firstSync, c.firstOff = false, sync, off
					}
					if sync {
						c.sync, c.syncOff = true, max(c.syncOff, off, -off)
					}
				}
			case "mdat":
				if len(body) != size {
					t.Fatalf("%d bytes of samples in an mdat of %d", size, len(body))
				}
			}
			b = b[n:]
		}
	}
	boxes(b)
	return c
}
