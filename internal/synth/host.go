package synth

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"time"
)

const (
	endGrace  = 3 * time.Second // for ffmpeg to say goodbye to the server
	tailLines = 8               // of stderr in an ExitError
	maxLine   = 4096            // bytes of a line of stderr
)

// ErrStopped is what [Host.SetProduct] returns when the host is not on air, or
// went off it before a frame showed the product.
var ErrStopped = errors.New("synth: the host is off air")

// ExitError says that ffmpeg ended by itself.
type ExitError struct {
	Tail []string // its last lines, the stream key hidden
	Err  error    // of the process or of the pipe to it
}

func (e *ExitError) Error() string {
	if len(e.Tail) == 0 {
		return fmt.Sprintf("synth: ffmpeg ended: %v", e.Err)
	}
	return fmt.Sprintf("synth: ffmpeg ended: %v: %s", e.Err, e.Tail[len(e.Tail)-1])
}

func (e *ExitError) Unwrap() error { return e.Err }

// Host is a synthetic host. It is safe for concurrent use, and may Run again
// after a Run has ended.
type Host struct {
	conf   Config
	studio *studio

	mu   sync.Mutex
	next *change       // what the next frame is to show; nil if nothing new
	last *change       // what is shown, or will be
	off  chan struct{} // closed when Run ends; nil while nothing runs
}

// change is a new product on its way into the picture.
type change struct {
	product int
	scene   *picture
	done    chan struct{} // closed when at is set
	at      time.Time     // capture instant of the first frame that shows it
}

// New returns a Host that has the first product in hand.
func New(c Config) (*Host, error) {
	if err := c.Validate(); err != nil {
		return nil, err
	}
	c = c.withDefaults()
	s, err := newStudio(c.Width, c.Height)
	if err != nil {
		return nil, err
	}
	h := &Host{conf: c, studio: s}
	h.last, err = h.prepare(c.Product)
	return h, err
}

// Run publishes until ctx is done, when it returns nil, or until ffmpeg ends by
// itself, when it returns an [*ExitError]. Nothing is left when it returns.
func (h *Host) Run(ctx context.Context) error {
	f, err := newFrame(h.conf.Width, h.conf.Height)
	if err != nil {
		return err
	}
	if err := h.goOnAir(); err != nil {
		return err
	}
	defer h.goOffAir()
	// ffmpeg has a process group of its own: an interrupt from the keyboard ends
	// this program, which then ends ffmpeg in order.
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	cmd := exec.CommandContext(ctx, h.conf.FFmpeg, h.conf.args()...)
	cmd.SysProcAttr = ownGroup()
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return fmt.Errorf("synth: making a pipe to ffmpeg: %w", err)
	}
	stderr, err := cmd.StderrPipe()
	if err != nil {
		return fmt.Errorf("synth: making a pipe from ffmpeg: %w", err)
	}
	cmd.Cancel = stdin.Close // ffmpeg then sends what it holds and takes its leave
	cmd.WaitDelay = endGrace
	if err := cmd.Start(); err != nil {
		return fmt.Errorf("synth: starting ffmpeg: %w", err)
	}
	var tail []string
	var reader sync.WaitGroup
	reader.Go(func() { tail = h.logLines(stderr) })
	pipeErr := h.feed(ctx, f, stdin)
	stopped := ctx.Err() != nil
	if !stopped {
		cancel() // the pipe broke: ffmpeg is ending, or must
	}
	reader.Wait()
	exitErr := cmd.Wait()
	switch {
	case stopped:
		return nil
	case errors.Is(exitErr, context.Canceled): // it went in peace, after our cancel
		exitErr = nil
	}
	return &ExitError{Tail: tail, Err: errors.Join(exitErr, pipeErr)}
}

// SetProduct takes product no into the hand, 0 for none, and returns when the
// first frame that shows it was captured. It waits for that frame: about one
// frame longer than drawing takes.
func (h *Host) SetProduct(ctx context.Context, no int) (time.Time, error) {
	if err := checkProduct(no); err != nil {
		return time.Time{}, err
	}
	c, err := h.prepare(no)
	if err != nil {
		return time.Time{}, err
	}
	h.mu.Lock()
	off := h.off
	if off != nil {
		h.next, h.last = c, c
	}
	h.mu.Unlock()
	if off == nil {
		return time.Time{}, ErrStopped
	}
	select {
	case <-c.done:
		return c.at, nil
	case <-off:
		return time.Time{}, ErrStopped
	case <-ctx.Done():
		return time.Time{}, context.Cause(ctx)
	}
}

// prepare renders the scene of a product.
func (h *Host) prepare(no int) (*change, error) {
	scene, err := h.studio.scene(no, h.conf.Titles(no))
	if err != nil {
		return nil, fmt.Errorf("synth: drawing product %d: %w", no, err)
	}
	return &change{product: no, scene: scene, done: make(chan struct{})}, nil
}

func (h *Host) goOnAir() error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.off != nil {
		return errors.New("synth: the host is on air already")
	}
	h.off = make(chan struct{})
	h.next = &change{product: h.last.product, scene: h.last.scene, done: make(chan struct{})}
	return nil
}

func (h *Host) goOffAir() {
	h.mu.Lock()
	defer h.mu.Unlock()
	close(h.off)
	h.off, h.next = nil, nil
}

// take returns the change that the frame captured at this instant is to show.
func (h *Host) take() *change {
	h.mu.Lock()
	defer h.mu.Unlock()
	c := h.next
	h.next = nil
	return c
}

// feed draws frames and writes them to ffmpeg, each when it is due, until ctx is
// done or the pipe breaks.
func (h *Host) feed(ctx context.Context, f *frame, w io.Writer) error {
	p := newPacer(h.conf.FPS)
	defer p.stop()
	product := 0
	for {
		at, err := p.next(ctx)
		if err != nil {
			return err
		}
		if c := h.take(); c != nil {
			f.show(c.scene)
			product = c.product
			c.at = at
			close(c.done)
		}
		f.draw(Stamp{At: at, Product: product})
		if _, err := w.Write(f.data); err != nil {
			return fmt.Errorf("writing a frame: %w", err)
		}
		if late := p.restarted(); late > 0 {
			h.conf.Log.Warn("synthetic host: ffmpeg takes frames too slowly, or the machine slept", "late", late)
		}
	}
}

// logLines logs what ffmpeg says and returns the last of it.
func (h *Host) logLines(r io.Reader) []string {
	var tail []string
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	for lines.Scan() {
		line := h.conf.redact(lines.Text())
		h.conf.Log.Info("synthetic host: ffmpeg", "line", line)
		tail = append(tail, line)
		if len(tail) > tailLines {
			tail = tail[1:]
		}
	}
	_, _ = io.Copy(io.Discard, r) // a line too long must not block ffmpeg
	return tail
}
