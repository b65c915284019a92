// Package dash writes the MPD (ISO/IEC 23009-1) of a show: what is on air comes
// in as an [MPD], XML leaves. There is no clock and no socket here; media is the
// same CMAF that LL-HLS has.
//
// To add an attribute, add it to the element that has it.
package dash
