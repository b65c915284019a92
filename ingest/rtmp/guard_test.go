package rtmp

import (
	"bytes"
	"errors"
	"io"
	"net"
	"testing"
	"time"
)

// tape is a connection that plays bytes, again and again if it loops, and
// forgets what is written to it.
type tape struct {
	net.Conn
	b     []byte
	at    int
	loops bool
	wrote bytes.Buffer
}

func (c *tape) Read(p []byte) (int, error) {
	if c.at == len(c.b) {
		if !c.loops {
			return 0, io.EOF
		}
		c.at = 0
	}
	n := copy(p, c.b[c.at:])
	c.at += n
	return n, nil
}

func (c *tape) Write(p []byte) (int, error)      { return c.wrote.Write(p) }
func (c *tape) SetReadDeadline(time.Time) error  { return nil }
func (c *tape) SetWriteDeadline(time.Time) error { return nil }

// past returns a guard that has its handshake behind it.
func past(c *tape, stream uint32) *guard {
	g := newGuard(c, DefaultLimits())
	g.handshake = 0
	if stream != 0 {
		g.admit(stream)
	}
	return g
}

func TestAcksCountWhatCame(t *testing.T) {
	m := message{typ: typeVideo, stream: 1, body: make([]byte, 100_000)}
	c := &tape{}
	for range 30 {
		c.b = appendMessage(c.b, 4, m, defaultChunkSize)
	}
	g := past(c, 1)
	if _, err := io.Copy(io.Discard, g); err != nil {
		t.Fatal(err)
	}
	acks := readerOf(c.wrote.Bytes())
	var last uint32
	for range 2 {
		m, err := acks.next()
		if err != nil || m.typ != typeAck {
			t.Fatalf("%+v, %v", m, err)
		}
		count := uint32(m.body[0])<<24 | uint32(m.body[1])<<16 | uint32(m.body[2])<<8 | uint32(m.body[3])
		if d := count - last; d < ackWindow || d > ackWindow+200_000 {
			t.Errorf("acknowledged %d after %d", count, last)
		}
		last = count
	}
	if _, err := acks.next(); !errors.Is(err, io.EOF) {
		t.Errorf("one more Ack for %d bytes", len(c.b))
	}
}

// FuzzGuard lets anything in and looks at what go-rtmp would be shown: whole
// messages in one chunk each, of the types it takes, on few chunk streams.
func FuzzGuard(f *testing.F) {
	connect := appendAMFObject(invoke("connect", 1), "app", App)
	f.Add(appendMessage(nil, 3, message{typ: typeCommand, body: connect}, defaultChunkSize), false)
	f.Add(appendMessage(nil, 3, message{typ: typeCommandAMF3, body: append([]byte{0}, connect...)}, defaultChunkSize), false)
	f.Add(appendMessage(nil, 4, message{typ: typeVideo, stream: 9, time: 1 << 30, body: avcTag(1, 0, make([]byte, 500))}, defaultChunkSize), true)
	f.Add(appendMessage(nil, 4, message{typ: typeData, body: appendAMFObject(appendAMFString(nil, onMetaData), "a", "b")}, defaultChunkSize), true)
	f.Fuzz(func(t *testing.T, b []byte, admitted bool) {
		var stream uint32
		if admitted {
			stream = 1
		}
		shown, err := io.ReadAll(past(&tape{b: b}, stream))
		r := readerOf(shown)
		r.chunkSize = maxChunkSize
		for {
			m, _, chunkErr := r.chunk()
			if chunkErr != nil {
				if !errors.Is(chunkErr, io.EOF) || errors.Is(chunkErr, io.ErrUnexpectedEOF) {
					t.Fatalf("go-rtmp is shown half a message: %v (%v)", chunkErr, err)
				}
				break
			}
			switch {
			case len(m.body) == 0:
				t.Fatal("go-rtmp is shown an empty message")
			case m.typ == typeCommand && !admitted:
			case (m.typ == typeVideo || m.typ == typeAudio || m.typ == typeData) && admitted && m.stream == stream:
			default:
				t.Fatalf("go-rtmp is shown type %d on stream %d", m.typ, m.stream)
			}
		}
		if len(r.streams) > chunkOwn {
			t.Fatalf("on %d chunk streams", len(r.streams))
		}
	})
}

// stream is a second of 6 Mbit/s video in chunks of that size.
func stream(size int) []byte {
	var b []byte
	for i := range 30 {
		m := message{typ: typeVideo, stream: 1, time: uint32(i * 33), body: avcTag(packetFrame, 0, make([]byte, 25_000))}
		b = appendMessage(b, 4, m, size)
	}
	return b
}

func BenchmarkGuard(b *testing.B) {
	for name, size := range map[string]int{"chunks=128": 128, "chunks=4096": 4096} {
		b.Run(name, func(b *testing.B) {
			c := &tape{b: stream(size), loops: true}
			g := past(c, 1)
			g.chunks.chunkSize = size
			buf := make([]byte, 32<<10)
			b.SetBytes(int64(len(buf)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := io.ReadFull(g, buf); err != nil {
					b.Fatal(err)
				}
				c.wrote.Reset()
			}
		})
	}
}

func BenchmarkDemux(b *testing.B) {
	d := demuxer{depth: 8}
	if _, _, err := d.video(0, avcTag(packetConfig, 0, testConfig)); err != nil {
		b.Fatal(err)
	}
	tag := avcTag(packetFrame, 0, avccUnit([]byte{9, 0xf0}, append([]byte{0x41}, make([]byte, 25_000)...)))
	b.ReportAllocs()
	for b.Loop() {
		if _, ok, err := d.video(33, tag); !ok || err != nil {
			b.Fatal(err)
		}
	}
}

// TestGuardAllocatesNothing holds the hot path at zero, but for Acks.
func TestGuardAllocatesNothing(t *testing.T) {
	c := &tape{b: stream(4096), loops: true}
	g := past(c, 1)
	g.chunks.chunkSize, g.window = 4096, 1<<31
	buf := make([]byte, 32<<10)
	read := func() {
		if _, err := io.ReadFull(g, buf); err != nil {
			t.Fatal(err)
		}
	}
	for range 100 {
		read()
	}
	if n := testing.AllocsPerRun(100, read); n > 0 {
		t.Errorf("%v allocations for 32 KB", n)
	}
}
