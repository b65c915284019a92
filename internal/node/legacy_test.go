package node_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/internal/node"
)

// player runs a program that plays for some seconds, and returns what it prints
// and what it says on the side.
func player(t *testing.T, name string, args ...string) (out, said string) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		t.Fatalf("%s: %v\n%s", name, err, stderr.String())
	}
	return stdout.String(), stderr.String()
}

// cueAt is a cue as a player has it.
type cueAt struct {
	ID        string
	Type      string
	MediaTime float64 `json:"media_time"`
	pts       float64 // seconds
	text      string
}

// ffmpegCues has ffprobe play a URL for some seconds and returns the cues that it
// sees in the stream of timed ID3, and how many packets of each codec come.
func ffmpegCues(t *testing.T, url string, seconds int) (cues []cueAt, packets map[string]int) {
	t.Helper()
	out, _ := player(t, "ffprobe", "-v", "error", "-show_packets", "-show_data", "-show_streams", "-of", "json", "-live_start_index", "0",
		"-read_intervals", fmt.Sprintf("%%+%d", seconds), url)
	var got struct {
		Packets []struct {
			Stream int    `json:"stream_index"`
			Time   string `json:"pts_time"`
			Data   string
		}
		Streams []struct {
			Codec string `json:"codec_name"`
		}
	}
	if err := json.Unmarshal([]byte(out), &got); err != nil {
		t.Fatal(err)
	}
	packets = map[string]int{}
	for _, p := range got.Packets {
		codec := got.Streams[p.Stream].Codec
		packets[codec]++
		if codec != "timed_id3" {
			continue
		}
		tag := string(undump(t, p.Data))
		from, to := strings.Index(tag, "{"), strings.LastIndex(tag, "}")
		c := cueAt{text: tag[from : to+1]}
		if err := json.Unmarshal([]byte(c.text), &c); err != nil {
			t.Fatalf("%v in %q", err, tag)
		}
		if _, err := fmt.Sscan(p.Time, &c.pts); err != nil {
			t.Fatal(err)
		}
		cues = append(cues, c)
	}
	return cues, packets
}

// undump reads a hexadecimal dump of ffprobe's.
func undump(t *testing.T, dump string) []byte {
	t.Helper()
	var out []byte
	for line := range strings.Lines(dump) {
		_, digits, ok := strings.Cut(line, ": ")
		if !ok {
			continue
		}
		for _, group := range strings.Fields(digits[:min(len(digits), 40)]) {
			var b []byte
			if _, err := fmt.Sscanf(group, "%x", &b); err != nil {
				t.Fatal(err)
			}
			out = append(out, b...)
		}
	}
	return out
}

// TestLegacyPlayers: the show as plain HLS in FFmpeg, with a cue at the time and
// in the words that LL-HLS has.
func TestLegacyPlayers(t *testing.T) {
	s := start(t, map[string]node.Channel{"demo": {}})
	s.stock(9)
	h := s.goLive(nil)
	until(t, "the show", 20*time.Second, s.live)
	until(t, "a playlist", 20*time.Second, func() bool {
		return strings.Contains(string(s.get("/live/demo/ts/index.m3u8", 200)), "240p/index.m3u8")
	})
	at, err := h.SetProduct(t.Context(), 7)
	if err != nil {
		t.Fatal(err)
	}
	s.show(7, at)
	list := string(s.get("/live/demo/ts/index.m3u8", 200))
	if strings.Count(list, "#EXT-X-STREAM-INF") < 2 || strings.Contains(list, "TYPE=AUDIO") {
		t.Errorf("not plain\n%s", list)
	}
	until(t, "the cue", 20*time.Second, func() bool {
		return strings.Contains(string(s.get("/live/demo/ts/source/index.m3u8", 200)), "X-VITRINE-CUE")
	})
	shown := map[string]string{}
	for _, rendition := range []string{"source", "240p"} {
		cues, packets := ffmpegCues(t, s.url("/live/demo/ts/"+rendition+"/index.m3u8"), 8)
		if packets["h264"] < 150 || packets["aac"] < 200 {
			t.Errorf("%s: %v", rendition, packets)
		}
		states := 0
		for _, c := range cues {
			if off := c.pts - c.MediaTime; off < -0.00002 || off > 0.00002 {
				t.Errorf("%s: at %v: %s", rendition, c.pts, c.text)
			}
			switch c.Type {
			case "show":
				shown[rendition] = c.text
			case "state":
				states++
			}
		}
		if states < 3 {
			t.Errorf("%s: %d states", rendition, states)
		}
	}
	if shown["source"] == "" || shown["source"] != shown["240p"] || !strings.Contains(shown["source"], "WIG-7") {
		t.Errorf("shown: %q", shown)
	}
	for _, rendition := range []string{"source", "240p"} {
		s.keepsItsBandwidth(list, rendition)
	}
	_, said := player(t, "ffmpeg", "-v", "warning", "-i", s.url("/live/demo/ts/index.m3u8"), "-map", "0:v:0", "-map", "0:a:0", "-t", "6", "-f", "null", "-")
	for line := range strings.Lines(said) {
		if !strings.Contains(line, "Opening '") {
			t.Errorf("FFmpeg says %s", line)
		}
	}
}

// keepsItsBandwidth holds the segments that a plain rendition lists against what
// the multivariant playlist says.
func (s *server) keepsItsBandwidth(multivariant, rendition string) {
	s.t.Helper()
	m := regexp.MustCompile(`[:,]BANDWIDTH=(\d+).*\n` + rendition + `/`).FindStringSubmatch(multivariant)
	if m == nil {
		s.t.Fatalf("no %s in\n%s", rendition, multivariant)
	}
	stated, err := strconv.Atoi(m[1])
	if err != nil {
		s.t.Fatal(err)
	}
	var peak, sum, cmaf float64
	list := string(s.get("/live/demo/ts/"+rendition+"/index.m3u8", 200))
	for _, m := range regexp.MustCompile(`EXTINF:([\d.]+),\n(.*)\.ts\n`).FindAllStringSubmatch(list, -1) {
		d, err := strconv.ParseFloat(m[1], 64)
		if err != nil {
			s.t.Fatal(err)
		}
		n := float64(len(s.get("/live/demo/ts/"+rendition+"/"+m[2]+".ts", 200)))
		peak, sum = max(peak, n*8/d), sum+n
		cmaf += float64(len(s.get("/live/demo/"+rendition+"/"+m[2]+".m4s", 200)) + len(s.get("/live/demo/audio/"+m[2]+".m4s", 200)))
	}
	if peak == 0 || peak > 1.1*float64(stated) {
		s.t.Errorf("%s: %.0f bit/s, and %d stated", rendition, peak, stated)
	}
	s.t.Logf("%s: %.0f bit/s at most, %d stated; %.1f %% more than CMAF", rendition, peak, stated, 100*(sum/cmaf-1))
}
