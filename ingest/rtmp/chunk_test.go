package rtmp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"slices"
	"testing"
)

func readerOf(b []byte) *chunkReader {
	l := DefaultLimits()
	return newChunkReader(bufio.NewReaderSize(bytes.NewReader(b), readBuffer), l, func(byte) int { return l.MediaMessage })
}

// be appends v in n bytes, big-endian.
func be(b []byte, v uint32, n int) []byte {
	return append(b, binary.BigEndian.AppendUint32(nil, v)[4-n:]...)
}

// chunkHeader builds any header by hand: format, chunk stream in its shortest
// form, and the fields that the format has.
func chunkHeader(format byte, id int, field uint32, length int, typ byte) []byte {
	var b []byte
	switch {
	case id < 64:
		b = []byte{format<<6 | byte(id)}
	case id < 320:
		b = []byte{format << 6, byte(id - 64)}
	default:
		b = []byte{format<<6 | 1, byte(id - 64), byte((id - 64) >> 8)}
	}
	if format < 3 {
		b = be(b, min(field, extended), 3)
	}
	if format < 2 {
		b = append(be(b, uint32(length), 3), typ)
	}
	if format == 0 {
		b = append(b, 1, 0, 0, 0)
	}
	if format < 3 && field >= extended {
		b = be(b, field, 4)
	}
	return b
}

func TestChunksBecomeMessages(t *testing.T) {
	payload := make([]byte, 300)
	for i := range payload {
		payload[i] = byte(i)
	}
	join := func(parts ...[]byte) []byte { return slices.Concat(parts...) }
	ext := func(v uint32) []byte { return be(nil, v, 4) }
	const late = 0x01000010 // needs an extended timestamp
	for name, test := range map[string]struct {
		in    []byte
		times []uint32
	}{
		"one chunk": {join(chunkHeader(0, 5, 7, 100, 9), payload[:100]), []uint32{7}},
		"three chunks": {join(
			chunkHeader(0, 5, 7, 300, 9), payload[:128],
			chunkHeader(3, 5, 0, 0, 0), payload[128:256],
			chunkHeader(3, 5, 0, 0, 0), payload[256:]), []uint32{7}},
		"two-byte chunk stream id":   {join(chunkHeader(0, 100, 7, 100, 9), payload[:100]), []uint32{7}},
		"three-byte chunk stream id": {join(chunkHeader(0, 65599, 7, 100, 9), payload[:100]), []uint32{7}},
		"the other three-byte form":  {join([]byte{1, 36, 0}, chunkHeader(0, 5, 7, 100, 9)[1:], payload[:100]), []uint32{7}},
		"extended time":              {join(chunkHeader(0, 5, late, 100, 9), payload[:100]), []uint32{late}},
		"extended time, repeated on type 3": {join(
			chunkHeader(0, 5, late, 300, 9), payload[:128],
			chunkHeader(3, 5, 0, 0, 0), ext(late), payload[128:256],
			chunkHeader(3, 5, 0, 0, 0), ext(late), payload[256:]), []uint32{late}},
		"extended time, left out on type 3": {join(
			chunkHeader(0, 5, late, 300, 9), payload[:128],
			chunkHeader(3, 5, 0, 0, 0), payload[128:256],
			chunkHeader(3, 5, 0, 0, 0), payload[256:]), []uint32{late}},
		"extended time, left out, two bytes to go": {join(
			chunkHeader(0, 5, late, 130, 9), payload[:128],
			chunkHeader(3, 5, 0, 0, 0), payload[128:130]), []uint32{late}},
		"extended delta": {join(
			chunkHeader(0, 5, 1, 100, 9), payload[:100],
			chunkHeader(1, 5, late, 100, 9), payload[:100]), []uint32{1, late + 1}},
		"deltas of every format": {join(
			chunkHeader(0, 5, 1000, 100, 9), payload[:100],
			chunkHeader(1, 5, 40, 90, 8), payload[:90],
			chunkHeader(2, 5, 30, 0, 0), payload[:90],
			chunkHeader(3, 5, 0, 0, 0), payload[:90]), []uint32{1000, 1040, 1070, 1100}},
		"type 3 after type 0 repeats its time": { // as FFmpeg does for audio
			join(chunkHeader(0, 5, 23, 100, 8), payload[:100], chunkHeader(3, 5, 0, 0, 0), payload[:100]), []uint32{23, 46}},
		"type 1 first, as librtmp does": {join(chunkHeader(1, 2, 5, 100, 4), payload[:100]), []uint32{5}},
		"interleaved": {join(
			chunkHeader(0, 5, 7, 200, 9), payload[:128],
			chunkHeader(0, 6, 8, 100, 8), payload[:100],
			chunkHeader(3, 5, 0, 0, 0), payload[128:200]), []uint32{8, 7}},
		"aborted": {join(
			chunkHeader(0, 5, 7, 200, 9), payload[:128],
			chunkHeader(0, 2, 0, 4, 2), ext(5),
			chunkHeader(0, 5, 9, 100, 9), payload[:100]), []uint32{0, 9}},
	} {
		t.Run(name, func(t *testing.T) {
			c := readerOf(test.in)
			for i, want := range test.times {
				m, err := c.next()
				if err != nil {
					t.Fatalf("message %d: %v", i, err)
				}
				if m.time != want || m.typ != typeAbort && !bytes.Equal(m.body, payload[:len(m.body)]) {
					t.Errorf("message %d at %d, want %d; %d bytes", i, m.time, want, len(m.body))
				}
				if m.typ == typeAbort {
					c.abort(m.body)
				}
			}
			if _, err := c.next(); !errors.Is(err, io.EOF) {
				t.Errorf("then %v", err)
			}
			if c.partial != 0 {
				t.Errorf("%d bytes are counted as unfinished", c.partial)
			}
		})
	}
}

func TestBuffersAreLetGo(t *testing.T) {
	big := message{typ: typeVideo, body: make([]byte, keepBuffer+1)}
	c := readerOf(appendMessage(nil, 4, big, maxChunkSize))
	c.chunkSize = maxChunkSize
	if _, err := c.next(); err != nil {
		t.Fatal(err)
	}
	if got := cap(c.streams[4].body); got > keepBuffer {
		t.Errorf("%d bytes are kept for the next message", got)
	}
}

func TestAnnouncedLengthsCostNothing(t *testing.T) {
	c := readerOf(append(chunkHeader(0, 4, 0, 8<<20, typeVideo), make([]byte, defaultChunkSize)...))
	if _, err := c.next(); !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if got := cap(c.streams[4].body); got > 1024 {
		t.Errorf("128 bytes of an announced 8 MB take %d", got)
	}
}

func FuzzChunkReader(f *testing.F) {
	f.Add(appendMessage(nil, 4, message{time: 0x1000000, typ: typeVideo, stream: 1, body: make([]byte, 400)}, defaultChunkSize))
	f.Add(append(chunkHeader(0, 65599, 3, 10, 20), make([]byte, 10)...))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := readerOf(b)
		for {
			m, err := c.next()
			if err != nil {
				break
			}
			if len(m.body) > DefaultLimits().MediaMessage {
				t.Fatalf("a message of %d bytes", len(m.body))
			}
			switch m.typ {
			case typeSetChunkSize:
				_ = c.setChunkSize(m.body) // it may refuse
			case typeAbort:
				c.abort(m.body)
			}
		}
		held := 0
		for _, s := range c.streams {
			held += len(s.body)
		}
		if held > len(b)+maxChunkSize || len(c.streams) > c.maxStreams {
			t.Fatalf("%d bytes in %d streams held of %d", held, len(c.streams), len(b))
		}
	})
}
