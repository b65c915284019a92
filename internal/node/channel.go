package node

import (
	"context"
	"errors"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/oklog/ulid/v2"

	"vitrine/ingest"
	"vitrine/internal/media"
	"vitrine/overlay/show"
	"vitrine/packager"
	"vitrine/packager/asset"
	"vitrine/transcode"
)

// Bounds of a channel.
const (
	// tick is how often a channel looks at the time.
	tick = 50 * time.Millisecond
	// endRefusal is for how long an encoder may not come back after End show:
	// OBS reconnects by itself.
	endRefusal = 30 * time.Second
	// beginWait is how long a viewer is held who comes before the first picture.
	beginWait = 6 * time.Second
	// sequenceReserve is how many discontinuities of a show are accounted for
	// before they happen, so that a restart begins after them.
	sequenceReserve = 64
)

// State says whether a channel can be watched.
type State string

// The states of a channel.
const (
	Off     State = "off"     // never on air yet
	Live    State = "live"    // a show is on, and its encoder is sending
	Waiting State = "waiting" // the encoder dropped, and the show waits for it
	Ended   State = "ended"   // the last show is over
)

// channel is a permanent place to go live.
type channel struct {
	node     *Node
	name     string
	cfg      Channel
	log      *slog.Logger
	timeline *media.Timeline
	desk     *show.Desk
	tasks    chan func(context.Context) error
	done     chan struct{} // closed when run ends

	telling sync.Mutex // held while the desk is told that a show begins or is over

	mu        sync.Mutex
	state     State
	program   *packager.Program // of the show on air, or of the last one
	begun     chan struct{}     // closed when an encoder on air has its program; nil off air
	rungs     []transcode.Rung
	blind     bool   // the program began with sound alone
	stage     *stage // of the encoder on air, or nil
	leaving   *stage // of the encoder before, whose ladder may still bring something
	since     time.Time
	showID    string
	started   time.Time
	recording *archive // of the last show, or nil
	nextSeq   int64    // DISCONTINUITY-SEQUENCE that the next program begins with
}

// maxTasks bounds the tasks that wait to be started.
const maxTasks = 16

func newChannel(n *Node, name string, cfg Channel) *channel {
	return &channel{
		node: n, name: name, cfg: cfg, log: n.log.With(keyChannel, name), state: Off,
		timeline: &media.Timeline{}, tasks: make(chan func(context.Context) error, maxTasks), done: make(chan struct{}),
	}
}

// run joins the channel's stages until ctx ends.
func (c *channel) run(ctx context.Context) error {
	var tasks sync.WaitGroup
	defer tasks.Wait()
	defer close(c.done)
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	c.resumeShow()
	ticker := time.NewTicker(tick)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			c.end(context.WithoutCancel(ctx), false)
			return nil
		case task := <-c.tasks:
			tasks.Go(func() {
				if err := task(ctx); err != nil && ctx.Err() == nil {
					c.log.Error("a stage of the channel ended", "err", err)
				}
			})
		case <-ticker.C:
			c.tick(ctx)
		}
	}
}

// spawn runs a task that ends with the channel; after its end, none.
func (c *channel) spawn(task func(context.Context) error) {
	select {
	case c.tasks <- task:
	case <-c.done:
	}
}

// resumeShow goes on with a show that a restart of the node interrupted: its
// encoder has the usual time to return.
func (c *channel) resumeShow() {
	v := c.desk.View()
	c.mu.Lock()
	defer c.mu.Unlock()
	if v.Show != nil && c.state == Off {
		c.showID, c.started, c.state, c.since = v.Show.ID, v.Show.Started, Waiting, c.node.now()
	}
}

// open is called by the gate when an encoder is admitted.
func (c *channel) open(s *ingest.Session) media.Writer {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stage = newStage(c, s)
	if c.program != nil && !c.program.Ended() {
		c.program.Discontinue()
	} else if c.begun == nil {
		c.begun = make(chan struct{})
	}
	return c.stage
}

// closed is called by the gate when an encoder has gone.
func (c *channel) closed(s *ingest.Session) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stage == nil || c.stage.session != s {
		return
	}
	c.stage.close()
	c.supersede()
	c.stage, c.leaving = nil, c.stage
	if c.begun != nil { // it went before it had sent anything to show
		close(c.begun)
		c.begun = nil
	}
	if c.showID == "" {
		return
	}
	c.state, c.since = Waiting, c.node.now()
	if c.program != nil {
		c.program.Away()
	}
}

// supersede stops what the ladder of an encoder that has gone still does.
func (c *channel) supersede() {
	if c.leaving != nil {
		c.leaving.halt()
		c.leaving = nil
	}
}

// begin returns the program of the show on air; it starts one if there is none, or
// if s brings the first picture of a show that had none: a program's renditions are
// fixed. The one before is not ended, or players would take the show for over; they
// find the next one when they reload.
func (c *channel) begin(s *stage, now time.Time) (*packager.Program, []transcode.Rung, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.supersede()
	if c.program != nil && !c.program.Ended() && (!c.blind || s.video == nil) {
		c.live()
		return c.program, c.rungs, nil
	}
	rungs, source := []transcode.Rung(nil), true
	if s.video != nil {
		var err error
		if rungs, source, err = transcode.Ladder(c.cfg.Ladder, s.video); err != nil {
			return nil, nil, err
		}
	}
	c.timeline.Reset()
	id, started := c.showID, c.started
	if id == "" {
		id, started = ulid.Make().String(), now
	}
	epoch := c.epoch(now)
	archive := c.archive(id, started, epoch)
	cfg := packager.Config{
		Start: epoch, PartTarget: c.cfg.Part, Segment: c.cfg.Segment,
		Source: source, Timeline: c.timeline, Log: c.log, Discontinuity: c.sequence(),
		Opus: slices.Contains(c.cfg.Audio, audioOpus),
	}
	for _, r := range rungs {
		cfg.Rungs = append(cfg.Rungs, packager.Rung{Name: r.Name, Bitrate: r.Bitrate})
	}
	if archive != nil {
		cfg.Archive = archive
	}
	program, err := packager.New(cfg)
	if err != nil {
		return nil, nil, err
	}
	if c.recording = archive; archive != nil {
		c.spawn(archive.run)
	}
	c.showID, c.started = id, started
	c.spawn(func(ctx context.Context) error { return c.startShow(ctx, program, id, started) })
	c.program, c.rungs, c.blind = program, rungs, s.video == nil
	if c.begun != nil {
		close(c.begun)
		c.begun = nil
	}
	c.log.Info("show begins", "show", id, "rungs", len(rungs))
	return program, rungs, nil
}

// epoch returns when a program that begins now is said to begin: its number and its
// addresses come after those of the one before, also if the clock was set back.
func (c *channel) epoch(now time.Time) time.Time {
	if c.program != nil && now.Unix() <= c.program.NextMSN() {
		return time.Unix(c.program.NextMSN()+1, 0)
	}
	return now
}

// sequence returns the DISCONTINUITY-SEQUENCE of a new program: after all that
// the channel's viewers have seen, in this run of the node and in those before.
func (c *channel) sequence() int64 {
	if c.program == nil {
		return c.nextSeq
	}
	c.nextSeq = c.program.NextDiscontinuity()
	c.spawn(func(ctx context.Context) error {
		_, err := c.node.store.Advance(ctx, c.counter(), sequenceReserve)
		return err
	})
	return c.nextSeq
}

func (c *channel) counter() string { return "discontinuity." + c.name }

// live says that the channel is on air, if its encoder is still there. The caller
// holds c.mu.
func (c *channel) live() {
	if c.stage != nil && c.state != Live {
		c.state, c.since = Live, c.node.now()
	}
}

// startShow tells the desk, off the media road: it waits for the cue log. Only then
// is the channel live, so that a host who sees that can show a product.
// A show that is over by then does not begin.
func (c *channel) startShow(ctx context.Context, program *packager.Program, id string, started time.Time) error {
	c.telling.Lock()
	defer c.telling.Unlock()
	if !c.shows(id) {
		return nil
	}
	err := c.desk.StartShow(ctx, id, started)
	state, stateErr := c.desk.State()
	if stateErr == nil {
		program.SetState(state)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.showID == id {
		c.live()
	}
	return errors.Join(err, stateErr)
}

// shows reports whether the show called id is on.
func (c *channel) shows(id string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.showID == id
}

// resume returns where on the media timeline a session goes on whose first unit
// came at `first`: where the clock is by now, and after all that is published.
func (c *channel) resume(program *packager.Program, first time.Time) media.Ticks {
	at := media.Ticks(mediaStart)
	if p := program.Position(); p > 0 {
		at = p + media.TicksOf(tick)
		if t, ok := c.timeline.Media(first); ok {
			at = max(at, t)
		}
		c.timeline.Reset()
	}
	return at
}

// tick gives up what is overdue, and the show if its encoder does not return.
func (c *channel) tick(ctx context.Context) {
	now := c.node.now()
	c.mu.Lock()
	program := c.program
	over := c.state == Waiting && c.stage == nil && now.Sub(c.since) > c.node.cfg.Reconnect
	c.mu.Unlock()
	if over {
		c.log.Info("the encoder did not return", "after", c.node.cfg.Reconnect)
		c.end(ctx, true)
		return
	}
	if program != nil {
		program.Tick(now)
	}
}

// end completes the show. Unless the node is going down, it is over for good.
func (c *channel) end(ctx context.Context, over bool) {
	c.mu.Lock()
	program, id := c.program, c.showID
	if over && id != "" {
		c.showID, c.state, c.since = "", Ended, c.node.now()
	}
	c.supersede()
	c.mu.Unlock()
	if program != nil {
		program.End()
	}
	if !over || id == "" {
		return
	}
	c.telling.Lock()
	defer c.telling.Unlock()
	if v := c.desk.View(); v.Show == nil || v.Show.ID != id {
		return // it had not begun there, or the next one has
	}
	if err := c.desk.EndShow(ctx, c.node.now()); err != nil {
		c.log.Error("end of the show is not in the cue log", "err", err)
	}
}

// AddCue places a cue of the desk.
func (c *channel) AddCue(cue media.Cue) (media.Placement, error) {
	now := c.node.now()
	// Count from now, so that a step of the wall clock moves no cue.
	cue.At = now.Add(cue.At.Sub(now.Round(0)))
	program := c.current()
	if program == nil {
		return media.Placement{}, media.ErrOffAir
	}
	return program.AddCue(cue)
}

// current returns the program of the last show, or nil.
func (c *channel) current() *packager.Program {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.program
}

// onShow returns the program of the show on air, or of the last one, or nil. If
// an encoder has just gone live it waits for what it sends.
func (c *channel) onShow(ctx context.Context) (*packager.Program, error) {
	c.mu.Lock()
	begun := c.begun
	c.mu.Unlock()
	if begun != nil {
		ctx, cancel := context.WithTimeoutCause(ctx, beginWait, asset.ErrTimeout)
		defer cancel()
		select {
		case <-begun:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	return c.current(), nil
}
