package record

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"time"

	"vitrine/internal/media"
)

// Bounds of a journal that is read.
const (
	maxLine    = 16 << 10 // bytes; a cue is the longest, at 1 KB of payload
	maxEntries = 4 << 20  // 8 renditions for more than ten days
)

// ErrTooLong says that a journal has more lines than any show.
var ErrTooLong = errors.New("the journal has too many lines")

// Recording is what a journal tells of a show.
type Recording struct {
	Channel string
	Show    string
	Started time.Time
	Ended   bool // the last take was ended in order: it is no crash, and not on air
	Lost    int  // segments that the disk did not take
	Torn    int  // lines that make no sense, such as the last one after a crash

	takes    []int64            // in the order they were recorded
	inits    map[initKey]Entry  // by what a segment needs
	segments map[string][]Entry // by rendition, as recorded
	cues     []Entry            // the last place of each
}

type initKey struct {
	take      int64
	rendition string
	number    int64
}

// Renditions returns the names of what was recorded, sorted.
func (r *Recording) Renditions() []string {
	names := make([]string, 0, len(r.segments))
	for name := range r.segments {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// kind returns what a rendition carries, "" if there is no init of it.
func (r *Recording) kind(rendition string) string {
	for k, e := range r.inits {
		if k.rendition == rendition {
			return e.Kind
		}
	}
	return ""
}

// Duration returns how long the recording is, by its longest rendition.
func (r *Recording) Duration() time.Duration {
	var longest time.Duration
	for _, list := range r.segments {
		var d time.Duration
		for _, e := range list {
			if e.Bytes > 0 {
				d += time.Duration(media.Rescale(e.Dur, e.Scale, int64(time.Second)))
			}
		}
		longest = max(longest, d)
	}
	return longest
}

// ReadJournal reads a journal. Lines that make no sense are counted and left
// out: a crash may leave half a line, a failing disk may leave anything. Errors
// are those of r, and [ErrTooLong].
func ReadJournal(r io.Reader) (*Recording, error) {
	rec := &Recording{inits: map[initKey]Entry{}, segments: map[string][]Entry{}}
	moved := map[cueKey]int{}
	seen := map[segmentKey]bool{}
	in := bufio.NewReaderSize(r, maxLine)
	for n := 0; ; n++ {
		line, err := in.ReadSlice('\n')
		if errors.Is(err, bufio.ErrBufferFull) {
			rec.Torn++
			if err = skipLine(in); err == nil {
				continue
			}
			line = nil
		}
		if n > maxEntries {
			return nil, ErrTooLong
		}
		if errors.Is(err, io.EOF) {
			if len(line) > 0 {
				rec.Torn++
			}
			return rec, nil
		}
		if err != nil {
			return nil, fmt.Errorf("journal: %w", err)
		}
		var e Entry
		if json.Unmarshal(line, &e) != nil {
			rec.Torn++
			continue
		}
		rec.add(e, moved, seen)
	}
}

// skipLine reads up to the end of a line that is too long.
func skipLine(in *bufio.Reader) error {
	for {
		_, err := in.ReadSlice('\n')
		if !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
	}
}

type cueKey struct {
	take   int64
	number uint32
}

type segmentKey struct {
	take      int64
	rendition string
	msn       int64
}

// add takes a line over; a type that is not known is left out.
func (r *Recording) add(e Entry, moved map[cueKey]int, seen map[segmentKey]bool) {
	known := slices.Contains([]string{typeTake, typeInit, typeSegment, typeCue, typeLost, typeEnd}, e.Type)
	if !known || !e.valid() {
		if known || e.Type == "" {
			r.Torn++
		}
		return
	}
	switch e.Type {
	case typeTake:
		r.Channel, r.Show, r.Started, r.Ended = e.Channel, e.Show, e.Started, false
		if !slices.Contains(r.takes, e.Take) {
			r.takes = append(r.takes, e.Take)
		}
	case typeInit:
		r.inits[initKey{e.Take, e.Rendition, e.Init}] = e
	case typeSegment:
		if k := (segmentKey{e.Take, e.Rendition, e.MSN}); !seen[k] {
			seen[k] = true
			r.segments[e.Rendition] = append(r.segments[e.Rendition], e)
		}
	case typeCue:
		k := cueKey{e.Take, e.Cue}
		if i, ok := moved[k]; ok {
			r.cues[i] = e
			return
		}
		moved[k] = len(r.cues)
		r.cues = append(r.cues, e)
	case typeLost:
		r.Lost += e.Segments
	case typeEnd:
		r.Ended = true
	}
}

// Read reads the recording in a folder of fsys, CHANNEL/SHOW.
func Read(fsys fs.FS, dir string) (*Recording, error) {
	f, err := fsys.Open(path.Join(dir, JournalName))
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", dir, err)
	}
	defer f.Close()
	rec, err := ReadJournal(f)
	if err != nil {
		return nil, fmt.Errorf("recording %s: %w", dir, err)
	}
	return rec, nil
}

// List returns the folders of all recordings, CHANNEL/SHOW, oldest show first
// within a channel.
func List(fsys fs.FS) ([]string, error) {
	files, err := fs.Glob(fsys, "*/*/"+JournalName)
	if err != nil {
		return nil, err
	}
	for i := range files {
		files[i] = path.Dir(files[i])
	}
	slices.Sort(files)
	return files, nil
}
