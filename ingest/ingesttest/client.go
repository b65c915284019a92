package ingesttest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
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
// when the test ends.
func start(t testing.TB, cmd *exec.Cmd) *Client {
	t.Helper()
	c := &Client{cmd: cmd, out: new(output), done: make(chan struct{})}
	cmd.Stdout, cmd.Stderr = c.out, c.out
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = 5 * time.Second
	if err := cmd.Start(); err != nil {
		t.Fatalf("start %s: %v (make test installs what it needs)", cmd.Path, err)
	}
	go func() {
		defer close(c.done)
		c.err = cmd.Wait()
	}()
	t.Cleanup(func() {
		c.Kill()
		if t.Failed() {
			t.Logf("%s said:\n%s", cmd.Path, c.Output())
		}
	})
	return c
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

// output is a buffer for two writers.
type output struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (o *output) Write(p []byte) (int, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.Write(p)
}

func (o *output) String() string {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.b.String()
}

// environment returns the environment with additions, which come last and win.
func environment(add ...string) []string { return append(os.Environ(), add...) }
