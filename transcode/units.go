package transcode

import (
	"bytes"
	"errors"
	"fmt"
	"iter"

	"github.com/Eyevinn/mp4ff/avc"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"vitrine/internal/media"
)

// nalLength is the size of the length in front of each NAL unit, in bytes.
const nalLength = 4

var startCode = []byte{0, 0, 1}

// nalUnits yields the NAL units of an Annex B byte stream (ITU-T H.264 §B.1),
// without start codes and the zeros around them. Empty ones are left out.
func nalUnits(b []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		i := bytes.Index(b, startCode)
		for i >= 0 {
			b = b[i+len(startCode):]
			i = bytes.Index(b, startCode)
			nal := b
			if i >= 0 {
				nal = b[:i]
			}
			nal = bytes.TrimRight(nal, "\x00")
			if len(nal) > 0 && !yield(nal) {
				return
			}
		}
	}
}

// videoReader turns pictures in Annex B into units.
type videoReader struct {
	fps      float64 // as the source declares; 0 if it does not
	sps, pps [][]byte
	track    *media.Track // made of sps and pps; a new one when they change
}

// unit returns the picture in b behind 4-byte lengths, with the track it needs.
// Parameter sets go into the track, delimiters and filler nowhere. It reports
// false for what holds no picture, or comes before the first parameter sets.
// The times are left to the caller.
func (v *videoReader) unit(b []byte) (u media.Unit, ok bool, err error) {
	var sps, pps [][]byte
	size := 0
	for nal := range nalUnits(b) {
		switch avc.GetNaluType(nal[0]) {
		case avc.NALU_SPS:
			sps = append(sps, nal)
		case avc.NALU_PPS:
			pps = append(pps, nal)
		default:
			if keeps(nal) {
				size += nalLength + len(nal)
			}
		}
	}
	if len(sps) > 0 && len(pps) > 0 {
		if err := v.setParameters(sps, pps); err != nil {
			return media.Unit{}, false, err
		}
	}
	if size == 0 || v.track == nil {
		return media.Unit{}, false, nil
	}
	u = media.Unit{Track: v.track, Data: make([]byte, 0, size)}
	for nal := range nalUnits(b) {
		if !keeps(nal) {
			continue
		}
		switch avc.GetNaluType(nal[0]) {
		case avc.NALU_IDR:
			u.Sync, ok = true, true
		case avc.NALU_NON_IDR:
			ok = true
		}
		n := len(nal)
		u.Data = append(u.Data, byte(n>>24), byte(n>>16), byte(n>>8), byte(n))
		u.Data = append(u.Data, nal...)
	}
	return u, ok, nil
}

// keeps reports whether a NAL unit belongs in a sample.
func keeps(nal []byte) bool {
	switch avc.GetNaluType(nal[0]) {
	case avc.NALU_SPS, avc.NALU_PPS, avc.NALU_AUD, avc.NALU_FILL, avc.NALU_EO_SEQ, avc.NALU_EO_STREAM:
		return false
	}
	return true
}

// setParameters makes a new track if the parameter sets are not the last ones.
func (v *videoReader) setParameters(sps, pps [][]byte) error {
	if equalSets(v.sps, sps) && equalSets(v.pps, pps) {
		return nil
	}
	v.sps, v.pps = cloneSets(sps), cloneSets(pps)
	parsed, err := avc.ParseSPSNALUnit(v.sps[0], false)
	if err != nil {
		return fmt.Errorf("reading a rung's SPS: %w", err)
	}
	record, err := avc.CreateAVCDecConfRec(v.sps, v.pps, true)
	if err != nil {
		return fmt.Errorf("making a rung's avcC: %w", err)
	}
	var config bytes.Buffer
	if err := record.Encode(&config); err != nil {
		return fmt.Errorf("making a rung's avcC: %w", err)
	}
	v.track = &media.Track{
		Kind: media.Video, Codec: media.H264, Config: config.Bytes(),
		Width: int(parsed.Width), Height: int(parsed.Height), FrameRate: v.fps,
	}
	return nil
}

// saysReordering reports whether a track tells how many pictures are reordered,
// be it by ruling it out. HEVC always does, and AV1 has one shown in each unit.
func saysReordering(t *media.Track) bool {
	const baseline, outputOrder = 66, 2
	if t.Codec != media.H264 {
		return true
	}
	record, err := avc.DecodeAVCDecConfRec(t.Config)
	if err != nil || len(record.SPSnalus) == 0 {
		return false
	}
	sps, err := avc.ParseSPSNALUnit(record.SPSnalus[0], true)
	if err != nil {
		return false
	}
	return sps.Profile == baseline || sps.PicOrderCntType == outputOrder ||
		sps.VUI != nil && sps.VUI.BitstreamRestrictionFlag
}

func equalSets(a, b [][]byte) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

func cloneSets(sets [][]byte) [][]byte {
	out := make([][]byte, len(sets))
	for i, s := range sets {
		out[i] = bytes.Clone(s)
	}
	return out
}

// audioReader turns AAC in ADTS into units.
type audioReader struct {
	track *media.Track
}

// units returns the frames in b, their times counted from 0.
func (a *audioReader) units(b []byte) ([]media.Unit, error) {
	const frameSamples = mpeg4audio.SamplesPerAccessUnit
	var packets mpeg4audio.ADTSPackets
	if err := packets.Unmarshal(b); err != nil {
		return nil, fmt.Errorf("reading ADTS: %w", err)
	}
	units := make([]media.Unit, 0, len(packets))
	for i, p := range packets {
		if err := a.setParameters(p); err != nil {
			return nil, err
		}
		at := media.Ticks(media.Rescale(int64(i)*frameSamples, int64(p.SampleRate), media.TicksPerSecond))
		units = append(units, media.Unit{Track: a.track, PTS: at, DTS: at, Sync: true, Data: bytes.Clone(p.AU)})
	}
	return units, nil
}

// setParameters makes a new track if p is coded otherwise than the last one.
func (a *audioReader) setParameters(p *mpeg4audio.ADTSPacket) error {
	if p.ChannelConfig == 0 {
		return errors.New("reading ADTS: the channels are not said")
	}
	channels := channelsOf(p.ChannelConfig)
	if a.track != nil && a.track.SampleRate == p.SampleRate && a.track.Channels == channels {
		return nil
	}
	config, err := mpeg4audio.AudioSpecificConfig{
		Type: p.Type, SampleRate: p.SampleRate, ChannelConfig: p.ChannelConfig,
	}.Marshal()
	if err != nil {
		return fmt.Errorf("making an AudioSpecificConfig: %w", err)
	}
	a.track = &media.Track{
		Kind: media.Audio, Codec: media.AAC, Config: config,
		SampleRate: p.SampleRate, Channels: channels,
	}
	return nil
}

// channelsOf is how many channels a channelConfiguration of 1 to 7 stands for
// (ISO/IEC 14496-3, table 1.19).
func channelsOf(config uint8) int {
	const sevenPointOne = 7
	if config == sevenPointOne {
		return 8
	}
	return int(config)
}
