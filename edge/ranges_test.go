package edge_test

import (
	"bytes"
	"io"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"vitrine/packager/asset"
)

func TestRanges(t *testing.T) {
	const whole = "0123456789abcdef"
	for name, c := range map[string]struct {
		header  []string
		status  int
		body    string
		content string
	}{
		"none":                           {nil, 200, whole, ""},
		"from the first piece":           {[]string{"Range", "bytes=1-2"}, 206, "12", "bytes 1-2/16"},
		"over three pieces":              {[]string{"Range", "bytes=3-12"}, 206, "3456789abc", "bytes 3-12/16"},
		"to the end":                     {[]string{"Range", "bytes=12-"}, 206, "cdef", "bytes 12-15/16"},
		"beyond the end":                 {[]string{"Range", "bytes=12-99"}, 206, "cdef", "bytes 12-15/16"},
		"the last bytes":                 {[]string{"Range", "bytes=-3"}, 206, "def", "bytes 13-15/16"},
		"more last bytes than there are": {[]string{"Range", "bytes=-99"}, 206, whole, "bytes 0-15/16"},
		"after the end":                  {[]string{"Range", "bytes=16-"}, 416, "there are 16 bytes only\n", "bytes */16"},
		"back to front":                  {[]string{"Range", "bytes=5-2"}, 200, whole, ""},
		"several":                        {[]string{"Range", "bytes=1-2,4-5"}, 200, whole, ""},
		"another unit":                   {[]string{"Range", "frames=1-2"}, 200, whole, ""},
		"of the same bytes":              {[]string{"Range", "bytes=1-2", "If-Range", `"a"`}, 206, "12", "bytes 1-2/16"},
		"of other bytes":                 {[]string{"Range", "bytes=1-2", "If-Range", `"b"`}, 200, whole, ""},
	} {
		s := &shelf{asset: asset.Asset{ContentType: "video/mp4", Immutable: true, MaxAge: 1, ETag: `"a"`, Body: [][]byte{[]byte(whole[:4]), []byte(whole[4:10]), nil, []byte(whole[10:])}}}
		resp := ask(handler(s), http.MethodGet, "/live/demo/720p/900/917.m4s", c.header...)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil || resp.StatusCode != c.status || string(b) != c.body || resp.Header.Get("Content-Range") != c.content {
			t.Errorf("%s: %v %s %q %q", name, err, resp.Status, b, resp.Header.Get("Content-Range"))
		}
		if kept := resp.Header.Get("Cache-Control") != "no-store"; kept != (c.status < 300) {
			t.Errorf("%s: %s with %v", name, resp.Status, resp.Header)
		}
	}
}

// Whatever range is asked for, the answer is the whole, or the bytes it says.
func FuzzRange(f *testing.F) {
	for _, seed := range []string{"bytes=0-1", "bytes=-5", "bytes=3-", "bytes=99999999999999999999-", "bytes=--1", "=", "bytes=1-2-3"} {
		f.Add(seed, 16)
	}
	f.Fuzz(func(t *testing.T, header string, size int) {
		if size < 0 || size > 1<<12 || strings.ContainsAny(header, "\r\n") {
			return
		}
		whole := bytes.Repeat([]byte("x"), size)
		s := &shelf{asset: asset.Asset{Immutable: true, Body: [][]byte{whole[:size/2], whole[size/2:]}}}
		resp := ask(handler(s), http.MethodGet, "/live/demo/720p/900/917.m4s", "Range", header)
		defer resp.Body.Close()
		b, err := io.ReadAll(resp.Body)
		if err != nil {
			t.Fatal(err)
		}
		if n := resp.Header.Get("Content-Length"); resp.StatusCode < 300 && n != strconv.Itoa(len(b)) {
			t.Errorf("%q of %d: Content-Length %s, %d bytes", header, size, n, len(b))
		}
		if resp.StatusCode == http.StatusPartialContent && (len(b) == 0 || len(b) > size) {
			t.Errorf("%q of %d: %d bytes", header, size, len(b))
		}
	})
}
