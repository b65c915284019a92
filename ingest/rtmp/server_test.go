package rtmp

import (
	"bytes"
	"context"
	"log/slog"
	"net"
	"sync"
	"testing"

	"go.uber.org/goleak"

	"vitrine/ingest"
	"vitrine/ingest/ingesttest"
)

const (
	channel = "demo"
	key     = "a-key-of-the-demo-channel"
)

// running is a server on a port of its own.
type running struct {
	url  string // rtmp://HOST:PORT/live
	addr string
	gate *ingest.Gate
	rec  *ingesttest.Recorder
	log  *logBuffer
	stop func() // ends Run and waits
}

func start(t *testing.T) *running { return startWith(t, Limits{}) }

// startWith runs a server and checks, when the test ends, that it leaves nothing.
func startWith(t *testing.T, limits Limits) *running {
	t.Helper()
	before := goleak.IgnoreCurrent()
	var lc net.ListenConfig
	l, err := lc.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	r := &running{rec: ingesttest.NewRecorder(), log: new(logBuffer), addr: l.Addr().String()}
	r.url = "rtmp://" + r.addr + "/" + App
	log := slog.New(slog.NewTextHandler(r.log, nil))
	r.gate = ingest.NewGate(ingest.Config{
		Keys: map[string]string{key: channel}, Open: r.rec.Open, Closed: r.rec.Closed, Log: log,
	})
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	server := &Server{Listener: l, Gate: r.gate, Limits: limits, Log: log}
	go func() { done <- server.Run(ctx) }()
	r.stop = sync.OnceFunc(func() {
		cancel()
		if err := <-done; err != nil {
			t.Errorf("Run: %v", err)
		}
	})
	t.Cleanup(func() {
		r.stop()
		goleak.VerifyNone(t, before)
	})
	return r
}

// logBuffer keeps what was logged.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}
