package rtmp

import (
	"bytes"
	"errors"
	"fmt"

	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg1audio"
	"github.com/bluenviron/mediacommon/v2/pkg/codecs/mpeg4audio"

	"vitrine/internal/media"
)

// aacTrack describes the audio of an AudioSpecificConfig. For HE-AAC the sample
// rate is that of its AAC-LC core, of which a frame holds 1024 samples; the
// Config says that there is more.
//
// Where the config leaves the channels to the frames, Channels is 0 and
// aacChannels tells.
func aacTrack(config []byte) (*media.Track, error) {
	var c mpeg4audio.AudioSpecificConfig
	if err := c.Unmarshal(config); err != nil {
		return nil, fmt.Errorf("read the AAC configuration: %w", err)
	}
	if c.SampleRate < 7350 || c.SampleRate > 96000 {
		return nil, fmt.Errorf("AAC at %d Hz", c.SampleRate)
	}
	channels := int(c.ChannelConfig)
	if channels == 7 { // 7.1, see ISO 14496-3 table 1.19
		channels = 8
	}
	return &media.Track{
		Kind: media.Audio, Codec: media.AAC, Config: bytes.Clone(config),
		SampleRate: c.SampleRate, Channels: channels,
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
