package cmaf_test

import (
	"bytes"
	"testing"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/internal/media"
	"vitrine/packager/cmaf"
)

// Configuration records as x265, SVT-AV1 and libopus write them.
var (
	hvcC = unhex("0101600000009000000000003cf000fcfdf8f800000f03" +
		"a00001001840010c01ffff01600000030090000003000003003c959809" +
		"a10001002b42010101600000030090000003000003003ca00a080b9f796566924caf016808000003000800000300f040" +
		"a2000100074401c172b46240")
	av1C = unhex("81000c000a0b000000043cfecc02f80040")
	dOps = unhex("000101380000bb80000000")
)

func TestCodecStrings(t *testing.T) {
	hevc := func(head string) []byte { return append(unhex(head), hvcC[13:]...) }
	for name, tc := range map[string]struct {
		codec  media.Codec
		config []byte
		want   string // empty: refused
	}{
		"H.264 Main":                              {media.H264, avcC, "avc1.4D401E"},
		"H.264, cut short":                        {media.H264, avcC[:3], ""},
		"HEVC Main, one constraint byte":          {media.HEVC, hvcC, "hvc1.1.6.L60.90"},
		"HEVC Main 10, high tier, level 5.1":      {media.HEVC, hevc("01222000000090000000000099"), "hvc1.2.4.H153.90"},
		"HEVC, a zero between constraint bytes":   {media.HEVC, hevc("010160000000b000010000005d"), "hvc1.1.6.L93.B0.0.1"},
		"HEVC, no constraints, profile space B":   {media.HEVC, hevc("0181c0000000000000000000ba"), "hvc1.B1.3.L186"},
		"HEVC, cut short":                         {media.HEVC, hvcC[:22], ""},
		"AV1 Main, level 2.0":                     {media.AV1, av1C, "av01.0.00M.08"},
		"AV1 High, level 5.1, high tier, 10 bits": {media.AV1, []byte{0x81, 0x2d, 0xcc, 0}, "av01.1.13H.10"},
		"AV1 Professional, 12 bits":               {media.AV1, []byte{0x81, 0x48, 0x6c, 0}, "av01.2.08M.12"},
		"AV1, cut short":                          {media.AV1, av1C[:3], ""},
		"AAC-LC":                                  {media.AAC, unhex("1190"), "mp4a.40.2"},
		"HE-AAC, signalled first":                 {media.AAC, unhex("2b118800"), "mp4a.40.5"},
		"HE-AAC, signalled last":                  {media.AAC, unhex("139056e5a0"), "mp4a.40.5"},
		"HE-AAC v2":                               {media.AAC, unhex("eb8a0800"), "mp4a.40.29"},
		"AAC Main, which browsers do not have":    {media.AAC, unhex("0990"), ""},
		"MP3":                                     {media.MP3, nil, "mp4a.6B"},
		"Opus":                                    {media.Opus, dOps, "opus"},
		"a codec of the future":                   {media.Codec(200), nil, ""},
	} {
		t.Run(name, func(t *testing.T) {
			got, err := cmaf.CodecString(&media.Track{Kind: media.Video, Codec: tc.codec, Config: tc.config})
			if got != tc.want || (err == nil) != (tc.want != "") {
				t.Errorf("%q, %v, want %q", got, err, tc.want)
			}
		})
	}
}

func TestSampleEntries(t *testing.T) {
	video := func(c media.Codec, config []byte) *media.Track {
		return &media.Track{Kind: media.Video, Codec: c, Config: config}
	}
	audio := func(c media.Codec, config []byte) *media.Track {
		return &media.Track{Kind: media.Audio, Codec: c, Config: config, SampleRate: 48000, Channels: 1}
	}
	for name, tc := range map[string]struct {
		track *media.Track
		entry string // empty: refused
	}{
		"H.264":                                  {video(media.H264, avcC), "avc1"},
		"H.264 without parameter sets":           {video(media.H264, unhex("014d401effe000")), ""},
		"HEVC":                                   {video(media.HEVC, hvcC), "hvc1"},
		"HEVC without parameter sets":            {video(media.HEVC, append(hvcC[:22:22], 0)), ""},
		"AV1":                                    {video(media.AV1, av1C), "av01"},
		"AV1 of a size that nobody tells":        {video(media.AV1, av1C[:4]), ""},
		"video in MP3":                           {video(media.MP3, nil), ""},
		"HE-AAC":                                 {audio(media.AAC, unhex("2b118800")), "mp4a"},
		"MP3":                                    {audio(media.MP3, nil), "mp4a"},
		"Opus":                                   {audio(media.Opus, dOps), "Opus"},
		"Opus with what an Ogg file has":         {audio(media.Opus, []byte("OpusHead...........")), ""},
		"Opus, its table of speakers is missing": {audio(media.Opus, unhex("000601380000bb80000001")), ""},
		"sound in HEVC":                          {audio(media.HEVC, hvcC), ""},
	} {
		t.Run(name, func(t *testing.T) {
			b, err := cmaf.Init(tc.track)
			if (err == nil) != (tc.entry != "") {
				t.Fatalf("%d bytes, %v", len(b), err)
			}
			if err != nil {
				return
			}
			f, err := mp4.DecodeFile(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			trak := f.Init.Moov.Trak
			if got := trak.Mdia.Minf.Stbl.Stsd.Children[0].Type(); got != tc.entry {
				t.Errorf("the entry is %s", got)
			}
			wide := trak.Tkhd.Width>>16 == 320 || trak.Tkhd.Width>>16 == 640
			if wide != (tc.track.Kind == media.Video) {
				t.Errorf("it is %d wide", trak.Tkhd.Width>>16)
			}
			if !bytes.Contains(b, tc.track.Config) {
				t.Error("the configuration is another")
			}
		})
	}
}

// FuzzInit: whatever an encoder calls its configuration, it is described or
// refused.
func FuzzInit(f *testing.F) {
	for codec, config := range map[media.Codec][]byte{
		media.H264: avcC, media.HEVC: hvcC, media.AV1: av1C, media.AAC: unhex("2b118800"), media.Opus: dOps,
	} {
		f.Add(byte(codec), config)
	}
	f.Fuzz(func(t *testing.T, codec byte, config []byte) {
		track := &media.Track{Kind: media.Video, Codec: media.Codec(codec), Config: config}
		if track.Codec == media.AAC || track.Codec == media.Opus || track.Codec == media.MP3 {
			track.Kind, track.SampleRate, track.Channels = media.Audio, 48000, 2
		}
		if b, err := cmaf.Init(track); err == nil && track.Kind == media.Video && !bytes.Contains(b, config) {
			t.Error("the configuration is another")
		}
		if s, err := cmaf.CodecString(track); err == nil && len(s) > 40 {
			t.Errorf("its codec string is %q", s)
		}
	})
}
