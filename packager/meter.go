package packager

import (
	"math"
	"time"
)

// meter measures the bit rate of a rendition by its segments, as the multivariant
// playlist states it (rfc8216bis §4.4.6.2).
type meter struct {
	bytes   int // of the open segment
	total   int64
	elapsed time.Duration
	highest int // bits per second

	declared int // bits per second, by whoever encodes

	keyBytes   int64
	keyHighest int // bits per second

	frames int           // of all parts
	played time.Duration // by all parts
}

// shortSegment is what a segment must last for its bit rate to count.
const shortSegment = time.Second

func (m *meter) add(n, frames int, d time.Duration) {
	m.bytes += n
	m.frames += frames
	m.played += d
}

func (m *meter) segment(s *segment) {
	if s.Dur >= shortSegment && m.bytes > 0 {
		m.total += int64(m.bytes)
		m.elapsed += s.Dur
		m.highest = max(m.highest, bitRate(m.bytes, s.Dur))
		for i, k := range s.Keyframes {
			to := s.Dur
			if i+1 < len(s.Keyframes) {
				to = s.Keyframes[i+1].At
			}
			m.keyBytes += int64(k.Size)
			m.keyHighest = max(m.keyHighest, bitRate(k.Size, max(to-k.At, time.Millisecond)))
		}
	}
	m.bytes = 0
}

// bitRate returns how many bits per second n bytes in d are.
func bitRate(n int, d time.Duration) int { return int(float64(n*8) / d.Seconds()) }

// keyframes returns the peak and the mean bit rate of the I-frame playlist, in
// bits per second.
func (m *meter) keyframes() (peak, average int) {
	if m.elapsed == 0 {
		return m.peak(), m.average()
	}
	return m.keyHighest, int(float64(m.keyBytes*8) / m.elapsed.Seconds())
}

// peak returns the highest bit rate of a segment so far, in bits per second.
// At least what the encoder was told: a quiet beginning does not last.
func (m *meter) peak() int { return max(m.highest, m.average(), m.declared) }

// average returns the mean bit rate so far, in bits per second. Before the first
// segment is complete it is what was declared, or what the open one tells.
func (m *meter) average() int {
	switch {
	case m.elapsed > 0:
		return int(float64(m.total*8) / m.elapsed.Seconds())
	case m.declared > 0:
		return m.declared
	case m.played > 0:
		return int(float64(m.bytes*8) / m.played.Seconds())
	default:
		return 0
	}
}

// rate returns the mean frame rate so far.
func (m *meter) rate() float64 {
	if m.played == 0 {
		return 0
	}
	return float64(m.frames) / m.played.Seconds()
}

// commonRates are the frame rates that cameras and encoders mean, per second.
var commonRates = [...]float64{24000.0 / 1001, 24, 25, 30000.0 / 1001, 30, 48, 50, 60000.0 / 1001, 60}

// How far a frame rate may be off what was counted before it is not believed,
// and how long frames are counted before anything is.
const (
	rateTolerance     = 0.05
	commonTolerance   = 0.004
	countedLongEnough = 2 * time.Second
	// Then 30 and 29.97 can be told apart, whatever somebody declares.
	countedForSure = 10 * time.Second
	sureTolerance  = 0.0002
)

// rateOf returns the frame rate: a common one that was counted for long, else as
// declared if that agrees with what was counted, else as counted, or the common
// one nearby.
func (m *meter) rateOf(declared float64) float64 {
	counted := m.rate()
	off := func(rate float64) float64 { return math.Abs(rate-counted) / rate }
	best := commonRates[0]
	for _, c := range commonRates {
		if off(c) < off(best) {
			best = c
		}
	}
	switch {
	case m.played >= countedForSure && off(best) < sureTolerance:
		return best
	case declared > 0 && (m.played < countedLongEnough || off(declared) < rateTolerance):
		return declared
	case off(best) < commonTolerance:
		return best
	}
	return counted
}
