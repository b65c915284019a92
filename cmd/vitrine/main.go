package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"os"
	"os/signal"
	"syscall"
	"time"

	"github.com/alecthomas/kong"

	"vitrine/internal/node"
)

// cli is the command line.
type cli struct {
	Serve  serve       `cmd:"" help:"Run the server."`
	Demo   demo        `cmd:"" help:"Run the server with a synthetic host on air, who shows a product every few seconds."`
	Export export      `cmd:"" help:"Make one MP4 of a recorded show, with a chapter for each product."`
	Check  conformance `cmd:"" help:"Watch an LL-HLS presentation, ours or another's, and tell which of 40 assertions it keeps."`
	Health health      `cmd:"" help:"Ask a running server whether it is well; for health checks."`
}

// settings are the flags that say how the node runs. What is not given is taken
// from the environment, then from the file, then from the defaults.
type settings struct {
	Config   string `help:"Configuration file (YAML)." env:"VITRINE_CONFIG" placeholder:"vitrine.yaml"`
	Data     string `help:"Folder for what must survive a restart." env:"VITRINE_DATA" placeholder:"./data"`
	HTTP     string `name:"http" help:"Address for viewers, hosts and the API." env:"VITRINE_HTTP" placeholder:"127.0.0.1:8080"`
	RTMP     string `name:"rtmp" help:"Address for encoders." env:"VITRINE_RTMP" placeholder:"127.0.0.1:1935"`
	FFmpeg   string `name:"ffmpeg" help:"FFmpeg program; the one on PATH if not given." env:"VITRINE_FFMPEG" placeholder:"ffmpeg"`
	LogLevel string `help:"debug, info, warn or error." env:"VITRINE_LOG_LEVEL" default:"info" enum:"debug,info,warn,error"`
}

func (s *settings) logger() *slog.Logger {
	var level slog.Level
	if err := level.UnmarshalText([]byte(s.LogLevel)); err != nil {
		level = slog.LevelInfo
	}
	return slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: level}))
}

type serve struct{ settings }

func (s *serve) Run(ctx context.Context) error {
	cfg, err := s.node()
	if err != nil {
		return err
	}
	cfg.Ready = func(i node.Info) { printInfo(os.Stdout, i) }
	return node.Run(ctx, cfg)
}

type demo struct {
	settings
	Interval time.Duration `help:"How often the host takes another product." default:"6s"`
}

func (d *demo) Run(ctx context.Context) error {
	cfg, err := d.node()
	if err != nil {
		return err
	}
	return node.Demo(ctx, cfg, d.Interval, func(i node.Info) { printDemo(os.Stdout, i) })
}

type health struct {
	URL string `help:"Address to ask." default:"http://127.0.0.1:8080/healthz"`
}

// healthTimeout is how long a server may take to say that it is well.
const healthTimeout = 3 * time.Second

func (h *health) Run(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, h.URL, nil)
	if err != nil {
		return err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return fmt.Errorf("%s answers %s", h.URL, resp.Status)
	}
	return nil
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var c cli
	k := kong.Parse(&c, kong.Name("vitrine"),
		kong.Description("A live shopping media server: OBS in, LL-HLS out, and the product that the host is holding on every viewer's screen."),
		kong.BindTo(ctx, (*context.Context)(nil)), kong.UsageOnError())
	if err := k.Run(); err != nil && !errors.Is(err, context.Canceled) {
		fmt.Fprintln(os.Stderr, "vitrine:", err)
		os.Exit(exitCode(err))
	}
}
