package transcode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"slices"
	"testing"

	"github.com/asticode/go-astits"
)

// muxed is an MPEG-TS with one PES for each of the given payloads, 3000 ticks
// apart. Those larger than a length can say have none.
func muxed(t testing.TB, payloads ...[]byte) []byte {
	t.Helper()
	var b bytes.Buffer
	mux := astits.NewMuxer(context.Background(), &b)
	if err := mux.AddElementaryStream(astits.PMTElementaryStream{ElementaryPID: 256, StreamType: astits.StreamTypeH264Video}); err != nil {
		t.Fatal(err)
	}
	mux.SetPCRPID(256)
	for i, p := range payloads {
		if i%3 == 0 {
			if _, err := mux.WriteTables(); err != nil {
				t.Fatal(err)
			}
		}
		h := &astits.PESHeader{StreamID: 224, OptionalHeader: &astits.PESOptionalHeader{
			MarkerBits: 2, PTSDTSIndicator: astits.PTSDTSIndicatorBothPresent,
			PTS: &astits.ClockReference{Base: int64(3000*i + 1500)}, DTS: &astits.ClockReference{Base: int64(3000 * i)},
		}}
		start := b.Len()
		if _, err := mux.WriteData(&astits.MuxerData{PID: 256, PES: &astits.PESData{Header: h, Data: p}}); err != nil {
			t.Fatal(err)
		}
		setLength(b.Bytes()[start:], len(p))
	}
	return b.Bytes()
}

// setLength writes the PES length that go-astits leaves at 0.
func setLength(ts []byte, payload int) {
	const optional = 3 + 10 // flags, header length, PTS and DTS
	i := bytes.Index(ts, []byte{0, 0, 1, 224})
	if n := payload + optional; n <= math.MaxUint16 {
		ts[i+4], ts[i+5] = byte(n>>8), byte(n)
	}
}

func TestPES(t *testing.T) {
	t.Parallel()
	large, tiny := bytes.Repeat([]byte{7}, 410_000), bytes.Repeat([]byte{8}, 41)
	in := [][]byte{large, tiny, tiny, large, large, tiny, bytes.Repeat([]byte{9}, 60_000)}
	r := newPESReader(t.Context(), bytes.NewReader(muxed(t, in...)))
	for i, want := range in {
		p, err := r.next()
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(p.data, want) || p.pts != uint64(3000*i+1500) || p.dts != uint64(3000*i) {
			t.Errorf("PES %d: %d bytes at %d and %d, want %d bytes", i, len(p.data), p.pts, p.dts, len(want))
		}
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		t.Errorf("got %v, want io.EOF", err)
	}
}

// A PES with a length is there with its last byte; nothing more need come.
func TestPESEndsAtItsLength(t *testing.T) {
	t.Parallel()
	in, out := io.Pipe()
	defer in.Close()
	want := bytes.Repeat([]byte{5}, 30_000)
	go func() {
		if _, err := out.Write(muxed(t, want)); err != nil {
			t.Error(err)
		}
	}()
	p, err := newPESReader(t.Context(), in).next() // the pipe stays open
	if err != nil || !bytes.Equal(p.data, want) {
		t.Errorf("%d bytes, %v", len(p.data), err)
	}
}

func TestPESIsForgottenWhereItBreaksOff(t *testing.T) {
	t.Parallel()
	ts := muxed(t, bytes.Repeat([]byte{7}, 410_000))
	for _, n := range []int{len(ts), len(ts) - 100, len(ts) - 188, 0} {
		if _, err := newPESReader(t.Context(), bytes.NewReader(ts[:n])).next(); !errors.Is(err, io.EOF) {
			t.Errorf("%d bytes of %d: got %v, want io.EOF", n, len(ts), err)
		}
	}
}

func TestPESIsBounded(t *testing.T) {
	t.Parallel()
	r := newPESReader(t.Context(), bytes.NewReader(muxed(t, make([]byte, maxPES+1))))
	if _, err := r.next(); !errors.Is(err, errPES) {
		t.Errorf("got %v, want errPES", err)
	}
}

func TestJunkForTS(t *testing.T) {
	t.Parallel()
	_, err := newPESReader(t.Context(), bytes.NewReader(make([]byte, 1000))).next()
	if err == nil || errors.Is(err, io.EOF) {
		t.Errorf("got %v, want an error", err)
	}
}

func TestUnwrap(t *testing.T) {
	t.Parallel()
	const wrap = 1 << 33
	for _, row := range []struct {
		v    uint64
		near int64
		want int64
	}{
		{5, 0, 5},
		{wrap - 5, 0, -5},
		{5, wrap - 5, wrap + 5},
		{wrap - 1, wrap + 5, wrap - 1},
		{0, 7*wrap + 100, 7 * wrap},
		{wrap - 1, 7*wrap + 100, 7*wrap - 1},
		{wrap/2 - 1, 0, wrap/2 - 1},
	} {
		if got := unwrap33(row.v, row.near); got != row.want {
			t.Errorf("unwrap33(%d, %d) = %d, want %d", row.v, row.near, got, row.want)
		}
	}
}

func FuzzPES(f *testing.F) {
	f.Add(muxed(f, []byte("one"), bytes.Repeat([]byte{7}, 70_000), []byte("two")))
	f.Add(muxed(f, nil))
	f.Fuzz(func(t *testing.T, b []byte) {
		r := newPESReader(t.Context(), bytes.NewReader(b))
		for n := 0; ; n++ {
			p, err := r.next()
			if err != nil {
				if errors.Is(err, errPES) {
					continue // the next may be whole
				}
				break
			}
			if len(p.data) > len(b) || p.pts >= 1<<33 || p.dts >= 1<<33 || n > len(b) {
				t.Fatalf("%d bytes at %d out of %d", len(p.data), p.pts, len(b))
			}
		}
	})
}

func TestNALUnits(t *testing.T) {
	t.Parallel()
	for in, want := range map[string][]string{
		"":                                   nil,
		"no start code":                      nil,
		"\x00\x00\x01":                       nil,
		"\x00\x00\x00\x01a":                  {"a"},
		"\x00\x00\x01ab\x00\x00\x00\x01cd":   {"ab", "cd"},
		"\x00\x00\x01ab\x00\x00\x01cd\x00":   {"ab", "cd"},
		"junk\x00\x00\x01ab\x00\x00\x01":     {"ab"},
		"\x00\x00\x01\x00\x00\x01a":          {"a"},
		"\x00\x00\x01a\x00\x00b\x00\x00\x01": {"a\x00\x00b"},
	} {
		var got []string
		for nal := range nalUnits([]byte(in)) {
			got = append(got, string(nal))
		}
		if !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add([]byte("\x00\x00\x00\x01\x09\xf0\x00\x00\x01\x67\x42\x00\x1e\xab\x40\xb0\x4b\x20\x00\x00\x01\x68\xce\x3c\x80\x00\x00\x01\x65\x88"))
	f.Add([]byte("\x00\x00\x01\x41\x9a\x00\x00\x01\x06\x05"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var v videoReader
		for range 2 { // the second time with the parameters of the first
			u, ok, err := v.unit(b)
			if err != nil || !ok {
				return
			}
			if u.Track == nil || len(u.Data) > 2*len(b) {
				t.Fatalf("%d bytes of %d", len(u.Data), len(b))
			}
			checkSample(t, u)
		}
	})
}

func FuzzSound(f *testing.F) {
	f.Add([]byte("\xff\xf1\x4c\x80\x01\x3f\xfc\xde\x02"))
	f.Fuzz(func(t *testing.T, b []byte) {
		var a audioReader
		units, err := a.units(b)
		for _, u := range units {
			if err != nil || u.Track == nil || len(u.Data) == 0 {
				t.Fatal(fmt.Sprint(u, err))
			}
		}
	})
}
