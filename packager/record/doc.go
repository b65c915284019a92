// Package record keeps shows on disk and makes files of them again.
//
// A [Recorder] is the writing side: what a program publishes goes into its
// queue, which is bounded and never waits, and from there to a [Disk] in a
// goroutine of its own. [Read] is the reading side: it understands a journal
// whatever a crash has left of it. [Export] makes one MP4 of a recording, with
// FFmpeg as the muxer.
//
// On disk a show is a folder that a person understands:
//
//	CHANNEL/SHOW/journal.jsonl                     what there is, one JSON object a line
//	CHANNEL/SHOW/TAKE/RENDITION/init0.mp4          initialization segments
//	CHANNEL/SHOW/TAKE/RENDITION/1795255201.m4s     segments by Media Sequence Number
//
// A take is what one run of the server recorded of the show, called by the Unix
// second in which it began; its media times are its own. A file is there whole or
// not at all, and its line is in the journal after it.
//
// To keep something else, give [Entry] a type and a method of Recorder that makes
// one; readers skip the types that they do not know.
package record
