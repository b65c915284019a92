// Package check tells whether a Low-Latency HLS presentation keeps to the letter:
// rfc8216bis, Apple's authoring specification, and the carriage of ID3 in CMAF,
// as 40 assertions. It works on any presentation, ours or another's, and shares
// no code with what it checks.
//
// A URL comes in, a [Report] comes out. [Run] follows every rendition at once as
// a correct player does, with blocking reloads and preload hints, sends some
// requests that no player sends, and keeps facts: what came, and when. The
// assertions are pure functions over those facts (rules_*.go), so that a table
// can test each. A long watch is judged stretch by stretch and does not grow.
//
// To add an assertion, write a function of *watch in the rules file of its
// matter and a row in [rules]; if it needs a fact that is not kept, add it to
// watch, version, piece or probe, and to what the client notes.
package check
