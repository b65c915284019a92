package dash

import (
	"encoding/xml"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// ContentType is the media type of an MPD (ISO/IEC 23009-1 annex C).
const ContentType = "application/dash+xml"

// Names of schemes, and of the profiles that an MPD keeps.
const (
	schemeID3  = "https://aomedia.org/emsg/ID3"
	schemeHead = "urn:mpeg:dash:utc:http-head:2014"
	schemeCICP = "urn:mpeg:mpegB:cicp:ChannelConfiguration"
	namespace  = "urn:mpeg:dash:schema:mpd:2011"
	profiles   = "urn:mpeg:dash:profile:isoff-live:2011,urn:mpeg:dash:profile:cmaf:2019"
)

// Rates between which a player may vary to keep its latency.
const (
	slowest = 0.96
	fastest = 1.04
)

// MPD is one version of the presentation.
type MPD struct {
	Name      string        // of the MPD itself, relative: where the time can be asked
	Start     time.Time     // wall time of media time 0
	Published time.Time     // of this version
	Ended     bool          // there will be no more
	Update    time.Duration // after which a player looks again
	Depth     time.Duration // how much is listed
	Longest   time.Duration // segment
	Latency   time.Duration // that players are to hold
	Chunk     time.Duration // longest part: after that much of a segment it can be had
	Periods   []Period
}

// Period is a stretch of one encoding. Its times are those of the media.
type Period struct {
	ID    string
	Start time.Duration // media time; the same as long as it is listed
	Sets  []Set
}

// Set is what a player may switch between.
type Set struct {
	ID              int
	Video           bool // then it carries the cues
	Representations []Representation
}

// Representation is one rendition in one period.
type Representation struct {
	ID            string
	Codecs        string
	Bandwidth     int // bits per second
	Width, Height int
	SampleRate    int // Hz
	Channels      int
	Timescale     int64
	Offset        int64  // media time at which the period starts, in the timescale
	First         int64  // number of the first segment
	Init, Media   string // URLs, with $Number$
	Segments      []Segment
}

// Segment is when a segment begins and how long it is, in the timescale.
type Segment struct{ Time, Dur int64 }

// Append appends the MPD as XML to b.
func (m *MPD) Append(b []byte) ([]byte, error) {
	out, err := xml.MarshalIndent(m.element(), "", " ")
	if err != nil {
		return nil, fmt.Errorf("write MPD: %w", err)
	}
	b = append(append(b, xml.Header...), out...)
	return append(b, '\n'), nil
}

func (m *MPD) element() *mpdElement {
	e := &mpdElement{
		Xmlns: namespace, Profiles: profiles, Type: "dynamic",
		Start: date(m.Start), Published: date(m.Published),
		MinBuffer: seconds(m.Chunk), Depth: seconds(m.Depth), Longest: seconds(m.Longest),
		Delay:   seconds(m.Latency),
		Service: service{Latency: latency{Target: m.Latency.Milliseconds()}, Rate: rate{Min: slowest, Max: fastest}},
		UTC:     descriptor{Scheme: schemeHead, Value: m.Name},
	}
	if !m.Ended {
		e.Update = seconds(m.Update)
	}
	for i := range m.Periods {
		p := &m.Periods[i]
		period := periodElement{ID: p.ID, Start: seconds(p.Start)}
		for j := range p.Sets {
			period.Sets = append(period.Sets, m.set(&p.Sets[j]))
		}
		if m.Ended && i == len(m.Periods)-1 {
			period.Duration = seconds(p.length())
		}
		e.Periods = append(e.Periods, period)
	}
	return e
}

// length returns how long the longest representation is.
func (p *Period) length() (d time.Duration) {
	for _, s := range p.Sets {
		for _, r := range s.Representations {
			if n := len(r.Segments); n > 0 {
				end := r.Segments[n-1].Time + r.Segments[n-1].Dur - r.Offset
				d = max(d, time.Duration(float64(end)/float64(r.Timescale)*float64(time.Second)))
			}
		}
	}
	return d
}

func (m *MPD) set(s *Set) setElement {
	e := setElement{ID: s.ID, Type: "audio", Mime: "audio/mp4", Aligned: true, SAP: 1}
	if s.Video {
		e.Type, e.Mime, e.Events = "video", "video/mp4", &descriptor{Scheme: schemeID3}
	}
	for i := range s.Representations {
		r := &s.Representations[i]
		x := representation{
			ID: r.ID, Codecs: r.Codecs, Bandwidth: r.Bandwidth, Width: r.Width, Height: r.Height, SampleRate: r.SampleRate,
			Template: template{
				Timescale: r.Timescale, Offset: r.Offset, First: r.First, Init: r.Init, Media: r.Media,
				Early: strconv.FormatFloat((m.Longest - m.Chunk).Seconds(), 'f', -1, 64),
			},
		}
		if r.Channels > 0 {
			x.Channels = &descriptor{Scheme: schemeCICP, Value: strconv.Itoa(r.Channels)}
		}
		x.Template.Timeline = timeline(r.Segments)
		e.Representations = append(e.Representations, x)
	}
	return e
}

// timeline joins segments of one length. Each run says its time, so that a length
// that was only expected does no harm.
func timeline(segments []Segment) (out []run) {
	for i, s := range segments {
		if i > 0 {
			last, before := &out[len(out)-1], segments[i-1]
			if s.Dur == before.Dur && s.Time == before.Time+before.Dur {
				last.Repeat++
				continue
			}
		}
		out = append(out, run{Time: s.Time, Dur: s.Dur})
	}
	return out
}

func date(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000Z") }

// seconds writes a duration as XML Schema has it.
func seconds(d time.Duration) string {
	return "PT" + strings.TrimSuffix(strconv.FormatFloat(d.Seconds(), 'f', 6, 64), ".000000") + "S"
}
