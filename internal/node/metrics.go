package node

import (
	"net/http"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics serves what operators watch, gathered when they ask.
func (n *Node) metrics() http.Handler {
	r := prometheus.NewRegistry()
	r.MustRegister(collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}), collector{n})
	return promhttp.HandlerFor(r, promhttp.HandlerOpts{})
}

func describe(name, help string, labels ...string) *prometheus.Desc {
	return prometheus.NewDesc("vitrine_"+name, help, append([]string{"channel"}, labels...), nil)
}

var (
	descLive       = describe("live", "1 while the channel is on air.")
	descViewers    = describe("viewers", "Viewers over the last 10 s.")
	descBitrate    = describe("ingest_bits_per_second", "What the encoder sends.", "kind")
	descFPS        = describe("ingest_frames_per_second", "Frames that come from the encoder.")
	descKeyframe   = describe("ingest_keyframe_interval_seconds", "Time between the encoder's keyframes.")
	descSpeed      = describe("transcode_speed", "Speed of the ladder; 1 keeps up.")
	descDelay      = describe("transcode_delay_seconds", "Time that the ladder adds.", "quantile")
	descRestarts   = describe("transcode_restarts_total", "FFmpegs that died and were replaced.")
	descDropped    = describe("transcode_dropped_units_total", "Units that the queue before FFmpeg dropped.")
	descRecorded   = describe("recording_written_bytes_total", "Bytes of the show's segments on disk.")
	descUnrecorded = describe("recording_lost_segments_total", "Segments of the show that the disk did not take.")
	descUnwritten  = describe("recording_queued_bytes", "Bytes that wait for the disk.")
	descDisk       = describe("recording_disk_state", "0 fine, 1 slow, 2 full, 3 read-only, 4 failing.")
	descClock      = describe("clock_error_seconds", "Expected error of the capture clock.", "source")
)

// collector reads the channels at each scrape.
type collector struct{ n *Node }

func (collector) Describe(ch chan<- *prometheus.Desc) {
	for _, d := range []*prometheus.Desc{descRecorded, descUnrecorded, descUnwritten, descDisk, descLive, descViewers, descBitrate, descFPS, descKeyframe, descSpeed, descDelay, descRestarts, descDropped, descClock} {
		ch <- d
	}
}

func (m collector) Collect(ch chan<- prometheus.Metric) {
	for name, c := range m.n.channels {
		gauge := func(d *prometheus.Desc, v float64, labels ...string) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.GaugeValue, v, append([]string{name}, labels...)...)
		}
		counter := func(d *prometheus.Desc, v int64) {
			ch <- prometheus.MustNewConstMetric(d, prometheus.CounterValue, float64(v), name)
		}
		c.mu.Lock()
		stage, live, recording := c.stage, c.state == Live, c.recording
		c.mu.Unlock()
		if recording != nil {
			s := recording.rec.Status()
			counter(descRecorded, s.Written)
			counter(descUnrecorded, s.Lost)
			gauge(descUnwritten, float64(s.Queued))
			gauge(descDisk, float64(s.State))
		}
		gauge(descViewers, float64(m.n.audience.Viewers(name)))
		if !live || stage == nil {
			gauge(descLive, 0)
			continue
		}
		gauge(descLive, 1)
		v := stage.health.vitals(m.n.now())
		gauge(descBitrate, float64(v.VideoBitrate), "video")
		gauge(descBitrate, float64(v.AudioBitrate), "audio")
		gauge(descFPS, v.FrameRate)
		gauge(descKeyframe, v.KeyframeInterval.Seconds())
		clock := c.timeline.Clock()
		gauge(descClock, clock.Error.Seconds(), string(clock.Source))
		counter(descDropped, stage.queue.Dropped())
		if job := stage.transcoder(); job != nil {
			s := job.Stats()
			gauge(descSpeed, s.Speed)
			gauge(descDelay, float64(s.DelayP50)/float64(time.Second), "0.5")
			gauge(descDelay, float64(s.DelayP95)/float64(time.Second), "0.95")
			counter(descRestarts, s.Restarts)
		}
	}
}
