package id3

import (
	"errors"
	"strings"
)

// MaxValue is the longest value of a frame, in bytes: the limit of the 28-bit
// sizes is far beyond what a player should be given on every segment.
const MaxValue = 64 << 10

const headerSize = 10 // of a tag and of a frame alike

// Size returns how many bytes [Append] writes.
func Size(description, value string) int {
	return 2*headerSize + 1 + len(description) + 1 + len(value) + 1
}

// Append appends a tag with one TXXX frame (ID3v2.4 §3.1, §4.2.6) in UTF-8 to b.
// The description must be ASCII and hold no NUL, the value must hold no NUL and
// be at most [MaxValue] bytes: players garble anything else. Both strings end in
// a NUL; there are decoders that miss the last character without.
func Append[T string | []byte](b []byte, description string, value T) []byte {
	body := 1 + len(description) + 1 + len(value) + 1
	b = append(b, 'I', 'D', '3', 4, 0, 0)
	b = appendSynchsafe(b, headerSize+body)
	b = append(b, 'T', 'X', 'X', 'X')
	b = appendSynchsafe(b, body)
	b = append(b, 0, 0, 3) // no flags; encoding 3 is UTF-8
	b = append(b, description...)
	b = append(b, 0)
	b = append(b, value...)
	return append(b, 0)
}

// appendSynchsafe appends n as 4 bytes of 7 bits (ID3v2.4 §6.2).
func appendSynchsafe(b []byte, n int) []byte {
	return append(b, byte(n>>21&0x7f), byte(n>>14&0x7f), byte(n>>7&0x7f), byte(n&0x7f))
}

// ErrNotTXXX is returned by [Parse] for bytes that are not one tag with one TXXX frame.
var ErrNotTXXX = errors.New("not an ID3v2.4 tag with one UTF-8 TXXX frame")

// Parse reads what [Append] wrote. It is strict: sizes must be synchsafe and
// account for every byte, with nothing after them.
func Parse(b []byte) (description, value string, err error) {
	if len(b) < 2*headerSize+2 || string(b[:6]) != "ID3\x04\x00\x00" || string(b[10:14]) != "TXXX" {
		return "", "", ErrNotTXXX
	}
	tag, ok1 := synchsafe(b[6:10])
	frame, ok2 := synchsafe(b[14:18])
	if !ok1 || !ok2 || tag != len(b)-headerSize || frame != tag-headerSize || b[18] != 0 || b[19] != 0 || b[20] != 3 {
		return "", "", ErrNotTXXX
	}
	text := b[21:]
	d, v, found := strings.Cut(string(text), "\x00")
	value, ended := strings.CutSuffix(v, "\x00")
	if !found || !ended || strings.Contains(value, "\x00") {
		return "", "", ErrNotTXXX
	}
	return d, value, nil
}

func synchsafe(b []byte) (n int, ok bool) {
	for _, c := range b {
		if c > 0x7f {
			return 0, false
		}
		n = n<<7 | int(c)
	}
	return n, true
}
