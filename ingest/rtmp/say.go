package rtmp

import "time"

// partingWords is how long an encoder that must go may take to read why.
const partingWords = 200 * time.Millisecond

// Codes of onStatus and of connect's answer (§7.2). Encoders decide on the
// level; BadName is what a wrong key is called.
const (
	codeBadName  = "NetStream.Publish.BadName"
	codeFailed   = "NetStream.Failed"
	codeRejected = "NetConnection.Connect.Rejected"
)

// Write sends what go-rtmp says: one chunk at a time, so that the guard can say
// something of its own in between.
func (g *guard) Write(p []byte) (int, error) {
	g.write.Lock()
	defer g.write.Unlock()
	if g.muted {
		return len(p), nil
	}
	return g.send(p, g.limits.Write)
}

// say sends a message of the guard's own.
func (g *guard) say(m message) error {
	g.write.Lock()
	defer g.write.Unlock()
	_, err := g.send(appendMessage(nil, chunkOwn, m, defaultChunkSize), g.limits.Write)
	return err
}

// refuse says the last word: m, and after it nothing that go-rtmp may add.
func (g *guard) refuse(m message) error {
	g.write.Lock()
	defer g.write.Unlock()
	g.muted = true
	_, err := g.send(appendMessage(nil, chunkOwn, m, defaultChunkSize), g.limits.Write)
	return err
}

// part says why the encoder has to go, if it listens. It may be called from any
// goroutine.
func (g *guard) part(m message) {
	_ = g.conn.SetWriteDeadline(time.Now().Add(partingWords)) // also for a write that holds the lock
	g.write.Lock()
	defer g.write.Unlock()
	g.muted = true
	_, _ = g.send(appendMessage(nil, chunkOwn, m, defaultChunkSize), partingWords) // it goes either way
}

// send writes p within d; g.write is held.
func (g *guard) send(p []byte, d time.Duration) (int, error) {
	if err := g.conn.SetWriteDeadline(time.Now().Add(d)); err != nil {
		return 0, err
	}
	return g.conn.Write(p)
}

// statusMessage is an onStatus of level error (§7.2.2).
func statusMessage(stream uint32, code, description string) message {
	b := appendAMFNull(appendAMFNumber(appendAMFString(nil, "onStatus"), 0))
	b = appendAMFObject(b, "level", "error", "code", code, "description", description)
	return message{typ: typeCommand, stream: stream, body: b}
}

// rejectMessage is the answer to a connect that cannot be (§7.2.1.1).
func rejectMessage(description string) message {
	b := appendAMFNull(appendAMFNumber(appendAMFString(nil, "_error"), 1))
	b = appendAMFObject(b, "level", "error", "code", codeRejected, "description", description)
	return message{typ: typeCommand, body: b}
}

// appendResult appends an empty _result of a transaction.
func appendResult(b []byte, transaction float64) []byte {
	return appendAMFNull(appendAMFNull(appendAMFNumber(appendAMFString(b, "_result"), transaction)))
}
