package check

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"slices"
	"strings"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/bits"
	"github.com/Eyevinn/mp4ff/hevc"
	"github.com/Eyevinn/mp4ff/mp4"
)

// id3Scheme is the scheme of timed ID3 in CMAF (AOM, Carriage of ID3 Timed
// Metadata in CMAF, §3).
const id3Scheme = "https://aomedia.org/emsg/ID3"

// track is what an initialization segment says of one track.
type track struct {
	ID            uint32
	Timescale     uint32
	Video, Audio  bool
	Codec         string // as in CODECS; only the sample entry where no more is known
	Width, Height int64  // of video, in pixels
	trex          *mp4.TrexBox
	nalSize       int // bytes of a NAL unit's length; 0 if samples hold none
}

// initialization is an initialization segment.
type initialization struct {
	Hash   [sha256.Size]byte
	Tracks []track
}

func (i *initialization) track(id uint32) *track {
	if i == nil {
		return nil
	}
	for n := range i.Tracks {
		if i.Tracks[n].ID == id {
			return &i.Tracks[n]
		}
	}
	return nil
}

// video returns the first video track, or nil.
func (i *initialization) video() *track {
	if i == nil {
		return nil
	}
	for n := range i.Tracks {
		if i.Tracks[n].Video {
			return &i.Tracks[n]
		}
	}
	return nil
}

// run is what one piece of media holds of one track. Times are in Timescale.
type run struct {
	Track      uint32
	Timescale  uint32
	Video      bool
	Start      uint64 // decode time of the first sample
	Dur        uint64 // sum of the samples' durations
	First, End int64  // presentation times: the earliest, and the end of the latest
	Samples    int
	Syncs      int
	StartsIDR  bool // the first sample is one at which decoding can start
	Broken     string
}

func (r *run) seconds() float64 { return float64(r.Dur) / float64(r.Timescale) }

// at returns the decode time of the first sample in seconds.
func (r *run) at() float64 { return float64(r.Start) / float64(r.Timescale) }

// event is one emsg box.
type event struct {
	Version   byte
	Scheme    string
	ID        uint32
	Timescale uint32
	Time      uint64 // presentation time, of version 1
	Hash      [sha256.Size]byte
	Cue       cueFacts
	Fault     string // what is wrong with its ID3 tag
}

func (e *event) id3() bool { return strings.Contains(strings.ToLower(e.Scheme), "id3") }

func (e *event) seconds() float64 {
	if e.Timescale == 0 {
		return 0
	}
	return float64(e.Time) / float64(e.Timescale)
}

// contents is what one part or segment holds.
type contents struct {
	Runs   []run
	Events []event
}

// main returns the run of the video, or else the first one; nil if there is none.
func (c *contents) main() *run {
	if c == nil {
		return nil
	}
	for i := range c.Runs {
		if c.Runs[i].Video {
			return &c.Runs[i]
		}
	}
	if len(c.Runs) > 0 {
		return &c.Runs[0]
	}
	return nil
}

// guard turns a panic of the box reader into an error: what it reads is foreign.
func guard(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("the boxes make no sense: %v", p)
	}
}

// parseInit reads an initialization segment.
func parseInit(b []byte) (out *initialization, err error) {
	defer guard(&err)
	f, err := mp4.DecodeFileSR(bits.NewFixedSliceReader(b))
	if err != nil {
		return nil, fmt.Errorf("initialization segment: %w", err)
	}
	if f.Init == nil || f.Init.Moov == nil {
		return nil, fmt.Errorf("initialization segment: there is no moov")
	}
	out = &initialization{Hash: sha256.Sum256(b)}
	for _, trak := range f.Init.Moov.Traks {
		t := track{ID: trak.Tkhd.TrackID, Timescale: trak.Mdia.Mdhd.Timescale}
		if t.Timescale == 0 {
			return nil, fmt.Errorf("initialization segment: track %d has no timescale", t.ID)
		}
		if mvex := f.Init.Moov.Mvex; mvex != nil {
			t.trex, _ = mvex.GetTrex(t.ID)
		}
		t.Video = trak.Mdia.Hdlr.HandlerType == "vide"
		t.Audio = trak.Mdia.Hdlr.HandlerType == "soun"
		describe(&t, trak.Mdia.Minf.Stbl.Stsd)
		out.Tracks = append(out.Tracks, t)
	}
	if len(out.Tracks) == 0 {
		return nil, fmt.Errorf("initialization segment: there is no track")
	}
	return out, nil
}

// describe reads codec and size from the sample entry.
func describe(t *track, stsd *mp4.StsdBox) {
	if len(stsd.Children) == 0 {
		return
	}
	entry := stsd.Children[0]
	t.Codec = entry.Type()
	switch e := entry.(type) {
	case *mp4.VisualSampleEntryBox:
		t.Width, t.Height = int64(e.Width), int64(e.Height)
		switch {
		case e.AvcC != nil:
			t.nalSize = 4
			t.Codec = fmt.Sprintf("%s.%02X%02X%02X", e.Type(), e.AvcC.AVCProfileIndication, e.AvcC.ProfileCompatibility, e.AvcC.AVCLevelIndication)
		case e.HvcC != nil:
			t.nalSize = 4
			for _, nal := range e.HvcC.GetNalusForType(hevc.NALU_SPS) {
				if sps, err := hevc.ParseSPSNALUnit(nal); err == nil {
					t.Codec = hevc.CodecString(e.Type(), sps)
				}
			}
		}
	case *mp4.AudioSampleEntryBox:
		if e.Esds != nil && e.Esds.DecConfigDescriptor != nil && e.Esds.DecConfigDescriptor.DecSpecificInfo != nil {
			if config := e.Esds.DecConfigDescriptor.DecSpecificInfo.DecConfig; len(config) > 0 {
				t.Codec = fmt.Sprintf("mp4a.40.%d", config[0]>>3)
			}
		}
	}
}

// parseMedia reads the boxes of a part or segment.
func parseMedia(b []byte, in *initialization) (out *contents, err error) {
	defer guard(&err)
	out = &contents{}
	var moof *mp4.MoofBox
	r := bits.NewFixedSliceReader(b) // a box says how long it is: a slice cannot be made longer by that
	for r.NrRemainingBytes() > 0 {
		at := uint64(r.GetPos())
		box, err := mp4.DecodeBoxSR(at, r)
		if err != nil {
			return nil, fmt.Errorf("box at byte %d: %w", at, err)
		}
		switch x := box.(type) {
		case *mp4.EmsgBox:
			out.Events = append(out.Events, readEvent(x))
		case *mp4.MoofBox:
			moof = x
		case *mp4.MdatBox:
			if moof == nil {
				return nil, fmt.Errorf("an mdat without a moof at byte %d", at)
			}
			if err := out.fragment(&mp4.Fragment{Moof: moof, Mdat: x}, in); err != nil {
				return nil, err
			}
			moof = nil
		}
	}
	if len(out.Runs) == 0 {
		return nil, fmt.Errorf("there is no media in it")
	}
	return out, nil
}

func readEvent(b *mp4.EmsgBox) event {
	e := event{
		Version: b.Version, Scheme: b.SchemeIDURI, ID: b.ID, Timescale: b.TimeScale, Time: b.PresentationTime,
		Hash: sha256.Sum256(b.MessageData),
	}
	if !e.id3() {
		return e
	}
	list, err := parseID3(b.MessageData)
	if err != nil {
		e.Fault = err.Error()
		return e
	}
	e.Cue = readCue(list)
	return e
}

// fragment adds the samples of one moof to the runs.
func (c *contents) fragment(f *mp4.Fragment, in *initialization) error {
	for _, traf := range f.Moof.Trafs {
		id := traf.Tfhd.TrackID
		t := in.track(id)
		if t == nil {
			return fmt.Errorf("track %d is not in the initialization segment", id)
		}
		if traf.Tfdt == nil {
			return fmt.Errorf("track %d has no tfdt", id)
		}
		trex := t.trex
		if trex == nil {
			trex = mp4.CreateTrex(id)
		}
		samples, err := f.GetFullSamples(trex)
		if err != nil {
			return fmt.Errorf("samples of track %d: %w", id, err)
		}
		if len(samples) > 0 {
			c.add(t, samples)
		}
	}
	return nil
}

func (c *contents) add(t *track, samples []mp4.FullSample) {
	i := slices.IndexFunc(c.Runs, func(r run) bool { return r.Track == t.ID })
	if i < 0 {
		i = len(c.Runs)
		c.Runs = append(c.Runs, run{
			Track: t.ID, Timescale: t.Timescale, Video: t.Video, Start: samples[0].DecodeTime,
			First: samples[0].PresentationTime(), End: samples[0].PresentationTime(), StartsIDR: startsIDR(t, &samples[0]),
		})
	}
	r := &c.Runs[i]
	if want := r.Start + r.Dur; samples[0].DecodeTime != want && r.Broken == "" {
		r.Broken = fmt.Sprintf("a fragment begins at %d, and the one before ends at %d", samples[0].DecodeTime, want)
	}
	for n := range samples {
		s := &samples[n]
		r.Dur += uint64(s.Dur)
		r.Samples++
		if !mp4.DecodeSampleFlags(s.Flags).SampleIsNonSync {
			r.Syncs++
		}
		r.First = min(r.First, s.PresentationTime())
		r.End = max(r.End, s.PresentationTime()+int64(s.Dur))
	}
}

// startsIDR reports whether decoding can start at a sample: an IDR of H.264, an
// IRAP of HEVC, otherwise what its flags say.
func startsIDR(t *track, s *mp4.FullSample) bool {
	sync := !mp4.DecodeSampleFlags(s.Flags).SampleIsNonSync
	if t.nalSize == 0 {
		return sync
	}
	isHEVC := strings.HasPrefix(t.Codec, "h")
	for b := s.Data; len(b) > t.nalSize; {
		n := binary.BigEndian.Uint32(b)
		b = b[t.nalSize:]
		if n == 0 || uint64(n) > uint64(len(b)) {
			return false
		}
		if isHEVC && isIRAP(hevc.GetNaluType(b[0])) || !isHEVC && avc.GetNaluType(b[0]) == avc.NALU_IDR {
			return sync
		}
		b = b[n:]
	}
	return false
}

// isIRAP reports an intra random access point (ITU-T H.265 table 7-1).
func isIRAP(t hevc.NaluType) bool { return t >= 16 && t <= 23 }
