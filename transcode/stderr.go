package transcode

import (
	"bytes"
	"log/slog"
	"strings"
	"sync"
	"time"
)

// Bounds of what FFmpeg may say.
const (
	maxLine  = 1024             // bytes; a longer line is cut
	maxTail  = 20               // lines kept for [ExitError]
	logBurst = 20               // lines logged each logEvery
	logEvery = 10 * time.Second // a damaged source makes several lines a frame
)

// stderr takes what FFmpeg prints: it logs line by line and keeps the last
// lines. FFmpeg prints "[error] text" or "[libx264 @ 0x…] [error] text".
type stderr struct {
	log *slog.Logger
	now func() time.Time

	mu      sync.Mutex
	partial []byte
	tail    []string
	since   time.Time // when the present burst began
	logged  int       // lines in it
	muted   int       // lines in it that were not logged
}

// Write implements [io.Writer]. It never returns an error.
func (s *stderr) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := len(b)
	for len(b) > 0 {
		i := bytes.IndexAny(b, "\r\n")
		text := b
		if i >= 0 {
			text = b[:i]
		}
		s.partial = append(s.partial, text[:min(len(text), maxLine-len(s.partial))]...)
		if i < 0 {
			break
		}
		s.line()
		b = b[i+1:]
	}
	return n, nil
}

// last returns the last lines, oldest first, an unfinished one too.
func (s *stderr) last() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.line()
	return append([]string(nil), s.tail...)
}

// line ends the line that was being gathered; s.mu is held.
func (s *stderr) line() {
	text := strings.ToValidUTF8(string(bytes.TrimSpace(s.partial)), "?")
	s.partial = s.partial[:0]
	if text == "" {
		return
	}
	if len(s.tail) == maxTail {
		s.tail = append(s.tail[:0], s.tail[1:]...)
	}
	s.tail = append(s.tail, text)

	now := s.now()
	if now.Sub(s.since) >= logEvery {
		if s.muted > 0 {
			s.log.Warn("ffmpeg said more than was logged", "lines", s.muted)
		}
		s.since, s.logged, s.muted = now, 0, 0
	}
	if s.logged == logBurst {
		s.muted++
		return
	}
	s.logged++
	if strings.Contains(text, "[error]") || strings.Contains(text, "[fatal]") || strings.Contains(text, "[panic]") {
		s.log.Warn("ffmpeg: " + text)
	} else {
		s.log.Debug("ffmpeg: " + text)
	}
}
