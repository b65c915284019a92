// Package hls writes the media playlists of Low-Latency HLS (rfc8216bis), and
// the multivariant playlist that names them. A [Media] comes in, text goes out;
// there is no clock and no socket here.
//
// Media playlists are the hot path, so they are appended by hand; the
// multivariant playlist is rare, so grafov/m3u8 makes it. To add a tag, add a
// field to [Media] or [Segment] and its line to the function that appends it.
package hls
