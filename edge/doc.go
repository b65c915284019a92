// Package edge is what viewers reach: an HTTP [Handler] over a [Source]. A
// request comes in as a URL, goes up the road as an asset.Request, and what
// comes down is written with the status, the cache lifetime and the CORS headers
// that players and CDNs need. Origin and edge are this one handler; only their
// Source differs.
//
// To add a cache tier, write a Source that wraps a Source. To add an output
// format, add its URL to parse and its kind to packager/asset.
package edge
