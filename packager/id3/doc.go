// Package id3 writes the timed metadata of a stream: an ID3v2.4 tag with one
// TXXX frame, as players read it from an emsg box or from an MPEG-TS stream.
// A description and a JSON value come in, bytes go out; there is no clock and
// no socket here. To add a frame type, add an Append function beside [Append].
package id3
