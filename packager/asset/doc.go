// Package asset is what an edge can ask a packager for, and what it gets: a
// [Request] goes up the road, an [Asset] comes down. It knows no HTTP, so that
// the local program, a remote origin and a cache answer alike.
//
// To add an output format, add a [Kind] here and a package beside packager/hls.
package asset
