package cmaf

import "encoding/binary"

// SchemeID3 says that an event message holds one complete ID3v2.4 tag (AOM,
// Carriage of ID3 Timed Metadata in CMAF 1.0.0 §2).
const SchemeID3 = "https://aomedia.org/emsg/ID3"

const sizeEmsgFixed = 32

// Event is an event message for [AppendEvent]; times are in units of 1/Timescale s.
type Event struct {
	Timescale uint32
	Time      uint64 // presentation time on the media timeline, inside the chunk that carries it
	Dur       uint32 // finite: some players fire an open-ended one twice
	ID        uint32
	Message   []byte // one ID3v2.4 tag
}

// EventSize returns how many bytes [AppendEvent] writes.
func EventSize(e Event) int { return sizeEmsgFixed + len(SchemeID3) + 1 + 1 + len(e.Message) }

// AppendEvent appends a version 1 emsg box (ISO/IEC 23009-1 §5.10.3.3) to b. It
// goes directly before the moof of the chunk that carries it.
func AppendEvent(b []byte, e Event) []byte {
	u32 := binary.BigEndian.AppendUint32
	b = append(u32(b, uint32(EventSize(e))), "emsg\x01\x00\x00\x00"...)
	b = u32(b, e.Timescale)
	b = binary.BigEndian.AppendUint64(b, e.Time)
	b = u32(u32(b, e.Dur), e.ID)
	b = append(b, SchemeID3...)
	b = append(b, 0, 0) // end of the scheme, and an empty value
	return append(b, e.Message...)
}
