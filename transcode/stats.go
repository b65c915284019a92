package transcode

import (
	"slices"
	"sync"
	"time"

	"vitrine/internal/media"
)

// How far back [Stats] look.
const (
	delaySamples  = 1024                   // frames, over all rungs
	speedSamples  = 40                     // points of progress
	speedInterval = 250 * time.Millisecond // between them, so 10 s in all
)

// Stats say how a [Job] keeps up, over all the FFmpegs it has run.
type Stats struct {
	Speed              float64       // media time out over wall time, last 10 s; 1 keeps up, 0 unknown
	DelayP50, DelayP95 time.Duration // from a frame handed to FFmpeg until a rung has it
	Restarts           int64         // FFmpegs that died and were replaced
	In                 int64         // frames of video handed to FFmpeg
	Out                int64         // frames of video received, all rungs together
}

// meter gathers Stats. It is safe for concurrent use.
type meter struct {
	mu       sync.Mutex
	restarts int64
	in, out  int64
	delays   []time.Duration // a ring
	delayAt  int
	progress []point // oldest first
}

// point is how far the media had come, and when.
type point struct {
	wall  time.Time
	media media.Ticks
}

// fed counts a frame that went in.
func (m *meter) fed() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.in++
}

// came counts a frame of pts that came out; lead is true for the one rung that
// progress is told by. delay is how long it took, negative if not known.
func (m *meter) came(pts media.Ticks, lead bool, delay time.Duration, now time.Time) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.out++
	if delay >= 0 {
		if len(m.delays) < delaySamples {
			m.delays = append(m.delays, delay)
		} else {
			m.delays[m.delayAt] = delay
			m.delayAt = (m.delayAt + 1) % delaySamples
		}
	}
	if n := len(m.progress); lead && (n == 0 || now.Sub(m.progress[n-1].wall) >= speedInterval) {
		if n == speedSamples {
			m.progress = append(m.progress[:0], m.progress[1:]...)
		}
		m.progress = append(m.progress, point{wall: now, media: pts})
	}
}

// restarted counts a restart; progress is told anew.
func (m *meter) restarted() {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.restarts++
	m.progress = m.progress[:0]
}

func (m *meter) stats() Stats {
	m.mu.Lock()
	defer m.mu.Unlock()
	s := Stats{Restarts: m.restarts, In: m.in, Out: m.out}
	if n := len(m.progress); n > 1 {
		first, last := m.progress[0], m.progress[n-1]
		s.Speed = (last.media - first.media).Seconds() / last.wall.Sub(first.wall).Seconds()
	}
	if n := len(m.delays); n > 0 {
		sorted := slices.Sorted(slices.Values(m.delays))
		s.DelayP50, s.DelayP95 = sorted[n/2], sorted[n*95/100]
	}
	return s
}
