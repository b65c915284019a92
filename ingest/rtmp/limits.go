package rtmp

import "time"

// Limits bound what one connection, and all of them together, may cost. To
// change one, change what [DefaultLimits] returns: all of them have to be set.
type Limits struct {
	Conns        int // connections at a time
	ConnsPerHost int // of them from one address

	Handshake time.Duration // from accept until the handshake is complete
	Publish   time.Duration // from accept until a key was admitted
	Idle      time.Duration // without a single byte, afterwards
	Write     time.Duration // until the encoder took what was sent to it

	SetupMessage int // bytes of a message before a key was admitted
	AMFMessage   int // bytes of a command or data message afterwards
	MediaMessage int // bytes of an audio or video message
	Partial      int // bytes held in unfinished messages
	ChunkStreams int // chunk streams of a connection
	AMFDepth     int // nesting of AMF values
}

// DefaultLimits returns the limits a [Server] has if none are given. A
// connection without a key costs at most ChunkStreams × SetupMessage = 256 KB
// and what go-rtmp keeps, some 100 KB.
func DefaultLimits() Limits {
	return Limits{
		Conns:        256,
		ConnsPerHost: 32,
		Handshake:    10 * time.Second,
		Publish:      20 * time.Second,
		Idle:         15 * time.Second,
		Write:        10 * time.Second,
		SetupMessage: 16 << 10,
		AMFMessage:   256 << 10,
		MediaMessage: 8 << 20,
		Partial:      16 << 20,
		ChunkStreams: 16,
		AMFDepth:     8,
	}
}
