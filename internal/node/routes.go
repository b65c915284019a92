package node

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"strconv"

	"vitrine/edge"
	"vitrine/overlay/api"
	"vitrine/overlay/web"
)

// routes lays out what the node serves.
func (n *Node) routes(ctx context.Context) (http.Handler, error) {
	_, port, err := net.SplitHostPort(n.info.RTMPAddr)
	if err != nil {
		return nil, fmt.Errorf("port for encoders: %w", err)
	}
	rtmpPort, err := strconv.Atoi(port)
	if err != nil {
		return nil, fmt.Errorf("port for encoders: %w", err)
	}
	cfg := api.Config{
		RTMPPort:   rtmpPort,
		AdminToken: n.info.AdminToken,
		Channels:   map[string]api.Channel{},
		Station:    n,
		Archive:    n.store,
		Player:     web.Player(),
		Console:    web.Console(),
		Assets:     web.Assets(),
		Live:       &edge.Handler{Source: n, Audience: n.audience, Log: n.log},
		Now:        n.now,
		Log:        n.log,
	}
	for _, c := range n.info.Channels {
		cfg.Channels[c.Name] = api.Channel{
			Desk: n.channels[c.Name].desk, HostToken: c.HostToken, Announcement: n.channels[c.Name].cfg.Announcement,
		}
	}
	server, err := api.New(ctx, cfg)
	if err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	mux.Handle("/", server)
	mux.Handle("GET /metrics", n.metrics())
	mux.HandleFunc("GET /healthz", n.health)
	mux.HandleFunc("GET /readyz", n.health)
	return mux, nil
}

// health answers that the node runs: it is ready as soon as it listens.
func (n *Node) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Cache-Control", "no-store")
	fmt.Fprintln(w, "ok")
}
