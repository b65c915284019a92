package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"slices"
)

// Message types (RTMP specification 1.0, §5.4 and §7.1).
const (
	typeSetChunkSize = 1
	typeAbort        = 2
	typeAck          = 3
	typeUserControl  = 4
	typeWindowAck    = 5
	typeAudio        = 8
	typeVideo        = 9
	typeDataAMF3     = 15
	typeCommandAMF3  = 17
	typeData         = 18
	typeCommand      = 20
)

const (
	defaultChunkSize = 128
	maxChunkSize     = 0xffffff // §5.4.1: no message is longer
	extended         = 0xffffff // a timestamp field that says: read 32 bits more

	// keepBuffer is how large a chunk stream's buffer may be to be kept for the
	// next message.
	keepBuffer = 512 << 10
)

// message is one RTMP message, whole.
type message struct {
	time   uint32 // ms
	typ    byte
	stream uint32 // message stream
	body   []byte
}

// chunkStream remembers what later chunk headers leave out (§5.3.1.2).
type chunkStream struct {
	time, delta uint32 // ms
	stream      uint32
	length      int
	typ         byte
	extended    bool   // the last header had an extended timestamp
	extension   uint32 // and this was it
	known       bool   // there was a header with a length
	body        []byte // of the unfinished message
}

// chunkReader puts messages together from chunks. It holds no more than it was
// told to, and trusts no announced length before the bytes are there.
type chunkReader struct {
	r         *bufio.Reader
	chunkSize int
	streams   map[int]*chunkStream
	partial   int // bytes in unfinished messages
	scratch   [11]byte

	maxStreams int
	maxPartial int
	maxLength  func(typ byte) int // bytes a message of that type may have
}

func newChunkReader(r *bufio.Reader, l Limits, maxLength func(byte) int) *chunkReader {
	return &chunkReader{
		r: r, chunkSize: defaultChunkSize, streams: make(map[int]*chunkStream),
		maxStreams: l.ChunkStreams, maxPartial: l.Partial, maxLength: maxLength,
	}
}

// next returns the next whole message. Its body is valid until the call after.
func (c *chunkReader) next() (message, error) {
	for {
		m, done, err := c.chunk()
		if done || err != nil {
			return m, err
		}
	}
}

// chunk reads one chunk and reports whether it completed a message.
func (c *chunkReader) chunk() (message, bool, error) {
	format, s, err := c.basicHeader()
	if err != nil {
		return message{}, false, err
	}
	if err := c.messageHeader(format, s); err != nil {
		return message{}, false, err
	}
	if limit := c.maxLength(s.typ); s.length > limit {
		return message{}, false, fmt.Errorf("a message of %d bytes where %d are allowed", s.length, limit)
	}
	n := min(s.length-len(s.body), c.chunkSize)
	if c.partial += n; c.partial > c.maxPartial {
		return message{}, false, fmt.Errorf("more than %d bytes of unfinished messages", c.maxPartial)
	}
	have := len(s.body)
	s.body = slices.Grow(s.body, n)[:have+n]
	if _, err := io.ReadFull(c.r, s.body[have:]); err != nil {
		return message{}, false, unexpected(err)
	}
	if len(s.body) < s.length {
		return message{}, false, nil
	}
	m := message{time: s.time, typ: s.typ, stream: s.stream, body: s.body}
	c.forget(s)
	return m, true, nil
}

// basicHeader reads the chunk's format and finds its stream (§5.3.1.1).
func (c *chunkReader) basicHeader() (format byte, s *chunkStream, err error) {
	b, err := c.r.ReadByte()
	if err != nil {
		return 0, nil, err
	}
	format, id := b>>6, int(b&0x3f)
	if id < 2 { // 0: one more byte, 1: two
		more := c.scratch[:2]
		more[1] = 0
		if _, err := io.ReadFull(c.r, more[:id+1]); err != nil {
			return 0, nil, unexpected(err)
		}
		id = 64 + int(more[0]) + int(more[1])<<8
	}
	s = c.streams[id]
	if s == nil {
		if len(c.streams) >= c.maxStreams {
			return 0, nil, fmt.Errorf("more than %d chunk streams", c.maxStreams)
		}
		s = new(chunkStream)
		c.streams[id] = s
	}
	return format, s, nil
}

// headerSize is the length of a message header by its format (§5.3.1.2).
var headerSize = [4]int{11, 7, 3, 0}

// messageHeader reads the chunk's message header into s.
func (c *chunkReader) messageHeader(format byte, s *chunkStream) error {
	inside := len(s.body) > 0
	switch {
	case inside && format != 3:
		return errors.New("a new message inside an unfinished one")
	case !s.known && format > 1:
		// librtmp begins with format 1, which lacks only the message stream.
		return errors.New("a chunk stream begins without a header")
	}
	h := c.scratch[:headerSize[format]]
	if _, err := io.ReadFull(c.r, h); err != nil {
		return unexpected(err)
	}
	var field uint32
	if format < 3 {
		field = uint32(h[0])<<16 | uint32(h[1])<<8 | uint32(h[2])
		s.extended = field == extended
	}
	if format <= 1 {
		s.length, s.typ, s.known = int(h[3])<<16|int(h[4])<<8|int(h[5]), h[6], true
	}
	if format == 0 {
		s.stream = binary.LittleEndian.Uint32(h[7:])
	}
	if s.extended {
		var err error
		if field, err = c.extendedTime(format, s); err != nil {
			return err
		}
	}
	switch {
	case format == 0:
		// §5.3.1.2.4: a type 3 that follows a type 0 repeats its time as a delta.
		s.time, s.delta = field, field
	case format < 3:
		s.delta = field
		s.time += field
	case !inside:
		s.time += s.delta
	}
	return nil
}

// extendedTime reads the 32 bits that follow a header. On a continuation they
// are a repetition (§5.3.1.3), which some encoders leave out: then what comes
// is payload, and stays where it is.
func (c *chunkReader) extendedTime(format byte, s *chunkStream) (uint32, error) {
	if format == 3 {
		if b, err := c.r.Peek(4); err == nil && binary.BigEndian.Uint32(b) == s.extension {
			_, err = c.r.Discard(4)
			return s.extension, err
		}
		return s.extension, nil // whatever ended the stream will show when the payload is read
	}
	b := c.scratch[:4]
	if _, err := io.ReadFull(c.r, b); err != nil {
		return 0, unexpected(err)
	}
	s.extension = binary.BigEndian.Uint32(b)
	return s.extension, nil
}

// setChunkSize obeys the encoder's Set Chunk Size (§5.4.1).
func (c *chunkReader) setChunkSize(body []byte) error {
	if len(body) < 4 {
		return errors.New("a chunk size of less than 4 bytes")
	}
	n := binary.BigEndian.Uint32(body) & 0x7fffffff
	if n == 0 {
		return errors.New("a chunk size of 0")
	}
	c.chunkSize = int(min(n, maxChunkSize))
	return nil
}

// abort obeys the encoder's Abort Message (§5.4.2).
func (c *chunkReader) abort(body []byte) {
	if len(body) < 4 {
		return
	}
	if s := c.streams[int(binary.BigEndian.Uint32(body))]; s != nil {
		c.forget(s)
	}
}

// forget lets go of what s holds of a message, and of a buffer that is too
// large to wait for the next one.
func (c *chunkReader) forget(s *chunkStream) {
	c.partial -= len(s.body)
	s.body = s.body[:0]
	if cap(s.body) > keepBuffer {
		s.body = nil
	}
}

// unexpected says that a stream which ended here was cut short.
func unexpected(err error) error {
	if errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}

// appendHeader appends a type 0 header for a message of n bytes.
func appendHeader(b []byte, chunkStream byte, m message, n int) []byte {
	t := min(m.time, extended)
	b = append(b, chunkStream, byte(t>>16), byte(t>>8), byte(t), byte(n>>16), byte(n>>8), byte(n), m.typ)
	b = binary.LittleEndian.AppendUint32(b, m.stream)
	if t == extended {
		b = binary.BigEndian.AppendUint32(b, m.time)
	}
	return b
}

// appendMessage appends m in chunks of at most size bytes.
func appendMessage(b []byte, chunkStream byte, m message, size int) []byte {
	b = appendHeader(b, chunkStream, m, len(m.body))
	for rest := m.body; ; {
		n := min(len(rest), size)
		b = append(b, rest[:n]...)
		if rest = rest[n:]; len(rest) == 0 {
			return b
		}
		b = append(b, 3<<6|chunkStream)
		if m.time >= extended {
			b = binary.BigEndian.AppendUint32(b, m.time)
		}
	}
}
