package edge

import (
	"math"
	"sync"
	"time"
)

// audienceSeconds is the span over which viewers are counted.
const audienceSeconds = 10

// maxChannels bounds the channels that an Audience keeps count of.
const maxChannels = 4096

// Audience counts the viewers of each channel without knowing any of them: each
// playlist answer stands for a stretch of the show that one viewer watches, and
// the stretches of a span of time, divided by that span, are the viewers.
type Audience struct {
	now func() time.Time

	mu       sync.Mutex
	channels map[string]*[audienceSeconds]stretch
}

type stretch struct {
	second  int64
	watched time.Duration
}

// NewAudience returns an empty Audience that takes the time from now.
func NewAudience(now func() time.Time) *Audience {
	return &Audience{now: now, channels: map[string]*[audienceSeconds]stretch{}}
}

// Watched notes that a viewer of the channel was given a stretch of it.
func (a *Audience) Watched(channel string, d time.Duration) {
	if d <= 0 {
		return
	}
	second := a.now().Unix()
	a.mu.Lock()
	defer a.mu.Unlock()
	ring := a.channels[channel]
	if ring == nil {
		if len(a.channels) >= maxChannels {
			return
		}
		ring = &[audienceSeconds]stretch{}
		a.channels[channel] = ring
	}
	s := &ring[second%audienceSeconds]
	if s.second != second {
		*s = stretch{second: second}
	}
	s.watched += d
}

// Viewers returns how many watched the channel over the last seconds, on average.
func (a *Audience) Viewers(channel string) int {
	second := a.now().Unix()
	a.mu.Lock()
	defer a.mu.Unlock()
	ring := a.channels[channel]
	if ring == nil {
		return 0
	}
	var sum time.Duration
	spans := 0
	for _, s := range ring {
		if age := second - s.second; age >= 1 && age < audienceSeconds {
			sum += s.watched
			spans = max(spans, int(age))
		}
	}
	if spans == 0 {
		return 0
	}
	return int(math.Round(sum.Seconds() / float64(spans)))
}
