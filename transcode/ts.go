package transcode

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/asticode/go-astits"
)

// Bounds of what a pipe may bring.
const (
	maxPES     = 8 << 20  // bytes of one PES; x264's largest keyframes are far below
	pipeBuffer = 64 << 10 // bytes read ahead of the demuxer
)

// PES framing (ISO 13818-1 §2.4.3.6).
const (
	pesFixed    = 6 // start code, stream id, length
	pesOptional = 9 // where the optional header's fields begin
)

var errPES = errors.New("malformed PES")

// pes is one packet of the elementary stream. Its data is valid until the next
// call of [pesReader.next].
type pes struct {
	pts, dts uint64 // 33 bits at 90 kHz
	data     []byte
}

// pesReader reads the one elementary stream of an MPEG-TS. It assembles packets
// itself: the demuxer's own assembly holds each back until the next begins, and
// loses some where lengths are mixed. A PES with a length ends there; one
// without (a picture of more than 64 KB) ends where the next begins.
type pesReader struct {
	dmx  *astits.Demuxer
	pid  int // of the elementary stream, -1 until seen
	held *astits.Packet
	buf  []byte
}

func newPESReader(ctx context.Context, r io.Reader) *pesReader {
	return &pesReader{
		dmx: astits.NewDemuxer(ctx, bufio.NewReaderSize(r, pipeBuffer), astits.DemuxerOptPacketSize(astits.MpegTsPacketSize)),
		pid: -1,
	}
}

// next returns the next PES. At the end it returns [io.EOF], and what was begun
// is forgotten: nobody can tell whether it is whole.
func (r *pesReader) next() (pes, error) {
	for {
		p := r.held
		r.held = nil
		if p == nil {
			var err error
			if p, err = r.dmx.NextPacket(); errors.Is(err, astits.ErrNoMorePackets) {
				return pes{}, io.EOF
			} else if err != nil {
				return pes{}, fmt.Errorf("reading MPEG-TS: %w", err)
			}
		}
		if !r.wants(p) {
			continue
		}
		if p.Header.PayloadUnitStartIndicator && len(r.buf) > 0 {
			r.held = p
			return r.take()
		}
		if len(r.buf)+len(p.Payload) > maxPES {
			return pes{}, fmt.Errorf("%w: more than %d bytes", errPES, maxPES)
		}
		r.buf = append(r.buf, p.Payload...)
		if n := pesSize(r.buf); n > 0 && len(r.buf) >= n {
			return r.take()
		}
	}
}

// wants reports whether p belongs to what is being read: the elementary stream
// that was seen first, from the start of one of its PES.
func (r *pesReader) wants(p *astits.Packet) bool {
	if len(p.Payload) == 0 {
		return false
	}
	if p.Header.PayloadUnitStartIndicator {
		if r.pid < 0 && len(p.Payload) >= 4 && p.Payload[0] == 0 && p.Payload[1] == 0 && p.Payload[2] == 1 {
			r.pid = int(p.Header.PID)
		}
		return int(p.Header.PID) == r.pid
	}
	return int(p.Header.PID) == r.pid && len(r.buf) > 0
}

// take parses what was gathered and makes room for the next PES.
func (r *pesReader) take() (pes, error) {
	b := r.buf
	r.buf = r.buf[:0]
	return parsePES(b)
}

// pesSize returns how long the PES is that b begins, 0 if it does not say.
func pesSize(b []byte) int {
	if len(b) < pesFixed {
		return 0
	}
	n := int(binary.BigEndian.Uint16(b[4:]))
	if n == 0 {
		return 0
	}
	return pesFixed + n
}

func parsePES(b []byte) (pes, error) {
	if n := pesSize(b); n > 0 {
		if len(b) < n {
			return pes{}, fmt.Errorf("%w: %d bytes of %d", errPES, len(b), n)
		}
		b = b[:n]
	}
	if len(b) < pesOptional || b[0] != 0 || b[1] != 0 || b[2] != 1 || b[6]>>6 != 2 {
		return pes{}, fmt.Errorf("%w: no header", errPES)
	}
	flags, body := b[7], pesOptional+int(b[8])
	fields := b[pesOptional:min(body, len(b))]
	if body > len(b) || flags&0x80 == 0 || len(fields) < 5 {
		return pes{}, fmt.Errorf("%w: no time", errPES)
	}
	p := pes{pts: timestamp(fields), data: b[body:]}
	p.dts = p.pts
	if flags&0x40 != 0 && len(fields) >= 10 {
		p.dts = timestamp(fields[5:])
	}
	return p, nil
}

// timestamp reads 33 bits out of five bytes with their markers.
func timestamp(b []byte) uint64 {
	return uint64(b[0]>>1&7)<<30 | uint64(b[1])<<22 | uint64(b[2]>>1)<<15 | uint64(b[3])<<7 | uint64(b[4]>>1)
}

// unwrap33 returns the time nearest to near whose low 33 bits are v.
func unwrap33(v uint64, near int64) int64 {
	const bits = 33
	d := int64((v-uint64(near))<<(64-bits)) >> (64 - bits)
	return near + d
}
