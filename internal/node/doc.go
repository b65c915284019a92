// Package node is the program as a value: a [Config] goes in, [Node.Run] serves
// until its context ends. It is the only package that knows concrete
// neighbours: it joins the stages of each channel, and the doors and pages of
// all of them.
//
// A channel lives as long as the node; a stage is what one encoder's session
// feeds: a packager.Program, and a transcode.Job behind a media.Queue. To add a
// door, start its server in Node.doors.
package node
