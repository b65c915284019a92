package synth

import (
	"image/color"

	"golang.org/x/image/vector"
)

// pen draws a path in a square of 2 × 2 units around the origin, y downwards,
// that stands on y = 1. Outlines are drawn as their right half, from the top
// down, and mirrored.
type pen struct {
	raster *vector.Rasterizer
	x, y   float32 // the origin, in pixels
	unit   float32 // pixels per unit
}

func (p pen) move(x, y float32)  { p.raster.MoveTo(p.x+x*p.unit, p.y+y*p.unit) }
func (p pen) line(x, y float32)  { p.raster.LineTo(p.x+x*p.unit, p.y+y*p.unit) }
func (p pen) curve(c [6]float32) { p.cube(c[0], c[1], c[2], c[3], c[4], c[5]) }
func (p pen) close()             { p.raster.ClosePath() }
func (p pen) rect(l, t, r, b float32) {
	p.move(l, t)
	p.line(r, t)
	p.line(r, b)
	p.line(l, b)
	p.close()
}

func (p pen) cube(ax, ay, bx, by, x, y float32) {
	p.raster.CubeTo(p.x+ax*p.unit, p.y+ay*p.unit, p.x+bx*p.unit, p.y+by*p.unit, p.x+x*p.unit, p.y+y*p.unit)
}

// profile draws a shape that is the same left and right: from (x, y) by curves
// to the bottom, and back on the other side.
func (p pen) profile(x, y float32, curves ...[6]float32) {
	p.move(x, y)
	for _, c := range curves {
		p.curve(c)
	}
	for i := len(curves) - 1; i >= 0; i-- {
		endX, endY := x, y
		if i > 0 {
			endX, endY = curves[i-1][4], curves[i-1][5]
		}
		c := curves[i]
		if i == len(curves)-1 {
			p.line(-c[4], c[5])
		}
		p.cube(-c[2], c[3], -c[0], c[1], -endX, endY)
	}
	p.close()
}

// straight is a curve that is a line.
func straight(fromX, fromY, x, y float32) [6]float32 {
	return [6]float32{fromX, fromY, x, y, x, y}
}

// ring draws the outline of half an ellipse above y, its arms reaching down.
func (p pen) ring(y, rx, ry, thick float32) {
	const k = 0.5523 // a quarter of a circle as a cubic curve
	ix, iy := rx-thick, ry-thick
	p.move(-rx, y)
	p.cube(-rx, y-ry*k, -rx*k, y-ry, 0, y-ry)
	p.cube(rx*k, y-ry, rx, y-ry*k, rx, y)
	p.line(ix, y)
	p.cube(ix, y-iy*k, ix*k, y-iy, 0, y-iy)
	p.cube(-ix*k, y-iy, -ix, y-iy*k, -ix, y)
	p.close()
}

// layer is one piece of a product, in one of its colours.
type layer struct {
	tone func(palette) color.RGBA
	draw func(pen)
}

// palette is the colours of a product.
type palette struct{ body, dark, light color.RGBA }

func body(c palette) color.RGBA  { return c.body }
func dark(c palette) color.RGBA  { return c.dark }
func light(c palette) color.RGBA { return c.light }

// palettes are calm enough for a studio and apart enough to be told from afar.
var palettes = []palette{
	{rgb(0xB5533C), rgb(0x6E2A1C), rgb(0xF1D3C4)}, // auburn
	{rgb(0x2F7F86), rgb(0x174A50), rgb(0xCDE6E6)}, // teal
	{rgb(0xD9A441), rgb(0x83591A), rgb(0xF8E8C4)}, // mustard
	{rgb(0x6D4C8B), rgb(0x3C2754), rgb(0xE2D6EE)}, // plum
	{rgb(0x4F8A5B), rgb(0x28502F), rgb(0xD5EAD6)}, // fern
	{rgb(0xD9667B), rgb(0x8A2F44), rgb(0xFADADF)}, // rose
	{rgb(0x3B5BA5), rgb(0x1E3266), rgb(0xD3DDF3)}, // cobalt
}

func rgb(v uint32) color.RGBA {
	return color.RGBA{R: byte(v >> 16), G: byte(v >> 8), B: byte(v), A: 0xFF}
}

// shapes are the products of the shop; product n wears shape n mod len(shapes).
var shapes = [][]layer{vase, bag, flacon, lamp, mug}

var vase = []layer{
	{body, func(p pen) {
		p.profile(0.26, -0.95,
			[6]float32{0.22, -0.75, 0.16, -0.62, 0.20, -0.48},
			[6]float32{0.30, -0.20, 0.66, -0.06, 0.64, 0.34},
			[6]float32{0.62, 0.68, 0.40, 0.80, 0.36, 1.00})
	}},
	{dark, func(p pen) { p.profile(0.28, -1.00, [6]float32{0.30, -0.97, 0.30, -0.93, 0.26, -0.90}) }},
	{light, func(p pen) {
		p.profile(0.585, 0.08,
			[6]float32{0.60, 0.12, 0.615, 0.17, 0.624, 0.20})
	}},
}

var bag = []layer{
	{dark, func(p pen) { p.ring(-0.28, 0.44, 0.66, 0.09) }},
	{body, func(p pen) {
		p.profile(0.66, -0.30,
			[6]float32{0.72, -0.30, 0.74, -0.26, 0.75, -0.20},
			straight(0.75, -0.20, 0.88, 0.88),
			[6]float32{0.89, 0.96, 0.85, 1.00, 0.78, 1.00})
	}},
	{dark, func(p pen) {
		p.profile(0.745, -0.24,
			straight(0.745, -0.24, 0.79, 0.08),
			[6]float32{0.50, 0.24, 0.25, 0.28, 0.0, 0.28})
	}},
	{light, func(p pen) { p.profile(0.07, 0.16, [6]float32{0.11, 0.16, 0.11, 0.36, 0.07, 0.36}) }},
}

var flacon = []layer{
	{dark, func(p pen) {
		p.profile(0.18, -1.00, [6]float32{0.22, -1.00, 0.22, -0.98, 0.22, -0.96}, straight(0.22, -0.96, 0.22, -0.62))
	}},
	{light, func(p pen) { p.rect(-0.15, -0.62, 0.15, -0.48) }},
	{body, func(p pen) {
		p.profile(0.30, -0.50,
			[6]float32{0.52, -0.48, 0.62, -0.36, 0.62, -0.16},
			straight(0.62, -0.16, 0.62, 0.86),
			[6]float32{0.62, 0.96, 0.58, 1.00, 0.48, 1.00})
	}},
	{light, func(p pen) { p.rect(-0.40, 0.10, 0.40, 0.62) }},
	{dark, func(p pen) { p.rect(-0.24, 0.26, 0.24, 0.31); p.rect(-0.16, 0.42, 0.16, 0.46) }},
}

var lamp = []layer{
	{dark, func(p pen) { p.rect(-0.045, -0.1, 0.045, 0.92) }},
	{dark, func(p pen) { p.profile(0.16, 0.88, [6]float32{0.34, 0.89, 0.42, 0.93, 0.42, 1.00}) }},
	{body, func(p pen) {
		p.profile(0.34, -1.00,
			[6]float32{0.42, -0.60, 0.56, -0.30, 0.76, 0.06},
			[6]float32{0.50, 0.14, 0.25, 0.15, 0, 0.15})
	}},
	{light, func(p pen) {
		p.profile(0.715, 0.00, straight(0.715, 0.00, 0.76, 0.06), [6]float32{0.50, 0.14, 0.25, 0.15, 0, 0.15})
	}},
}

var mug = []layer{
	{dark, func(p pen) {
		p.move(0.44, -0.30)
		p.cube(1.02, -0.40, 1.02, 0.62, 0.44, 0.52)
		p.line(0.44, 0.36)
		p.cube(0.80, 0.42, 0.80, -0.18, 0.44, -0.14)
		p.close()
	}},
	{body, func(p pen) {
		p.profile(0.54, -0.58,
			straight(0.54, -0.58, 0.52, 0.70),
			[6]float32{0.50, 0.92, 0.42, 1.00, 0.26, 1.00})
	}},
	{dark, func(p pen) { p.profile(0.54, -0.60, [6]float32{0.56, -0.58, 0.56, -0.54, 0.54, -0.52}) }},
	{light, func(p pen) { p.profile(0.528, 0.10, straight(0.528, 0.10, 0.524, 0.30)) }},
}
