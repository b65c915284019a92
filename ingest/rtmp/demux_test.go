package rtmp

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math"
	"slices"
	"testing"

	"vitrine/internal/media"
)

func TestTimesAreUnwrapped(t *testing.T) {
	for name, test := range map[string]struct {
		in   []uint32
		want []int64
	}{
		"plain":                    {[]uint32{0, 40, 80}, []int64{0, 40, 80}},
		"begins anywhere":          {[]uint32{4_000_000_000, 4_000_000_040}, []int64{4_000_000_000, 4_000_000_040}},
		"a step back":              {[]uint32{100, 60, 140}, []int64{100, 60, 140}},
		"wraps":                    {[]uint32{math.MaxUint32 - 10, 29, 69}, []int64{math.MaxUint32 - 10, math.MaxUint32 + 30, math.MaxUint32 + 70}},
		"wraps, out of order":      {[]uint32{math.MaxUint32, 30, math.MaxUint32 - 5, 40}, []int64{math.MaxUint32, math.MaxUint32 + 31, math.MaxUint32 - 5, math.MaxUint32 + 41}},
		"wraps twice":              {[]uint32{1 << 31, 1<<31 + 1<<30, 0, 1 << 30, 1 << 31, 1<<31 + 1<<30, 0}, []int64{1 << 31, 3 << 30, 4 << 30, 5 << 30, 6 << 30, 7 << 30, 8 << 30}},
		"below zero at the start":  {[]uint32{0, math.MaxUint32}, []int64{0, -1}},
		"a jump ahead of 24 days":  {[]uint32{0, math.MaxInt32}, []int64{0, math.MaxInt32}},
		"back over the wrap again": {[]uint32{5, math.MaxUint32 - 4, 5}, []int64{5, -5, 5}},
	} {
		var u unwrapper
		for i, v := range test.in {
			if got := u.unwrap(v); got != test.want[i] {
				t.Errorf("%s: time %d is %d, want %d", name, i, got, test.want[i])
			}
		}
	}
}

func TestAccessUnits(t *testing.T) {
	idr, slice := []byte{0x65, 1, 2}, []byte{0x41, 3}
	two := func(nalus ...[]byte) []byte { // 2-byte lengths
		var b []byte
		for _, n := range nalus {
			b = append(binary.BigEndian.AppendUint16(b, uint16(len(n))), n...)
		}
		return b
	}
	for name, test := range map[string]struct {
		in   []byte
		size int
		want []byte
		idr  bool
		err  error
	}{
		"as it is":             {avccUnit(idr), 4, avccUnit(idr), true, nil},
		"no IDR":               {avccUnit(slice), 4, avccUnit(slice), false, nil},
		"IDR after others":     {avccUnit([]byte{9, 0xf0}, []byte{6, 1}, idr), 4, avccUnit([]byte{9, 0xf0}, []byte{6, 1}, idr), true, nil},
		"empty NAL units":      {avccUnit(nil, idr, nil), 4, avccUnit(idr), true, nil},
		"nothing but empty":    {avccUnit(nil, nil), 4, nil, false, errSkip},
		"2-byte lengths":       {two(idr, slice), 2, avccUnit(idr, slice), true, nil},
		"1-byte lengths":       {[]byte{2, 0x41, 3}, 1, avccUnit(slice), false, nil},
		"a length beyond":      {[]byte{0, 0, 0, 9, 1}, 4, nil, false, errAVCC},
		"a length cut":         {append(avccUnit(idr), 0, 0), 4, nil, false, errAVCC},
		"a length of 4 GB":     {[]byte{0xff, 0xff, 0xff, 0xff, 1}, 4, nil, false, errAVCC},
		"start codes":          {[]byte{0, 0, 0, 1, 0x65, 1, 2}, 4, nil, false, errAnnexB},
		"short start codes":    {[]byte{0, 0, 1, 0x65, 1, 2}, 4, nil, false, errAnnexB},
		"AUD with start codes": {[]byte{0, 0, 0, 1, 9, 0xf0, 0, 0, 0, 1, 0x65}, 4, nil, false, errAnnexB},
	} {
		got, sync, err := accessUnit(test.in, test.size)
		if !bytes.Equal(got, test.want) || sync != test.idr || !errors.Is(err, test.err) {
			t.Errorf("%s: %x %v %v, want %x %v %v", name, got, sync, err, test.want, test.idr, test.err)
		}
	}
}

func TestConfigurations(t *testing.T) {
	c, err := parseAVCConfig(avcRecord(testSPS, 2))
	if err != nil {
		t.Fatal(err)
	}
	if c.lengthSize != 2 || !bytes.Equal(c.record, testConfig) {
		t.Errorf("length size %d, record %x", c.lengthSize, c.record)
	}
	if tr := c.track(metadata{Bitrate: 2_500_000}); tr.Width != 320 || tr.Height != 180 || tr.FrameRate != 30 || tr.Bitrate != 2_500_000 {
		t.Errorf("%+v", tr)
	}
	for name, b := range map[string][]byte{
		"empty":          {},
		"version 2":      append([]byte{2}, testConfig[1:]...),
		"no SPS":         append(slices.Clone(testConfig[:5]), 0xe0, 0, 0, 1),
		"SPS of nothing": append(slices.Clone(testConfig[:6]), 0, 0, 1),
		"SPS cut":        testConfig[:20],
		"SPS of noise":   avcRecord([]byte{0x67, 0xff, 0xff, 0xff, 0xff}, 4),
		"3-byte lengths": avcRecord(testSPS, 3),
		"start codes":    append([]byte{0, 0, 0, 1}, testSPS...),
	} {
		if _, err := parseAVCConfig(b); err == nil {
			t.Errorf("%s passes", name)
		}
	}
	for name, test := range map[string]struct {
		config         []byte
		rate, channels int
	}{
		"AAC-LC":           {testASC, 44100, 2},
		"with SBR noted":   {[]byte{0x11, 0x90, 0x56, 0xe5, 0x00}, 48000, 2}, // as OBS writes it
		"HE-AAC, explicit": {[]byte{0x2b, 0x11, 0x88, 0x00}, 48000, 2},
		"7.1":              {[]byte{0x11, 0xb8}, 48000, 8},
	} {
		tr, err := aacTrack(test.config)
		if err != nil || tr.SampleRate != test.rate || tr.Channels != test.channels {
			t.Errorf("%s: %+v, %v", name, tr, err)
		}
	}
	if _, err := aacTrack([]byte{0xff}); err == nil {
		t.Error("a byte of noise is AAC")
	}
}

func TestMetadata(t *testing.T) {
	array := func(name string, pairs ...string) []byte {
		o := appendAMFObject(nil, pairs...)
		return slices.Concat(appendAMFString(nil, name), []byte{byte(amfECMAArray), 0, 0, 0, 9}, o[1:])
	}
	number := append(appendAMFString(nil, onMetaData), byte(amfObject))
	number = append(appendAMFNumber(appendAMFKey(number, "framerate"), 25), 0, 0, byte(amfObjectEnd))
	rate := func(kbits float64) []byte {
		b := append(appendAMFString(nil, onMetaData), byte(amfObject))
		return append(appendAMFNumber(appendAMFKey(b, "videodatarate"), kbits), 0, 0, byte(amfObjectEnd))
	}
	for name, test := range map[string]struct {
		in   []byte
		want metadata
		ok   bool
	}{
		"an object":            {number, metadata{FrameRate: 25}, true},
		"a bit rate":           {rate(2500), metadata{Bitrate: 2_500_000}, true},
		"no bit rate":          {rate(0), metadata{}, true},
		"a bit rate of a NaN":  {rate(math.NaN()), metadata{}, true},
		"a bit rate of a wire": {rate(1e12), metadata{}, true},
		"an array":             {array(onMetaData, "encoder", "Lavf", "fps", "29.97"), metadata{Encoder: "Lavf", FrameRate: 29.97}, true},
		"with @setDataFrame":   {append(appendAMFString(nil, setDataFrame), number...), metadata{FrameRate: 25}, true},
		"a rate of nonsense":   {array(onMetaData, "framerate", "1e9"), metadata{}, true},
		"a rate that is a NaN": {array(onMetaData, "framerate", "NaN"), metadata{}, true},
		"a cue point":          {array("onCuePoint", "encoder", "x"), metadata{}, false},
		"nothing":              {nil, metadata{}, false},
	} {
		got, ok, _ := parseMetadata(test.in, 8)
		if got != test.want || ok != test.ok {
			t.Errorf("%s: %+v %v", name, got, ok)
		}
	}
	var d demuxer
	d.depth = 8
	if !d.data(number) || d.data(number) || d.data(append(appendAMFString(nil, setDataFrame), number...)) {
		t.Error("repeated metadata is news")
	}
}

func TestMP3(t *testing.T) {
	frame := func(b2 byte, b3 byte) []byte { return append([]byte{0x2f, 0xff, 0xfb, b2, b3}, make([]byte, 100)...) }
	var d demuxer
	a, ok, err := d.audio(0, frame(0x90, 0)) // 44.1 kHz stereo
	if err != nil || !ok || a.Track.Codec != media.MP3 || a.Track.SampleRate != 44100 || a.Track.Channels != 2 {
		t.Fatalf("%+v %v %v", a.Track, ok, err)
	}
	b, _, _ := d.audio(26, frame(0x90, 0))
	c, _, _ := d.audio(52, frame(0x94, 0xc0)) // 48 kHz mono
	if a.Track != b.Track || c.Track == a.Track || c.Track.SampleRate != 48000 || c.Track.Channels != 1 {
		t.Errorf("%+v %+v %+v", a.Track, b.Track, c.Track)
	}
	if _, ok, err := d.audio(80, []byte{0x2f, 1, 2, 3, 4, 5}); ok || err != nil || d.bad != 1 {
		t.Errorf("noise: %v %v, %d bad", ok, err, d.bad)
	}
}

func FuzzTags(f *testing.F) {
	f.Add(avcTag(packetConfig, 0, testConfig), avcTag(packetFrame, 40, testIDR), aacTag(packetConfig, testASC), aacTag(packetFrame, []byte{1}))
	f.Add(avcTag(packetConfig, 0, avcRecord(testSPS, 1)), []byte{0x27, 1, 0, 0, 0, 1, 0x65}, []byte{0xaf, 0, 0x10, 0}, []byte{0x2f, 0xff, 0xfb, 0x90, 0})
	f.Add([]byte{0x90}, []byte{0x91, 'h', 'v', 'c', '1'}, []byte{0x9f}, []byte{0x94, 'O', 'p', 'u', 's'})
	f.Fuzz(func(t *testing.T, v1, v2, a1, a2 []byte) {
		d := demuxer{depth: 8}
		for _, v := range [][]byte{v1, v2} {
			u, ok, err := d.video(7, slices.Clone(v))
			if ok && (err != nil || u.Track == nil || u.Track.Width < 1) {
				t.Fatalf("%+v, %v", u, err)
			}
			if !ok {
				continue
			}
			if au, idr, err := accessUnit(u.Data, 4); err != nil || idr != u.Sync || !bytes.Equal(au, u.Data) {
				t.Fatalf("%x made of %x: %v", u.Data, v, err)
			}
		}
		for _, a := range [][]byte{a1, a2} {
			u, ok, err := d.audio(7, slices.Clone(a))
			if ok && (err != nil || u.Track == nil || u.Track.SampleRate < 1 || u.Track.Channels < 1 || len(u.Data) == 0) {
				t.Fatalf("%+v, %v", u, err)
			}
		}
	})
}
