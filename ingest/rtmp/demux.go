package rtmp

import (
	"bytes"
	"errors"
	"fmt"

	"vitrine/internal/media"
)

// maxComposition is the most, in ms, between a picture's decoding and its being
// shown: sixteen frames of reordering at 8 frames per second. More would move the
// whole show.
const maxComposition = 2000

// demuxer makes units of tags. It is pure: no clock, no lock.
type demuxer struct {
	depth int // of AMF values

	clock      unwrapper
	meta       metadata
	metaRaw    []byte // of the last onMetaData: GStreamer repeats it
	lengthSize int
	config     []byte // as the encoder sent it
	videoTrack *media.Track
	audioTrack *media.Track
	aacConfig  []byte
	bad        int   // frames that could not be read, or came before their configuration
	lastBad    error // why, of the last one
}

// data takes the body of a data message and reports whether it is metadata that
// tells something new.
func (d *demuxer) data(body []byte) bool {
	if bytes.Equal(body, d.metaRaw) {
		return false
	}
	m, ok, err := parseMetadata(body, d.depth)
	if err != nil || !ok {
		return false // the guard has checked it: what is wrong is not worth a stream
	}
	d.metaRaw = bytes.Clone(body)
	changed := m != d.meta
	d.meta = m
	return changed
}

// video takes a video tag at a timestamp in ms. It reports false if there is no
// unit in it. b belongs to the unit afterwards. An error says that nothing good
// can come of this encoder.
func (d *demuxer) video(time uint32, b []byte) (media.Unit, bool, error) {
	dts := d.clock.unwrap(time)
	tag, err := parseVideoTag(b)
	switch {
	case errors.Is(err, errSkip):
		return media.Unit{}, false, nil
	case err != nil:
		return media.Unit{}, false, err
	case tag.config:
		return media.Unit{}, false, d.configureVideo(tag.data)
	case d.videoTrack == nil:
		return d.lose(errors.New("a picture before the AVC configuration"))
	}
	if tag.composition > maxComposition || tag.composition < -maxComposition {
		return d.lose(fmt.Errorf("a picture shown %d ms from its decoding time", tag.composition))
	}
	au, idr, err := accessUnit(tag.data, d.lengthSize)
	switch {
	case errors.Is(err, errAnnexB):
		return media.Unit{}, false, err
	case errors.Is(err, errSkip):
		return media.Unit{}, false, nil
	case err != nil:
		return d.lose(err)
	}
	return media.Unit{
		Track: d.videoTrack,
		PTS:   milliseconds(dts + int64(tag.composition)),
		DTS:   milliseconds(dts),
		Sync:  idr,
		Data:  au,
	}, true, nil
}

// configureVideo makes a new track, unless the record is the one there is.
func (d *demuxer) configureVideo(record []byte) error {
	if d.videoTrack != nil && bytes.Equal(record, d.config) {
		return nil
	}
	c, err := parseAVCConfig(record)
	if err != nil {
		return fmt.Errorf("configure H.264: %w", err)
	}
	d.config, d.lengthSize = bytes.Clone(record), c.lengthSize
	d.videoTrack = c.track(d.meta)
	return nil
}

// audio takes an audio tag, as video does.
func (d *demuxer) audio(time uint32, b []byte) (media.Unit, bool, error) {
	pts := d.clock.unwrap(time)
	tag, err := parseAudioTag(b)
	switch {
	case errors.Is(err, errSkip):
		return media.Unit{}, false, nil
	case err != nil:
		return media.Unit{}, false, err
	case tag.config:
		return media.Unit{}, false, d.configureAAC(tag.data)
	}
	if err := d.frame(tag); err != nil {
		return d.lose(err)
	}
	at := milliseconds(pts)
	return media.Unit{Track: d.audioTrack, PTS: at, DTS: at, Sync: true, Data: tag.data}, true, nil
}

// configureAAC makes a new track, unless the config is the one there is.
func (d *demuxer) configureAAC(config []byte) error {
	if d.audioTrack != nil && bytes.Equal(config, d.aacConfig) {
		return nil
	}
	t, err := aacTrack(config)
	if err != nil {
		return err
	}
	d.audioTrack, d.aacConfig = t, t.Config
	return nil
}

// frame sees to it that audioTrack describes the frame in tag.
func (d *demuxer) frame(tag audioTag) error {
	t := d.audioTrack
	var err error
	switch {
	case tag.format == audioMP3:
		if t, err = mp3Track(tag.data); err != nil {
			return err
		}
		if o := d.audioTrack; o != nil && o.Codec == t.Codec && o.SampleRate == t.SampleRate && o.Channels == t.Channels {
			return nil
		}
		d.aacConfig = nil
	case t == nil || t.Codec != media.AAC:
		return errors.New("an AAC frame before its configuration")
	case t.Channels == 0:
		if t, err = aacChannels(t, tag.data); err != nil {
			return err
		}
	}
	d.audioTrack = t
	return nil
}

// lose counts a frame that is of no use. A stream goes on without it.
func (d *demuxer) lose(err error) (media.Unit, bool, error) {
	d.bad++
	d.lastBad = err
	return media.Unit{}, false, nil
}

// unwrapper makes 64-bit times of RTMP's 32-bit ones, which wrap after 49.7
// days and may begin anywhere.
type unwrapper struct {
	last  int64
	known bool
}

func (u *unwrapper) unwrap(t uint32) int64 {
	if !u.known {
		u.last, u.known = int64(t), true
		return u.last
	}
	u.last += int64(int32(t - uint32(u.last))) // the nearest time with these 32 bits
	return u.last
}

// milliseconds converts RTMP's unit.
func milliseconds(ms int64) media.Ticks { return media.Ticks(ms * (media.TicksPerSecond / 1000)) }
