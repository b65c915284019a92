package cmaf

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/Eyevinn/mp4ff/av1"
	"github.com/Eyevinn/mp4ff/avc"
	"github.com/Eyevinn/mp4ff/hevc"
	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
)

var errNoParameterSets = errors.New("configuration record without parameter sets")

// describeVideo writes the configuration record as the source has it: it knows
// more of a profile's colours and depths than is made of its parameter sets.
func describeVideo(trak *mp4.TrakBox, t *media.Track) error {
	var name, box string
	var width, height uint32
	var err error
	switch t.Codec {
	case media.H264:
		name, box = "avc1", "avcC"
		width, height, err = sizeH264(t.Config)
	case media.HEVC:
		name, box = "hvc1", "hvcC"
		width, height, err = sizeHEVC(t.Config)
	case media.AV1:
		name, box = "av01", "av1C"
		width, height, err = sizeAV1(t)
	default:
		return errors.New("no sample entry is known")
	}
	if err != nil {
		return err
	}
	if width > math.MaxUint16 || height > math.MaxUint16 {
		return fmt.Errorf("a picture of %d×%d", width, height)
	}
	trak.Tkhd.Width, trak.Tkhd.Height = mp4.Fixed32(width<<16), mp4.Fixed32(height<<16)
	entry := mp4.CreateVisualSampleEntryBox(name, uint16(width), uint16(height), raw(box, t.Config))
	trak.Mdia.Minf.Stbl.Stsd.AddChild(entry)
	return nil
}

// raw wraps a body that is ready.
func raw(name string, body []byte) mp4.Box {
	return mp4.CreateUnknownBox(name, uint64(sizeBox+len(body)), body)
}

func sizeH264(avcC []byte) (width, height uint32, err error) {
	rec, err := avc.DecodeAVCDecConfRec(avcC)
	if err != nil {
		return 0, 0, err
	}
	if len(rec.SPSnalus) == 0 || len(rec.PPSnalus) == 0 {
		return 0, 0, errNoParameterSets
	}
	sps, err := avc.ParseSPSNALUnit(rec.SPSnalus[0], false)
	if err != nil {
		return 0, 0, fmt.Errorf("read the SPS: %w", err)
	}
	return uint32(sps.Width), uint32(sps.Height), nil
}

func sizeHEVC(hvcC []byte) (width, height uint32, err error) {
	if len(hvcC) < hvcCFixed {
		return 0, 0, fmt.Errorf("configuration record of %d bytes", len(hvcC))
	}
	rec, err := hevc.DecodeHEVCDecConfRec(hvcC)
	if err != nil {
		return 0, 0, err
	}
	sps := rec.GetNalusForType(hevc.NALU_SPS)
	if len(sps) == 0 || len(rec.GetNalusForType(hevc.NALU_PPS)) == 0 {
		return 0, 0, errNoParameterSets
	}
	parsed, err := hevc.ParseSPSNALUnit(sps[0])
	if err != nil {
		return 0, 0, fmt.Errorf("read the SPS: %w", err)
	}
	width, height = parsed.ImageSize()
	return width, height, nil
}

// sizeAV1 takes the size of the track where the record has no sequence header,
// which is optional there (AV1 in ISOBMFF §2.3.4).
func sizeAV1(t *media.Track) (width, height uint32, err error) {
	rec, err := av1.DecodeAV1CodecConfRec(t.Config)
	if err != nil {
		return 0, 0, err
	}
	if sh, err := rec.SequenceHeader(); err == nil {
		return sh.Width(), sh.Height(), nil
	}
	if t.Width < 1 || t.Height < 1 {
		return 0, 0, errors.New("configuration record without a sequence header, and the size is not known")
	}
	return uint32(t.Width), uint32(t.Height), nil
}

// avcCodec is avc1.PPCCLL: profile, constraints and level (RFC 6381 §3.3).
func avcCodec(avcC []byte) (string, error) {
	if len(avcC) < 4 {
		return "", fmt.Errorf("configuration record of %d bytes", len(avcC))
	}
	return fmt.Sprintf("avc1.%02X%02X%02X", avcC[1], avcC[2], avcC[3]), nil
}

// hvcCFixed is the length of an hvcC up to its arrays.
const hvcCFixed = 23

// hevcCodec is hvc1.[A-C]P.C.TL[.XX…] (ISO 14496-15 annex E.3): profile space
// and profile, compatibility flags in reverse order, tier and level, and the
// constraint bytes without the zeros at their end.
func hevcCodec(hvcC []byte) (string, error) {
	if len(hvcC) < hvcCFixed {
		return "", fmt.Errorf("configuration record of %d bytes", len(hvcC))
	}
	space := [...]string{"", "A", "B", "C"}[hvcC[1]>>6]
	tier := "L"
	if hvcC[1]&0x20 != 0 {
		tier = "H"
	}
	compatible := bits.Reverse32(binary.BigEndian.Uint32(hvcC[2:]))
	s := fmt.Sprintf("hvc1.%s%d.%X.%s%d", space, hvcC[1]&0x1f, compatible, tier, hvcC[12])
	constraints := strings.TrimRight(string(hvcC[6:12]), "\x00")
	for _, b := range []byte(constraints) {
		s += fmt.Sprintf(".%X", b)
	}
	return s, nil
}

// av1Codec is av01.P.LLT.DD: profile, level, tier and depth (AV1 in ISOBMFF §5).
func av1Codec(av1C []byte) (string, error) {
	if len(av1C) < 4 {
		return "", fmt.Errorf("configuration record of %d bytes", len(av1C))
	}
	profile, level := av1C[1]>>5, av1C[1]&0x1f
	tier, depth := "M", 8
	if av1C[2]&0x80 != 0 {
		tier = "H"
	}
	if av1C[2]&0x40 != 0 {
		depth = 10
		if profile == 2 && av1C[2]&0x20 != 0 {
			depth = 12
		}
	}
	return fmt.Sprintf("av01.%d.%02d%s.%02d", profile, level, tier, depth), nil
}
