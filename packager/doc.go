// Package packager turns the units of one show into Low-Latency HLS. Units come
// in by [Program.WriteUnit], cues by [Program.AddCue]; playlists, parts and
// segments go out by [Program.Fetch], which waits for what is not there yet.
//
// The grid decides every boundary, in one place for all renditions; a cutter
// per rendition obeys it and groups samples into parts; the board holds the cues
// until the part that covers them is written. These three are pure. A rendition
// encodes what its cutter finished and publishes it as an immutable [Snapshot]
// in its [Window], where all viewers share it.
//
// One rendition leads: its keyframes are the grid's boundaries. That is the source
// as long as it has one in each segment; else a rung leads, which always has, and
// the source is a gap where it has none. If the lead falls silent the clock lays
// the grid until it is back.
//
// To add an output, write a package beside packager/hls and give it one case in
// Program.Fetch.
package packager
