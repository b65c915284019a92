// Package rtmp lets encoders in over RTMP: OBS, FFmpeg, GStreamer, hardware.
// TCP connections enter by a net.Listener; claims and media units leave to an
// [ingest.Gate].
//
// The road of a byte: net.Conn → wire (deadlines, counts) → chunkReader (the
// chunk stream, bounded) → guard (one rule per message type; commands are
// rebuilt, not passed on) → go-rtmp (the protocol's states and replies) → peer
// (its handler: claims, tags) → demuxer (FLV tags to units) → ingest.Session.
//
// go-rtmp is never shown a byte that the guard did not write or bound: as it
// stands, 30 bytes from anybody can end the process. That is also why the guard
// can be kept when the library is replaced.
//
// To let in a codec, add its tag to flv.go, its configuration record to
// h264.go or audio.go's kind of file, and a case to the demuxer. To let in a
// command, add a case to rewriteCommand.
package rtmp
