package cmaf

import "encoding/binary"

// TrackID is the track's id in every initialization segment and chunk: each
// rendition holds one track.
const TrackID = 1

// Sample is one access unit within a chunk. Times are in the timescale of the
// track.
type Sample struct {
	Data []byte
	Dur  uint32
	CTO  int32 // composition time minus decode time, signed (trun version 1)
	Sync bool
}

// Sizes of the boxes of a chunk, and the flags they are written with.
const (
	sizeMfhd     = 16
	sizeTfhd     = 16
	sizeTfdt     = 20
	sizeTrunHead = 20
	sizeTrunRow  = 16
	sizeBox      = 8
	sizeFixed    = sizeBox + sizeMfhd + sizeBox + sizeTfhd + sizeTfdt + sizeTrunHead

	tfhdDefaultBaseIsMoof = 0x020000
	trunFlags             = 0x000001 | 0x000100 | 0x000200 | 0x000400 | 0x000800 // offset, duration, size, flags, CTO

	flagsSync    = 0x02000000 // sample_depends_on 2: on no other
	flagsNonSync = 0x01010000 // sample_depends_on 1, sample_is_non_sync_sample
)

// HeadSize returns how many bytes [AppendHead] writes.
func HeadSize(samples int) int { return sizeFixed + sizeTrunRow*samples + sizeBox }

// ChunkSize returns how many bytes [AppendChunk] writes.
func ChunkSize(samples []Sample) int {
	n := HeadSize(len(samples))
	for i := range samples {
		n += len(samples[i].Data)
	}
	return n
}

// AppendChunk appends one moof and its mdat (ISO/IEC 14496-12 §8.8) to b.
// decodeTime is the tfdt of the first sample, in the track's timescale.
func AppendChunk(b []byte, sequence uint32, decodeTime uint64, samples []Sample) []byte {
	b = AppendHead(b, sequence, decodeTime, samples)
	for i := range samples {
		b = append(b, samples[i].Data...)
	}
	return b
}

// AppendHead appends all of a chunk that stands before the data of its samples,
// which must follow in their order.
func AppendHead(b []byte, sequence uint32, decodeTime uint64, samples []Sample) []byte {
	trun := sizeTrunHead + sizeTrunRow*len(samples)
	traf := sizeBox + sizeTfhd + sizeTfdt + trun
	moof := sizeBox + sizeMfhd + traf
	u32 := binary.BigEndian.AppendUint32

	b = append(u32(b, uint32(moof)), "moof"...)
	b = append(u32(b, sizeMfhd), "mfhd\x00\x00\x00\x00"...)
	b = u32(b, sequence)
	b = append(u32(b, uint32(traf)), "traf"...)
	b = append(u32(b, sizeTfhd), "tfhd"...)
	b = u32(u32(b, tfhdDefaultBaseIsMoof), TrackID)
	b = append(u32(b, sizeTfdt), "tfdt\x01\x00\x00\x00"...)
	b = binary.BigEndian.AppendUint64(b, decodeTime)
	b = append(u32(b, uint32(trun)), "trun"...)
	b = u32(u32(u32(b, 1<<24|trunFlags), uint32(len(samples))), uint32(moof+sizeBox))
	mdat := sizeBox
	for i := range samples {
		s := &samples[i]
		flags := uint32(flagsNonSync)
		if s.Sync {
			flags = flagsSync
		}
		b = u32(u32(u32(u32(b, s.Dur), uint32(len(s.Data))), flags), uint32(s.CTO))
		mdat += len(s.Data)
	}
	return append(u32(b, uint32(mdat)), "mdat"...)
}
