package packager

import (
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"vitrine/internal/media"
)

// Names of the renditions that are not rungs of the ladder.
const (
	Source = "source"
	Audio  = "audio"
	Opus   = "opus" // a second coding of the sound, beside Audio
)

// reserved are the names that stand for an output where a URL has a rendition.
var reserved = []string{"ts", "dash"}

// Limits of a [Config], and the bounds of a program.
const (
	MinPartTarget = 100 * time.Millisecond
	MaxPartTarget = 2 * time.Second
	MinSegment    = time.Second
	MaxSegment    = 10 * time.Second

	// maxHeld bounds the units held until the program knows its renditions.
	maxHeld = 8192
	// maxKeyframeWait is how long a source that has no ladder beside it is
	// waited for to send its second keyframe.
	maxKeyframeWait = 10 * time.Second
	// outageAfter is how long the lead may be silent before the time is given
	// up as a gap; awayAfter, if its encoder is known to be gone.
	outageAfter = 3 * time.Second
	awayAfter   = time.Second
	// lagLimit is how far a rendition that brings nothing may lag the lead
	// before its time is given up as a gap; maxLag, if it still brings something:
	// what is late can be watched, a gap cannot.
	lagLimit = 2 * time.Second
	maxLag   = 8 * time.Second
	// maxCatchUp is how far behind what was given up a lead may come back.
	maxCatchUp = 10 * media.TicksPerSecond
)

// Config describes a program. All of it is constant for the show.
type Config struct {
	Start      time.Time       // of the show: its Unix second is the epoch and the first MSN
	PartTarget time.Duration   // PART-TARGET; parts are cut at 20/21 of it
	Segment    time.Duration   // nominal; a whole number of seconds
	Source     bool            // publish the source where its keyframes allow
	Rungs      []Rung          // renditions that the ladder will make, best first
	Opus       bool            // publish Opus sound, if it comes, beside Audio
	Timeline   *media.Timeline // media time to capture time
	// Discontinuity is the first DISCONTINUITY-SEQUENCE. It must be small, since
	// players index arrays by it, and larger than all that the channel had before.
	Discontinuity int64
	Log           *slog.Logger
	Archive       Archive // nil if nothing is kept
}

// Rung is a rendition that the ladder will make.
type Rung struct {
	Name    string
	Bitrate int // bits per second, as the encoder was told; states the bandwidth until it was measured
}

// CheckTimes reports what is wrong with a PART-TARGET and a nominal segment.
func CheckTimes(part, segment time.Duration) error {
	switch {
	case part < MinPartTarget || part > MaxPartTarget:
		return fmt.Errorf("part: %v is not between %v and %v", part, MinPartTarget, MaxPartTarget)
	case segment < MinSegment || segment > MaxSegment || segment%time.Second != 0:
		return fmt.Errorf("segment: %v is not a whole number of seconds between %v and %v", segment, MinSegment, MaxSegment)
	case part > segment/2:
		return fmt.Errorf("part: %v is more than half a segment of %v", part, segment)
	}
	return nil
}

// Validate reports the first thing that is wrong with c.
func (c *Config) Validate() error {
	if c.Timeline == nil || c.Log == nil {
		return errors.New("timeline and log are required")
	}
	for _, r := range c.Rungs {
		if slices.Contains(reserved, r.Name) {
			return fmt.Errorf("a rung is called %q: in URLs that stands for an output, so choose another name", r.Name)
		}
	}
	return CheckTimes(c.PartTarget, c.Segment)
}

// Program packages one show: one time on air of a channel. It is safe for
// concurrent use.
type Program struct {
	cfg    Config
	first  int64         // epoch and first MSN
	target int           // TARGETDURATION, fixed when ready is closed
	ready  chan struct{} // closed when the renditions are known

	mu     sync.Mutex
	grid   grid
	board  board
	ranges ranges
	held   []heldUnit // until ready
	lead   *rendition
	all    []*rendition // best video first, audio last; fixed when ready is closed
	out    bool         // the lead is silent and the clock lays the grid
	away   bool         // the encoder is gone
	ended  bool
	known  bool

	cut     bool        // another encoder: its first keyframe begins a discontinuity
	cutAt   media.Ticks // what comes up to there is still the old one's
	cutOn   time.Time
	changed bool        // a track changed: the lead's next keyframe begins a discontinuity
	newest  media.Ticks // of all that came
	outFrom media.Ticks // what the lead had published when it fell silent
	clock   time.Time   // of the last Tick

	dash  epochOf
	wall  time.Time // capture time of since, as published
	since media.Ticks
}

type heldUnit struct {
	name string
	unit media.Unit
}

// New returns a program that is not on air yet.
func New(cfg Config) (*Program, error) {
	if err := cfg.Validate(); err != nil {
		return nil, err
	}
	return &Program{
		cfg:    cfg,
		first:  cfg.Start.Unix(),
		target: int(cfg.Segment / time.Second),
		ready:  make(chan struct{}),
	}, nil
}

// ErrEnded is returned for units that come after the end.
var ErrEnded = errors.New("the show has ended")

// ErrLeap is returned for a unit that lies more than 32 nominal segments ahead of all
// that came: the grid goes on no further at once. [Program.Discontinue] and times
// that go on from [Program.Position] are the cure.
var ErrLeap = errors.New("the timestamps leap too far ahead")

// WriteUnit takes a unit of the rendition name: [Source], [Audio] or a rung. It
// does not block. Errors: [ErrEnded], [ErrLeap].
func (p *Program) WriteUnit(name string, u media.Unit) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return ErrEnded
	}
	if at, ok := p.reached(); ok && u.PTS-at > media.TicksOf(gridStride*p.cfg.Segment) {
		return fmt.Errorf("%w: %s at %v, the show is at %v", ErrLeap, name, u.PTS.Duration(), at.Duration())
	}
	p.newest = max(p.newest, u.PTS)
	if !p.known {
		p.hold(name, u)
		if name != Source && u.Track.Kind == media.Video {
			return nil // what rungs bring says nothing about the source
		}
		if d, ok := p.decide(u.PTS); ok {
			return p.start(d)
		}
		return nil
	}
	i := slices.IndexFunc(p.all, func(r *rendition) bool { return r.name == name })
	if i < 0 {
		return nil // left out
	}
	return p.accept(p.all[i], u)
}

// reached returns how far the show has come, if it has begun.
func (p *Program) reached() (media.Ticks, bool) {
	if p.grid.started {
		return p.grid.covered, true
	}
	return p.newest, len(p.held) > 0
}

// hold keeps a unit until the program knows its renditions, but for pictures
// that no keyframe comes before.
func (p *Program) hold(name string, u media.Unit) {
	if u.Track.Kind == media.Video && !u.Sync && !slices.ContainsFunc(p.held, func(h heldUnit) bool { return h.name == name }) {
		return
	}
	if len(p.held) >= maxHeld {
		p.held = slices.Delete(p.held, 0, len(p.held)-maxHeld+1)
	}
	p.held = append(p.held, heldUnit{name, u})
}

// published returns the end of what is published, picked over the video
// renditions, or over all if there is no video.
func (p *Program) published(pick func([]media.Ticks) media.Ticks) media.Ticks {
	ends := make([]media.Ticks, 0, 8)
	for _, r := range p.all {
		if r.kind == media.Video || p.all[0].kind == media.Audio {
			ends = append(ends, r.ticks(r.end))
		}
	}
	if len(ends) == 0 {
		return 0
	}
	return pick(ends)
}

// Position returns how far the program has come on its media timeline: a new
// encoder goes on after it.
func (p *Program) Position() media.Ticks {
	p.mu.Lock()
	defer p.mu.Unlock()
	at := max(p.grid.covered, p.newest)
	for _, r := range p.all {
		at = max(at, r.ticks(r.end), r.ticks(r.cut.last))
	}
	return at
}

// AddCue places a cue by its capture time, in every video rendition alike. The
// place is the frame that was captured at c.At, or the first one that is not
// published yet. Errors: [media.ErrOffAir], [media.ErrOutsideWindow].
func (p *Program) AddCue(c media.Cue) (media.Placement, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.cfg.Timeline.Media(c.At)
	if p.ended || !ok {
		return media.Placement{}, media.ErrOffAir
	}
	floor := p.floor()
	late := (floor - at).Duration()
	if late > listedTargets*p.cfg.Segment || -late > maxAhead {
		return media.Placement{}, media.ErrOutsideWindow
	}
	at = max(at, floor)
	placed, err := p.board.add(c, at)
	if err != nil {
		return media.Placement{}, err
	}
	p.keepCue(placed)
	p.listCues()
	return media.Placement{Media: at, Late: max(late, 0), Clock: p.cfg.Timeline.Clock()}, nil
}

// floor is the earliest place for a cue.
func (p *Program) floor() media.Ticks {
	if p.known {
		return p.published(slices.Max[[]media.Ticks])
	}
	for _, h := range p.held {
		if h.unit.Sync {
			return h.unit.PTS
		}
	}
	return 0
}

// SetState says what is on show as the program begins: a JSON object as in
// [media.Cue.State].
func (p *Program) SetState(state []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var from media.Ticks
	if p.known {
		from = p.floor()
	}
	p.board.begin(state, from)
}

// Discontinue tells the program that what comes next is from another encoder.
func (p *Program) Discontinue() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut, p.cutAt, p.cutOn, p.away = p.known, p.newest, p.clock, false
	if !p.known {
		p.held = nil
	}
}

// Away tells the program that its encoder is gone for now.
func (p *Program) Away() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.away = true
}

// End completes the playlists. What comes later is refused with [ErrEnded].
func (p *Program) End() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.ended {
		return
	}
	p.ended = true
	for _, r := range p.all {
		r.finish()
		r.publish(true)
	}
	p.keep(Kept{Ended: true})
	if !p.known {
		p.known = true
		close(p.ready)
	}
}

// NextDiscontinuity returns the first DISCONTINUITY-SEQUENCE that the channel's
// next program may begin with.
func (p *Program) NextDiscontinuity() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.cfg.Discontinuity + p.grid.discontinuities + 1
}

// NextMSN returns a number above those of all segments so far.
func (p *Program) NextMSN() int64 {
	p.mu.Lock()
	defer p.mu.Unlock()
	return max(p.first, p.grid.next)
}

// Ended reports whether the program is over.
func (p *Program) Ended() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ended
}
