package cmaf_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"reflect"
	"testing"

	"vitrine/packager/cmaf"
	"vitrine/packager/id3"
)

func event(id uint32) cmaf.Event {
	return cmaf.Event{Timescale: 90000, Time: 1 << 40, Dur: 90000, ID: id, Message: id3.Append(nil, "cue", `{"id":"c1"}`)}
}

func appendAll(c cmaf.Chunk) []byte {
	var b []byte
	for _, e := range c.Events {
		b = cmaf.AppendEvent(b, e)
	}
	return cmaf.AppendChunk(b, c.Sequence, c.Time, c.Samples)
}

func TestReadChunk(t *testing.T) {
	for name, want := range map[string]cmaf.Chunk{
		"a part with two cues": {Events: []cmaf.Event{event(1), event(2)}, Sequence: 42, Time: 1 << 40, Samples: samples()},
		"a part without any":   {Sequence: 1, Time: 90000, Samples: samples()},
		"no samples":           {Samples: []cmaf.Sample{}},
	} {
		t.Run(name, func(t *testing.T) {
			got, rest, err := cmaf.ReadChunk(append(appendAll(want), "next"...))
			if err != nil || !reflect.DeepEqual(got, want) || string(rest) != "next" {
				t.Errorf("%v\n got %+v\nwant %+v", err, got, want)
			}
		})
	}
}

func TestReadChunkTakesOnlyWhatWasWritten(t *testing.T) {
	whole := appendAll(cmaf.Chunk{Events: []cmaf.Event{event(1)}, Sequence: 42, Time: 7, Samples: samples()})
	moof := cmaf.EventSize(event(1))
	for name, change := range map[string]func([]byte) []byte{
		"nothing":                    func([]byte) []byte { return nil },
		"a byte is missing":          func(b []byte) []byte { return b[:len(b)-1] },
		"another scheme":             func(b []byte) []byte { b[40] ^= 1; return b },
		"an event beyond the end":    func(b []byte) []byte { binary.BigEndian.PutUint32(b, 1<<30); return b },
		"another track":              func(b []byte) []byte { b[moof+47] = 2; return b },
		"more samples than bytes":    func(b []byte) []byte { b[moof+80] = 1; return b },
		"a sample beyond the end":    func(b []byte) []byte { b[moof+92] = 1; return b },
		"flags that are not ours":    func(b []byte) []byte { b[moof+96] ^= 0x10; return b },
		"a box that is not the mdat": func(b []byte) []byte { return bytes.Replace(b, []byte("mdat"), []byte("free"), 1) },
	} {
		t.Run(name, func(t *testing.T) {
			if c, _, err := cmaf.ReadChunk(change(bytes.Clone(whole))); !errors.Is(err, cmaf.ErrNotOurs) {
				t.Errorf("%v, %+v", err, c)
			}
		})
	}
}

func FuzzReadChunk(f *testing.F) {
	f.Add(appendAll(cmaf.Chunk{Events: []cmaf.Event{event(1)}, Sequence: 42, Time: 7, Samples: samples()}))
	f.Add(appendAll(cmaf.Chunk{}))
	f.Fuzz(func(t *testing.T, b []byte) {
		c, rest, err := cmaf.ReadChunk(b)
		if err != nil {
			return
		}
		if again := append(appendAll(c), rest...); !bytes.Equal(again, b) {
			t.Errorf("read %x, wrote %x", b, again)
		}
	})
}
