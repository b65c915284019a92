package synth

import (
	"fmt"
	"image"
	"image/color"
	"image/draw"
	"math"
	"strconv"

	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gomedium"
	"golang.org/x/image/font/opentype"
	"golang.org/x/image/math/fixed"
	"golang.org/x/image/vector"
)

// studio renders what stands still between two products. A scene takes some
// tens of milliseconds, so it is rendered before the frame that needs it.
type studio struct {
	w, h     int
	at       layout
	backdrop *image.RGBA
	bold     *opentype.Font
	medium   *opentype.Font
}

// layout says where things stand, in pixels. All of it scales with the picture.
type layout struct {
	number  image.Rectangle // the numeral fits in here
	title   image.Point     // baseline, left of the text or its middle
	middle  bool            // text is centred
	product image.Point     // where the product stands
	unit    float64         // half the product's height
	clock   image.Rectangle
	sweep   image.Rectangle // the bar that a light runs along once a second
}

// layoutOf places things beside each other, above each other in a portrait.
func layoutOf(w, h int) layout {
	short := float64(min(w, h))
	strip := barcodeHeight(w, h)
	part := func(f float64) int { return int(f * short) }
	clock := image.Rect(w-part(0.39), part(0.045), w-part(0.045), part(0.115))
	sweep := image.Rect(0, h-strip-max(2, part(0.008)), w, h-strip)
	if w >= h {
		left := w * 7 / 100
		return layout{
			number:  image.Rect(left, h*22/100, w*50/100, h*66/100),
			title:   image.Pt(left, h*78/100),
			product: image.Pt(w*72/100, h*80/100),
			unit:    min(0.29*short, 0.21*float64(w)),
			clock:   clock, sweep: sweep,
		}
	}
	return layout{
		number:  image.Rect(w*8/100, h*18/100, w*92/100, h*38/100),
		title:   image.Pt(w/2, h*44/100),
		middle:  true,
		product: image.Pt(w/2, h*86/100),
		unit:    min(0.30*short, 0.19*float64(h)),
		clock:   clock, sweep: sweep,
	}
}

func newStudio(w, h int) (*studio, error) {
	bold, err := opentype.Parse(gobold.TTF)
	if err != nil {
		return nil, fmt.Errorf("reading the bold font: %w", err)
	}
	medium, err := opentype.Parse(gomedium.TTF)
	if err != nil {
		return nil, fmt.Errorf("reading the medium font: %w", err)
	}
	s := &studio{w: w, h: h, at: layoutOf(w, h), bold: bold, medium: medium}
	s.backdrop = s.renderBackdrop()
	return s, nil
}

// scene renders the studio with a product; product 0 is an empty podium.
func (s *studio) scene(product int, title string) (*picture, error) {
	m := image.NewRGBA(s.backdrop.Rect)
	copy(m.Pix, s.backdrop.Pix)
	if product > 0 {
		colours := palettes[product%len(palettes)]
		s.drawPodium(m, colours.light)
		s.drawProduct(m, shapes[product%len(shapes)], colours)
		if err := s.drawNumber(m, product, colours.dark); err != nil {
			return nil, err
		}
	} else {
		s.drawPodium(m, rgb(0xEFEAE4))
	}
	if title != "" {
		if err := s.drawTitle(m, title); err != nil {
			return nil, err
		}
	}
	p := newPicture(s.w, s.h)
	p.set(m)
	for y := s.h - barcodeHeight(s.w, s.h); y < s.h; y++ {
		for x := range s.w {
			p.data[s.w*s.h+y/2*(s.w/2)+x/2] = 128 // no colour under the barcode
			p.data[s.w*s.h*5/4+y/2*(s.w/2)+x/2] = 128
		}
	}
	return p, nil
}

// renderBackdrop draws a wall with a pool of light on it, and a floor.
func (s *studio) renderBackdrop() *image.RGBA {
	m := image.NewRGBA(image.Rect(0, 0, s.w, s.h))
	horizon := float64(s.at.product.Y) - 0.10*float64(min(s.w, s.h))
	soft := 0.05 * float64(s.h) // the wall bends into the floor
	for y := range s.h {
		floor := smoothstep(horizon-soft, horizon+soft, float64(y))
		for x := range s.w {
			dx := float64(x-s.at.product.X) / float64(s.w)
			dy := (float64(y) - (float64(s.at.product.Y) - s.at.unit)) / float64(s.h)
			glow := math.Exp(-3.2 * (dx*dx + dy*dy))
			wall := 0.70 + 0.25*glow
			shade := wall + floor*(0.10*glow-0.045)
			// The same warmth everywhere: chroma that changes slowly shows as rings.
			m.SetRGBA(x, y, color.RGBA{R: level(shade + 0.012), G: level(shade - 0.006), B: level(shade - 0.032), A: 0xFF})
		}
	}
	pill := vector.NewRasterizer(s.w, s.h)
	roundRect(pill, s.at.clock)
	pill.Draw(m, m.Rect, image.NewUniform(color.RGBA{R: 24, G: 23, B: 22, A: 200}), image.Point{})
	draw.Draw(m, s.at.sweep, image.NewUniform(rgb(0x2A2826)), image.Point{}, draw.Src)
	return m
}

// drawPodium draws a round disc in perspective, lit from above, and its shadow.
func (s *studio) drawPodium(m *image.RGBA, top color.RGBA) {
	cx, cy, u := float64(s.at.product.X), float64(s.at.product.Y), s.at.unit
	rx, ry, thick := 1.12*u, 0.20*u, 0.11*u
	blur(m, cx, cy+1.5*thick, 1.35*rx, 1.9*ry, 0.34)
	side := mix(top, rgb(0x3A342E), 0.42)
	s.fill(m, side, func(p pen) { p.ellipse(0, float32(thick/u), float32(rx/u), float32(ry/u)) })
	s.fill(m, side, func(p pen) { p.rect(-float32(rx/u), 0, float32(rx/u), float32(thick/u)) })
	s.fill(m, top, func(p pen) { p.ellipse(0, 0, float32(rx/u), float32(ry/u)) })
}

// drawProduct draws the layers of a product, rounded by light from the left.
func (s *studio) drawProduct(m *image.RGBA, layers []layer, colours palette) {
	cx, cy, u := float64(s.at.product.X), float64(s.at.product.Y), s.at.unit
	blur(m, cx+0.10*u, cy+0.01*u, 0.86*u, 0.15*u, 0.45)
	for _, l := range layers {
		tone := l.tone(colours)
		mask, box := s.mask(func(p pen) { p.y -= p.unit * 0.97; l.draw(p) })
		for y := box.Min.Y; y < box.Max.Y; y++ {
			for x := box.Min.X; x < box.Max.X; x++ {
				a := mask.AlphaAt(x, y).A
				if a == 0 {
					continue
				}
				side := (float64(x) - cx) / u
				lit := 1 + 0.22*math.Exp(-12*(side+0.30)*(side+0.30)) - 0.34*smoothstep(0, 0.9, side) - 0.12*smoothstep(0.2, 0.9, -side)
				blend(m, x, y, scale(tone, lit), float64(a)/255)
			}
		}
	}
}

// drawNumber draws the numeral as large as its place allows, and "No." above it.
func (s *studio) drawNumber(m *image.RGBA, product int, c color.RGBA) error {
	text := strconv.Itoa(product)
	box := s.at.number
	size := float64(box.Dy()) / 0.72 // digits are 0.72 em high
	face, err := newFace(s.bold, size)
	if err != nil {
		return err
	}
	if width := font.MeasureString(face, text).Ceil(); width > box.Dx() {
		if face, err = newFace(s.bold, size*float64(box.Dx())/float64(width)); err != nil {
			return err
		}
	}
	s.write(m, face, text, image.Pt(s.at.title.X, box.Max.Y), c)
	label, err := newFace(s.medium, 0.062*float64(min(s.w, s.h)))
	if err != nil {
		return err
	}
	s.write(m, label, "In hand: number", image.Pt(s.at.title.X, box.Min.Y-int(0.05*float64(min(s.w, s.h)))), rgb(0x4A443E))
	return nil
}

// drawTitle draws the title under the number, smaller if it is long.
func (s *studio) drawTitle(m *image.RGBA, title string) error {
	size := 0.075 * float64(min(s.w, s.h))
	face, err := newFace(s.medium, size)
	if err != nil {
		return err
	}
	if width, room := font.MeasureString(face, title).Ceil(), s.at.number.Dx(); width > room {
		if face, err = newFace(s.medium, size*float64(room)/float64(width)); err != nil {
			return err
		}
	}
	s.write(m, face, title, image.Pt(s.at.title.X, s.at.title.Y), rgb(0x2C2825))
	return nil
}

// write draws one line of text with its baseline at p.
func (s *studio) write(m *image.RGBA, face font.Face, text string, p image.Point, c color.RGBA) {
	ink, _ := font.BoundString(face, text)
	p.X -= ink.Min.X.Round()
	if s.at.middle {
		p.X -= (ink.Max.X - ink.Min.X).Ceil() / 2
	}
	d := font.Drawer{Dst: m, Src: image.NewUniform(c), Face: face, Dot: fixed.P(p.X, p.Y)}
	d.DrawString(text)
}

func newFace(f *opentype.Font, pixels float64) (font.Face, error) {
	face, err := opentype.NewFace(f, &opentype.FaceOptions{Size: pixels, DPI: 72, Hinting: font.HintingNone})
	if err != nil {
		return nil, fmt.Errorf("sizing a font to %.0f px: %w", pixels, err)
	}
	return face, nil
}
