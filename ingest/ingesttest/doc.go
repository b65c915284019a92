// Package ingesttest is for tests of what stands behind the host's door: real
// encoders that publish ([FFmpeg], [GStreamer], [OBS]), and a [Recorder] that
// keeps what came of it.
//
// A client starts when it is called and is gone when the test ends. A client
// that is not installed fails the test.
//
// To add a client, write a function that starts it on a server URL and a key
// and returns a [Client].
package ingesttest
