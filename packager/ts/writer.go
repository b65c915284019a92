package ts

import (
	"context"
	"errors"
	"fmt"

	"github.com/asticode/go-astits"

	"vitrine/internal/media"
)

// PIDs of the streams; the tables have theirs from go-astits.
const (
	pidVideo = 0x100
	pidAudio = 0x101
	pidID3   = 0x102
)

// Stream ids (ISO/IEC 13818-1 table 2-22).
const (
	streamVideo   = 0xe0
	streamAudio   = 0xc0
	streamPrivate = 0xbd // private_stream_1: timed ID3
)

const (
	packetSize = astits.MpegTsPacketSize
	tablesSize = 2 * packetSize // PAT and PMT, one packet each
	counters   = 16             // values of a continuity counter
	timeMask   = 1<<33 - 1

	// tablesPeriod keeps the muxer from writing the tables more than once: a
	// segment begins with them, and their counters follow its number.
	tablesPeriod = 1 << 30
)

// output gathers what the muxer writes, in small pieces.
type output struct{ b []byte }

func (o *output) Write(p []byte) (int, error) {
	o.b = append(o.b, p...)
	return len(p), nil
}

// writer writes the PES of one segment.
type writer struct {
	seg     *Segment
	h264    h264Head
	adts    adtsHead
	out     output
	base    int // where the segment begins in out
	mux     *astits.Muxer
	packets [cue + 1]int // so far, of each kind
	buf     []byte
}

func newWriter(s *Segment, b []byte) (*writer, error) {
	w := &writer{seg: s, out: output{b}, base: len(b)}
	w.mux = astits.NewMuxer(context.Background(), &w.out, astits.MuxerOptTablesRetransmitPeriod(tablesPeriod))
	var err error
	if s.Video == nil && s.Audio == nil || s.Video == nil && len(s.Events) > 0 {
		return nil, errors.New("a segment has pictures or sound, and cues beside pictures only")
	}
	if s.Audio != nil {
		if s.Audio.Codec != media.AAC {
			return nil, fmt.Errorf("MPEG-TS takes AAC here, not %s", s.Audio.Codec)
		}
		if w.adts, err = newADTSHead(s.Audio.Config); err != nil {
			return nil, err
		}
		w.mux.SetPCRPID(pidAudio)
	}
	if s.Video != nil {
		if s.Video.Codec != media.H264 {
			return nil, fmt.Errorf("MPEG-TS takes H.264 here, not %s", s.Video.Codec)
		}
		if w.h264, err = newH264Head(s.Video.Config); err != nil {
			return nil, err
		}
		w.mux.SetPCRPID(pidVideo)
	}
	return w, w.declare()
}

// declare lists the streams.
func (w *writer) declare() error {
	var streams []astits.PMTElementaryStream
	if w.seg.Video != nil {
		streams = append(streams, astits.PMTElementaryStream{ElementaryPID: pidVideo, StreamType: astits.StreamTypeH264Video})
	}
	if w.seg.Audio != nil {
		streams = append(streams, astits.PMTElementaryStream{ElementaryPID: pidAudio, StreamType: astits.StreamTypeADTS})
	}
	if w.seg.Video != nil {
		streams = append(streams, id3Stream())
	}
	for _, s := range streams {
		if err := w.mux.AddElementaryStream(s); err != nil {
			return fmt.Errorf("declare a stream: %w", err)
		}
	}
	return nil
}

// write writes one PES, the last one of its kind or not.
func (w *writer) write(p packet, last bool) error {
	d := &astits.MuxerData{PES: &astits.PESData{Header: &astits.PESHeader{OptionalHeader: &astits.PESOptionalHeader{}}}}
	var err error
	switch p.kind {
	case picture:
		err = w.picture(d, &w.seg.Pictures[p.index])
	case sound:
		err = w.sound(d, w.seg.Sounds[p.index:p.index+p.count])
	case cue:
		err = w.cue(d, w.seg.Events[p.index])
	}
	if err != nil {
		return err
	}
	from := len(w.out.b)
	if _, err := w.mux.WriteData(d); err != nil {
		return fmt.Errorf("write PID %#x: %w", d.PID, err)
	}
	if from == w.base { // the tables went first
		from += tablesSize
		if err := w.finishTables(); err != nil {
			return err
		}
	}
	if p.kind == picture && w.seg.Pictures[p.index].Sync {
		w.out.b[from+headerSize+1] |= randomAccess // said to the muxer, it would repeat the tables
	}
	w.packets[p.kind] += (len(w.out.b) - from) / packetSize
	if lack := -w.packets[p.kind] & (counters - 1); last && lack > 0 {
		w.out.b = spread(w.out.b, from, lack)
	}
	return nil
}

func (w *writer) picture(d *astits.MuxerData, s *Sample) error {
	var err error
	if w.buf, err = w.h264.appendUnit(w.buf[:0], s); err != nil {
		return fmt.Errorf("picture at %d: %w", s.PTS, err)
	}
	dts := s.DTS - w.h264.delay
	pts := max(s.PTS, dts)
	d.PID, d.PES.Data, d.PES.Header.StreamID = pidVideo, w.buf, streamVideo
	d.AdaptationField = &astits.PacketAdaptationField{HasPCR: true, PCR: clock(dts - clockLead)}
	h := d.PES.Header.OptionalHeader
	h.DataAlignmentIndicator = true
	h.PTSDTSIndicator, h.PTS = astits.PTSDTSIndicatorOnlyPTS, clock(pts)
	if pts != dts {
		h.PTSDTSIndicator, h.DTS = astits.PTSDTSIndicatorBothPresent, clock(dts)
	}
	return nil
}

func (w *writer) sound(d *astits.MuxerData, frames []Sample) error {
	w.buf = w.buf[:0]
	for i := range frames {
		var err error
		if w.buf, err = w.adts.appendFrame(w.buf, frames[i].Data); err != nil {
			return fmt.Errorf("sound at %d: %w", frames[i].PTS, err)
		}
	}
	d.PID, d.PES.Data, d.PES.Header.StreamID = pidAudio, w.buf, streamAudio
	if w.seg.Video == nil {
		d.AdaptationField = &astits.PacketAdaptationField{HasPCR: true, PCR: clock(frames[0].PTS - clockLead)}
	}
	h := d.PES.Header.OptionalHeader
	h.DataAlignmentIndicator = true
	h.PTSDTSIndicator, h.PTS = astits.PTSDTSIndicatorOnlyPTS, clock(frames[0].PTS)
	return nil
}

// cue fills in a PES of timed ID3 (Apple, Timed Metadata for HTTP Live Streaming).
func (w *writer) cue(d *astits.MuxerData, e Event) error {
	if len(e.Tag) == 0 {
		return fmt.Errorf("cue at %d: no tag", e.PTS)
	}
	d.PID, d.PES.Data, d.PES.Header.StreamID = pidID3, e.Tag, streamPrivate
	h := d.PES.Header.OptionalHeader
	h.DataAlignmentIndicator = true
	h.PTSDTSIndicator, h.PTS = astits.PTSDTSIndicatorOnlyPTS, clock(e.PTS)
	return nil
}

func clock(t media.Ticks) *astits.ClockReference {
	return &astits.ClockReference{Base: int64(t) & timeMask}
}
