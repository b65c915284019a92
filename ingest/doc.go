// Package ingest is the host's door. An encoder's wish to go live enters as a
// [Claim]; what leaves are [media.Unit]s, written by the [Session] that the
// [Gate] gave for it to the writer of the claimed channel.
//
// The Gate alone holds the policy: which key opens which channel, who takes
// over from whom, who has to wait. It knows no protocol. A package beneath
// this one speaks exactly one protocol, and none imports another.
//
// To add a protocol, write ingest/NAME with a Server that has a
// Run(ctx) error: it accepts connections, puts what the encoder says of itself
// in a Claim, asks Admit, tells the encoder the text of the error if refused,
// then calls WriteUnit for each unit until Context of the Session is done, and
// Close at the end, always. Units leave on the encoder's own clock, unwrapped;
// placing them on the channel's timeline is not the protocol's work. Then add
// one line to internal/node, and publish with the clients of ingesttest.
package ingest
