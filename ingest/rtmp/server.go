package rtmp

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"sync"
	"time"

	gortmp "github.com/yutopp/go-rtmp"

	"vitrine/ingest"
)

// Pauses after an Accept that failed: too many open files do not go away at once.
const (
	firstPause = 5 * time.Millisecond
	lastPause  = time.Second
)

// Server takes encoders in from a listener. It is used once.
type Server struct {
	Listener net.Listener // closed by Run
	Gate     *ingest.Gate
	Limits   Limits // zero: DefaultLimits
	Log      *slog.Logger
}

// Run takes connections until ctx ends, and returns nil then; or until the
// listener is closed by somebody else, which is an error. When it returns, all
// connections are closed and their sessions with them.
func (s *Server) Run(ctx context.Context) error {
	if s.Limits == (Limits{}) {
		s.Limits = DefaultLimits()
	}
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	ctx, cancel := context.WithCancel(ctx)
	stop := context.AfterFunc(ctx, func() { s.Listener.Close() }) // unblocks Accept
	defer stop()

	feed := newFeed(s.Listener.Addr())
	lib := gortmp.NewServer(&gortmp.ServerConfig{OnConnect: onConnect})
	var serving, peers sync.WaitGroup
	serving.Go(func() { _ = lib.Serve(feed) }) // ends when closed below; it has no other end
	err := s.accept(ctx, feed, &peers)

	cancel()
	s.Listener.Close()
	peers.Wait()
	_ = lib.Close() // closes feed, which cannot fail
	serving.Wait()
	return err
}

// accept feeds connections to go-rtmp. A failing Accept is tried again, with
// growing pauses, as long as the listener is open.
func (s *Server) accept(ctx context.Context, feed *feed, peers *sync.WaitGroup) error {
	door := door{limits: s.Limits, hosts: make(map[string]int)}
	pause := firstPause
	for {
		conn, err := s.Listener.Accept()
		switch {
		case ctx.Err() != nil:
			if err == nil {
				conn.Close()
			}
			return nil
		case errors.Is(err, net.ErrClosed):
			return fmt.Errorf("accept RTMP connections: %w", err)
		case err != nil:
			s.Log.Warn("accept an RTMP connection", "reason", err, "pause", pause)
			select {
			case <-time.After(pause):
			case <-ctx.Done():
			}
			pause = min(2*pause, lastPause)
			continue
		}
		pause = firstPause
		s.welcome(ctx, conn, &door, feed, peers)
	}
}

// welcome hands conn to go-rtmp if there is room for it.
func (s *Server) welcome(ctx context.Context, conn net.Conn, d *door, feed *feed, peers *sync.WaitGroup) {
	host := ingest.Claim{Remote: conn.RemoteAddr().String()}.Host()
	ok, news := d.enter(host)
	if !ok {
		if news {
			s.Log.Warn("too many RTMP connections: more are closed at once", "remote", host)
		}
		conn.Close()
		return
	}
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	peers.Add(1)
	feed.conns <- newPeer(ctx, s, conn, func() {
		stop()
		d.leave(host)
		peers.Done()
	})
}

// onConnect is how go-rtmp asks for the stream and the handler of a connection.
func onConnect(c net.Conn) (io.ReadWriteCloser, *gortmp.ConnConfig) {
	p := c.(fed).peer //nolint:forcetypeassert // feed gives nothing else
	return p, &gortmp.ConnConfig{
		Handler: p,
		// What an encoder echoes proves nothing, and some echo nonsense.
		SkipHandshakeVerification: true,
		ReaderBufferSize:          readBuffer,
		ControlState: gortmp.StreamControlStateConfig{
			DefaultAckWindowSize:       ackWindow * 2, // announced to the encoder
			DefaultBandwidthWindowSize: ackWindow * 2,
			MaxChunkStreams:            chunkOwn + 1,
			MaxMessageStreams:          maxMessageStreams,
		},
	}
}

// maxMessageStreams is how many streams an encoder may create: the control
// stream, and some that it may try before it publishes on one.
const maxMessageStreams = 8

// door counts who is in.
type door struct {
	limits Limits

	mu    sync.Mutex
	all   int
	hosts map[string]int
	full  bool // and this has been said
}

// enter lets one more connection in from host, or reports false. news is true
// for the first that is turned away since there was room.
func (d *door) enter(host string) (ok, news bool) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.all >= d.limits.Conns || d.hosts[host] >= d.limits.ConnsPerHost {
		news = !d.full
		d.full = true
		return false, news
	}
	d.all++
	d.hosts[host]++
	return true, false
}

func (d *door) leave(host string) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.all--
	d.full = false
	if d.hosts[host]--; d.hosts[host] == 0 {
		delete(d.hosts, host)
	}
}

// feed is the listener that go-rtmp sees: its Accept never fails while the
// server runs, because go-rtmp would call it again and again.
type feed struct {
	addr  net.Addr
	conns chan *peer
	done  chan struct{}
	once  sync.Once
}

func newFeed(addr net.Addr) *feed {
	return &feed{addr: addr, conns: make(chan *peer), done: make(chan struct{})}
}

// fed carries a peer through go-rtmp's accept loop.
type fed struct {
	net.Conn
	peer *peer
}

func (f *feed) Accept() (net.Conn, error) {
	select {
	case p := <-f.conns:
		return fed{Conn: p.conn, peer: p}, nil
	case <-f.done:
		return nil, net.ErrClosed
	}
}

func (f *feed) Close() error {
	f.once.Do(func() { close(f.done) })
	return nil
}

func (f *feed) Addr() net.Addr { return f.addr }
