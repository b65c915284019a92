package record

import (
	"cmp"
	"fmt"
	"io"
	"io/fs"
	"math"
	"path"
	"slices"
	"strings"
	"time"

	"vitrine/internal/media"
)

// clip is a segment that is there, and the init that it needs.
type clip struct {
	Entry
	init Entry
}

// reel is what was recorded of one rendition and can be read.
type reel struct {
	clips   []clip
	spans   []span
	bytes   int64
	missing int    // segments that the journal names and that are not there whole
	same    bool   // all clips have the same init
	init    Entry  // of most of the time
	head    []byte // its bytes
}

// survey looks at every one of these segments.
func survey(fsys fs.FS, dir string, rec *Recording, list []Entry) (*reel, error) {
	r := &reel{same: true}
	heads := map[string][]byte{} // by file
	length := map[string]media.Ticks{}
	longest := media.Ticks(-1)
	for _, e := range list {
		init, ok := rec.inits[initKey{e.Take, e.Rendition, e.Init}]
		if e.Bytes == 0 {
			continue
		}
		frags, err := look(fsys, path.Join(dir, e.file()))
		if !ok || err != nil || slices.ContainsFunc(frags, func(f fragment) bool { return !timed(f.start, f.dur, e.Scale) }) {
			r.missing++
			continue
		}
		head, ok := heads[init.file()]
		if !ok {
			if head, err = fs.ReadFile(fsys, path.Join(dir, init.file())); err != nil {
				return nil, fmt.Errorf("initialization segment of %s: %w", e.Rendition, err)
			}
			heads[init.file()] = head
		}
		r.clips = append(r.clips, clip{e, init})
		r.bytes += e.Bytes
		for _, f := range frags {
			from := media.Ticks(media.Rescale(f.start, e.Scale, media.TicksPerSecond))
			to := media.Ticks(media.Rescale(f.start+f.dur, e.Scale, media.TicksPerSecond))
			r.spans = merge(r.spans, e.Take, from, to)
			length[string(head)] += to - from
		}
		if r.head != nil && string(r.head) != string(head) {
			r.same = false
		}
		if l := length[string(head)]; l > longest {
			longest, r.init, r.head = l, init, head
		}
	}
	return r, nil
}

// look reads where the samples of a segment's file lie.
func look(fsys fs.FS, name string) ([]fragment, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	at, ok := f.(io.ReaderAt)
	if !ok {
		return nil, fmt.Errorf("%s cannot be read from the middle", name)
	}
	return fragments(at, info.Size())
}

// pick returns the segments to export: of the named rendition, or of the best
// picture that was recorded; and of the sound.
func pick(rec *Recording, dir, wanted string) (lists [][]Entry, err error) {
	var pictures []string // best first
	audio := ""
	for _, name := range rec.Renditions() {
		switch rec.kind(name) {
		case media.Audio.String():
			audio = name
		case media.Video.String():
			pictures = append(pictures, name)
		}
	}
	slices.SortStableFunc(pictures, func(a, b string) int { return rec.height(b) - rec.height(a) })
	switch {
	case wanted == "" && len(pictures) > 0:
		lists = append(lists, rec.fill(pictures))
	case wanted != "" && rec.kind(wanted) == "":
		return nil, fmt.Errorf("recording %s has no rendition %q: it has %s", dir, wanted, strings.Join(rec.Renditions(), ", "))
	case wanted != "":
		lists = append(lists, rec.segments[wanted])
	}
	if audio != "" && wanted != audio {
		lists = append(lists, rec.segments[audio])
	}
	return lists, nil
}

// minFill is how much of the best picture must be missing before another one
// stands in for it: since they differ, all of the picture is then coded again.
const minFill = 10 * time.Second

// fill returns the segments of the first of these pictures, or those of the next
// ones where it has none.
func (r *Recording) fill(pictures []string) []Entry {
	best := r.segments[pictures[0]]
	have, at := map[segmentKey]bool{}, map[segmentKey]int{}
	list := slices.Clone(best)
	for i, e := range list {
		k := segmentKey{take: e.Take, msn: e.MSN}
		at[k], have[k] = i, !e.Gap && e.Bytes > 0
	}
	var filled time.Duration
	for _, name := range pictures[1:] {
		for _, e := range r.segments[name] {
			k := segmentKey{take: e.Take, msn: e.MSN}
			if have[k] || e.Gap || e.Bytes == 0 {
				continue
			}
			have[k] = true
			filled += time.Duration(media.Rescale(e.Dur, e.Scale, int64(time.Second)))
			if i, ok := at[k]; ok {
				list[i] = e
			} else {
				list = append(list, e)
			}
		}
	}
	if filled < minFill {
		return best
	}
	order := func(take int64) int { return slices.Index(r.takes, take) }
	slices.SortStableFunc(list, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(order(a.Take), order(b.Take)), cmp.Compare(a.MSN, b.MSN))
	})
	return list
}

// sourceName is the rendition that nobody has coded again.
const sourceName = "source"

// height returns the height of a rendition's last init, in pixels. The source is
// the best, whatever its size.
func (r *Recording) height(rendition string) int {
	if rendition == sourceName {
		return math.MaxInt32
	}
	h, newest := 0, int64(-1)
	for k, e := range r.inits {
		if k.rendition == rendition && k.take+k.number > newest {
			newest, h = k.take+k.number, e.Height
		}
	}
	return h
}
