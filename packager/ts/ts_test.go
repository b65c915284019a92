package ts_test

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/asticode/go-astits"

	"vitrine/internal/media"
	"vitrine/packager/id3"
	"vitrine/packager/ts"
)

var update = flag.Bool("update", false, "write the golden files")

const frame = media.TicksPerSecond / 30

var (
	// 640x360, Main profile, as x264 writes it; two pictures are reordered.
	video = &media.Track{Kind: media.Video, Codec: media.H264, Config: unhex(
		"014d401effe10018674d401eeca05017fcb80880000003008000001e078b16cb01000568ebe3cb20")}
	audio = &media.Track{Kind: media.Audio, Codec: media.AAC, Config: []byte{0x11, 0x90}, SampleRate: 48000, Channels: 2}
)

func unhex(s string) []byte {
	b, err := hex.DecodeString(s)
	if err != nil {
		panic(err)
	}
	return b
}

func nalu(kind byte, size int) []byte {
	b := append([]byte{0, 0, byte((size + 1) >> 8), byte(size + 1), kind}, bytes.Repeat([]byte{0x55}, size)...)
	return b
}

// small is a segment of three pictures, eight frames of sound and two cues.
func small() *ts.Segment {
	s := &ts.Segment{MSN: 1_000_005, Video: video, Audio: audio}
	at := media.Ticks(media.TicksPerSecond)
	s.Pictures = []ts.Sample{
		{PTS: at, DTS: at, Sync: true, Data: append(nalu(9, 1), nalu(0x65, 700)...)},
		{PTS: at + 2*frame, DTS: at + frame, Data: nalu(0x41, 90)},
		{PTS: at + frame, DTS: at + 2*frame, Data: nalu(0x01, 30)},
	}
	for i := range 8 {
		s.Sounds = append(s.Sounds, ts.Sample{PTS: at - 300 + media.Ticks(i)*1920, Data: bytes.Repeat([]byte{byte(i)}, 100)})
	}
	s.Events = []ts.Event{
		{PTS: at, Tag: id3.Append(nil, "vitrine.cue", `{"v":1,"type":"state"}`)},
		{PTS: at + frame, Tag: id3.Append(nil, "vitrine.cue", `{"v":1,"id":"c1"}`)},
	}
	return s
}

func must(t *testing.T, s *ts.Segment) []byte {
	t.Helper()
	b, err := s.Append(nil)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestGolden(t *testing.T) {
	got := must(t, small())
	path := filepath.Join("testdata", "small.mpegts")
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%d bytes differ from the %d of %s", len(got), len(want), path)
	}
	again, err := small().Append([]byte("before"))
	if err != nil || !bytes.Equal(again, append([]byte("before"), want...)) {
		t.Errorf("appended to something it is not the same: %v", err)
	}
}

// read demuxes segments with go-astits.
func read(t *testing.T, b []byte) (pes map[uint16][]*astits.PESData, tables []*astits.DemuxerData) {
	t.Helper()
	pes = map[uint16][]*astits.PESData{}
	d := astits.NewDemuxer(context.Background(), bytes.NewReader(b), astits.DemuxerOptPacketSize(astits.MpegTsPacketSize))
	for {
		data, err := d.NextData()
		if errors.Is(err, astits.ErrNoMorePackets) {
			return pes, tables
		}
		if err != nil {
			t.Fatal(err)
		}
		if data.PES != nil {
			pes[data.PID] = append(pes[data.PID], data.PES)
		} else {
			tables = append(tables, data)
		}
	}
}

func TestTables(t *testing.T) {
	_, tables := read(t, must(t, small()))
	if len(tables) != 2 || tables[0].PAT == nil || tables[1].PMT == nil {
		t.Fatalf("%d tables", len(tables))
	}
	pmt := tables[1].PMT
	if pmt.PCRPID != 0x100 || len(pmt.ElementaryStreams) != 3 || len(pmt.ProgramDescriptors) != 1 || pmt.ProgramDescriptors[0].Tag != 0x25 {
		t.Errorf("%+v", pmt)
	}
	id3 := pmt.ElementaryStreams[2]
	if id3.StreamType != 0x15 || len(id3.ElementaryStreamDescriptors) != 1 || id3.ElementaryStreamDescriptors[0].Tag != 0x26 {
		t.Errorf("%+v", id3)
	}
	whole := must(t, small())
	for what, want := range map[string]string{
		"the program's descriptor": "250fffff49443320ff49443320001f0001",
		"the stream's descriptor":  "15e102f00f260dffff49443320ff49443320000f",
	} {
		if !bytes.Contains(whole[188:376], unhex(want)) {
			t.Errorf("%s is not there\n%x", what, whole[188:376])
		}
	}
}

func TestTimesAndData(t *testing.T) {
	s := small()
	pes, _ := read(t, must(t, s))
	const delay = 2 * media.TicksPerSecond / 10 // two pictures are reordered
	if len(pes[0x100]) != 3 || len(pes[0x101]) != 2 || len(pes[0x102]) != 2 {
		t.Fatalf("%d pictures, %d runs of sound, %d cues", len(pes[0x100]), len(pes[0x101]), len(pes[0x102]))
	}
	for i, p := range pes[0x100] {
		h := p.Header.OptionalHeader
		if h.PTS.Base != int64(s.Pictures[i].PTS) || h.DTS.Base != int64(s.Pictures[i].DTS-delay) {
			t.Errorf("picture %d: PTS %d, DTS %d", i, h.PTS.Base, h.DTS.Base)
		}
	}
	idr := "00000001" + "09f0" + "00000001" + hex.EncodeToString(video.Config[8:8+24]) + "00000001" + "68ebe3cb20" + "00000001" + "65"
	if got := hex.EncodeToString(pes[0x100][0].Data); got[:len(idr)] != idr {
		t.Errorf("the keyframe begins\n%s, want\n%s", got[:len(idr)], idr)
	}
	for i, p := range pes[0x101] {
		if p.Header.OptionalHeader.PTS.Base != int64(s.Sounds[4*i].PTS) || len(p.Data) != 4*107 || hex.EncodeToString(p.Data[:7]) != "fff14c800d7ffc" {
			t.Errorf("sound %d: %d, %d bytes, %x", i, p.Header.OptionalHeader.PTS.Base, len(p.Data), p.Data[:7])
		}
	}
	for i, p := range pes[0x102] {
		h := p.Header.OptionalHeader
		if h.PTS.Base != int64(s.Events[i].PTS) || !h.DataAlignmentIndicator || h.PTSDTSIndicator != astits.PTSDTSIndicatorOnlyPTS || p.Header.StreamID != 0xbd || !bytes.Equal(p.Data, s.Events[i].Tag) {
			t.Errorf("cue %d: %+v %q", i, h, p.Data)
		}
	}
}

// packets checks what every decoder relies on, and returns the packets by PID.
func packets(t *testing.T, b []byte) map[int][][]byte {
	t.Helper()
	out := map[int][][]byte{}
	for i := 0; i < len(b); i += 188 {
		p := b[i : i+188]
		if p[0] != 0x47 || p[3]&0x10 == 0 {
			t.Fatalf("packet %d: % x", i/188, p[:8])
		}
		pid := int(p[1]&0x1f)<<8 | int(p[2])
		out[pid] = append(out[pid], p)
	}
	return out
}

func TestContinuityRunsOnFromAnySegment(t *testing.T) {
	var all []byte
	for i := range 3 {
		s := small()
		s.MSN += int64(i)
		s.Pictures[2].Data = nalu(1, 30+i*150*16)
		s.Events = s.Events[:2-i]
		all = append(all, must(t, s)...)
	}
	for pid, of := range packets(t, all) {
		for i, p := range of {
			if i > 0 && p[3]&15 != (of[i-1][3]+1)&15 {
				t.Errorf("PID %#x: counter %d after %d at packet %d", pid, p[3]&15, of[i-1][3]&15, i)
			}
		}
	}
}

func TestClock(t *testing.T) {
	sound := small()
	sound.Video, sound.Pictures, sound.Events = nil, nil, nil
	for name, tc := range map[string]struct {
		s    *ts.Segment
		pid  int
		want []media.Ticks // PCR of each PES
	}{
		"each picture has one": {small(), 0x100, []media.Ticks{63000, 66000, 69000}},
		"sound alone":          {sound, 0x101, []media.Ticks{80700, 88380}},
	} {
		t.Run(name, func(t *testing.T) {
			var got []media.Ticks
			for _, p := range packets(t, must(t, tc.s))[tc.pid] {
				if p[3]&0x20 != 0 && p[4] > 0 && p[5]&0x10 != 0 {
					got = append(got, media.Ticks(p[6])<<25|media.Ticks(p[7])<<17|media.Ticks(p[8])<<9|media.Ticks(p[9])<<1|media.Ticks(p[10]>>7))
				}
			}
			if len(got) != len(tc.want) {
				t.Fatalf("%v, want %v", got, tc.want)
			}
			for i := range got {
				if got[i] != tc.want[i] {
					t.Errorf("%v, want %v", got, tc.want)
				}
			}
		})
	}
	if p := packets(t, must(t, small()))[0x100]; p[0][5]&0x40 == 0 || p[len(p)-1][3]&0x20 != 0 && p[len(p)-1][5]&0x40 != 0 {
		t.Error("the keyframe is no point of random access, or another picture is")
	}
}

func TestTimesWrapAt33Bits(t *testing.T) {
	s := small()
	const turn = 1 << 33
	for _, l := range [][]ts.Sample{s.Pictures, s.Sounds} {
		for i := range l {
			l[i].PTS += turn
			l[i].DTS += turn
		}
	}
	for i := range s.Events {
		s.Events[i].PTS += turn
	}
	if !bytes.Equal(must(t, s), must(t, small())) {
		t.Error("26.5 hours later it is not the same")
	}
}

func TestRefusals(t *testing.T) {
	for name, change := range map[string]func(*ts.Segment){
		"no track at all":           func(s *ts.Segment) { s.Video, s.Audio = nil, nil },
		"cues without pictures":     func(s *ts.Segment) { s.Video, s.Pictures = nil, nil },
		"video that is not H.264":   func(s *ts.Segment) { s.Video = audio },
		"audio that is not AAC":     func(s *ts.Segment) { s.Audio = video },
		"no parameter sets":         func(s *ts.Segment) { s.Video = &media.Track{Codec: media.H264, Config: []byte{1}} },
		"no audio configuration":    func(s *ts.Segment) { s.Audio = &media.Track{Codec: media.AAC} },
		"a length without its NALU": func(s *ts.Segment) { s.Pictures[1].Data = []byte{0, 0, 0, 9, 1} },
		"half a length":             func(s *ts.Segment) { s.Pictures[1].Data = []byte{0, 0} },
		"a frame beyond ADTS":       func(s *ts.Segment) { s.Sounds[0].Data = make([]byte, 8190) },
		"an empty cue":              func(s *ts.Segment) { s.Events[1].Tag = nil },
	} {
		t.Run(name, func(t *testing.T) {
			s := small()
			change(s)
			if b, err := s.Append(nil); err == nil || b != nil {
				t.Errorf("%d bytes", len(b))
			}
		})
	}
}

func TestRenders(t *testing.T) {
	for name, tc := range map[string]struct {
		track *media.Track
		want  bool
	}{
		"H.264":                       {video, true},
		"AAC":                         {audio, true},
		"HE-AAC is AAC with more":     {&media.Track{Codec: media.AAC, Config: unhex("2b920800")}, true},
		"HEVC":                        {&media.Track{Codec: media.HEVC}, false},
		"MP3":                         {&media.Track{Codec: media.MP3}, false},
		"AAC with its own layout":     {&media.Track{Codec: media.AAC, Config: []byte{0x11, 0x80}}, false},
		"H.264 without configuration": {&media.Track{Codec: media.H264}, false},
	} {
		if got := ts.Renders(tc.track); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzPicture(f *testing.F) {
	f.Add(nalu(0x65, 700), true)
	f.Add(append(nalu(9, 1), nalu(7, 20)...), true)
	f.Fuzz(func(t *testing.T, data []byte, sync bool) {
		s := small()
		s.Pictures[1].Data, s.Pictures[1].Sync = data, sync
		b, err := s.Append(nil)
		if err != nil {
			return
		}
		for pid, of := range packets(t, b) {
			if pid >= 0x100 && pid < 0x103 && len(of)%16 != 0 {
				t.Errorf("PID %#x has %d packets", pid, len(of))
			}
		}
	})
}

func BenchmarkSegment(b *testing.B) {
	s := small()
	s.Pictures = nil
	for i := range media.Ticks(60) { // 2 s of 720p at 3 Mbit/s
		s.Pictures = append(s.Pictures, ts.Sample{PTS: i * frame, DTS: i * frame, Sync: i == 0, Data: nalu(1, 12_500)})
	}
	for i := len(s.Sounds); i < 94; i++ {
		s.Sounds = append(s.Sounds, ts.Sample{PTS: media.Ticks(i) * 1920, Data: make([]byte, 340)})
	}
	buf := must(&testing.T{}, s)
	b.SetBytes(int64(len(buf)))
	b.ReportAllocs()
	var err error
	for b.Loop() {
		if buf, err = s.Append(buf[:0]); err != nil {
			b.Fatal(err)
		}
	}
}
