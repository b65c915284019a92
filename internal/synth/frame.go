package synth

import (
	"fmt"
	"image"
	"time"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
)

// clockLayout is the wall clock in the corner of the picture.
const (
	clockLayout = "15:04:05.000"
	clockGlyphs = "0123456789:."
)

// frame is the picture that goes to the encoder. Between two products only the
// clock, the light and the barcode are drawn anew, without allocating.
type frame struct {
	*picture
	at     layout
	still  *picture // the scene underneath
	glyphs [len(clockGlyphs)]*image.Alpha
	pitch  int                        // from one glyph of the clock to the next, in pixels
	text   [len(clockLayout) + 8]byte // AppendFormat writes nanoseconds before it cuts them
}

func newFrame(w, h int) (*frame, error) {
	f := &frame{picture: newPicture(w, h), at: layoutOf(w, h)}
	mono, err := opentype.Parse(gomono.TTF)
	if err != nil {
		return nil, fmt.Errorf("reading the clock's font: %w", err)
	}
	f.pitch = f.at.clock.Dx() * 15 / 16 / (len(clockLayout) + 1)
	face, err := newFace(mono, float64(f.pitch)/0.6) // a glyph is 0.6 em wide
	if err != nil {
		return nil, err
	}
	height := f.at.clock.Dy()
	baseline := height/2 + face.Metrics().CapHeight.Round()/2
	for i, r := range clockGlyphs {
		f.glyphs[i] = image.NewAlpha(image.Rect(0, 0, f.pitch, height))
		d := font.Drawer{Dst: f.glyphs[i], Src: image.Opaque, Face: face, Dot: fixed.P(0, baseline)}
		d.DrawString(string(r))
	}
	return f, nil
}

// show puts another scene underneath.
func (f *frame) show(scene *picture) {
	f.still = scene
	copy(f.data, scene.data)
}

// draw draws what moves: the frame was captured at s.At.
func (f *frame) draw(s Stamp) {
	f.drawClock(s.At)
	f.drawSweep(s.At)
	s.draw(f.luma(), f.w, f.h)
}

// restore takes a box of the luma plane from the scene again.
func (f *frame) restore(box image.Rectangle) {
	for y := box.Min.Y; y < box.Max.Y; y++ {
		copy(f.data[y*f.w+box.Min.X:y*f.w+box.Max.X], f.still.data[y*f.w+box.Min.X:])
	}
}

func (f *frame) drawClock(at time.Time) {
	box := f.at.clock
	f.restore(box)
	text := at.AppendFormat(f.text[:0], clockLayout)
	left := box.Min.X + (box.Dx()-len(text)*f.pitch)/2
	for i, c := range text {
		g := f.glyphs[glyphIndex(c)]
		for y := range box.Dy() {
			row := f.data[(box.Min.Y+y)*f.w+left+i*f.pitch:]
			for x, a := range g.Pix[y*g.Stride : y*g.Stride+f.pitch] {
				row[x] += byte((lumaWhite - int(row[x])) * int(a) / 255)
			}
		}
	}
}

func glyphIndex(c byte) int {
	switch c {
	case ':':
		return 10
	case '.':
		return 11
	}
	return int(c - '0')
}

// drawSweep runs a light along its bar once a second: a stutter of the stream is
// seen there at once.
func (f *frame) drawSweep(at time.Time) {
	box := f.at.sweep
	f.restore(box)
	long := box.Dx() / 12
	head := box.Min.X + at.Nanosecond()/1000*(box.Dx()+long)/1_000_000
	for x := max(head-long, box.Min.X); x < min(head, box.Max.X); x++ {
		bright := byte(60 + 170*(x-head+long)/long)
		for y := box.Min.Y; y < box.Max.Y; y++ {
			f.data[y*f.w+x] = bright
		}
	}
}
