//go:build bench

package node_test

import (
	"bufio"
	"fmt"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/ingest/ingesttest"
)

// TestBenchProcess measures vitrine as a process of its own: its CPU apart from
// FFmpeg's, and its memory, with one 720p channel and a ladder of three, for
// BENCH_PROCESS (10 minutes).
func TestBenchProcess(t *testing.T) {
	length := 10 * time.Minute
	if text := os.Getenv("BENCH_PROCESS"); text != "" {
		var err error
		if length, err = time.ParseDuration(text); err != nil {
			t.Fatal(err)
		}
	}
	used, memory := process(t, "auto", length)
	third := len(memory) / 3
	middle, last := slices.Max(memory[third:2*third]), slices.Max(memory[2*third:])
	report(t, "vitrine's own CPU, a 720p channel", "%.1f %% of a core over %v", used, length)
	report(t, "vitrine's memory", "%.0f MB at most; %.0f MB in the second third, %.0f MB in the last", slices.Max(memory), middle, last)
}

// TestBenchChannelOfSix measures vitrine's own CPU for a channel of six renditions:
// a source of 720p, four rungs, and the sound.
func TestBenchChannelOfSix(t *testing.T) {
	const length = 3 * time.Minute
	used, _ := process(t, "[source, 540p, 480p, 360p, 240p]", length)
	report(t, "vitrine's own CPU, a channel of six renditions", "%.1f %% of a core over %v", used, length)
}

// process runs vitrine with one channel, on air with 720p, and returns the share of
// a core that it used over a time, in per cent, and its memory every ten seconds, in MB.
func process(t *testing.T, ladder string, length time.Duration) (used float64, memory []float64) {
	t.Helper()
	dir := t.TempDir()
	build := exec.CommandContext(t.Context(), "go", "build", "-o", dir+"/vitrine", "../../cmd/vitrine")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	if err := os.WriteFile(dir+"/vitrine.yaml", []byte("channels: {demo: {ladder: "+ladder+"}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), dir+"/vitrine", "serve",
		"--config", dir+"/vitrine.yaml", "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0", "--data", dir+"/data")
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Wait()
	defer cmd.Process.Kill()
	var text strings.Builder
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.Contains(lines.Text(), "Keyframe Interval") {
		fmt.Fprintln(&text, lines.Text())
	}
	find := func(pattern string) string {
		m := regexp.MustCompile(pattern).FindStringSubmatch(text.String())
		if m == nil {
			t.Fatalf("no %s in\n%s", pattern, text.String())
		}
		return m[1]
	}
	ingesttest.FFmpeg(t, find(`Server\s+(rtmp://\S+)`), find(`Stream Key\s+(\w+)`), ingesttest.Clip{
		Seconds: length.Seconds() + 60, Width: 1280, Height: 720, Bitrate: 2_500_000, Live: true,
		Args: []string{"-preset", "ultrafast", "-tune", "zerolatency"},
	})
	base := find(`LL-HLS\s+(http://\S+)/index.m3u8`)
	until(t, "the show", 30*time.Second, func() bool { return status(t, base+"/480p/index.m3u8") == http.StatusOK })

	cpu, began := cpuOf(t, cmd.Process.Pid), time.Now()
	next := time.Now()
	until(t, "the measurement", length+time.Minute, func() bool {
		if time.Now().After(next) {
			next = next.Add(10 * time.Second)
			memory = append(memory, rssOf(t, cmd.Process.Pid))
		}
		return time.Since(began) > length
	})
	cpu = cpuOf(t, cmd.Process.Pid) - cpu
	return 100 * cpu.Seconds() / time.Since(began).Seconds(), memory
}

func status(t *testing.T, url string) int {
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0
	}
	resp.Body.Close()
	return resp.StatusCode
}

// cpuOf returns the processor time that a process has used, its children's not
// counted (proc(5)).
func cpuOf(t *testing.T, pid int) time.Duration {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		t.Fatal(err)
	}
	f := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:]))
	ticks := 0
	for _, s := range f[11:13] { // utime and stime
		n, err := strconv.Atoi(s)
		if err != nil {
			t.Fatal(err)
		}
		ticks += n
	}
	return time.Duration(ticks) * time.Second / 100
}

// rssOf returns the resident memory of a process in MB.
func rssOf(t *testing.T, pid int) float64 {
	t.Helper()
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		t.Fatal(err)
	}
	m := regexp.MustCompile(`VmRSS:\s+(\d+) kB`).FindSubmatch(b)
	if m == nil {
		t.Fatal("no VmRSS")
	}
	n, err := strconv.Atoi(string(m[1]))
	if err != nil {
		t.Fatal(err)
	}
	return float64(n) / 1024
}
