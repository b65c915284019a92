package rtmp

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	setDataFrame = "@setDataFrame"
	onMetaData   = "onMetaData"

	maxEncoderName = 128     // bytes
	maxDataRate    = 200_000 // kbit/s, the unit of onMetaData
)

// metadata is what onMetaData says that is of use.
type metadata struct {
	Encoder   string
	FrameRate float64 // 0 if not said or not plausible
	Bitrate   int     // of video, bits per second; 0 if not said or not plausible
}

// parseMetadata reads the body of a data message, with or without a leading
// @setDataFrame. It reports false for other data: cue points, text.
func parseMetadata(body []byte, depth int) (metadata, bool, error) {
	var m metadata
	r := amfReader{b: body, depth: depth}
	name, err := r.value()
	if err == nil && name.str == setDataFrame {
		name, err = r.value()
	}
	if err != nil || name.str != onMetaData {
		return m, false, err
	}
	err = r.object(func(key string, v amfValue) {
		switch key {
		case "encoder":
			if v.kind == amfString {
				s := text(v.str)
				m.Encoder = strings.ToValidUTF8(s[:min(len(s), maxEncoderName)], "")
			}
		case "videodatarate":
			if v.num >= 1 && v.num <= maxDataRate {
				m.Bitrate = int(v.num * 1000)
			}
		case "framerate", "fps", "videoframerate":
			rate := v.num
			if v.kind == amfString {
				rate, _ = strconv.ParseFloat(v.str, 64) // 0 if it is no number
			}
			if plausibleRate(rate) {
				m.FrameRate = rate
			}
		}
	})
	if err != nil {
		return m, false, fmt.Errorf("onMetaData: %w", err)
	}
	return m, true, nil
}
