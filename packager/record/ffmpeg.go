package record

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"time"

	"vitrine/internal/media"
)

// Bounds of FFmpeg.
const (
	maxTail  = 4 << 10         // bytes of what it says that are kept
	endGrace = 5 * time.Second // for it to go when it was told to
)

// queuePackets is how many packets of a track FFmpeg reads ahead of the other one.
// With its own 8 it sleeps 10 ms at a time while it waits for them.
const queuePackets = "512"

// firstPipe is the number of the first of [exec.Cmd.ExtraFiles].
const firstPipe = 3

// args returns the command line of the muxer: it copies, keeps all times, puts
// the index in front, and writes chapters as QuickTime's text track and as Nero's
// chpl, so that every player finds one.
func (x *exporter) args(out string) []string {
	args := []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-y", "-copyts"}
	var maps []string
	for i, r := range x.reels {
		format := "mp4"
		if !r.same {
			format = "mpegts"
		}
		args = append(args, "-thread_queue_size", queuePackets, "-f", format, "-i", pipe(i))
		maps = append(maps, "-map", fmt.Sprintf("%d:%s", i, r.init.Kind[:1]))
	}
	n := strconv.Itoa(len(x.reels))
	args = append(args, "-f", "ffmetadata", "-i", pipe(len(x.reels)))
	args = append(args, maps...)
	return append(args, "-map_metadata", n, "-map_chapters", n, "-c", "copy", "-video_track_timescale", strconv.Itoa(media.TicksPerSecond), "-movflags", "+faststart", "-f", "mp4", out)
}

func pipe(i int) string { return "pipe:" + strconv.Itoa(firstPipe+i) }

// recodeArgs returns the command line that codes one run of a track as e is.
// There are no B-frames: decode times then begin where the picture does.
func recodeArgs(e Entry) []string {
	args := []string{"-hide_banner", "-nostdin", "-nostats", "-loglevel", "error", "-copyts", "-f", "mp4", "-i", pipe(0)}
	if e.Kind == media.Video.String() {
		size := fmt.Sprintf("%d:%d", e.Width, e.Height)
		args = append(args, "-map", "0:v",
			"-vf", "scale="+size+":force_original_aspect_ratio=decrease,pad="+size+":-1:-1,setsar=1,format=yuv420p",
			"-c:v", "libx264", "-preset", "veryfast", "-crf", "20", "-bf", "0", "-fps_mode", "passthrough", "-enc_time_base", "-1")
	} else {
		args = append(args, "-map", "0:a", "-c:a", "aac", "-b:a", "160k", "-ar", strconv.Itoa(e.SampleRate), "-ac", strconv.Itoa(e.Channels))
	}
	return append(args, "-muxdelay", "0", "-muxpreload", "0", "-f", "mpegts", "pipe:1")
}

// process is one FFmpeg.
type process struct {
	program string
	args    []string
	files   []*os.File // what it reads, from pipe:3 on; start closes our ends
	stdout  *os.File   // nil for nowhere

	cmd  *exec.Cmd
	tail tail
}

func (p *process) start(ctx context.Context) error {
	defer closeAll(p.files)
	p.cmd = exec.CommandContext(ctx, p.program, p.args...)
	p.cmd.ExtraFiles, p.cmd.Stderr, p.cmd.WaitDelay = p.files, &p.tail, endGrace
	if p.stdout != nil {
		p.cmd.Stdout = p.stdout
	}
	if err := p.cmd.Start(); err != nil {
		return fmt.Errorf("export: start FFmpeg: %w", err)
	}
	return nil
}

func (p *process) wait() error {
	if err := p.cmd.Wait(); err != nil {
		return fmt.Errorf("export: FFmpeg: %w: %s", err, p.tail.last())
	}
	return nil
}

// tail keeps the end of what was written to it.
type tail struct{ buf []byte }

func (t *tail) Write(b []byte) (int, error) {
	t.buf = append(t.buf, b...)
	if over := len(t.buf) - maxTail; over > 0 {
		t.buf = append(t.buf[:0], t.buf[over:]...)
	}
	return len(b), nil
}

func (t *tail) last() string {
	lines := bytes.Split(bytes.TrimSpace(t.buf), []byte("\n"))
	return strings.TrimSpace(string(lines[len(lines)-1]))
}
