package ingesttest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// Client is a running encoder.
type Client struct {
	cmd  *exec.Cmd
	out  *output
	done chan struct{}
	err  error // how it ended; read after done
}

// start runs a command in a process group of its own and kills the whole group
// when the test ends. Should the test be killed, the kernel kills the command, as
// far as it can.
func start(t testing.TB, cmd *exec.Cmd) *Client {
	t.Helper()
	c := &Client{cmd: cmd, out: new(output), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = c.out, c.out
	cmd.SysProcAttr = childAttr()
	cmd.WaitDelay = 5 * time.Second
	if err := c.launch(); err != nil {
		t.Fatalf("start %s: %v (make test installs what it needs)", cmd.Path, err)
	}
	t.Cleanup(func() {
		c.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, c.Output())
		}
	})
	return c
}

// launch starts the command and waits for it in the background, on one thread for
// both: the kernel ties a parent-death signal to the thread that forked.
func (c *Client) launch() error {
	started := make(chan error)
	go func() {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		err := c.cmd.Start()
		started <- err
		if err != nil {
			return
		}
		defer close(c.done)
		c.err = c.cmd.Wait()
	}()
	return <-started
}

// Wait returns when the client ended by itself, with how it ended. It fails the
// test after two minutes.
func (c *Client) Wait(t testing.TB) error {
	t.Helper()
	select {
	case <-c.done:
		return c.err
	case <-time.After(2 * time.Minute):
		t.Fatalf("%s did not end within 2 minutes", c.cmd.Path)
		return nil
	}
}

// WaitOutput returns when the client has written text. It fails the test after a
// minute, or if the client ends without.
func (c *Client) WaitOutput(t testing.TB, text string) {
	t.Helper()
	limit := time.After(time.Minute)
	for {
		changed := c.out.next()
		if strings.Contains(c.Output(), text) {
			return
		}
		select {
		case <-changed:
		case <-c.done:
			t.Fatalf("%s ended without saying %q", c.cmd.Path, text)
		case <-limit:
			t.Fatalf("%s did not say %q within a minute", c.cmd.Path, text)
		}
	}
}

// Done is closed when the client has ended.
func (c *Client) Done() <-chan struct{} { return c.done }

// Stop asks the client to end, as a user would by closing it, and waits.
func (c *Client) Stop(t testing.TB) error {
	t.Helper()
	c.signal(syscall.SIGINT)
	return c.Wait(t)
}

// Kill ends the client and all it started, at once: to the server, the
// connection breaks.
func (c *Client) Kill() {
	c.signal(syscall.SIGKILL)
	<-c.done
}

// Output returns what the client wrote to its outputs so far.
func (c *Client) Output() string { return c.out.String() }

func (c *Client) signal(s syscall.Signal) {
	if err := syscall.Kill(-c.cmd.Process.Pid, s); err != nil && !errors.Is(err, syscall.ESRCH) {
		panic(fmt.Sprintf("signal process group %d: %v", c.cmd.Process.Pid, err))
	}
}

// output is a buffer that can be waited on.
type output struct {
	mu      sync.Mutex
	b       bytes.Buffer
	changed chan struct{} // closed and replaced by Write; nil until somebody waits
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed != nil {
		close(o.changed)
		o.changed = nil
	}
	return o.b.Write(p)
}

// next returns a channel that the next Write closes.
func (o *output) next() <-chan struct{} {
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.changed == nil {
		o.changed = make(chan struct{})
	}
	return o.changed
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// environment returns the environment with additions, which come last and win.
func environment(add ...string) []string { return append(os.Environ(), add...) }
