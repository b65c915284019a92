// Package synth is the synthetic host: a picture drawn in Go, a real ffmpeg
// behind it, a stream key in its hand. `vitrine demo` shows it to newcomers and
// the benchmarks measure with it. In goes a product number ([Host.SetProduct]),
// out comes an encoder's stream at a URL, and the instant at which the first
// frame with that product was captured. It imports nothing of ours.
//
// # The barcode
//
// Each frame carries a [Stamp], its capture instant and its product, as two rows
// of black and white cells along the bottom edge. In a picture of w × h pixels,
// at whatever size it is shown:
//
//	columns   40, each w/40 wide, from the left edge
//	rows      2, each min(w, h)/30 high; the lower one ends at the bottom edge
//	bits      row 0 then row 1, left to right, most significant first; white is 1
//	          48  Unix time in milliseconds
//	          16  product number, 0 for none
//	          16  CRC-16/CCITT-FALSE of the eight bytes before
//
// A reader averages the middle of each cell and compares it with half the range.
// At 640×360 a cell is 16 × 12 pixels, at 426×240 it is 10 × 8. [Decode] reads a
// luma plane; barcode.js ([BarcodeJS]) reads a video or a canvas in a page.
//
// # Adding
//
// A new product shape is a function in shapes.go and a line in its list.
// Something new that moves is a method of frame, called in frame.draw, that
// writes luma only and restores what it wrote over.
package synth
