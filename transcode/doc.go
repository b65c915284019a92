// Package transcode makes the ladder: units of the source in, units of every
// rung out, by one FFmpeg per channel.
//
//	In.Next ─▶ feeder ─FLV or Matroska▶ ffmpeg ─MPEG-TS, a pipe per rung▶ pesReader ─▶ Out
//
// [Ladder] decides which rungs a source gets, [Args] turns them into FFmpeg's
// command line; both are pure. A [Job] runs one FFmpeg and owns all that hangs
// on it; [Keep] runs it again when it died. Times are kept to the tick: a frame
// leaves every rung with the PTS it came in with. Sound in stereo AAC is
// not sent here, so that it does not wait for FFmpeg; other sound comes back as
// that on the rung called [AudioRung].
//
// To add a rung, add a row to rungs in ladder.go. To add a codec that FFmpeg
// shall take, give it an entry in matroska.go; one that FFmpeg shall make, a row in
// args.go and a reader beside videoReader in units.go.
package transcode
