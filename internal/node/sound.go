package node

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"vitrine/internal/media"
	"vitrine/packager"
)

// Codings of the sound that a channel may publish.
const (
	audioAAC  = "aac"
	audioOpus = "opus"
)

// checkAudio reports what is wrong with a list of codings.
func checkAudio(list []string) error {
	for i, name := range list {
		switch {
		case name != audioAAC && name != audioOpus:
			return fmt.Errorf("audio: %q is not %s or %s", name, audioAAC, audioOpus)
		case slices.Contains(list[:i], name):
			return fmt.Errorf("audio: %s stands there twice", name)
		}
	}
	if !slices.Contains(list, audioAAC) {
		return errors.New("audio: aac is missing, which every player needs: write [aac, opus]")
	}
	return nil
}

// passRates are the sample rates, in Hz, at which every player takes AAC.
var passRates = [...]int{32000, 44100, 48000}

// passes reports whether sound goes to viewers as the encoder made it: AAC-LC in
// stereo, and HE-AAC in stereo that says so and fits into parts. At 24 kHz and
// less SBR may be there and not be said; only a decoder finds out, so that goes
// to FFmpeg, as does all else.
func passes(t *media.Track, part time.Duration) bool {
	if t.Codec != media.AAC || t.Channels != 2 || !slices.Contains(passRates[:], t.SampleRate) {
		return false
	}
	c, err := media.ParseAAC(t.Config)
	if err != nil || c.Short {
		return false
	}
	return !c.SBR || fitsParts(c.FrameLength(), t.SampleRate, part)
}

// leastPart is the share of PART-TARGET that a part must last, in per cent
// (rfc8216bis §4.4.4.9).
const leastPart = 85

// fitsParts reports whether whole frames of so many samples fill a part.
func fitsParts(samples int64, rate int, part time.Duration) bool {
	if samples <= 0 {
		return false
	}
	frame := time.Duration(media.Rescale(samples, int64(rate), int64(time.Second)))
	return part/frame*frame*100 >= part*leastPart
}

// hear makes up the stage's mind about the sound of its session, by the first of
// it: what FFmpeg is to make AAC of, and whether it is published as Opus too. If
// it changes its kind later, what passed goes on passing.
func (s *stage) hear(early []media.Unit) {
	if s.audio == nil || passes(s.audio, s.ch.cfg.Part) {
		return
	}
	s.convert = s.audio
	if s.audio.Codec != media.Opus || !slices.Contains(s.ch.cfg.Audio, audioOpus) {
		return
	}
	for _, u := range early {
		if u.Track.Codec == media.Opus {
			s.opus = fitsParts(u.Samples(), u.Track.SampleRate, s.ch.cfg.Part)
			break
		}
	}
	if !s.opus {
		s.ch.log.Warn("Opus is left out: its packets do not fill a part; 20 ms do", "part", s.ch.cfg.Part)
	}
}

// route returns the rendition that an audio unit belongs to, "" for none, and
// whether FFmpeg is given it.
func (s *stage) route(u media.Unit) (rendition string, ffmpeg bool) {
	switch {
	case s.opus && u.Track.Codec == media.Opus:
		return packager.Opus, true
	case s.convert == nil && u.Track.Codec == media.AAC:
		return packager.Audio, false
	}
	return "", s.convert != nil
}
