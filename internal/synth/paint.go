package synth

import (
	"image"
	"image/color"
	"math"

	"golang.org/x/image/vector"
)

// fill paints a path, given around the place of the product, in one colour.
func (s *studio) fill(m *image.RGBA, c color.RGBA, path func(pen)) {
	p := s.pen()
	path(p)
	p.raster.Draw(m, m.Rect, image.NewUniform(c), image.Point{})
}

// mask returns how much of each pixel a path covers, and the box that it lies in.
func (s *studio) mask(path func(pen)) (*image.Alpha, image.Rectangle) {
	p := s.pen()
	path(p)
	u := int(math.Ceil(s.at.unit * 1.2))
	box := image.Rect(s.at.product.X-u, s.at.product.Y-2*u, s.at.product.X+u, s.at.product.Y+u).
		Intersect(image.Rect(0, 0, s.w, s.h))
	m := image.NewAlpha(image.Rect(0, 0, s.w, s.h))
	p.raster.Draw(m, m.Rect, image.Opaque, image.Point{})
	return m, box
}

func (s *studio) pen() pen {
	return pen{
		raster: vector.NewRasterizer(s.w, s.h),
		x:      float32(s.at.product.X), y: float32(s.at.product.Y), unit: float32(s.at.unit),
	}
}

// quarter is where the control points of a quarter of a circle lie.
const quarter = 0.5523

func (p pen) ellipse(x, y, rx, ry float32) {
	p.move(x-rx, y)
	p.cube(x-rx, y-ry*quarter, x-rx*quarter, y-ry, x, y-ry)
	p.cube(x+rx*quarter, y-ry, x+rx, y-ry*quarter, x+rx, y)
	p.cube(x+rx, y+ry*quarter, x+rx*quarter, y+ry, x, y+ry)
	p.cube(x-rx*quarter, y+ry, x-rx, y+ry*quarter, x-rx, y)
	p.close()
}

// roundRect adds a rectangle whose short ends are half circles.
func roundRect(v *vector.Rasterizer, box image.Rectangle) {
	l, t, r, b := float32(box.Min.X), float32(box.Min.Y), float32(box.Max.X), float32(box.Max.Y)
	radius := (b - t) / 2
	k := radius * quarter
	y := t + radius
	v.MoveTo(l+radius, t)
	v.LineTo(r-radius, t)
	v.CubeTo(r-radius+k, t, r, y-k, r, y)
	v.CubeTo(r, y+k, r-radius+k, b, r-radius, b)
	v.LineTo(l+radius, b)
	v.CubeTo(l+radius-k, b, l, y+k, l, y)
	v.CubeTo(l, y-k, l+radius-k, t, l+radius, t)
	v.ClosePath()
}

// blur darkens an ellipse whose edge fades out, as a soft shadow.
func blur(m *image.RGBA, cx, cy, rx, ry, strength float64) {
	box := image.Rect(int(cx-rx), int(cy-ry), int(cx+rx)+1, int(cy+ry)+1).Intersect(m.Rect)
	for y := box.Min.Y; y < box.Max.Y; y++ {
		for x := box.Min.X; x < box.Max.X; x++ {
			dx, dy := (float64(x)-cx)/rx, (float64(y)-cy)/ry
			fade := 1 - smoothstep(0, 1, dx*dx+dy*dy)
			blend(m, x, y, rgb(0x1E1814), strength*fade)
		}
	}
}

// blend lays a colour over a pixel; a is 0 to 1.
func blend(m *image.RGBA, x, y int, c color.RGBA, a float64) {
	m.SetRGBA(x, y, mix(m.RGBAAt(x, y), c, a))
}

// mix goes from one colour to another as a goes from 0 to 1.
func mix(from, to color.RGBA, a float64) color.RGBA {
	f := func(v, w uint8) uint8 { return uint8(math.Round(float64(v) + (float64(w)-float64(v))*a)) }
	return color.RGBA{R: f(from.R, to.R), G: f(from.G, to.G), B: f(from.B, to.B), A: 0xFF}
}

// scale makes a colour lighter or darker.
func scale(c color.RGBA, by float64) color.RGBA {
	f := func(v uint8) uint8 { return level(float64(v) / 255 * by) }
	return color.RGBA{R: f(c.R), G: f(c.G), B: f(c.B), A: c.A}
}

// level turns 0 to 1 into 0 to 255.
func level(v float64) uint8 { return uint8(math.Round(255 * min(max(v, 0), 1))) }

// smoothstep goes from 0 at a to 1 at b, without corners.
func smoothstep(a, b, v float64) float64 {
	t := min(max((v-a)/(b-a), 0), 1)
	return t * t * (3 - 2*t)
}
