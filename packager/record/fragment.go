package record

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"

	"github.com/Eyevinn/mp4ff/mp4"
)

// Bounds of what a segment is read with.
const (
	boxHead = 8       // size and type (ISO/IEC 14496-12 §4.2)
	maxMoof = 1 << 20 // bytes; a part of a second at 120 fps has 3 KB
)

var errTorn = errors.New("the segment is not whole")

// fragment is one moof's worth of samples, in the timescale of its track.
type fragment struct{ start, dur int64 }

// fragments reads where the samples of a segment of size bytes lie. Only box
// heads and moofs are read. A segment that is not whole gives an error.
func fragments(r io.ReaderAt, size int64) ([]fragment, error) {
	var out []fragment
	var head [boxHead]byte
	for at := int64(0); at < size; {
		if _, err := r.ReadAt(head[:], at); err != nil {
			return nil, errors.Join(errTorn, err)
		}
		n := int64(binary.BigEndian.Uint32(head[:]))
		if n < boxHead || n > size-at {
			return nil, errTorn
		}
		if string(head[4:]) == "moof" {
			if n > maxMoof {
				return nil, errTorn
			}
			b := make([]byte, n)
			if _, err := r.ReadAt(b, at); err != nil {
				return nil, errors.Join(errTorn, err)
			}
			f, err := parseMoof(b)
			if err != nil {
				return nil, err
			}
			out = append(out, f)
		}
		at += n
	}
	return out, nil
}

func parseMoof(b []byte) (fragment, error) {
	box, err := mp4.DecodeBox(0, bytes.NewReader(b))
	if err != nil {
		return fragment{}, errors.Join(errTorn, err)
	}
	moof, ok := box.(*mp4.MoofBox)
	if !ok || moof.Traf == nil || moof.Traf.Tfdt == nil || moof.Traf.Tfhd == nil {
		return fragment{}, errTorn
	}
	f := fragment{start: int64(moof.Traf.Tfdt.BaseMediaDecodeTime())}
	for _, t := range moof.Traf.Truns {
		f.dur += int64(t.Duration(moof.Traf.Tfhd.DefaultSampleDuration))
	}
	return f, nil
}

// retime moves every fragment in b, a whole segment, to the decode time that
// place gives for its own.
func retime(b []byte, place func(int64) int64) error {
	return boxes(b, func(name string, body []byte) error {
		switch name {
		case "moof", "traf":
			return retime(body, place)
		case "tfdt":
			return retimeTfdt(body, place)
		}
		return nil
	})
}

// retimeTfdt moves a track fragment decode time (ISO/IEC 14496-12 §8.8.12). Only
// one of 64 bits can be moved everywhere.
func retimeTfdt(body []byte, place func(int64) int64) error {
	const version, size = 1, 12
	if len(body) < size || body[0] != version {
		return errors.New("a decode time of 32 bits cannot be moved")
	}
	at := place(int64(binary.BigEndian.Uint64(body[4:])))
	binary.BigEndian.PutUint64(body[4:], uint64(max(at, 0)))
	return nil
}

// boxes calls visit for each box in b.
func boxes(b []byte, visit func(name string, body []byte) error) error {
	for len(b) > 0 {
		if len(b) < boxHead {
			return errTorn
		}
		n := int64(binary.BigEndian.Uint32(b))
		if n < boxHead || n > int64(len(b)) {
			return errTorn
		}
		if err := visit(string(b[4:boxHead]), b[boxHead:n]); err != nil {
			return err
		}
		b = b[n:]
	}
	return nil
}
