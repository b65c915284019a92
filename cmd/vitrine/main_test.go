package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"time"
)

// asCommand, set in the environment, makes the test binary the command itself.
const asCommand = "VITRINE_TEST_AS_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(asCommand) != "" {
		main()
		return
	}
	os.Exit(m.Run())
}

// command runs vitrine in a folder of its own.
func command(t *testing.T, dir string, env []string, args ...string) *exec.Cmd {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), time.Minute)
	t.Cleanup(cancel)
	cmd := exec.CommandContext(ctx, os.Args[0], args...)
	cmd.Dir = dir
	cmd.Env = append(append(os.Environ(), asCommand+"=1"), env...)
	return cmd
}

// TestBadInputNamesItsCure: one clear line, exit code 1, nothing half started.
func TestBadInputNamesItsCure(t *testing.T) {
	taken, err := (&net.ListenConfig{}).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	free := []string{"--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"}
	for name, tc := range map[string]struct {
		file  string
		other string // catalogue
		env   []string
		args  []string
		want  string
	}{
		"an unknown key": {
			file: "http: 127.0.0.1:0\nchanels:\n  demo: {}\n", want: `vitrine.yaml, line 2: unknown field "chanels": the keys are admin_token, channels,`,
		},
		"an unknown key of a channel": {
			file: "channels:\n  demo:\n    strem_key: x\n", want: `line 3: unknown field "strem_key"`,
		},
		"broken YAML":            {file: "channels: [\n", want: "vitrine.yaml, line 1: "},
		"a part that is no time": {file: "channels:\n  demo:\n    part: tiny\n", want: `"tiny" is not standard, low or a duration`},
		"a part too long":        {file: "channels:\n  demo:\n    part: 1800ms\n", want: "more than half a segment"},
		"an unknown rung":        {file: "channels:\n  demo:\n    ladder: [source, 4320p]\n", want: `"4320p": write auto, or some of`},
		"sound without AAC":      {file: "channels:\n  demo:\n    audio: opus\n", want: "audio: aac is missing, which every player needs"},
		"an unknown sound":       {file: "channels:\n  demo:\n    audio: [aac, mp3]\n", want: `audio: "mp3" is not aac or opus`},
		"a channel's name":       {file: "channels:\n  Wig Night: {}\n", want: "a name is 1 to 63 of a-z"},
		"two with one key": {
			file: "channels:\n  a: {stream_key: x}\n  b: {stream_key: x}\n", want: "have the same stream_key: give each its own",
		},
		"TLS without a key": {file: "tls: {cert: a.pem}\n", want: "tls: both cert and key are needed, or self-signed"},
		"TLS without files": {file: "tls: {cert: a.pem, key: b.pem}\n", args: free, want: "give PEM files"},
		"a bad product": {
			file: "channels:\n  demo: {catalogue: products.csv}\n", other: "no,sku,title,price,currency\n7,W,Wave,cheap,USD\n",
			args: free, want: "products.csv",
		},
		"a missing file":          {args: []string{"--config", "nowhere.yaml"}, want: "check --config"},
		"a port in use":           {args: []string{"--http", taken.Addr().String(), "--rtmp", "127.0.0.1:0"}, want: "is in use by another program: stop that one, or set http"},
		"the other port":          {args: []string{"--http", "127.0.0.1:0", "--rtmp", taken.Addr().String()}, want: "or set rtmp to another address"},
		"no FFmpeg":               {args: append(free, "--ffmpeg", "no-such-ffmpeg"), want: "install"},
		"data that is no folder":  {args: append(free, "--data", "/dev/null/x"), want: "data: "},
		"an address that is none": {env: []string{"VITRINE_HTTP=nowhere"}, want: "http: cannot listen on nowhere"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if tc.file != "" {
				put(t, dir, "vitrine.yaml", tc.file)
			}
			if tc.other != "" {
				put(t, dir, "products.csv", tc.other)
			}
			cmd := command(t, dir, tc.env, append([]string{"serve"}, tc.args...)...)
			var out, stderr bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &stderr
			err := cmd.Run()
			var exit *exec.ExitError
			if !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("exit: %v", err)
			}
			if s := stderr.String(); !strings.Contains(s, tc.want) || strings.Count(strings.TrimSpace(s), "\n") != 0 || out.Len() != 0 {
				t.Errorf("it says\n%s%s\nwant one line with %q", out.String(), s, tc.want)
			}
		})
	}
}

func put(t *testing.T, dir, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// serving is a server that runs as a process of its own.
type serving struct {
	cmd  *exec.Cmd
	http string
	out  string // what it printed at the start
}

func startServer(t *testing.T, dir string, args ...string) *serving {
	t.Helper()
	s := &serving{cmd: command(t, dir, nil, append([]string{"serve", "--http", "127.0.0.1:0", "--rtmp", "127.0.0.1:0"}, args...)...)}
	s.cmd.Stderr = t.Output()
	stdout, err := s.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.cmd.Process.Kill() })
	lines := bufio.NewScanner(stdout)
	for lines.Scan() {
		s.out += lines.Text() + "\n"
		if strings.Contains(lines.Text(), "Keyframe Interval") {
			break
		}
	}
	go io.Copy(io.Discard, stdout)
	m := regexp.MustCompile(`player\s+(https?://[^/\s]+)`).FindStringSubmatch(s.out)
	if m == nil {
		t.Fatalf("no address in\n%s", s.out)
	}
	s.http = m[1]
	return s
}

func TestServerStopsInGoodOrder(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "vitrine.yaml", "channels:\n  demo: {part: low, ladder: [source, 360p]}\n  other: {}\n")
	s := startServer(t, dir)
	if n := strings.Count(s.out, "Stream Key"); n < 1 {
		t.Errorf("%d stream keys printed", n)
	}
	health := command(t, dir, nil, "health", "--url", s.http+"/healthz")
	if out, err := health.CombinedOutput(); err != nil {
		t.Errorf("health: %v\n%s", err, out)
	}
	if err := s.cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := s.cmd.Wait(); err != nil {
		t.Errorf("after SIGTERM: %v", err)
	}
	if out, err := command(t, dir, nil, "health", "--url", s.http+"/healthz").CombinedOutput(); err == nil {
		t.Errorf("health of a server that is gone:\n%s", out)
	}
}

func TestSecretsAreKept(t *testing.T) {
	dir := t.TempDir()
	secrets := func(s *serving) []string {
		return regexp.MustCompile(`[a-z2-7]{26}`).FindAllString(s.out, -1)
	}
	first := startServer(t, dir)
	before := secrets(first)
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.cmd.Wait()
	second := startServer(t, dir)
	after := secrets(second)
	if len(before) < 3 || strings.Join(before, " ") != strings.Join(after, " ") {
		t.Errorf("%v, then %v", before, after)
	}
	if !strings.Contains(first.out, "generated") || strings.Contains(second.out, "generated") {
		t.Errorf("what is new is not said once:\n%s\n%s", first.out, second.out)
	}
}
