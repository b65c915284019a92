// Package show decides what is on show: one [Desk] per channel.
//
// A host's word enters ("show number seven"); a media.Cue leaves through a
// [Placer] towards the packager, and when that has a place for it, an [Entry]
// is written to the [Log]. Nothing on the media road waits for the log: the
// packager has the cue before the log is asked, and only the caller of
// [Desk.Show] waits for the log's word.
//
// What viewers see is the truth. So a cue that could not be placed changes
// nothing. And a cue that was placed but could not be logged is on show: the
// Desk says so, returns [ErrNotLogged], keeps the entry, and writes it before
// the next one, so that the log has the right order when it is well again.
//
// A Desk has no goroutine and no clock but the one it is given. To add a kind
// of cue, add a [Type], its payload in payload.go and a method like Desk.Hide;
// to add a source of cues, write a package beside this one that calls the Desk.
// A new kind of log implements [Log] and passes store/storetest.
package show
