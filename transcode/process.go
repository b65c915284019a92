package transcode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"
)

// waitDelay is how long a killed FFmpeg's stderr may stay open.
const waitDelay = 2 * time.Second

// process is one running FFmpeg. It is gone, and reaped, when exited is closed.
type process struct {
	stdin  io.WriteCloser
	pipes  []*os.File // the rungs' reading ends
	exited chan struct{}
	err    error // how it ended, once exited is closed
	state  *os.ProcessState
}

// start runs ffmpeg with so many pipes from descriptor 3 on. Cancelling ctx
// kills it together with whatever it may have started.
func start(ctx context.Context, ffmpeg string, args []string, pipes int, said io.Writer) (*process, error) {
	cmd := exec.CommandContext(ctx, ffmpeg, args...)
	cmd.Stderr = said
	cmd.WaitDelay = waitDelay
	cmd.SysProcAttr = childAttr()
	cmd.Cancel = func() error { return syscall.Kill(-cmd.Process.Pid, syscall.SIGKILL) }
	stdin, err := cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("opening ffmpeg's stdin: %w", err)
	}
	p := &process{stdin: stdin, exited: make(chan struct{})}
	var theirs []*os.File
	defer func() {
		for _, f := range theirs {
			f.Close()
		}
	}()
	for range pipes {
		r, w, err := os.Pipe()
		if err != nil {
			p.closePipes()
			stdin.Close()
			return nil, fmt.Errorf("opening a pipe from ffmpeg: %w", err)
		}
		p.pipes, theirs = append(p.pipes, r), append(theirs, w)
	}
	cmd.ExtraFiles = theirs
	if err := p.launch(cmd); err != nil {
		p.closePipes()
		stdin.Close()
		if errors.Is(err, os.ErrNotExist) || errors.Is(err, exec.ErrNotFound) {
			return nil, fmt.Errorf("%w: %w", ErrNoFFmpeg, err)
		}
		return nil, fmt.Errorf("starting %s: %w", ffmpeg, err)
	}
	return p, nil
}

// launch starts cmd and waits for it in the background, on one thread for both:
// the kernel ties a parent-death signal to the thread that forked.
func (p *process) launch(cmd *exec.Cmd) error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := cmd.Start()
		started <- err
		if err != nil {
			return
		}
		p.err = cmd.Wait()
		p.state = cmd.ProcessState
		close(p.exited)
	}()
	return <-started
}

func (p *process) closePipes() {
	for _, f := range p.pipes {
		f.Close()
	}
}
