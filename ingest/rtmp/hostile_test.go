package rtmp

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"net"
	"runtime"
	"strings"
	"testing"
	"time"

	"vitrine/ingest"
	"vitrine/ingest/ingesttest"
)

// stillServes checks that the server takes a good encoder after all that.
func stillServes(t *testing.T, s *running) {
	t.Helper()
	had := len(s.rec.Units())
	e := publishing(t, s)
	e.configure()
	e.picture(0)
	s.rec.Wait(t, "a picture", func(r *ingesttest.Recorder) bool { return len(r.Units()) > had })
	e.conn.Close()
}

// refusedOnce checks that exactly one refusal was logged, with a reason.
func refusedOnce(t *testing.T, s *running, reason string) {
	t.Helper()
	s.stop()
	log := s.log.String()
	if n := strings.Count(log, "encoder refused"); n != 1 || !strings.Contains(log, reason) {
		t.Errorf("want one refusal for %q, logged:\n%s", reason, log)
	}
}

func TestHostileAMFIsRefused(t *testing.T) {
	bomb := binary.BigEndian.AppendUint32([]byte{byte(amfStrictArray)}, 1<<31-1)
	nested := bytes.Repeat([]byte{byte(amfObject), 0, 1, 'a'}, 3000)
	arrays := bytes.Repeat([]byte{byte(amfStrictArray), 0, 0, 0, 1}, 3000)
	// Sound by itself; go-amf0 loses its place after the second object and
	// takes the text of a string for an array of 2³¹−1 elements.
	confusing := []byte{byte(amfECMAArray), 0, 0, 0, 9, 0, 1, 'a', byte(amfNull)}
	for name, test := range map[string]struct {
		body   []byte
		reason string
	}{
		"strict array bomb":          {append(invoke("connect", 1), bomb...), "malformed AMF0"},
		"strict array bomb, unknown": {append(invoke("hello", 1), bomb...), "malformed AMF0"},
		"strict array bomb, later":   {append(appendAMFNull(invoke("createStream", 1)), bomb...), "malformed AMF0"},
		"deep objects":               {append(invoke("connect", 1), nested...), "nested too deep"},
		"deep arrays":                {append(invoke("connect", 1), arrays...), "nested too deep"},
		"unfinished array":           {append(invoke("connect", 1), confusing...), "malformed AMF0"},
		"no transaction":             {appendAMFString(nil, "connect"), "malformed AMF0"},
		"a name that is no string":   {appendAMFNumber(appendAMFNumber(nil, 1), 1), "malformed AMF0"},
		"string longer than message": {[]byte{byte(amfString), 0xff, 0xff, 'c'}, "malformed AMF0"},
		"long string over the end":   {append(invoke("connect", 1), byte(amfLongString), 0xff, 0xff, 0xff, 0xff), "malformed AMF0"},
		"AMF3 switch":                {append(invoke("connect", 1), 0x11, 0x0a), "malformed AMF0"},
		"object without an end":      {append(invoke("connect", 1), byte(amfObject), 0, 0, 1), "malformed AMF0"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := shaken(t, s)
			e.say(0, test.body)
			e.hungUp()
			stillServes(t, s)
			refusedOnce(t, s, test.reason)
		})
	}
}

func TestConnectIsRebuilt(t *testing.T) {
	// An ECMA array with objects one after the other, which go-amf0 cannot read,
	// with a bomb where it would look next.
	b := append(invoke("connect", 1), byte(amfECMAArray), 0, 0, 0, 4)
	b = appendAMFObject(appendAMFKey(b, "a"), "x", "y")
	bomb := append([]byte{0, 0, 9, 0, 1, 'n', byte(amfNull), 0, 1, 'z'}, byte(amfStrictArray), 0x7f, 0xff, 0xff, 0xff)
	b = appendAMFObject(appendAMFKey(b, "b"), "k", string(bomb))
	b = appendAMFString(appendAMFKey(b, "app"), App)
	b = append(b, 0, 0, byte(amfObjectEnd))
	s := start(t)
	e := shaken(t, s)
	e.say(0, b)
	e.expect("_result")
}

func TestHostileChunksAreRefused(t *testing.T) {
	header := func(format byte, id byte, length int) []byte {
		b := appendHeader(nil, id, message{typ: typeCommand}, length)
		return append([]byte{format<<6 | id}, b[1:1+headerSize[format]]...)
	}
	var many []byte
	for id := byte(3); id < 40; id++ {
		many = append(many, header(0, id, 1000)...)
		many = append(many, make([]byte, defaultChunkSize)...)
	}
	inside := append(header(0, 3, 1000), make([]byte, defaultChunkSize)...)
	inside = append(inside, header(0, 3, 1000)...)
	for name, test := range map[string]struct {
		bytes  []byte
		reason string
	}{
		"16 MB before a key":          {header(0, 3, 1<<24-1), "a message of 16777215 bytes"},
		"too many chunk streams":      {many, "more than 16 chunk streams"},
		"a message inside another":    {inside, "inside an unfinished one"},
		"a stream without header":     {header(3, 9, 0), "begins without a header"},
		"a stream with a delta alone": {header(2, 9, 0), "begins without a header"},
		"chunk size 0":                {appendMessage(nil, 2, message{typ: typeSetChunkSize, body: make([]byte, 4)}, 4), "chunk size of 0"},
		"chunk size cut short":        {appendMessage(nil, 2, message{typ: typeSetChunkSize, body: []byte{1}}, 4), "less than 4 bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := shaken(t, s)
			e.write(test.bytes)
			e.hungUp()
			stillServes(t, s)
			refusedOnce(t, s, test.reason)
		})
	}
}

func TestOtherProtocolsAreRefused(t *testing.T) {
	for name, test := range map[string]struct{ first, reason string }{
		"HTTP":  {"GET / HTTP/1.1\r\n\r\n", "not RTMP"},
		"TLS":   {"\x16\x03\x01\x02\x00", "rtmps"},
		"RTMPE": {"\x06", "RTMPE"},
	} {
		t.Run(name, func(t *testing.T) {
			s := start(t)
			e := dial(t, s)
			e.write([]byte(test.first))
			e.hungUp()
			refusedOnce(t, s, test.reason)
		})
	}
}

func TestDeadlines(t *testing.T) {
	limits := DefaultLimits()
	limits.Handshake, limits.Publish, limits.Idle = 200*time.Millisecond, 400*time.Millisecond, 600*time.Millisecond
	for name, test := range map[string]struct {
		act    func(*testing.T, *running) *encoder
		reason string
	}{
		"half a handshake": {func(t *testing.T, s *running) *encoder {
			e := dial(t, s)
			e.write(append([]byte{version}, make([]byte, 700)...))
			return e
		}, "no handshake in time"},
		"a handshake byte by byte": {func(t *testing.T, s *running) *encoder {
			e := dial(t, s)
			e.write([]byte{version})
			go func() {
				tick := time.NewTicker(20 * time.Millisecond)
				defer tick.Stop()
				for range tick.C {
					if _, err := e.conn.Write([]byte{0}); err != nil {
						return
					}
				}
			}()
			return e
		}, "no handshake in time"},
		"never publishes": {func(t *testing.T, s *running) *encoder { return connected(t, s) }, "no stream key in time"},
	} {
		t.Run(name, func(t *testing.T) {
			s := startWith(t, limits)
			e := test.act(t, s)
			begun := time.Now()
			_, _ = io.Copy(io.Discard, e.conn) // until it is closed, or reset
			if d := time.Since(begun); d > 5*time.Second {
				t.Errorf("closed after %v", d)
			}
			e.conn.Close()
			refusedOnce(t, s, test.reason)
		})
	}
	t.Run("falls silent on air", func(t *testing.T) {
		s := startWith(t, limits)
		e := publishing(t, s)
		e.hungUp()
		if err := s.rec.Ended()[0]; err == nil || !strings.Contains(err.Error(), "nothing came for 600ms") {
			t.Errorf("ended with %v", err)
		}
	})
}

func TestConnectionsAreLimited(t *testing.T) {
	limits := DefaultLimits()
	limits.ConnsPerHost = 3
	s := startWith(t, limits)
	for range limits.ConnsPerHost {
		shaken(t, s)
	}
	for range 5 {
		e := dial(t, s)
		if _, err := e.conn.Read(make([]byte, 1)); err == nil {
			t.Error("one more connection was taken")
		}
	}
	if n := strings.Count(s.log.String(), "too many RTMP connections"); n != 1 {
		t.Errorf("said %d times that it is full", n)
	}
}

func TestUnfinishedMessagesAreBounded(t *testing.T) {
	const encoders, each = 20, 512 << 10 // bytes that one without a key may cost
	heap := func() int64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.GC()
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	s := start(t)
	before := heap()
	var held []*encoder
	for range encoders {
		e := shaken(t, s)
		held = append(held, e)
		for id := byte(4); id < 19; id++ { // all but the last chunk of as much as is allowed
			b := appendMessage(nil, id, message{typ: typeVideo, body: make([]byte, DefaultLimits().SetupMessage)}, defaultChunkSize)
			e.write(b[:len(b)-1-defaultChunkSize])
		}
		e.say(0, appendAMFString(appendAMFNull(invoke("releaseStream", 2)), "x"))
		e.expect("_result") // now all of it was read
	}
	grown := heap() - before // this side included
	t.Logf("%d encoders without a key cost %d KB each", encoders, grown/encoders>>10)
	if grown > encoders*each {
		t.Errorf("%d KB each, want at most %d", grown/encoders>>10, each>>10)
	}
	for _, e := range held {
		e.write(appendHeader(nil, 3, message{typ: typeVideo}, 1<<20))
		e.hungUp()
	}
	stillServes(t, s)
}

func TestUnfinishedMessagesOnAirAreBounded(t *testing.T) {
	s := start(t)
	e := publishing(t, s)
	var size [4]byte
	binary.BigEndian.PutUint32(size[:], 1<<20)
	e.send(message{typ: typeSetChunkSize, body: size[:]})
	go func() { // 12 messages of 8 MB, seven eighths of each
		for id := byte(4); id < 16; id++ {
			b := appendMessage(nil, id, message{typ: typeVideo, stream: 1, body: make([]byte, 8<<20)}, 1<<20)
			if _, err := e.conn.Write(b[:len(b)-1<<20-1]); err != nil {
				return // refused
			}
		}
	}()
	e.hungUp()
	s.rec.Wait(t, "the end", func(r *ingesttest.Recorder) bool { return len(r.Ended()) == 1 })
	if err := s.rec.Ended()[0]; err == nil || !strings.Contains(err.Error(), "unfinished messages") {
		t.Errorf("ended with %v", err)
	}
}

func TestAcceptErrorsDoNotSpin(t *testing.T) {
	l := &failing{done: make(chan struct{}), calls: make(chan struct{}, 1000)}
	ctx := t.Context()
	gate := ingest.NewGate(ingest.Config{Open: ingesttest.NewRecorder().Open})
	done := make(chan error, 1)
	go func() { done <- (&Server{Listener: l, Gate: gate}).Run(ctx) }()
	deadline := time.After(100 * time.Millisecond)
	n := 0
	for waiting := true; waiting; {
		select {
		case <-l.calls:
			n++
		case <-deadline:
			waiting = false
		}
	}
	if n < 2 || n > 8 { // at 0, 5, 15, 35, 75 ms
		t.Errorf("%d Accepts in 100 ms", n)
	}
	l.Close()
	if err := <-done; err == nil {
		t.Error("Run ended well without its listener")
	}
}

// failing is a listener out of file descriptors.
type failing struct {
	done  chan struct{}
	calls chan struct{}
}

func (l *failing) Accept() (net.Conn, error) {
	select {
	case <-l.done:
		return nil, net.ErrClosed
	default:
		l.calls <- struct{}{}
		return nil, fmt.Errorf("accept: too many open files")
	}
}

func (l *failing) Close() error {
	select {
	case <-l.done:
	default:
		close(l.done)
	}
	return nil
}

func (l *failing) Addr() net.Addr { return &net.TCPAddr{} }
