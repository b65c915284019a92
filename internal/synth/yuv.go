package synth

import "image"

// picture is a yuv420p picture of even width and height: one buffer, the planes
// Y, U and V behind each other, as ffmpeg reads rawvideo.
type picture struct {
	w, h int
	data []byte
}

func newPicture(w, h int) *picture {
	return &picture{w: w, h: h, data: make([]byte, w*h*3/2)}
}

func (p *picture) luma() []byte { return p.data[:p.w*p.h] }

// set converts an RGBA image of the same size to BT.709 in video range. A chroma
// sample is the mean of the four pixels that it covers.
func (p *picture) set(m *image.RGBA) {
	luma := p.data[:p.w*p.h]
	u := p.data[p.w*p.h : p.w*p.h*5/4]
	v := p.data[p.w*p.h*5/4:]
	for y := 0; y < p.h; y += 2 {
		for x := 0; x < p.w; x += 2 {
			var r, g, b int
			for dy := range 2 {
				row := m.Pix[(y+dy)*m.Stride+x*4:]
				for dx := range 2 {
					pr, pg, pb := int(row[dx*4]), int(row[dx*4+1]), int(row[dx*4+2])
					luma[(y+dy)*p.w+x+dx] = lumaOf(pr, pg, pb)
					r, g, b = r+pr, g+pg, b+pb
				}
			}
			at := y/2*(p.w/2) + x/2
			u[at] = byte((-6596*r - 22189*g + 28784*b + 128<<18 + 1<<17) >> 18)
			v[at] = byte((28784*r - 26145*g - 2639*b + 128<<18 + 1<<17) >> 18)
		}
	}
}

// lumaOf returns BT.709 luma in video range, from 16-bit fixed point weights.
func lumaOf(r, g, b int) byte {
	return byte((11966*r + 40254*g + 4064*b + lumaBlack<<16 + 1<<15) >> 16)
}
