package ts

import (
	"encoding/binary"
	"errors"
)

// Fields of a packet (ISO/IEC 13818-1 §2.4.3.2).
const (
	headerSize    = 4
	startFlag     = 0x40 // payload_unit_start_indicator, in byte 1
	hasAdaptation = 0x20 // adaptation_field_control, in byte 3
	hasPayload    = 0x10
	randomAccess  = 0x40 // random_access_indicator, in the adaptation field's flags
	stuffing      = 0xff
)

// adaptation returns the length of a packet's adaptation field, its length byte
// included.
func adaptation(p []byte) int {
	if p[3]&hasAdaptation == 0 {
		return 0
	}
	return 1 + int(p[headerSize])
}

// spread rewrites the PES at b[from:], which is whole packets to the end, as
// `more` packets more: the payload is shared out evenly, and adaptation fields
// are stuffed. Every PES here is longer than the counters' range.
func spread(b []byte, from, more int) []byte {
	old := b[from:]
	n := len(old)/packetSize + more
	var payload []byte
	for p := old; len(p) > 0; p = p[packetSize:] {
		payload = append(payload, p[headerSize+adaptation(p):packetSize]...)
	}
	head := [headerSize]byte(old)
	var clock []byte // flags and PCR, without the stuffing
	if a := old[:headerSize+adaptation(old)]; len(a) > headerSize+1 {
		clock = append(clock, a[headerSize+1:]...)
		clock = clock[:fields(clock[0])]
	}
	b = b[:from]
	for i := range n {
		size := len(payload) / (n - i)
		if most := packetSize - headerSize - 1 - len(clock); size > most && len(clock) > 0 {
			size = most // the PCR needs its place
		}
		b = append(b, head[0], head[1], head[2], hasPayload|(head[3]+byte(i))&(counters-1))
		b = appendAdaptation(b, clock, packetSize-headerSize-size)
		b = append(b, payload[:size]...)
		payload, clock = payload[size:], nil
		head[1] &^= startFlag
	}
	return b
}

// fields returns how long an adaptation field with these flags is without its
// stuffing: the flags, and a PCR if there is one. No other fields are written.
func fields(flags byte) int {
	const hasPCR, sizePCR = 0x10, 6
	if flags&hasPCR != 0 {
		return 1 + sizePCR
	}
	return 1
}

// appendAdaptation appends an adaptation field of n bytes to the packet at the
// end of b, whose header has just been written.
func appendAdaptation(b, content []byte, n int) []byte {
	if n == 0 {
		return b
	}
	b[len(b)-1] |= hasAdaptation
	b = append(b, byte(n-1))
	if n == 1 {
		return b
	}
	if len(content) == 0 {
		content = []byte{0} // no flags
	}
	b = append(b, content...)
	for range n - 1 - len(content) {
		b = append(b, stuffing)
	}
	return b
}

var errTables = errors.New("the tables are not one packet each")

// finishTables completes PAT and PMT as the muxer wrote them: the counters are
// the segment's number, and a PMT with timed ID3 gets its pointer descriptor,
// for which the muxer has no place.
func (w *writer) finishTables() error {
	pat, pmt := w.out.b[w.base:][:packetSize], w.out.b[w.base+packetSize:][:packetSize]
	for _, p := range [][]byte{pat, pmt} {
		p[3] = hasPayload | byte(w.seg.MSN)&(counters-1)
	}
	if w.seg.Video == nil {
		return nil
	}
	section := pmt[headerSize+1:] // behind a pointer_field of 0
	length := int(binary.BigEndian.Uint16(section[1:])) & 0xfff
	const fixed, sizeCRC = 12, 4 // §2.4.4.8
	end := 3 + length - sizeCRC
	if pmt[headerSize] != 0 || end < fixed || end+len(id3Pointer)+sizeCRC > len(section) {
		return errTables
	}
	copy(section[fixed+len(id3Pointer):], section[fixed:end])
	copy(section[fixed:], id3Pointer)
	end += len(id3Pointer)
	binary.BigEndian.PutUint16(section[1:], 0xb000|uint16(length+len(id3Pointer)))
	binary.BigEndian.PutUint16(section[10:], 0xf000|uint16(len(id3Pointer)))
	binary.BigEndian.PutUint32(section[end:], crc32(section[:end]))
	return nil
}

// crc32 is that of MPEG-2 sections (§A): most significant bit first, no final
// inversion.
func crc32(b []byte) uint32 {
	c := ^uint32(0)
	for _, x := range b {
		c ^= uint32(x) << 24
		for range 8 {
			c = c<<1 ^ 0x04c11db7&-(c>>31)
		}
	}
	return c
}
