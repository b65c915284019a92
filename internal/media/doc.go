// Package media is the vocabulary of the house: what every stage of the media
// road (ingest, transcode, packager) and of the cue road (overlay, packager)
// says to the next one. It imports the standard library only.
//
// A [Unit] travels down the media road; its [Track] says how to decode it and
// its times are [Ticks] on the channel's one media timeline. A [Cue] travels
// down the cue road; it carries a capture time, and a [Timeline] tells which
// media time that is. A [Queue] stands before the one stage that may be slow.
//
// To add a codec, add a [Codec] here, a sample entry in packager/cmaf and a
// row in transcode.Args.
package media
