package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"vitrine/internal/check"
)

// still serves an ended programme of one segment without media, which is wrong
// in known ways.
func still(t *testing.T, secure bool) *httptest.Server {
	t.Helper()
	h := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/index.m3u8" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "application/vnd.apple.mpegurl")
		fmt.Fprint(w, "#EXTM3U\n#EXT-X-TARGETDURATION:2\n#EXTINF:2,\nmissing.m4s\n#EXT-X-ENDLIST\n")
	})
	s := httptest.NewUnstartedServer(h)
	s.EnableHTTP2 = true
	if secure {
		s.StartTLS()
	} else {
		s.Start()
	}
	t.Cleanup(s.Close)
	return s
}

func TestCheckPrintsATable(t *testing.T) {
	var out bytes.Buffer
	c := conformance{URL: still(t, false).URL + "/index.m3u8", For: 5 * time.Second, out: &out}
	err := c.Run(t.Context())
	if exitCode(err) != exitFailed || !strings.Contains(err.Error(), "of 40 assertions failed") {
		t.Errorf("%v, exit code %d", err, exitCode(err))
	}
	for _, line := range []string{
		"  1  n/a     Every PART DURATION", "no playlist lists parts", "  3  failed  Each listed URI",
		"missing.m4s: HTTP 404", " 38  n/a", " 40  n/a", "not applicable\n",
	} {
		if !strings.Contains(out.String(), line) {
			t.Errorf("no %q in\n%s", line, out.String())
		}
	}
}

func TestCheckWritesJSON(t *testing.T) {
	var out bytes.Buffer
	c := conformance{URL: still(t, true).URL + "/index.m3u8", For: 5 * time.Second, JSON: true, Insecure: true, out: &out}
	if err := c.Run(t.Context()); exitCode(err) != exitFailed {
		t.Errorf("%v", err)
	}
	var r check.Report
	if err := json.Unmarshal(out.Bytes(), &r); err != nil {
		t.Fatal(err)
	}
	if len(r.Verdicts) != 40 || r.Verdict(3).State != check.Failed || r.Verdict(3).Evidence == nil || r.Verdict(34).State != check.Held || len(r.Renditions) != 1 {
		t.Errorf("%+v", r)
	}
}

func TestCheckCannotCheck(t *testing.T) {
	missing := still(t, false)
	for name, c := range map[string]struct {
		command conformance
		says    string
	}{
		"off air":                      {conformance{URL: missing.URL + "/off.m3u8"}, "on air"},
		"no URL":                       {conformance{URL: "demo"}, "give that of the playlist"},
		"a certificate of its own":     {conformance{URL: still(t, true).URL + "/index.m3u8"}, "--insecure"},
		"no server":                    {conformance{URL: "http://127.0.0.1:1/index.m3u8"}, "is the server running"},
		"the list of cues is a folder": {conformance{URL: missing.URL + "/index.m3u8", Expect: t.TempDir(), For: time.Second}, "directory"},
	} {
		t.Run(name, func(t *testing.T) {
			err := c.command.Run(t.Context())
			if err == nil || exitCode(err) != exitUnreachable || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, exit code %d; want %q", err, exitCode(err), c.says)
			}
		})
	}
}

func TestReadLines(t *testing.T) {
	name := filepath.Join(t.TempDir(), "cues")
	if err := os.WriteFile(name, []byte("a\n\n  b \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if list, err := readLines(name); err != nil || strings.Join(list, ",") != "a,b" {
		t.Errorf("%q, %v", list, err)
	}
}
