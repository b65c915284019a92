package node

import (
	"fmt"
	"sync"
	"time"

	"vitrine/internal/media"
)

// healthSeconds is the span over which an encoder is measured.
const healthSeconds = 5

// Limits beyond which the host is warned.
const (
	noKeyframe   = 10 * time.Second
	silentAfter  = 2 * time.Second
	minFrameRate = 15.0
)

// health measures what an encoder sends.
type health struct {
	mu    sync.Mutex
	ring  [healthSeconds + 1]second
	since time.Time

	video, audio *media.Track
	videoAt      time.Time // when the last unit came
	audioAt      time.Time
	keyAt        time.Time
	key          media.Ticks // PTS of the last keyframe
	interval     media.Ticks // between the last two
	resized      int         // how often the picture changed its size
}

type second struct {
	n           int64
	video       int // bytes
	audio       int
	frames      int
	initialized bool
}

func newHealth() *health { return &health{} }

func (h *health) observe(u media.Unit, now time.Time) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.since.IsZero() {
		h.since = now
	}
	n := int64(now.Sub(h.since) / time.Second)
	s := &h.ring[n%int64(len(h.ring))]
	if s.n != n || !s.initialized {
		*s = second{n: n, initialized: true}
	}
	if u.Track.Kind == media.Audio {
		h.audio, h.audioAt = u.Track, now
		s.audio += len(u.Data)
		return
	}
	if h.video != nil && (h.video.Width != u.Track.Width || h.video.Height != u.Track.Height) {
		h.resized++
	}
	h.video, h.videoAt = u.Track, now
	s.video += len(u.Data)
	s.frames++
	if u.Sync {
		if !h.keyAt.IsZero() {
			h.interval = u.PTS - h.key
		}
		h.key, h.keyAt = u.PTS, now
	}
}

// Vitals is what an encoder was measured to send, over the last seconds.
type Vitals struct {
	Video, Audio     *media.Track  // nil if there is none
	VideoBitrate     int           // bits per second
	AudioBitrate     int           // bits per second
	FrameRate        float64       // frames per second that came
	KeyframeInterval time.Duration // between the last two keyframes, or since the last one if that is longer
	KeyframeDue      bool          // the interval goes on: the second keyframe has not come yet
	Resized          int           // how often the picture changed its size
	SinceVideo       time.Duration // since the last picture
	SinceAudio       time.Duration
	OnAir            time.Duration
}

func (h *health) vitals(now time.Time) Vitals {
	h.mu.Lock()
	defer h.mu.Unlock()
	v := Vitals{Video: h.video, Audio: h.audio, Resized: h.resized}
	if h.since.IsZero() {
		return v
	}
	v.OnAir = now.Sub(h.since)
	current := int64(v.OnAir / time.Second)
	var video, audio, frames, spans int
	for _, s := range h.ring {
		if age := current - s.n; s.initialized && age >= 1 && age <= healthSeconds {
			video, audio, frames = video+s.video, audio+s.audio, frames+s.frames
		}
	}
	spans = int(min(current, healthSeconds))
	if spans > 0 {
		v.VideoBitrate, v.AudioBitrate = video*8/spans, audio*8/spans
		v.FrameRate = float64(frames) / float64(spans)
	}
	v.KeyframeInterval = h.interval.Duration()
	if h.video != nil {
		v.SinceVideo = now.Sub(h.videoAt)
		since := v.OnAir
		if !h.keyAt.IsZero() {
			since = now.Sub(h.keyAt)
		}
		// By a second, a keyframe may be late. The first interval is not known yet:
		// what has passed of it is all there is to go by.
		if h.interval == 0 || since > v.KeyframeInterval+time.Second {
			v.KeyframeInterval, v.KeyframeDue = since, h.interval == 0
		}
	}
	if h.audio != nil {
		v.SinceAudio = now.Sub(h.audioAt)
	}
	return v
}

// Warning tells a host what is wrong and what cures it.
type Warning struct {
	Code string
	Text string
}

// warnings says in plain words what the host should change. It is pure.
func (v Vitals) warnings(segment time.Duration, speed float64, dropped int64, restarts int) []Warning {
	var out []Warning
	add := func(code, format string, args ...any) {
		out = append(out, Warning{Code: code, Text: fmt.Sprintf(format, args...)})
	}
	settled := v.OnAir > healthSeconds*time.Second
	switch {
	case v.Video == nil && settled:
		add("no-video", "No picture arrives, only sound. Add a video source to your scene.")
	case v.Video != nil && v.SinceVideo > silentAfter:
		add("video-stopped", "No picture has come for %.0f s. Check the encoder and the uplink.", v.SinceVideo.Seconds())
	case v.Video != nil && v.KeyframeInterval > noKeyframe:
		add("no-keyframe", "No keyframe for %.0f s: new viewers cannot start. Set Keyframe Interval to %.0f s in the encoder's settings (OBS: Settings, Output).",
			v.KeyframeInterval.Seconds(), segment.Seconds())
	case v.Video != nil && v.KeyframeDue && v.KeyframeInterval > segment+segment/10:
		add("keyframes", "Keyframes are more than %.1f s apart, so viewers get no untouched picture. Set Keyframe Interval to %.0f s (OBS: Settings, Output).",
			v.KeyframeInterval.Seconds(), segment.Seconds())
	case v.Video != nil && v.KeyframeInterval > segment+segment/10:
		add("keyframes", "Keyframes are %.1f s apart, so viewers get no untouched picture. Set Keyframe Interval to %.0f s (OBS: Settings, Output).",
			v.KeyframeInterval.Seconds(), segment.Seconds())
	}
	switch {
	case v.Audio == nil && settled:
		add("no-audio", "No sound arrives. Check that the microphone is in the scene and not muted.")
	case v.Audio != nil && v.SinceAudio > silentAfter:
		add("audio-stopped", "No sound has come for %.0f s. Check the encoder's audio.", v.SinceAudio.Seconds())
	}
	if v.Video != nil && settled && v.FrameRate > 0 && v.FrameRate < minFrameRate {
		add("frame-rate", "Only %.0f frames per second arrive. The encoder or the uplink is overloaded: lower the bit rate or the resolution.", v.FrameRate)
	}
	if v.Resized > 0 {
		add("resized", "The picture changed its size while on air (%d×). Keep one output resolution during a show.", v.Resized)
	}
	if speed > 0 && speed < 0.9 && settled {
		add("slow-ladder", "The server makes the smaller qualities at %.1f× speed only: it is overloaded. Use fewer rungs in the ladder.", speed)
	}
	if dropped > 0 {
		add("ladder-dropped", "%d frames were left out of the smaller qualities because the server was overloaded. Use fewer rungs in the ladder.", dropped)
	}
	if restarts > 0 {
		add("ladder-restarted", "FFmpeg had to be restarted %d× in this session; the server's log says why.", restarts)
	}
	return out
}
