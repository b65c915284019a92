// Package cmaf writes CMAF (ISO/IEC 23000-19): initialization segments, and
// the chunks that are the parts of a stream, each an optional run of event
// message boxes and one moof with its mdat. Tracks and samples come in, bytes
// go out; there is no clock and no socket here. [ReadChunk] takes such bytes apart
// again, for outputs that are no CMAF.
//
// Chunks are the hot path, so they are appended by hand to a buffer of the
// caller's; initialization segments are rare, so mp4ff makes them. To add a
// codec, add a case to sampleEntry and to [CodecString].
package cmaf
