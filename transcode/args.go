package transcode

import (
	"fmt"
	"math"
	"strconv"

	"vitrine/internal/media"
)

// AudioRung is the rendition that FFmpeg makes of sound other than AAC.
const AudioRung = "audio"

// What FFmpeg is told where the source or the caller says nothing.
const (
	defaultFrameRate = 30.0 // frames/s
	defaultSegment   = 2.0  // s
)

// Coding of the audio rung.
const (
	audioBitrate    = 128_000 // bits/s
	audioSampleRate = 48_000  // Hz
	audioChannels   = 2
)

// How much FFmpeg looks at before it begins, in bytes. It waits for all of that
// where FLV brings one stream, for a second could still come: so no more than
// the first picture is asked for. Where two are announced it stops when it has
// seen both. Where the source does not say how its pictures are reordered,
// FFmpeg must see some: else it finds out by losing one.
const (
	probePicture = 32
	probeMore    = 32 << 10
)

// Rate control: a second of buffer keeps a keyframe sharp, yet a part no longer
// than its share; the peak stays near what the playlist announces.
const (
	peakPercent   = 110
	bufferSeconds = 1
	highProfileAt = 720 // from this shorter side on, High pays for its CPU
)

// firstPipe is the child's file descriptor of the first rung's pipe.
const firstPipe = 3

// Args returns FFmpeg's arguments for cfg: units on stdin, one MPEG-TS pipe per
// rung from descriptor 3 on, and after them one for sound if that is to be made.
//
// The flags decide between 7 ms and 5 s of delay, and whether times survive:
// without -probesize, -analyzeduration and -fpsprobesize FFmpeg looks at 5 s of
// input before it writes; frame threads hold back a frame per thread, slices none; a PES
// without length ends only when the next begins. -fflags nobuffer would throw
// away the first GOP. -copyts, -muxdelay, -muxpreload, -enc_time_base and
// -fps_mode together keep every PTS as it was, through jitter too.
func Args(cfg Config) []string {
	video, audio := cfg.fed()
	probe := probePicture
	if video != nil && (audio != nil || !saysReordering(video)) {
		probe = probeMore
	}
	args := []string{
		"-nostdin", "-hide_banner", "-loglevel", "level+warning",
		"-f", format(video, audio), "-copyts", "-thread_type", "slice",
		"-probesize", strconv.Itoa(probe), "-analyzeduration", "0", "-fpsprobesize", "0",
	}
	if video != nil && video.Codec == media.AV1 {
		args = append(args, "-flags:v", "low_delay") // else its decoder holds back two pictures
	}
	args = append(args, "-i", "pipe:0")
	pipe := firstPipe
	for _, r := range cfg.Rungs {
		args = append(args, videoArgs(cfg, r)...)
		args = append(args, muxArgs(pipe)...)
		pipe++
	}
	if cfg.makesAudio() {
		args = append(args,
			"-map", "0:a:0", "-c:a", "aac", "-profile:a", "aac_low",
			"-b:a", strconv.Itoa(audioBitrate), "-ar", strconv.Itoa(audioSampleRate), "-ac", strconv.Itoa(audioChannels),
			"-af", "aresample=async=1", // a gap becomes silence instead of a shift
			"-pes_payload_size", "0", // a PES per frame, not per 2930 bytes
		)
		args = append(args, muxArgs(pipe)...)
	}
	return args
}

// videoArgs codes one rung. Every rung gets all frames of the source and its
// keyframes, and where those are far apart one at least each segment.
func videoArgs(cfg Config, r Rung) []string {
	profile := "main"
	if min(r.Width, r.Height) >= highProfileAt {
		profile = "high"
	}
	return []string{
		"-map", "0:v:0", "-fps_mode", "passthrough", "-vf", picture(r),
		"-c:v", "libx264", "-preset", "veryfast", "-tune", "zerolatency", "-profile:v", profile, "-pix_fmt", "yuv420p",
		"-b:v", strconv.Itoa(r.Bitrate),
		"-maxrate", strconv.Itoa(r.Bitrate / 100 * peakPercent),
		"-bufsize", strconv.Itoa(r.Bitrate * bufferSeconds),
		"-force_key_frames", "source", "-g", strconv.Itoa(groupOf(cfg)), "-sc_threshold", "0",
		"-enc_time_base", "-1",
	}
}

// picture fits whatever the source turns to into the rung: scaled to the size
// that fits, rounded up to even, so that 16:9 in 854x480 leaves no black edge,
// then padded. A phone that is turned gets bars, it is not stretched.
func picture(r Rung) string {
	return fmt.Sprintf("scale=w='min(%[1]d,2*ceil(%[2]d*dar/2))':h='min(%[2]d,2*ceil(%[1]d/dar/2))',"+
		"pad=%[1]d:%[2]d:-1:-1,setsar=1", r.Width, r.Height)
}

func muxArgs(pipe int) []string {
	return []string{
		"-muxdelay", "0", "-muxpreload", "0", "-omit_video_pes_length", "0",
		"-f", "mpegts", "pipe:" + strconv.Itoa(pipe),
	}
}

// groupOf is the most frames between keyframes: a segment's worth.
func groupOf(cfg Config) int {
	segment := cfg.Segment.Seconds()
	if segment <= 0 {
		segment = defaultSegment
	}
	return max(1, int(math.Ceil(frameRate(cfg.Video)*segment-1e-6)))
}

// frameRate is what t declares in frames/s, or a common one.
func frameRate(t *media.Track) float64 {
	if t == nil || t.FrameRate <= 0 {
		return defaultFrameRate
	}
	return t.FrameRate
}
