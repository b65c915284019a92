package dash

import "encoding/xml"

// The elements of an MPD, in the order of the schema (ISO/IEC 23009-1 annex B).
type mpdElement struct {
	XMLName   xml.Name        `xml:"MPD"`
	Xmlns     string          `xml:"xmlns,attr"`
	Profiles  string          `xml:"profiles,attr"`
	Type      string          `xml:"type,attr"`
	Start     string          `xml:"availabilityStartTime,attr"`
	Published string          `xml:"publishTime,attr"`
	Update    string          `xml:"minimumUpdatePeriod,attr,omitempty"`
	MinBuffer string          `xml:"minBufferTime,attr"`
	Depth     string          `xml:"timeShiftBufferDepth,attr"`
	Delay     string          `xml:"suggestedPresentationDelay,attr"`
	Longest   string          `xml:"maxSegmentDuration,attr"`
	Service   service         `xml:"ServiceDescription"`
	Periods   []periodElement `xml:"Period"`
	UTC       descriptor      `xml:"UTCTiming"`
}

type service struct {
	ID      int     `xml:"id,attr"`
	Latency latency `xml:"Latency"`
	Rate    rate    `xml:"PlaybackRate"`
}

type latency struct {
	Target int64 `xml:"target,attr"` // ms
}

type rate struct {
	Max float64 `xml:"max,attr"`
	Min float64 `xml:"min,attr"`
}

type descriptor struct {
	Scheme string `xml:"schemeIdUri,attr"`
	Value  string `xml:"value,attr,omitempty"`
}

type periodElement struct {
	ID       string       `xml:"id,attr"`
	Start    string       `xml:"start,attr"`
	Duration string       `xml:"duration,attr,omitempty"`
	Sets     []setElement `xml:"AdaptationSet"`
}

type setElement struct {
	ID              int              `xml:"id,attr"`
	Type            string           `xml:"contentType,attr"`
	Mime            string           `xml:"mimeType,attr"`
	Aligned         bool             `xml:"segmentAlignment,attr"`
	SAP             int              `xml:"startWithSAP,attr"`
	Events          *descriptor      `xml:"InbandEventStream"`
	Representations []representation `xml:"Representation"`
}

type representation struct {
	ID         string      `xml:"id,attr"`
	Codecs     string      `xml:"codecs,attr"`
	Bandwidth  int         `xml:"bandwidth,attr"`
	Width      int         `xml:"width,attr,omitempty"`
	Height     int         `xml:"height,attr,omitempty"`
	SampleRate int         `xml:"audioSamplingRate,attr,omitempty"`
	Channels   *descriptor `xml:"AudioChannelConfiguration"`
	Template   template    `xml:"SegmentTemplate"`
}

type template struct {
	Timescale int64  `xml:"timescale,attr"`
	Offset    int64  `xml:"presentationTimeOffset,attr"`
	First     int64  `xml:"startNumber,attr"`
	Early     string `xml:"availabilityTimeOffset,attr"`
	Whole     bool   `xml:"availabilityTimeComplete,attr"` // never: a segment can be had while it grows
	Init      string `xml:"initialization,attr"`
	Media     string `xml:"media,attr"`
	Timeline  []run  `xml:"SegmentTimeline>S"`
}

type run struct {
	Time   int64 `xml:"t,attr"`
	Dur    int64 `xml:"d,attr"`
	Repeat int   `xml:"r,attr,omitempty"`
}
