package transcode

import (
	"encoding/binary"
	"math/big"
	"slices"
	"testing"

	"github.com/Eyevinn/mp4ff/avc"

	"vitrine/internal/media"
)

// unrestricted returns an avcC whose SPS does not say how pictures are reordered.
func unrestricted(t *testing.T, config []byte) []byte {
	t.Helper()
	record, err := avc.DecodeAVCDecConfRec(config)
	if err != nil {
		t.Fatal(err)
	}
	sps := record.SPSnalus[0]
	for cut := 8*len(sps) - 2; cut > 0; cut-- {
		bits := new(big.Int).SetBytes(sps)
		bits.Rsh(bits, uint(8*len(sps)-cut)) // keep `cut` bits
		bits.Lsh(bits, 2)
		bits.SetBit(bits, 0, 1) // the flag at 0, then the stop bit
		n := cut + 2
		if n%8 != 0 {
			bits.Lsh(bits, uint(8-n%8))
		}
		short := bits.FillBytes(make([]byte, (n+7)/8))
		parsed, err := avc.ParseSPSNALUnit(short, true)
		if err == nil && parsed.VUI != nil && !parsed.VUI.BitstreamRestrictionFlag && parsed.VUI.TimingInfoPresentFlag {
			size := 8 + len(sps)
			out := slices.Clone(config[:6])
			out = binary.BigEndian.AppendUint16(out, uint16(len(short)))
			out = append(out, short...)
			return append(out, config[size:]...)
		}
	}
	t.Fatal("the SPS has no such flag")
	return nil
}

// Some encoders reorder pictures and do not say so: none may be lost by that.
func TestReorderingNobodyAnnounced(t *testing.T) {
	t.Parallel()
	in := x264(t, "320x180", 30, 4, "-bf", "3", "-b_strategy", "0", "-g", "60")
	track := *in[0].Track
	track.Config = unrestricted(t, track.Config)
	if !saysReordering(in[0].Track) || saysReordering(&track) || saysReordering(&media.Track{Codec: media.H264}) {
		t.Fatal("it is not noticed")
	}
	for i := range in {
		in[i].Track = &track
	}
	out := transcode(t, in, small)
	for _, r := range small {
		if got, want := ptsOf(out[r.Name]), ptsOf(in); !slices.Equal(got, want) {
			t.Errorf("%s: %d pictures of %d, or other times", r.Name, len(got), len(want))
		}
	}
}
