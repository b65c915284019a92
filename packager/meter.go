package packager

import "time"

// meter measures the bit rate of a rendition by its segments, as the multivariant
// playlist states it (rfc8216bis §4.4.6.2).
type meter struct {
	bytes   int // of the open segment
	total   int64
	elapsed time.Duration
	peak    int // bits per second

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
		m.peak = max(m.peak, int(float64(m.bytes*8)/d.Seconds()))
	}
	m.bytes = 0
}

// average returns the mean bit rate so far, in bits per second.
func (m *meter) average() int {
	if m.elapsed == 0 {
		return 0
	}
	return int(float64(m.total*8) / m.elapsed.Seconds())
}

// rate returns the mean frame rate so far.
func (m *meter) rate() float64 {
	if m.played == 0 {
		return 0
	}
	return float64(m.frames) / m.played.Seconds()
}
