// Package ts writes segments of MPEG-TS (ISO/IEC 13818-1) for players that know
// no CMAF: the pictures of one segment, the sound of the same span and the cues
// within come in as [Segment], bytes leave by [Segment.Append]. There is no
// clock and no socket here, and nothing is kept from one segment to the next.
//
// Times are those of the media timeline, modulo 2^33: a PTS is the presentation
// time of the same frame, or event message, in CMAF. Each PID has a multiple of
// 16 packets in a segment, so that continuity counters run on from any segment
// to the next (RFC 8216 §3) though each is made alone.
//
// To add a codec, add it to [Renders], a stream type to tables, and what goes
// before its access units to picture or sound.
package ts
