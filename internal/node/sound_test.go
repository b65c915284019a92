package node

import (
	"encoding/hex"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager"
)

func aac(t *testing.T, config string) *media.Track {
	t.Helper()
	b, err := hex.DecodeString(config)
	if err != nil {
		t.Fatal(err)
	}
	c, err := media.ParseAAC(b)
	if err != nil {
		t.Fatal(err)
	}
	return &media.Track{Kind: media.Audio, Codec: media.AAC, Config: b, SampleRate: c.SampleRate, Channels: c.Channels}
}

func TestWhichSoundPasses(t *testing.T) {
	for name, tc := range map[string]struct {
		config string
		part   time.Duration
		want   bool
	}{
		"AAC-LC in stereo at 48 kHz":                {"1190", PartStandard, true},
		"AAC-LC in stereo at 44.1 kHz, short parts": {"1210", PartLow, true},
		"AAC-LC in stereo at 32 kHz":                {"1290", PartStandard, true},
		"mono":                                      {"1188", PartStandard, false},
		"5.1":                                       {"11b0", PartStandard, false},
		"channels that only the frames tell":        {"1180", PartStandard, false},
		"24 kHz, which may have SBR and not say so": {"1310", PartStandard, false},
		"96 kHz":                                         {"1010", PartStandard, false},
		"frames of 960":                                  {"1194", PartStandard, false},
		"HE-AAC at 48 kHz":                               {"2b118800", PartStandard, true},
		"HE-AAC at 44.1 kHz, signalled last":             {"139056e5a0", PartStandard, true},
		"HE-AAC v2, stereo out of mono":                  {"eb8a0800", PartStandard, true},
		"HE-AAC at 44.1 kHz, four frames in 210 ms":      {"139056e5a0", PartLow, true},
		"HE-AAC at 48 kHz, of which 210 ms would be 81%": {"2b118800", PartLow, false},
		"HE-AAC in mono":                                 {"2b098800", PartStandard, false},
	} {
		t.Run(name, func(t *testing.T) {
			if got := passes(aac(t, tc.config), tc.part); got != tc.want {
				t.Errorf("%v", got)
			}
		})
	}
	if passes(&media.Track{Kind: media.Audio, Codec: media.MP3, SampleRate: 48000, Channels: 2}, PartStandard) {
		t.Error("MP3 passes")
	}
}

func TestWhereSoundGoes(t *testing.T) {
	opus := &media.Track{Kind: media.Audio, Codec: media.Opus, SampleRate: 48000, Channels: 2}
	packet := func(ms byte) []byte { return map[byte][]byte{20: {0xfc}, 120: {0x5d}}[ms] }
	stereo, mono := aac(t, "1190"), aac(t, "1188")
	for name, tc := range map[string]struct {
		asked  []string
		first  *media.Track // of the session
		data   []byte
		later  *media.Track
		want   string
		ffmpeg bool
	}{
		"stereo AAC passes":                        {[]string{"aac"}, stereo, nil, stereo, packager.Audio, false},
		"mono goes to FFmpeg":                      {[]string{"aac"}, mono, nil, mono, "", true},
		"stereo that comes after mono, too":        {[]string{"aac"}, mono, nil, stereo, "", true},
		"mono that comes after stereo passes":      {[]string{"aac"}, stereo, nil, mono, packager.Audio, false},
		"AAC that comes late passes":               {[]string{"aac"}, nil, nil, mono, packager.Audio, false},
		"Opus goes to FFmpeg":                      {[]string{"aac"}, opus, packet(20), opus, "", true},
		"Opus where it is asked is published, too": {[]string{"aac", "opus"}, opus, packet(20), opus, packager.Opus, true},
		"Opus whose packets do not fill a part":    {[]string{"aac", "opus"}, opus, packet(120), opus, "", true},
		"stereo AAC where Opus is asked":           {[]string{"aac", "opus"}, stereo, nil, stereo, packager.Audio, false},
	} {
		t.Run(name, func(t *testing.T) {
			s := &stage{audio: tc.first, ch: &channel{cfg: Channel{Audio: tc.asked, Part: PartStandard}, log: slog.New(slog.DiscardHandler)}}
			if tc.first != nil {
				s.hear([]media.Unit{{Track: tc.first, Data: tc.data}})
			}
			rendition, ffmpeg := s.route(media.Unit{Track: tc.later, Data: tc.data})
			if rendition != tc.want || ffmpeg != tc.ffmpeg {
				t.Errorf("to %q, to FFmpeg: %v", rendition, ffmpeg)
			}
		})
	}
}

func TestCheckAudio(t *testing.T) {
	for list, want := range map[string]string{
		"aac": "", "aac opus": "", "opus aac": "",
		"opus": "aac is missing", "aac flac": `"flac" is not aac or opus`, "aac aac": "twice",
	} {
		err := checkAudio(strings.Fields(list))
		if (err == nil) != (want == "") || err != nil && !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", list, err)
		}
	}
	c := Channel{}
	if err := c.validate(); err != nil || !slices.Equal(c.Audio, []string{"aac"}) {
		t.Errorf("where nothing is said: %v, %v", c.Audio, err)
	}
}
