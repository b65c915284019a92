package node

import (
	"context"
	"math"
	"time"

	"vitrine/internal/media"
	"vitrine/overlay/api"
)

// Status tells the API what is known of a channel, without waiting.
func (n *Node) Status(name string) api.Status {
	c := n.channels[name]
	if c == nil {
		return api.Status{State: api.Off}
	}
	now := n.now()
	c.mu.Lock()
	stage, rungs := c.stage, c.rungs
	out := api.Status{State: api.State(c.state)}
	recording := c.recording
	c.mu.Unlock()
	out.Warnings = recording.warnings()
	out.Viewers = n.audience.Viewers(name)
	if stage == nil {
		return out
	}
	v := stage.health.vitals(now)
	out.Ingest = ingestOf(stage, v)
	var speed float64
	var restarts int64
	if job := stage.transcoder(); job != nil {
		s := job.Stats()
		speed, restarts = s.Speed, s.Restarts
		out.Transcode = &api.Transcode{
			Speed: math.Round(speed*100) / 100, DelayMS: int(s.DelayP50 / time.Millisecond), Restarts: int(restarts), Rungs: []api.Rung{},
		}
		for _, r := range rungs {
			out.Transcode.Rungs = append(out.Transcode.Rungs, api.Rung{Name: r.Name, Width: r.Width, Height: r.Height, Bitrate: r.Bitrate})
		}
	}
	for _, w := range v.warnings(c.cfg.Segment, speed, stage.queue.Dropped(), int(restarts)) {
		out.Warnings = append(out.Warnings, api.Warning{Code: w.Code, Text: w.Text})
	}
	clock := c.timeline.Clock()
	out.Clock = &api.Clock{Source: string(clock.Source), ErrorMS: int(clock.Error / time.Millisecond)}
	return out
}

func ingestOf(s *stage, v Vitals) *api.Ingest {
	claim := s.session.Claim()
	in := &api.Ingest{Protocol: claim.Protocol, Remote: claim.Remote, Encoder: claim.Encoder, Since: api.Stamp(s.session.Since())}
	if t := v.Video; t != nil {
		in.Video = &api.VideoSource{
			Codec: t.Codec.String(), Width: t.Width, Height: t.Height, FPS: math.Round(v.FrameRate*10) / 10,
			Bitrate: v.VideoBitrate, KeyframeInterval: math.Round(v.KeyframeInterval.Seconds()*100) / 100,
		}
	}
	if t := v.Audio; t != nil {
		in.Audio = &api.AudioSource{Codec: t.Codec.String(), SampleRate: t.SampleRate, Channels: t.Channels, Bitrate: v.AudioBitrate}
	}
	return in
}

// End ends a channel's show: its encoder is let go, and refused for a while,
// since encoders reconnect by themselves.
func (n *Node) End(ctx context.Context, name string) error {
	c := n.channels[name]
	if c == nil || !c.onAir() {
		return media.ErrOffAir
	}
	n.gate.Kick(name, endRefusal)
	c.end(ctx, true)
	return nil
}

// onAir reports whether a show is on, be it without its encoder, or is to begin.
func (c *channel) onAir() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stage != nil || c.state == Live || c.state == Waiting
}
