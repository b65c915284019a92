package packager

import "time"

// meter measures the bit rate of a rendition by its segments, as the multivariant
// playlist states it (rfc8216bis §4.4.6.2).
type meter struct {
	bytes   int // of the open segment
	total   int64
	elapsed time.Duration
	highest int // bits per second

	declared int // bits per second, by whoever encodes

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

func (m *meter) segment(d time.Duration) {
	if d >= shortSegment && m.bytes > 0 {
		m.total += int64(m.bytes)
		m.elapsed += d
		m.highest = max(m.highest, int(float64(m.bytes*8)/d.Seconds()))
	}
	m.bytes = 0
}

// peak returns the highest bit rate of a segment so far, in bits per second.
func (m *meter) peak() int { return max(m.highest, m.average()) }

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
