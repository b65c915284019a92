package check

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// id3Header is the size of the header of a tag and of a frame (ID3v2.4 §3.1, §4).
const id3Header = 10

// id3Frame is one frame of a tag.
type id3Frame struct {
	ID   string
	Body []byte
}

// parseID3 reads exactly one ID3v2.4 tag that fills b, with synchsafe sizes that
// account for every byte.
func parseID3(b []byte) ([]id3Frame, error) {
	if len(b) < id3Header || string(b[:3]) != "ID3" {
		return nil, fmt.Errorf("the message does not begin with ID3")
	}
	if b[3] != 4 {
		return nil, fmt.Errorf("the tag is ID3v2.%d, and should be ID3v2.4", b[3])
	}
	size, err := synchsafe(b[6:10])
	if err != nil {
		return nil, fmt.Errorf("the size of the tag: %w", err)
	}
	const hasExtended, hasFooter = 0x40, 0x10
	total := id3Header + size
	if b[5]&hasFooter != 0 {
		total += id3Header
	}
	if total != len(b) {
		return nil, fmt.Errorf("the tag says %d bytes, and the message has %d", total, len(b))
	}
	rest := b[id3Header : id3Header+size]
	if b[5]&hasExtended != 0 {
		if len(rest) < 4 {
			return nil, fmt.Errorf("the extended header is cut off")
		}
		n, err := synchsafe(rest[:4])
		if err != nil || n < 6 || n > len(rest) {
			return nil, fmt.Errorf("the extended header has a wrong size")
		}
		rest = rest[n:]
	}
	return frames(rest)
}

// frames reads frames up to the end or the padding.
func frames(b []byte) (list []id3Frame, err error) {
	for len(b) > 0 {
		if b[0] == 0 { // padding, ID3v2.4 §3.3
			if len(bytes.Trim(b, "\x00")) > 0 {
				return nil, fmt.Errorf("the padding is not of zeros")
			}
			break
		}
		if len(b) < id3Header {
			return nil, fmt.Errorf("%d bytes after the last frame", len(b))
		}
		id := string(b[:4])
		if strings.Trim(id, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789") != "" {
			return nil, fmt.Errorf("%q is not the name of a frame", id)
		}
		size, err := synchsafe(b[4:8])
		if err != nil {
			return nil, fmt.Errorf("the size of %s: %w", id, err)
		}
		if size > len(b)-id3Header {
			return nil, fmt.Errorf("frame %s says %d bytes, and %d are left", id, size, len(b)-id3Header)
		}
		list = append(list, id3Frame{ID: id, Body: b[id3Header : id3Header+size]})
		b = b[id3Header+size:]
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("the tag has no frame")
	}
	return list, nil
}

func synchsafe(b []byte) (n int, err error) {
	for _, c := range b {
		if c > 0x7f {
			return 0, fmt.Errorf("% x is not synchsafe", b)
		}
		n = n<<7 | int(c)
	}
	return n, nil
}

// cueFacts are what a payload says of itself.
type cueFacts struct {
	Ours bool   // a vitrine.cue (docs/cues.md)
	Type string // show, hide, state, …
	ID   string // the application's id, empty for a state
}

// cueDescription is the TXXX description of cues (docs/cues.md).
const cueDescription = "vitrine.cue"

// readCue reads a TXXX frame with a JSON object; other payloads have no id.
func readCue(list []id3Frame) (c cueFacts) {
	for _, f := range list {
		if f.ID != "TXXX" || len(f.Body) < 2 || f.Body[0] != 3 {
			continue
		}
		description, value, found := strings.Cut(string(f.Body[1:]), "\x00")
		if !found {
			continue
		}
		var v struct{ ID, Type string }
		if json.Unmarshal([]byte(strings.TrimRight(value, "\x00")), &v) != nil {
			continue
		}
		return cueFacts{Ours: description == cueDescription, Type: v.Type, ID: v.ID}
	}
	return c
}
