package cmaf_test

import (
	"bytes"
	"encoding/hex"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
	"vitrine/packager/cmaf"
	"vitrine/packager/id3"
)

// A 640x360 Main profile configuration record, as x264 writes it.
var avcC = unhex("014d401effe10018674d401eeca05017fcb80880" +
	"000003008000001e078b16cb01000568ebe3cb20")

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func TestEventVector(t *testing.T) {
	want := "00000063656d7367010000000001" + "5f90000000000006ddd000015f9000000007" +
		hex.EncodeToString([]byte(cmaf.SchemeID3)) + "0000" +
		"4944330400000000001b5458585800000011000003637565007b226964223a226331227d00"
	e := cmaf.Event{Timescale: 90000, Time: 450000, Dur: 90000, ID: 7, Message: id3.Append(nil, "cue", `{"id":"c1"}`)}
	got := cmaf.AppendEvent(nil, e)
	if hex.EncodeToString(got) != want {
		t.Errorf("emsg\n got %x\nwant %s", got, want)
	}
	if len(got) != cmaf.EventSize(e) {
		t.Errorf("%d bytes, EventSize says %d", len(got), cmaf.EventSize(e))
	}
}

func samples() []cmaf.Sample {
	return []cmaf.Sample{
		{Data: []byte("idr"), Dur: 3000, Sync: true},
		{Data: []byte("p-frame"), Dur: 3000, CTO: 6000},
		{Data: []byte("b"), Dur: 3003, CTO: -3000},
	}
}

func TestChunkReadsBack(t *testing.T) {
	chunk := cmaf.AppendChunk(nil, 42, 1<<40, samples())
	if len(chunk) != cmaf.ChunkSize(samples()) {
		t.Errorf("%d bytes, ChunkSize says %d", len(chunk), cmaf.ChunkSize(samples()))
	}
	file, err := mp4.DecodeFile(bytes.NewReader(chunk))
	if err != nil {
		t.Fatal(err)
	}
	frag := file.Segments[0].Fragments[0]
	if got := frag.Moof.Mfhd.SequenceNumber; got != 42 {
		t.Errorf("sequence number %d", got)
	}
	got, err := frag.GetFullSamples(nil)
	if err != nil {
		t.Fatal(err)
	}
	at := uint64(1 << 40)
	for i, want := range samples() {
		s := got[i]
		if s.DecodeTime != at || s.Dur != want.Dur || s.CompositionTimeOffset != want.CTO ||
			s.IsSync() != want.Sync || !bytes.Equal(s.Data, want.Data) {
			t.Errorf("sample %d: %+v", i, s)
		}
		at += uint64(s.Dur)
	}
}

func TestChunkAllocatesNothing(t *testing.T) {
	s, b := samples(), make([]byte, 0, 1024)
	if n := testing.AllocsPerRun(100, func() { b = cmaf.AppendChunk(b[:0], 1, 0, s) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func TestInit(t *testing.T) {
	video := &media.Track{Kind: media.Video, Codec: media.H264, Config: avcC}
	audio := &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x12, 0x08}, SampleRate: 44100, Channels: 1}
	for name, tc := range map[string]struct {
		track     *media.Track
		timescale uint32
		codec     string
	}{
		"H.264 counts in the house's ticks":      {video, 90000, "avc1.4D401E"},
		"mono AAC counts in samples of 44.1 kHz": {audio, 44100, "mp4a.40.2"},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := cmaf.Init(tc.track)
			if err != nil {
				t.Fatal(err)
			}
			file, err := mp4.DecodeFile(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if got := file.Init.Moov.Trak.Mdia.Mdhd.Timescale; got != tc.timescale {
				t.Errorf("timescale %d", got)
			}
			if !bytes.Contains(b[:64], []byte("aid3")) {
				t.Error("no brand aid3")
			}
			codec, err := cmaf.CodecString(tc.track)
			if err != nil || codec != tc.codec {
				t.Errorf("codec %q, %v", codec, err)
			}
		})
	}
}

func BenchmarkAppendChunk(b *testing.B) {
	s := make([]cmaf.Sample, 10)
	for i := range s {
		s[i] = cmaf.Sample{Data: make([]byte, 12_000), Dur: 3000, Sync: i == 0}
	}
	buf := make([]byte, 0, cmaf.ChunkSize(s))
	b.SetBytes(int64(cap(buf)))
	b.ReportAllocs()
	for b.Loop() {
		buf = cmaf.AppendChunk(buf[:0], 1, 90000, s)
	}
}

// Whatever event is written, mp4ff reads it.
func FuzzEvent(f *testing.F) {
	f.Add(uint32(90000), uint64(450_000), uint32(90000), uint32(7), []byte("a tag"))
	f.Add(uint32(0), uint64(1<<63), uint32(1<<31), uint32(1<<32-1), []byte{})
	f.Fuzz(func(t *testing.T, scale uint32, at uint64, dur, id uint32, message []byte) {
		b := cmaf.AppendEvent(nil, cmaf.Event{Timescale: scale, Time: at, Dur: dur, ID: id, Message: message})
		box, err := mp4.DecodeBox(0, bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		e, ok := box.(*mp4.EmsgBox)
		if !ok || e.Version != 1 || e.TimeScale != scale || e.PresentationTime != at || e.EventDuration != dur || e.ID != id ||
			e.SchemeIDURI != cmaf.SchemeID3 || e.Value != "" || !bytes.Equal(e.MessageData, message) {
			t.Errorf("read back as %+v", box)
		}
	})
}
