package node_test

import (
	"context"
	"io"
	"log/slog"
	"net/http"
	"testing"
	"time"

	"vitrine/internal/node"
)

// server is a node under test.
type server struct {
	node.Info
	t    *testing.T
	stop func()
}

// start runs a node on ports of its own until the test ends.
func start(t *testing.T, channels map[string]node.Channel) *server {
	t.Helper()
	return startWith(t, node.Config{Channels: channels})
}

// startWith does it with more of a configuration.
func startWith(t *testing.T, cfg node.Config) *server {
	t.Helper()
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	ready := make(chan node.Info, 1)
	done := make(chan error, 1)
	cfg.HTTP, cfg.RTMP = "127.0.0.1:0", "127.0.0.1:0"
	if cfg.Data == "" {
		cfg.Data = t.TempDir()
	}
	cfg.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	cfg.Ready = func(i node.Info) { ready <- i }
	go func() { done <- node.Run(ctx, cfg) }()
	s := &server{t: t}
	s.stop = func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("node: %v", err)
		}
		s.stop = func() {}
	}
	t.Cleanup(func() { s.stop() })
	select {
	case s.Info = <-ready:
	case err := <-done:
		done <- nil
		t.Fatalf("node does not start: %v", err)
	}
	return s
}

func (s *server) url(path string) string { return "http://" + s.HTTPAddr + path }

// get fetches a path and expects a status.
func (s *server) get(path string, want int) []byte {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), 15*time.Second)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url(path), nil)
	if err != nil {
		s.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		s.t.Fatal(err)
	}
	if resp.StatusCode != want {
		s.t.Fatalf("GET %s: %s, want %d\n%s", path, resp.Status, want, b)
	}
	return b
}
