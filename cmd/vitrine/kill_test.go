package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"vitrine/ingest/ingesttest"
)

func (s *serving) find(t *testing.T, pattern string) string {
	t.Helper()
	m := regexp.MustCompile(pattern).FindStringSubmatch(s.out)
	if m == nil {
		t.Fatalf("no %s in\n%s", pattern, s.out)
	}
	return m[1]
}

// ask sends a request with the admin token; it returns 0 if there is no answer.
func (s *serving) ask(t *testing.T, method, path, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, s.http+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.find(t, `admin token\s+(\w+)`))
	req.Header.Set("Content-Type", "application/json")
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer resp.Body.Close()
	b, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, string(b)
}

// goLive publishes a clip to the server, and returns what its playlist counts.
func (s *serving) goLive(t *testing.T) (msn, discontinuities int) {
	t.Helper()
	ingesttest.FFmpeg(t, s.find(t, `Server\s+(rtmp://\S+)`), s.find(t, `Stream Key\s+(\w+)`), ingesttest.Clip{Seconds: 60, Live: true})
	var list string
	patience := time.After(20 * time.Second)
	again := time.NewTicker(100 * time.Millisecond)
	defer again.Stop()
	for !strings.Contains(list, "#EXTINF") {
		select {
		case <-patience:
			t.Fatalf("nothing to play: %s", list)
		case <-again.C:
			_, list = s.ask(t, http.MethodGet, "/live/demo/source/index.m3u8", "")
		}
	}
	number := func(tag string) int {
		m := regexp.MustCompile(tag + `:(\d+)`).FindStringSubmatch(list)
		if m == nil {
			t.Fatalf("no %s in\n%s", tag, list)
		}
		n, err := strconv.Atoi(m[1])
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	return number("MEDIA-SEQUENCE"), number("DISCONTINUITY-SEQUENCE")
}

// TestKillLosesNothing: after kill -9 numbers only grow, what was acknowledged
// is in the cue log, and what was on show is on show again.
func TestKillLosesNothing(t *testing.T) {
	dir := t.TempDir()
	put(t, dir, "products.csv", "no,sku,title,price,currency\n7,WIG-7,Auburn wave,29.90,USD\n")
	put(t, dir, "vitrine.yaml", "channels:\n  demo: {catalogue: products.csv, ladder: source}\n")
	first := startServer(t, dir)
	msn, seq := first.goLive(t)
	status, answer := first.ask(t, http.MethodPost, "/api/v1/channels/demo/cues", `{"type":"show","product":7}`)
	if status != http.StatusCreated {
		t.Fatalf("%d %s", status, answer)
	}
	var cue struct{ ID string }
	if err := json.Unmarshal([]byte(answer), &cue); err != nil {
		t.Fatal(err)
	}
	if err := first.cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = first.cmd.Wait()

	second := startServer(t, dir)
	if _, log := second.ask(t, http.MethodGet, "/api/v1/channels/demo/cues", ""); !strings.Contains(log, cue.ID) {
		t.Errorf("the cue log after the kill: %s", log)
	}
	msn2, seq2 := second.goLive(t)
	if msn2 <= msn || seq2 <= seq {
		t.Errorf("MEDIA-SEQUENCE %d then %d, DISCONTINUITY-SEQUENCE %d then %d", msn, msn2, seq, seq2)
	}
	if _, channel := second.ask(t, http.MethodGet, "/api/v1/channels/demo", ""); !strings.Contains(channel, fmt.Sprintf(`"on":[{"id":%q,"no":7`, cue.ID)) {
		t.Errorf("on show after the kill: %s", channel)
	}
}
