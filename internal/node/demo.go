package node

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"vitrine/internal/synth"
	"vitrine/overlay/catalogue"
)

// What the demo sells, and how it is filmed.
const (
	demoWidth   = 1280
	demoHeight  = 720
	demoTimeout = 5 * time.Second // for the server's answer to a cue
	demoRetry   = time.Second     // until a host who could not go live tries again
)

func demoProducts() []catalogue.Product {
	titles := []string{
		"Auburn wave", "Midnight bob", "Honey curls", "Copper pixie", "Ash blonde lob",
		"Cherry fringe", "Silver crop", "Chestnut layers", "Rose gold plait",
	}
	out := make([]catalogue.Product, 0, len(titles))
	for i, title := range titles {
		out = append(out, catalogue.Product{
			No: i + 1, SKU: fmt.Sprintf("WIG-%d", i+1), Title: title,
			Price: fmt.Sprintf("%d.90", 19+5*i), Currency: "USD",
			URL: fmt.Sprintf("/live/demo/?product=%d", i+1),
		})
	}
	return out
}

// Demo runs a node with a synthetic host on its first channel, who takes another
// product every interval and sends the cue for the frame in which that happened.
func Demo(ctx context.Context, cfg Config, interval time.Duration, ready func(Info)) error {
	if interval < time.Second {
		return fmt.Errorf("interval: %v is shorter than 1s", interval)
	}
	shelf, err := catalogue.NewShelf(demoProducts())
	if err != nil {
		return err
	}
	for name, c := range cfg.Channels {
		if c.Catalogue == "" {
			c.shelf = shelf
			cfg.Channels[name] = c
		}
	}
	group, ctx := errgroup.WithContext(ctx)
	cfg.Ready = func(i Info) {
		group.Go(func() error { return demoHost(ctx, cfg, i, interval) })
		ready(i)
	}
	group.Go(func() error { return Run(ctx, cfg) })
	return group.Wait()
}

// demoHost is on air until ctx ends, like a person who tries again.
func demoHost(ctx context.Context, cfg Config, i Info, interval time.Duration) error {
	titles := map[int]string{}
	for _, p := range demoProducts() {
		titles[p.No] = p.Title
	}
	host, err := synth.New(synth.Config{
		FFmpeg: cfg.FFmpeg, URL: "rtmp://" + i.RTMPAddr + "/live/" + i.Channels[0].StreamKey,
		Width: demoWidth, Height: demoHeight, Preset: "ultrafast", Product: 1,
		Titles: func(no int) string { return titles[no] }, Log: cfg.Log,
	})
	if err != nil {
		return err
	}
	client := i.client()
	defer client.CloseIdleConnections()
	group, ctx := errgroup.WithContext(ctx)
	group.Go(func() error {
		for ctx.Err() == nil {
			if err := host.Run(ctx); err != nil {
				cfg.Log.Warn("the demo's host is off air", "err", err)
			}
			wait(ctx, demoRetry)
		}
		return nil
	})
	group.Go(func() error {
		for no := 2; ctx.Err() == nil; no = no%len(titles) + 1 {
			wait(ctx, interval)
			at, err := host.SetProduct(ctx, no)
			if errors.Is(err, synth.ErrStopped) || ctx.Err() != nil {
				continue
			}
			if err != nil {
				return err
			}
			if err := postCue(ctx, client, i, no, at); err != nil && ctx.Err() == nil {
				cfg.Log.Warn("the demo's cue is not placed", "product", no, "err", err)
			}
		}
		return nil
	})
	return group.Wait()
}

func wait(ctx context.Context, d time.Duration) {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
	case <-ctx.Done():
	}
}

// postCue puts a product on show by the API, as a host's own tool would.
func postCue(ctx context.Context, client *http.Client, i Info, no int, at time.Time) error {
	ctx, cancel := context.WithTimeout(ctx, demoTimeout)
	defer cancel()
	body, err := json.Marshal(map[string]any{"type": "show", "product": no, "at": at.UTC()})
	if err != nil {
		return err
	}
	url := i.scheme() + "://" + i.HTTPAddr + "/api/v1/channels/" + i.Channels[0].Name + "/cues"
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, url, strings.NewReader(string(body)))
	if err != nil {
		return err
	}
	req.Header.Set("Authorization", "Bearer "+i.AdminToken)
	req.Header.Set("Content-Type", "application/json")
	resp, err := client.Do(req)
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusCreated {
		return fmt.Errorf("the API answers %s", resp.Status)
	}
	return nil
}
