// Package web is the pages that people see, embedded in the binary: the player
// that viewers watch and the console that hosts work with. In come the files
// that `npm run build` leaves in dist; out go three http.Handlers. The pages
// talk to the server by public JSON and HLS only, so this package knows nothing
// of the rest of the house.
//
// The TypeScript lies in src, one folder for each thing it knows:
//
//	cue       cues read from the stream, what they add up to, held to the frame
//	shelf     products, the shelf, prices
//	playback  what plays the stream (hls.js or the browser), and how fast
//	player    <vitrine-player>: the elements, and the supervisor that never gives up
//	console   <vitrine-console>: the shelf as tiles, health, the announcement
//	theme     design tokens and icons
//
// `npm run dev` shows both pages against a mock server in dev, whose channels
// (demo, many, long, warn, off, soon, ended, waiting, …) are the states to look
// at. A new type of cue is one case in src/cue/cue.ts and one in timeline.ts. A
// new page is an HTML file beside player.html, its name in vite.config.ts, and a
// handler here.
package web
