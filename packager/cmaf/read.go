package cmaf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
)

// Chunk is what [AppendEvent] and [AppendChunk] wrote, read back.
type Chunk struct {
	Events   []Event
	Sequence uint32
	Time     uint64   // decode time of the first sample
	Samples  []Sample // their data points into what was read
}

// ErrNotOurs is returned by [ReadChunk] for bytes that this package has not written.
var ErrNotOurs = errors.New("not a chunk of this packager")

// ReadChunk reads the first chunk of b, event messages, one moof and one mdat,
// and returns what stands behind it. It is the inverse of [AppendEvent] and
// [AppendChunk] and knows no other CMAF than theirs: appending what it returns
// gives the same bytes again.
func ReadChunk(b []byte) (c Chunk, rest []byte, err error) {
	for {
		body, after, err := cutBox(b, "emsg")
		if err != nil {
			break // then it must be the moof
		}
		e, err := readEvent(body)
		if err != nil {
			return Chunk{}, nil, err
		}
		c.Events = append(c.Events, e)
		b = after
	}
	if rest, err = c.readMedia(b); err != nil {
		return Chunk{}, nil, err
	}
	return c, rest, nil
}

// cutBox splits off the box at the start of b, which must be of the kind given,
// with a 32-bit size (ISO/IEC 14496-12 §4.2).
func cutBox(b []byte, kind string) (body, rest []byte, err error) {
	if len(b) < sizeBox || string(b[4:sizeBox]) != kind {
		return nil, nil, fmt.Errorf("%w: no %s", ErrNotOurs, kind)
	}
	n := uint64(binary.BigEndian.Uint32(b))
	if n < sizeBox || n > uint64(len(b)) {
		return nil, nil, fmt.Errorf("%w: %s of %d bytes", ErrNotOurs, kind, n)
	}
	return b[sizeBox:n], b[n:], nil
}

func readEvent(b []byte) (Event, error) {
	const fixed = sizeEmsgFixed - sizeBox
	head := SchemeID3 + "\x00\x00"
	if len(b) < fixed+len(head) || binary.BigEndian.Uint32(b) != 1<<24 || string(b[fixed:fixed+len(head)]) != head {
		return Event{}, fmt.Errorf("%w: another event message", ErrNotOurs)
	}
	return Event{
		Timescale: binary.BigEndian.Uint32(b[4:]),
		Time:      binary.BigEndian.Uint64(b[8:]),
		Dur:       binary.BigEndian.Uint32(b[16:]),
		ID:        binary.BigEndian.Uint32(b[20:]),
		Message:   b[fixed+len(head):],
	}, nil
}

// readMedia reads the moof and the mdat at the start of b. The samples tell every
// other byte of the moof, so it is compared as a whole.
func (c *Chunk) readMedia(b []byte) (rest []byte, err error) {
	if len(b) < sizeFixed+sizeBox {
		return nil, fmt.Errorf("%w: %d bytes", ErrNotOurs, len(b))
	}
	const (
		atSequence = sizeBox + sizeMfhd - 4
		atTime     = sizeBox + sizeMfhd + sizeBox + sizeTfhd + sizeTfdt - 8
		atCount    = sizeFixed - 8
	)
	c.Sequence = binary.BigEndian.Uint32(b[atSequence:])
	c.Time = binary.BigEndian.Uint64(b[atTime:])
	n := uint64(binary.BigEndian.Uint32(b[atCount:]))
	if n > uint64(len(b)-sizeFixed-sizeBox)/sizeTrunRow {
		return nil, fmt.Errorf("%w: %d samples in %d bytes", ErrNotOurs, n, len(b))
	}
	rows, data := b[sizeFixed:], b[sizeFixed+int(n)*sizeTrunRow+sizeBox:]
	c.Samples = make([]Sample, n)
	for i := range c.Samples {
		row := rows[i*sizeTrunRow:]
		size := binary.BigEndian.Uint32(row[4:])
		if uint64(size) > uint64(len(data)) {
			return nil, fmt.Errorf("%w: sample %d is cut", ErrNotOurs, i)
		}
		c.Samples[i] = Sample{
			Data: data[:size:size],
			Dur:  binary.BigEndian.Uint32(row),
			CTO:  int32(binary.BigEndian.Uint32(row[12:])),
			Sync: binary.BigEndian.Uint32(row[8:]) == flagsSync,
		}
		data = data[size:]
	}
	if head := AppendHead(nil, c.Sequence, c.Time, c.Samples); !bytes.HasPrefix(b, head) {
		return nil, fmt.Errorf("%w: another layout", ErrNotOurs)
	}
	return data, nil
}
