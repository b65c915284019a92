package rtmp

import (
	"bufio"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// encoder is a client that says exactly what a test wants said.
type encoder struct {
	t    *testing.T
	conn net.Conn
	in   *chunkReader
	size int // of its chunks
}

// dial connects to s, without a handshake.
func dial(t *testing.T, s *running) *encoder {
	t.Helper()
	var d net.Dialer
	conn, err := d.DialContext(t.Context(), "tcp", s.addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if err := conn.SetDeadline(time.Now().Add(30 * time.Second)); err != nil {
		t.Fatal(err)
	}
	in := newChunkReader(bufio.NewReader(conn), DefaultLimits(), func(byte) int { return maxChunkSize })
	return &encoder{t: t, conn: conn, in: in, size: defaultChunkSize}
}

// shaken connects to s and shakes hands.
func shaken(t *testing.T, s *running) *encoder {
	t.Helper()
	e := dial(t, s)
	e.write(append([]byte{version}, make([]byte, 1536)...))
	answer := make([]byte, handshakeSize)
	if _, err := io.ReadFull(e.in.r, answer); err != nil {
		t.Fatal(err)
	}
	e.write(answer[1 : 1+1536])
	return e
}

// connected is an encoder that has a stream to publish on.
func connected(t *testing.T, s *running) *encoder {
	t.Helper()
	e := shaken(t, s)
	e.say(0, appendAMFObject(invoke("connect", 1), "app", App, "flashVer", "test"))
	e.expect("_result")
	e.say(0, appendAMFNull(invoke("createStream", 2)))
	e.expect("_result")
	return e
}

// publishing is an encoder on air.
func publishing(t *testing.T, s *running) *encoder {
	t.Helper()
	e := connected(t, s)
	e.publish(key)
	if got := e.expect("onStatus"); !strings.Contains(got, "NetStream.Publish.Start") {
		t.Fatalf("not on air: %q", got)
	}
	return e
}

func (e *encoder) publish(key string) {
	e.say(1, appendAMFString(appendAMFString(appendAMFNull(invoke("publish", 3)), key), "live"))
}

// invoke begins a command.
func invoke(name string, transaction float64) []byte {
	return appendAMFNumber(appendAMFString(nil, name), transaction)
}

func (e *encoder) say(stream uint32, body []byte) {
	e.send(message{typ: typeCommand, stream: stream, body: body})
}

func (e *encoder) send(m message) { e.write(appendMessage(nil, 3, m, e.size)) }

func (e *encoder) write(b []byte) {
	e.t.Helper()
	if _, err := e.conn.Write(b); err != nil {
		e.t.Fatal(err)
	}
}

// expect reads up to a command of that name and returns its body.
func (e *encoder) expect(name string) string {
	e.t.Helper()
	for {
		m, err := e.in.next()
		if err != nil {
			e.t.Fatalf("waiting for %s: %v", name, err)
		}
		if m.typ == typeCommand && strings.HasPrefix(string(m.body), string(appendAMFString(nil, name))) {
			return string(m.body)
		}
	}
}

// hungUp returns what the server says until it closes the connection.
func (e *encoder) hungUp() string {
	e.t.Helper()
	var said strings.Builder
	for {
		m, err := e.in.next()
		var timeout net.Error
		switch {
		case errors.As(err, &timeout) && timeout.Timeout():
			e.t.Fatal("the server keeps the connection")
		case err != nil:
			return said.String()
		}
		said.Write(m.body)
	}
}

// An H.264 configuration of 320×180 and pictures that no decoder has to like.
var (
	testSPS = []byte{
		0x67, 0x64, 0x00, 0x0c, 0xac, 0xd9, 0x41, 0x41, 0x9f, 0x9f, 0x01, 0x6c, 0x80, 0x00, 0x00,
		0x03, 0x00, 0x80, 0x00, 0x00, 0x1e, 0x07, 0x8a, 0x14, 0xcb,
	}
	testConfig = avcRecord(testSPS, 4)
	testASC    = []byte{0x12, 0x10} // AAC-LC, 44.1 kHz, stereo
)

func avcRecord(sps []byte, lengthSize byte) []byte {
	b := []byte{1, sps[1], sps[2], sps[3], 0xfc | (lengthSize - 1), 0xe1}
	b = binary.BigEndian.AppendUint16(b, uint16(len(sps)))
	b = append(b, sps...)
	return append(b, 1, 0, 2, 0x68, 0xef)
}

// avccUnit joins NAL units with 4-byte lengths.
func avccUnit(nalus ...[]byte) []byte {
	var b []byte
	for _, n := range nalus {
		b = append(binary.BigEndian.AppendUint32(b, uint32(len(n))), n...)
	}
	return b
}

// avcTag makes a video tag: kind is the packet type.
func avcTag(kind byte, composition int32, data []byte) []byte {
	return append([]byte{0x17, kind, byte(composition >> 16), byte(composition >> 8), byte(composition)}, data...)
}

func aacTag(kind byte, data []byte) []byte { return append([]byte{0xaf, kind}, data...) }

var testIDR = avccUnit([]byte{0x65, 1, 2, 3})

// video sends a picture, and the configuration first.
func (e *encoder) configure() {
	e.send(message{typ: typeVideo, stream: 1, body: avcTag(packetConfig, 0, testConfig)})
}

func (e *encoder) picture(ms uint32) {
	e.send(message{typ: typeVideo, stream: 1, time: ms, body: avcTag(packetFrame, 0, testIDR)})
}
