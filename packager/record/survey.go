package record

import (
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"vitrine/internal/media"
)

// clip is a segment that is there, and the init that it needs.
type clip struct {
	Entry
	init Entry
}

// reel is what was recorded of one rendition and can be read.
type reel struct {
	name    string
	clips   []clip
	spans   []span
	bytes   int64
	missing int    // segments that the journal names and that are not there whole
	same    bool   // all clips have the same init
	init    Entry  // of most of the time
	head    []byte // its bytes
}

// survey looks at every segment of a rendition.
func survey(fsys fs.FS, dir string, rec *Recording, name string) (*reel, error) {
	r := &reel{name: name, same: true}
	heads := map[string][]byte{} // by file
	length := map[string]media.Ticks{}
	longest := media.Ticks(-1)
	for _, e := range rec.segments[name] {
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
				return nil, fmt.Errorf("initialization segment of %s: %w", name, err)
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

// pick returns the renditions to export, picture first: the named one, or the
// best picture that was recorded; and the sound.
func pick(rec *Recording, dir, wanted string) (video, audio string, err error) {
	best := 0
	for _, name := range rec.Renditions() {
		switch rec.kind(name) {
		case media.Audio.String():
			audio = name
		case media.Video.String():
			height := rec.height(name)
			if name == sourceName {
				height = 1 << 30 // untouched, whatever its size
			}
			if height > best {
				best, video = height, name
			}
		}
	}
	if wanted == "" {
		return video, audio, nil
	}
	if rec.kind(wanted) == "" {
		return "", "", fmt.Errorf("recording %s has no rendition %q: it has %s", dir, wanted, strings.Join(rec.Renditions(), ", "))
	}
	if rec.kind(wanted) == media.Audio.String() {
		return "", wanted, nil
	}
	return wanted, audio, nil
}

// sourceName is the rendition that nobody has coded again.
const sourceName = "source"

// height returns the height of a rendition's last init, in pixels, at least 1.
func (r *Recording) height(rendition string) int {
	h, newest := 1, int64(-1)
	for k, e := range r.inits {
		if k.rendition == rendition && k.take+k.number > newest {
			newest, h = k.take+k.number, max(e.Height, 1)
		}
	}
	return h
}
