package node

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"

	"vitrine/edge"
	"vitrine/ingest"
	"vitrine/ingest/rtmp"
	"vitrine/internal/media"
	"vitrine/overlay/show"
	"vitrine/overlay/store"
	"vitrine/transcode"
)

// keyChannel is the key of a channel's name in the log.
const keyChannel = "channel"

// Node is a running server.
type Node struct {
	cfg      Config
	log      *slog.Logger
	now      func() time.Time
	store    *store.Store
	gate     *ingest.Gate
	channels map[string]*channel
	audience *edge.Audience
	info     Info
}

// Run serves until ctx ends, and returns nil then. Everything that can be wrong
// with the configuration or the machine is found before anything is started.
func Run(ctx context.Context, cfg Config) error {
	if err := cfg.Validate(); err != nil {
		return err
	}
	n := &Node{cfg: cfg, log: cfg.Log, now: cfg.Now, channels: map[string]*channel{}, audience: edge.NewAudience(cfg.Now)}
	if err := n.findFFmpeg(); err != nil {
		return err
	}
	if err := os.MkdirAll(cfg.Data, 0o700); err != nil {
		return fmt.Errorf("data: %w: give a folder that can be written to", err)
	}
	var listen net.ListenConfig
	web, err := bind(ctx, listen, "http", cfg.HTTP)
	if err != nil {
		return err
	}
	defer web.Close()
	door, err := bind(ctx, listen, "rtmp", cfg.RTMP)
	if err != nil {
		return err
	}
	defer door.Close()
	if n.store, err = store.Open(ctx, cfg.Data); err != nil {
		return err
	}
	defer n.close()
	if err := n.setUp(ctx, web, door); err != nil {
		return err
	}
	server, err := n.webServer(ctx)
	if err != nil {
		return err
	}
	group, ctx := errgroup.WithContext(ctx)
	for _, c := range n.channels {
		group.Go(func() error { return c.run(ctx) })
	}
	group.Go(func() error {
		return (&rtmp.Server{Listener: door, Gate: n.gate, Log: n.log}).Run(ctx)
	})
	group.Go(func() error { return serveWeb(ctx, server, web) })
	if cfg.Ready != nil {
		cfg.Ready(n.info)
	}
	return group.Wait()
}

func (n *Node) close() {
	if err := n.store.Close(); err != nil {
		n.log.Error("close the store", "err", err)
	}
}

// findFFmpeg resolves the program now, so that a missing one is not found out
// when the first host goes live.
func (n *Node) findFFmpeg() error {
	name := n.cfg.FFmpeg
	if name == "" {
		name = "ffmpeg"
	}
	path, err := exec.LookPath(name)
	if err != nil {
		return fmt.Errorf("%w: %w", transcode.ErrNoFFmpeg, err)
	}
	if n.cfg.FFmpeg, err = filepath.Abs(path); err != nil {
		return fmt.Errorf("locate %s: %w", path, err)
	}
	return nil
}

// bind opens a listener, or says in one line what to do about it.
func bind(ctx context.Context, lc net.ListenConfig, name, addr string) (net.Listener, error) {
	l, err := lc.Listen(ctx, "tcp", addr)
	switch {
	case errors.Is(err, syscall.EADDRINUSE):
		return nil, fmt.Errorf("%s: %s is in use by another program: stop that one, or set %s to another address", name, addr, name)
	case err != nil:
		return nil, fmt.Errorf("%s: cannot listen on %s: %w", name, addr, err)
	}
	return l, nil
}

// setUp makes the channels and what they need to know.
func (n *Node) setUp(ctx context.Context, web, door net.Listener) error {
	n.info = Info{HTTPAddr: web.Addr().String(), RTMPAddr: door.Addr().String(), Secure: n.cfg.TLS != nil}
	var err error
	if n.info.AdminToken, n.info.AdminTokenNew, err = n.secret(ctx, "admin_token", n.cfg.AdminToken); err != nil {
		return err
	}
	keys := map[string]string{}
	for _, name := range slices.Sorted(maps.Keys(n.cfg.Channels)) {
		cfg := n.cfg.Channels[name]
		c := newChannel(n, name, cfg)
		info := ChannelInfo{Name: name}
		if info.StreamKey, info.StreamKeyNew, err = n.secret(ctx, "stream_key."+name, cfg.StreamKey); err != nil {
			return err
		}
		if info.HostToken, info.HostTokenNew, err = n.secret(ctx, "host_token."+name, cfg.HostToken); err != nil {
			return err
		}
		if err := n.stock(ctx, c); err != nil {
			return err
		}
		if c.nextSeq, err = n.store.Advance(ctx, c.counter(), sequenceReserve); err != nil {
			return err
		}
		keys[info.StreamKey] = name
		n.info.Channels = append(n.info.Channels, info)
		n.channels[name] = c
	}
	gate := ingest.Config{
		Keys: keys,
		Open: func(name string, s *ingest.Session) (media.Writer, error) {
			return n.channels[name].open(s), nil
		},
		Closed: func(name string, s *ingest.Session, _ error) { n.channels[name].closed(s) },
		Log:    n.log,
		Now:    n.now,
	}
	if err := gate.Validate(); err != nil {
		return err
	}
	n.gate = ingest.NewGate(gate)
	return nil
}

// secret returns a configured secret, or the one that is kept in the store,
// made up if there is none yet.
func (n *Node) secret(ctx context.Context, name, configured string) (string, bool, error) {
	if configured != "" {
		return configured, false, nil
	}
	return n.store.Secret(ctx, name, newToken())
}

// stock gives a channel its desk: with the configured catalogue, or the one
// that was kept.
func (n *Node) stock(ctx context.Context, c *channel) error {
	shelf := c.cfg.shelf
	if shelf == nil {
		kept, found, err := n.store.Shelf(ctx, c.name)
		if err != nil {
			return err
		}
		if found {
			shelf = kept
		}
	} else if err := n.store.SaveShelf(ctx, c.name, shelf); err != nil {
		return err
	}
	var err error
	c.desk, err = show.New(ctx, show.Config{Channel: c.name, Shelf: shelf, Placer: c, Cues: n.store, Now: n.now})
	return err
}
