package rtmp

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg1audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"vitrine/internal/media"
)

// Sample rates that an encoder may declare, in Hz.
const (
	minSampleRate = 7350
	maxSampleRate = 96000
)

// aacTrack describes the audio of an AudioSpecificConfig.
//
// Where the config leaves the channels to the frames, Channels is 0 and
// aacChannels tells.
func aacTrack(config []byte) (*media.Track, error) {
	c, err := media.ParseAAC(config)
	if err != nil {
		return nil, fmt.Errorf("read the AAC configuration: %w", err)
	}
	if c.CoreRate < minSampleRate || c.SampleRate > maxSampleRate {
		return nil, fmt.Errorf("AAC at %d Hz", c.SampleRate)
	}
	return &media.Track{
		Kind: media.Audio, Codec: media.AAC, Config: bytes.Clone(config),
		SampleRate: c.SampleRate, Channels: c.Channels,
	}, nil
}

// aacChannels completes t from its first frame.
func aacChannels(t *media.Track, frame []byte) (*media.Track, error) {
	n, err := mpeg4audio.CountChannelsFromRawDataBlock(frame)
	if err != nil {
		return nil, fmt.Errorf("count the channels of AAC: %w", err)
	}
	full := *t
	full.Channels = n
	return &full, nil
}

// mp3Track describes the audio of an MP3 frame, by its header.
func mp3Track(frame []byte) (*media.Track, error) {
	var h mpeg1audio.FrameHeader
	if err := h.Unmarshal(frame); err != nil {
		return nil, fmt.Errorf("read the MP3 header: %w", err)
	}
	if h.Layer != 3 || h.SampleRate == 0 {
		return nil, errors.New("not MP3")
	}
	channels := 2
	if h.ChannelMode == mpeg1audio.ChannelModeMono {
		channels = 1
	}
	return &media.Track{Kind: media.Audio, Codec: media.MP3, SampleRate: h.SampleRate, Channels: channels}, nil
}
