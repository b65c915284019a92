package synth

import (
	_ "embed" // barcode.js
	"encoding/binary"
	"time"
)

// Geometry of the barcode, in cells.
const (
	barcodeColumns = 40
	barcodeRows    = 2
	barcodeBits    = barcodeColumns * barcodeRows

	rowsPerSide = 30 // a row is the picture's shorter side divided by this
)

// Luma of video range: black, white, and what lies between them.
const (
	lumaBlack = 16
	lumaWhite = 235
	lumaHalf  = (lumaBlack + lumaWhite) / 2
)

// MaxProduct is the largest product number that a [Stamp] can carry.
const MaxProduct = 1<<16 - 1

// BarcodeJS is a script that defines vitrineBarcode(source, width, height): the
// barcode of a video, canvas or image as {ms, product}, or null if there is none.
//
//go:embed barcode.js
var BarcodeJS string

// Stamp is what the barcode of a frame says.
type Stamp struct {
	At      time.Time // when the frame was captured, to the millisecond
	Product int       // the product in hand, 0 to [MaxProduct]; 0 is none
}

// cells returns the stamp as the 80 bits of the barcode.
func (s Stamp) cells() [barcodeBits]bool {
	var b [barcodeBits / 8]byte
	binary.BigEndian.PutUint64(b[:8], uint64(s.At.UnixMilli())<<16|uint64(s.Product)&MaxProduct)
	binary.BigEndian.PutUint16(b[8:], crc16(b[:8]))
	var cells [barcodeBits]bool
	for i := range cells {
		cells[i] = b[i/8]>>(7-i%8)&1 == 1
	}
	return cells
}

// parseCells is the inverse of cells. It reports false if the checksum is wrong.
func parseCells(cells [barcodeBits]bool) (Stamp, bool) {
	var b [barcodeBits / 8]byte
	for i, white := range cells {
		if white {
			b[i/8] |= 1 << (7 - i%8)
		}
	}
	if crc16(b[:8]) != binary.BigEndian.Uint16(b[8:]) {
		return Stamp{}, false
	}
	v := binary.BigEndian.Uint64(b[:8])
	return Stamp{At: time.UnixMilli(int64(v >> 16)), Product: int(v & MaxProduct)}, true
}

// barcodeHeight returns the height of both rows in a picture of w × h, in pixels.
func barcodeHeight(w, h int) int { return barcodeRows * min(w, h) / rowsPerSide }

// draw writes the barcode along the bottom edge of a luma plane of w × h.
func (s Stamp) draw(luma []byte, w, h int) {
	cells := s.cells()
	height := barcodeHeight(w, h)
	for row := range barcodeRows {
		top := h - height + row*height/barcodeRows
		bottom := h - height + (row+1)*height/barcodeRows
		first := luma[top*w : top*w+w]
		for col := range barcodeColumns {
			value := byte(lumaBlack)
			if cells[row*barcodeColumns+col] {
				value = lumaWhite
			}
			cell := first[col*w/barcodeColumns : (col+1)*w/barcodeColumns]
			for x := range cell {
				cell[x] = value
			}
		}
		for y := top + 1; y < bottom; y++ {
			copy(luma[y*w:y*w+w], first)
		}
	}
}

// Decode reads the barcode of a picture whose luma plane has w × h samples, one
// byte each, rows w apart. It reports false if there is none that it can trust.
func Decode(luma []byte, w, h int) (Stamp, bool) {
	height := barcodeHeight(w, h)
	if w < 2*barcodeColumns || height < 2*barcodeRows || h > len(luma)/w {
		return Stamp{}, false
	}
	var cells [barcodeBits]bool
	for i := range cells {
		row, col := i/barcodeColumns, i%barcodeColumns
		// The middle half of the cell: its edges are blurred by scaling and coding.
		left, right := (4*col+1)*w/(4*barcodeColumns), (4*col+3)*w/(4*barcodeColumns)
		top := h - height + (4*row+1)*height/(4*barcodeRows)
		bottom := h - height + (4*row+3)*height/(4*barcodeRows)
		cells[i] = mean(luma, w, left, top, max(right, left+1), max(bottom, top+1)) > lumaHalf
	}
	return parseCells(cells)
}

// mean returns the mean of the samples in a box.
func mean(luma []byte, stride, left, top, right, bottom int) int {
	sum := 0
	for y := top; y < bottom; y++ {
		for _, v := range luma[y*stride+left : y*stride+right] {
			sum += int(v)
		}
	}
	return sum / ((right - left) * (bottom - top))
}

// crc16 is CRC-16/CCITT-FALSE: polynomial 0x1021, initial value 0xFFFF.
func crc16(b []byte) uint16 {
	crc := uint16(0xFFFF)
	for _, v := range b {
		crc ^= uint16(v) << 8
		for range 8 {
			if crc&0x8000 != 0 {
				crc = crc<<1 ^ 0x1021
			} else {
				crc <<= 1
			}
		}
	}
	return crc
}
