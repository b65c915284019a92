package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"sync"
	"time"
)

const (
	version       = 3             // C0 (§5.2.2); 6 is RTMPE
	handshakeSize = 1 + 2*1536    // C0, C1, C2
	readBuffer    = 32 << 10      // bytes
	ackWindow     = 2_500_000 / 2 // bytes between Acks, unless the encoder asks for fewer
	minAckWindow  = 64 << 10      // it may not ask for less

	// Chunk streams of what the guard hands on and of what it says itself.
	chunkControl = 2
	chunkCommand = 3
	chunkMedia   = 4
	chunkOwn     = 5 // go-rtmp never writes on it
)

// guard stands between a connection and go-rtmp. go-rtmp reads from it clean
// messages of one chunk each, and writes through it.
//
// Read and what it calls belong to go-rtmp's reading goroutine, as do the
// fields; Write may be called from another one.
type guard struct {
	conn   net.Conn
	limits Limits
	start  time.Time
	in     wire
	r      *bufio.Reader
	chunks *chunkReader

	handshake int    // bytes of it still to come
	head      []byte // what go-rtmp has not read yet: of the header …
	body      []byte // … and of the message
	header    [16]byte
	length    int    // of the message that go-rtmp reads now
	stream    uint32 // message stream that was admitted; 0: none yet
	left      bool   // the encoder said goodbye
	dropped   int    // messages that go-rtmp cannot take
	window    uint32 // bytes between Acks
	acked     uint32

	write sync.Mutex
	muted bool // go-rtmp's words go nowhere any more
}

func newGuard(conn net.Conn, l Limits) *guard {
	g := &guard{conn: conn, limits: l, start: time.Now(), handshake: handshakeSize, window: ackWindow}
	g.in = wire{conn: conn, idle: l.Idle, until: g.start.Add(l.Handshake), stage: "handshake"}
	g.r = bufio.NewReaderSize(&g.in, readBuffer)
	g.chunks = newChunkReader(g.r, l, g.maxLength)
	return g
}

// Read gives go-rtmp the next bytes of a clean message.
func (g *guard) Read(p []byte) (int, error) {
	if g.handshake > 0 {
		return g.readHandshake(p)
	}
	for len(g.head)+len(g.body) == 0 {
		if err := g.nextMessage(); err != nil {
			return 0, err
		}
	}
	rest := &g.head
	if len(g.head) == 0 {
		rest = &g.body
	}
	n := copy(p, *rest)
	*rest = (*rest)[n:]
	return n, nil
}

// readHandshake lets the handshake pass, all of it under one deadline: a byte
// a second does not keep the door open.
func (g *guard) readHandshake(p []byte) (int, error) {
	if g.handshake == handshakeSize {
		b, err := g.r.Peek(1)
		if err != nil {
			return 0, err
		}
		if err := checkVersion(b[0]); err != nil {
			return 0, err
		}
	}
	n, err := g.r.Read(p[:min(len(p), g.handshake)])
	g.handshake -= n
	if g.handshake == 0 {
		g.in.until, g.in.stage = g.start.Add(g.limits.Publish), "stream key"
		g.head = appendPreamble(g.head)
	}
	return n, err
}

// appendPreamble appends what go-rtmp is told before anything else: to take
// each message as one chunk, and to leave Acks to the guard. It counts them in
// 32 bits and halves the window as a signed number, so that this one is never
// reached.
func appendPreamble(b []byte) []byte {
	const never = 0xfffffffe
	for _, m := range []message{
		{typ: typeSetChunkSize, body: binary.BigEndian.AppendUint32(nil, maxChunkSize)},
		{typ: typeWindowAck, body: binary.BigEndian.AppendUint32(nil, never)},
	} {
		b = appendMessage(b, chunkControl, m, len(m.body))
	}
	return b
}

// checkVersion looks at the very first byte.
func checkVersion(b byte) error {
	switch b {
	case version:
		return nil
	case 6, 8:
		return errors.New("the encoder wants RTMPE, which is not encryption worth the name: use rtmp://")
	case 0x16:
		return errors.New("the encoder speaks TLS: use rtmp://, not rtmps://")
	}
	return fmt.Errorf("not RTMP: it begins with %#02x", b)
}

// nextMessage reads a message and decides what becomes of it.
func (g *guard) nextMessage() error {
	m, err := g.chunks.next()
	if err != nil {
		return err
	}
	if err := g.acknowledge(); err != nil {
		return err
	}
	if len(m.body) == 0 {
		return nil // legal, and go-rtmp panics on it
	}
	return g.handle(m)
}

// handle is the rule for each type of message.
func (g *guard) handle(m message) error {
	switch m.typ {
	case typeSetChunkSize: // between encoder and guard only
		return g.chunks.setChunkSize(m.body)
	case typeAbort:
		g.chunks.abort(m.body)
	case typeAck, typeUserControl: // nothing in them that a server for encoders needs
	case typeWindowAck:
		if len(m.body) >= 4 {
			g.window = max(min(binary.BigEndian.Uint32(m.body)/2, ackWindow), minAckWindow)
		}
	case typeAudio, typeVideo:
		if g.stream == 0 {
			g.dropped++
			return nil
		}
		m.stream = g.stream
		g.pass(chunkMedia, m)
	case typeDataAMF3, typeCommandAMF3:
		// In practice: a format byte of 0, then AMF0. Real AMF3 comes from nobody.
		if m.body[0] != 0 || len(m.body) < 2 {
			g.dropped++
			return nil
		}
		m.body, m.typ = m.body[1:], m.typ+(typeData-typeDataAMF3)
		return g.handle(m)
	case typeData:
		return g.handleData(m)
	case typeCommand:
		return g.handleCommand(m)
	default:
		g.dropped++
	}
	return nil
}

// handleData passes data on in the one form that go-rtmp hands to its handler.
func (g *guard) handleData(m message) error {
	r := amfReader{b: m.body, depth: g.limits.AMFDepth}
	name, err := r.value()
	for err == nil && len(r.b) > 0 {
		err = r.skipValue()
	}
	if err != nil {
		return fmt.Errorf("data message: %w", err)
	}
	if g.stream == 0 || name.kind != amfString {
		g.dropped++
		return nil
	}
	if name.str != setDataFrame {
		m.body = append(appendAMFString(nil, setDataFrame), m.body...)
	}
	m.stream = g.stream
	g.pass(chunkMedia, m)
	return nil
}

// handleCommand passes on the commands that go-rtmp has states for, rebuilt.
func (g *guard) handleCommand(m message) error {
	c, err := parseCommand(m.body, g.limits.AMFDepth)
	if err != nil {
		return fmt.Errorf("command %q: %w", text(c.name), err)
	}
	switch c.name {
	case "connect", "createStream", "publish":
		if g.stream != 0 {
			g.dropped++ // one connection, one stream
			return nil
		}
		m.body = c.appendTo(nil)
		g.pass(chunkCommand, m)
	case "releaseStream", "FCPublish":
		return g.say(message{typ: typeCommand, body: appendResult(nil, c.transaction)})
	case "FCUnpublish", "deleteStream", "closeStream":
		if g.stream != 0 {
			g.left = true
			return io.EOF
		}
	default:
		g.dropped++
	}
	return nil
}

// pass hands m to go-rtmp.
func (g *guard) pass(chunkStream byte, m message) {
	g.length = len(m.body)
	g.head = appendHeader(g.header[:0], chunkStream, m, len(m.body))
	g.body = m.body
}

// admit opens the guard for media on a message stream.
func (g *guard) admit(stream uint32) {
	g.stream = stream
	g.in.until = time.Time{}
}

// maxLength is how many bytes a message of a type may have at this point.
func (g *guard) maxLength(typ byte) int {
	switch {
	case g.stream == 0:
		return g.limits.SetupMessage
	case typ == typeData, typ == typeDataAMF3, typ == typeCommand, typ == typeCommandAMF3:
		return g.limits.AMFMessage
	}
	return g.limits.MediaMessage
}

// acknowledge tells the encoder how much was read. go-rtmp would count what the
// guard made of it; an encoder that waits for its Acks would stop some day.
func (g *guard) acknowledge() error {
	if g.in.count-g.acked < g.window {
		return nil
	}
	g.acked = g.in.count
	return g.say(message{typ: typeAck, body: binary.BigEndian.AppendUint32(nil, g.acked)})
}
