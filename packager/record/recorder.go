package record

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"path"
	"strings"
	"sync"
	"syscall"
	"time"

	"vitrine/internal/media"
)

// Bounds of a [Recorder].
const (
	// MaxQueued is how many bytes of segments wait for the disk: more than a
	// minute of a source of 8 Mbit/s. Most of them are in the live window anyway.
	MaxQueued = 64 << 20
	// maxSmall is how many inits, cues and notes wait beside them.
	maxSmall = 4096
	// MinFree is what a recording leaves of the disk to the rest of the house: the
	// cue log must still be written when there is no room for the picture.
	MinFree = 256 << 20
	// slowAfter is for how long the disk may sit on one write before it is called slow.
	slowAfter = 3 * time.Second
	// retryEvery is how often a disk that refuses is asked again.
	retryEvery = time.Second
	// stopGrace is for how long the end of a recording is waited for.
	stopGrace = 5 * time.Second
)

// ErrNoRoom says that less than [MinFree] is left.
var ErrNoRoom = errors.New("the disk is nearly full")

// Config is what a [Recorder] needs.
type Config struct {
	FS      FS
	Channel string
	Show    string
	Started time.Time // of the show
	Take    int64     // Unix second in which this take began
	Log     *slog.Logger
	Now     func() time.Time
}

// Recorder writes one take of a show. The methods that take something never
// block; what they are given is not copied and must not change.
type Recorder struct {
	cfg  Config
	dir  string
	wake chan struct{} // there may be something new

	mu        sync.Mutex
	queue     []item
	queued    int64 // bytes of segments in the queue
	closed    bool  // nothing more comes
	pending   map[string]*Entry
	lost      int64 // segments
	written   int64 // bytes
	segments  int64
	busySince time.Time     // of the write under way
	took      time.Duration // the last write
	err       error         // of the last write
	said      State

	journal int64 // its length, known to the writing goroutine only; -1 until it looked
}

// item is an entry on its way to the disk, with its file.
type item struct {
	entry Entry
	data  func() [][]byte // nil if there is none
	size  int64
}

// New returns a Recorder whose take begins now. Nothing is written before Run.
func New(cfg Config) *Recorder {
	r := &Recorder{
		cfg: cfg, dir: path.Join(cfg.Channel, cfg.Show), wake: make(chan struct{}, 1),
		pending: map[string]*Entry{}, journal: -1,
	}
	r.push(item{entry: Entry{Type: typeTake, V: journalVersion, Channel: cfg.Channel, Show: cfg.Show, Started: cfg.Started.UTC()}})
	return r
}

// Init takes an initialization segment.
func (r *Recorder) Init(rendition string, number, timescale int64, t *media.Track, data []byte) {
	r.push(item{entry: Entry{
		Type: typeInit, Rendition: rendition, Init: number, Scale: timescale, Kind: t.Kind.String(), Codec: t.Codec.String(),
		Width: t.Width, Height: t.Height, SampleRate: t.SampleRate, Channels: t.Channels, Bytes: int64(len(data)),
	}, data: func() [][]byte { return [][]byte{data} }})
}

// Segment is a segment for [Recorder.Segment]; its times are in 1/Timescale s.
type Segment struct {
	Rendition  string
	MSN, Init  int64
	Timescale  int64
	Start, Dur int64
	Wall       time.Time
	Discont    bool
	Gap        bool
	Size       int             // of Data, bytes
	Data       func() [][]byte // called when it is written
}

// Segment takes a complete segment. If the queue is full it is lost, and the
// journal will say so.
func (r *Recorder) Segment(s Segment) {
	it := item{entry: Entry{
		Type: typeSegment, Rendition: s.Rendition, MSN: s.MSN, Init: s.Init, Scale: s.Timescale, Start: s.Start, Dur: s.Dur,
		Wall: s.Wall.UTC(), Discontinuity: s.Discont, Gap: s.Gap,
	}, size: int64(s.Size)}
	it.entry.Bytes = it.size
	if s.Size > 0 {
		it.data = s.Data
	}
	r.push(it)
}

// Cue takes a cue at its place.
func (r *Recorder) Cue(number uint32, at media.Ticks, payload []byte) {
	r.push(item{entry: Entry{Type: typeCue, Cue: number, At: at, Payload: payload}})
}

// End says that nothing more comes.
func (r *Recorder) End() {
	r.push(item{entry: Entry{Type: typeEnd}})
	r.close()
}

func (r *Recorder) close() {
	r.mu.Lock()
	r.closed = true
	r.mu.Unlock()
	r.signal()
}

func (r *Recorder) signal() {
	select {
	case r.wake <- struct{}{}:
	default:
	}
}

// push queues an item, or counts it as lost.
func (r *Recorder) push(it item) {
	it.entry.Take = r.cfg.Take
	r.mu.Lock()
	defer r.signal()
	defer r.mu.Unlock()
	if r.closed {
		return
	}
	small := it.entry.Type != typeSegment
	if !small && r.queued+it.size > MaxQueued || len(r.queue) >= 2*maxSmall || !small && len(r.queue) >= maxSmall {
		r.drop(it.entry)
		return
	}
	if !small || it.entry.Type == typeEnd {
		r.note(it.entry.Rendition)
	}
	r.queue = append(r.queue, it)
	r.queued += it.size
}

// drop counts a segment that is lost.
func (r *Recorder) drop(e Entry) {
	if e.Type != typeSegment {
		return
	}
	r.lost++
	p := r.pending[e.Rendition]
	if p == nil {
		p = &Entry{Type: typeLost, Take: e.Take, Rendition: e.Rendition, From: e.MSN}
		r.pending[e.Rendition] = p
	}
	p.To, p.Segments = e.MSN, p.Segments+1
}

// note queues what was lost of a rendition, or of all if it is empty.
func (r *Recorder) note(rendition string) {
	for name, p := range r.pending {
		if rendition == "" || name == rendition {
			r.queue = append(r.queue, item{entry: *p})
			delete(r.pending, name)
		}
	}
}

// State says how the disk does.
type State uint8

// The states of the disk.
const (
	Fine     State = iota
	Slow           // it takes less than comes
	Full           // it has no room
	ReadOnly       // it is mounted so, or may not be written to
	Failing        // it answers with another error
)

func (s State) String() string {
	return [...]string{"fine", "slow", "full", "read-only", "failing"}[s]
}

// Status is what a [Recorder] knows of itself at one moment.
type Status struct {
	State    State
	Err      error // of the last write
	Queued   int64 // bytes that wait
	Written  int64 // bytes
	Segments int64 // that are on disk
	Lost     int64 // segments that are not, and never will be
}

// Status returns it without waiting for the disk.
func (r *Recorder) Status() Status {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.status()
}

func (r *Recorder) status() Status {
	backlog := int64(MaxQueued / 2)
	if r.said == Slow { // until it has caught up, so that it is said once
		backlog = MaxQueued / 8
	}
	s := Status{Err: r.err, Queued: r.queued, Written: r.written, Segments: r.segments, Lost: r.lost}
	switch {
	case r.err != nil:
		s.State = stateOf(r.err)
	case r.queued > backlog, r.took > slowAfter, !r.busySince.IsZero() && r.cfg.Now().Sub(r.busySince) > slowAfter:
		s.State = Slow
	}
	return s
}

func stateOf(err error) State {
	switch {
	case errors.Is(err, ErrNoRoom), errors.Is(err, syscall.ENOSPC), errors.Is(err, syscall.EDQUOT):
		return Full
	case errors.Is(err, syscall.EROFS), errors.Is(err, fs.ErrPermission):
		return ReadOnly
	}
	return Failing
}

// CheckRendition reports what is wrong with the name of a rendition to record.
func CheckRendition(name string) error {
	if !safeName.MatchString(name) {
		return fmt.Errorf("%q is no rendition: name some of source, audio and the rungs, such as [source, audio]", strings.TrimSpace(name))
	}
	return nil
}

// Run writes until the recording has ended. If ctx ends, the rest has 5 s to get
// to the disk; a disk that hangs is then left to itself: a goroutine waits for it
// and ends when it answers.
func (r *Recorder) Run(ctx context.Context) error {
	done := make(chan error, 1)
	go func() { done <- r.write(ctx) }()
	look := time.NewTicker(retryEvery)
	defer look.Stop()
	stop := ctx.Done()
	var grace <-chan time.Time
	for {
		select {
		case err := <-done:
			r.report()
			return err
		case <-look.C:
			r.report()
		case <-stop:
			stop = nil
			t := time.NewTimer(stopGrace)
			defer t.Stop()
			grace = t.C
		case <-grace:
			r.close()
			return fmt.Errorf("recording %s: the disk did not take the end of it within %v", r.dir, stopGrace)
		}
	}
}
