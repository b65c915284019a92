// Package api is the overlay over HTTP: the API of the operator and the host,
// what a player polls beside the stream, and the pages with their doors.
//
// Requests enter; words to a show.Desk, to the [Archive] and to the [Station]
// leave. Two interfaces are for the program that joins the stages to implement:
//
//   - [Station] is the running house: a channel's [Status], and to end a show.
//     Status is asked by every viewer that waits off air, so it answers from
//     memory.
//   - [Archive] is what the store already does.
//
// Two keys open doors. The admin token, as a bearer, opens all of /api/v1. A
// channel's host token is exchanged for a cookie at /console/CHANNEL and opens
// that channel only: its status, its announcement, its cues, the end of its
// show. Every refusal is a problem (RFC 9457) whose detail names the cure.
//
// Types under /api/v1 are Go structs, and the OpenAPI document is made from
// them: to add an endpoint, write an input, an output and a method of Server,
// register it in operations.go, and run the test with -update.
package api
