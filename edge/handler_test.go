package edge_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"vitrine/edge"
	"vitrine/packager/asset"
)

// shelf is a Source that answers with what it is given, and keeps the request.
type shelf struct {
	got   asset.Request
	asset asset.Asset
	err   error
}

func (s *shelf) Fetch(_ context.Context, r asset.Request) (asset.Asset, error) {
	s.got = r
	return s.asset, s.err
}

func handler(s *shelf) *edge.Handler {
	return &edge.Handler{Source: s, Audience: edge.NewAudience(time.Now), Log: slog.New(slog.DiscardHandler)}
}

func ask(h http.Handler, method, target string, header ...string) *http.Response {
	r := httptest.NewRequest(method, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func TestURLs(t *testing.T) {
	for target, want := range map[string]asset.Request{
		"/live/demo/index.m3u8":                                             {Channel: "demo", Kind: asset.Multivariant},
		"/live/demo/720p/index.m3u8":                                        {Channel: "demo", Kind: asset.Playlist, Rendition: "720p"},
		"/live/demo/720p/index.m3u8?_HLS_msn=17":                            {Channel: "demo", Kind: asset.Playlist, Rendition: "720p", Blocking: true, Reload: asset.Position{MSN: 17, Part: -1}},
		"/live/demo/720p/index.m3u8?token=x&_HLS_part=3&_HLS_msn=17":        {Channel: "demo", Kind: asset.Playlist, Rendition: "720p", Blocking: true, Reload: asset.Position{MSN: 17, Part: 3}},
		"/live/demo/720p/index.m3u8?_HLS_skip=YES":                          {Channel: "demo", Kind: asset.Playlist, Rendition: "720p", Skip: asset.SkipSegments},
		"/live/demo/720p/index.m3u8?_HLS_skip=v2&_HLS_msn=17&_HLS_part=0":   {Channel: "demo", Kind: asset.Playlist, Rendition: "720p", Blocking: true, Reload: asset.Position{MSN: 17}, Skip: asset.SkipRanges},
		"/live/demo/720p/index.m3u8?_HLS_skip=v3":                           {Channel: "demo", Kind: asset.Playlist, Rendition: "720p"},
		"/live/demo/720p/iframes.m3u8":                                      {Channel: "demo", Kind: asset.IFrames, Rendition: "720p"},
		"/live/demo/720p/iframes.m3u8?_HLS_msn=17&_HLS_part=3&_HLS_skip=v2": {Channel: "demo", Kind: asset.IFrames, Rendition: "720p", Blocking: true, Reload: asset.Position{MSN: 17, Part: -1}},
		"/live/demo/audio/900/init2.mp4":                                    {Channel: "demo", Kind: asset.Init, Rendition: "audio", Epoch: 900, MSN: 2},
		"/live/demo/audio/900/917.m4s":                                      {Channel: "demo", Kind: asset.Segment, Rendition: "audio", Epoch: 900, MSN: 917},
		"/live/demo/audio/900/917.0.m4s":                                    {Channel: "demo", Kind: asset.Part, Rendition: "audio", Epoch: 900, MSN: 917},
		"/live/demo/ts/index.m3u8":                                          {Channel: "demo", Output: asset.Legacy, Kind: asset.Multivariant},
		"/live/demo/ts/720p/index.m3u8?_HLS_msn=17":                         {Channel: "demo", Output: asset.Legacy, Kind: asset.Playlist, Rendition: "720p"},
		"/live/demo/ts/720p/900/917.ts":                                     {Channel: "demo", Output: asset.Legacy, Kind: asset.Segment, Rendition: "720p", Epoch: 900, MSN: 917},
		"/live/ts/720p/index.m3u8":                                          {Channel: "ts", Kind: asset.Playlist, Rendition: "720p"},
		"/live/ts/index.m3u8":                                               {Channel: "ts", Kind: asset.Multivariant},
	} {
		t.Run(target, func(t *testing.T) {
			s := &shelf{}
			resp := ask(handler(s), http.MethodGet, target)
			defer resp.Body.Close()
			if resp.StatusCode != http.StatusOK || s.got != want {
				t.Errorf("%s, %+v, want %+v", resp.Status, s.got, want)
			}
		})
	}
	for target, status := range map[string]int{
		"/live/demo/720p/index.m3u8?_HLS_part=1":                   400,
		"/live/demo/720p/index.m3u8?_HLS_msn=x":                    400,
		"/live/demo/720p/index.m3u8?_HLS_msn=-1":                   400,
		"/live/demo/720p/index.m3u8?_HLS_msn=1&_HLS_part=x":        400,
		"/live/demo/720p/index.m3u8?_HLS_msn=99999999999999999999": 400,
		"/live/demo/720p/index.m3u8?_HLS_msn=%zz":                  400,
		"/live/demo/720p/index.m3u8?" + strings.Repeat("x", 2000):  400,
		"/live/demo/720p/900/0917.m4s":                             404,
		"/live/demo/720p/900/+917.m4s":                             404,
		"/live/demo/720p/900/917.mp4":                              404,
		"/live/demo/720p/900/917.1.2.m4s":                          404,
		"/live/demo/720p/900/init.mp4":                             404,
		"/live/demo/720p/x/917.m4s":                                404,
		"/live/" + strings.Repeat("x", 100) + "/index.m3u8":        404,
		"/live/demo/720p/900/917/index.m3u8":                       404,
		"/live//index.m3u8":                                        404,
	} {
		t.Run(target, func(t *testing.T) {
			resp := ask(handler(&shelf{}), http.MethodGet, target)
			defer resp.Body.Close()
			if resp.StatusCode != status {
				t.Errorf("%s, want %d", resp.Status, status)
			}
		})
	}
}

func TestStatusesKeepCORSAndLifetimes(t *testing.T) {
	for name, tc := range map[string]struct {
		method string
		source shelf
		status int
		cache  string
	}{
		"a playlist":     {http.MethodGet, shelf{asset: asset.Asset{MaxAge: 12 * time.Second}}, 200, "public, max-age=0, s-maxage=12"},
		"a part":         {http.MethodGet, shelf{asset: asset.Asset{MaxAge: time.Hour, Immutable: true}}, 200, "public, max-age=3600, immutable"},
		"nothing there":  {http.MethodGet, shelf{err: fmt.Errorf("%w: x", asset.ErrNotFound)}, 404, "public, max-age=0, s-maxage=1"},
		"not there yet":  {http.MethodGet, shelf{err: asset.ErrNotFound, asset: asset.Asset{MaxAge: 2 * time.Second}}, 404, "public, max-age=0, s-maxage=2"},
		"too far ahead":  {http.MethodGet, shelf{err: asset.ErrBadRequest}, 400, "public, max-age=0, s-maxage=1"},
		"a stall":        {http.MethodGet, shelf{err: asset.ErrTimeout}, 503, "no-store"},
		"a fault":        {http.MethodGet, shelf{err: errors.New("x")}, 500, "no-store"},
		"a preflight":    {http.MethodOptions, shelf{}, 204, ""},
		"another method": {http.MethodPost, shelf{}, 405, ""},
	} {
		t.Run(name, func(t *testing.T) {
			resp := ask(handler(&tc.source), tc.method, "/live/demo/index.m3u8")
			defer resp.Body.Close()
			if resp.StatusCode != tc.status || resp.Header.Get("Cache-Control") != tc.cache {
				t.Errorf("%s, %q", resp.Status, resp.Header.Get("Cache-Control"))
			}
			if resp.Header.Get("Access-Control-Allow-Origin") != "*" || !strings.Contains(resp.Header.Get("Access-Control-Expose-Headers"), "Age, Date") {
				t.Errorf("CORS: %v", resp.Header)
			}
			if tc.status == 503 && resp.Header.Get("Retry-After") == "" {
				t.Error("no Retry-After")
			}
		})
	}
}

func TestForms(t *testing.T) {
	s := &shelf{asset: asset.Asset{ContentType: "text/x", Body: [][]byte{[]byte("ab"), []byte("c")}, Gzip: []byte("zipped"), ETag: `"v1"`, MaxAge: time.Second}}
	for name, tc := range map[string]struct {
		method string
		header []string
		status int
		body   string
		coding string
		length string
	}{
		"plain":               {http.MethodGet, nil, 200, "abc", "", "3"},
		"gzip is asked for":   {http.MethodGet, []string{"Accept-Encoding", "br, gzip"}, 200, "zipped", "gzip", "6"},
		"gzip is refused":     {http.MethodGet, []string{"Accept-Encoding", "gzip;q=0, br"}, 200, "abc", "", "3"},
		"only the head":       {http.MethodHead, nil, 200, "", "", "3"},
		"nothing new":         {http.MethodGet, []string{"If-None-Match", `"v1"`}, 304, "", "", ""},
		"nothing new, zipped": {http.MethodGet, []string{"If-None-Match", `"v0", W/"v1"`, "Accept-Encoding", "gzip"}, 304, "", "gzip", ""},
		"a range":             {http.MethodGet, []string{"Range", "bytes=1-1"}, 200, "abc", "", "3"},
		"something new since": {http.MethodGet, []string{"If-None-Match", `"v0"`}, 200, "abc", "", "3"},
	} {
		t.Run(name, func(t *testing.T) {
			resp := ask(handler(s), tc.method, "/live/demo/index.m3u8", tc.header...)
			defer resp.Body.Close()
			b, err := io.ReadAll(resp.Body)
			if err != nil {
				t.Fatal(err)
			}
			if resp.StatusCode != tc.status || string(b) != tc.body || resp.Header.Get("Content-Encoding") != tc.coding || resp.Header.Get("Content-Length") != tc.length {
				t.Errorf("%s, %q, %v", resp.Status, b, resp.Header)
			}
		})
	}
}

func TestZippedAndPlainAreNotTheSameBytes(t *testing.T) {
	s := &shelf{asset: asset.Asset{Body: [][]byte{[]byte("abc")}, Gzip: []byte("zipped"), ETag: `"v1"`}}
	for coding, want := range map[string]string{"": `"v1"`, "gzip": `W/"v1"`} {
		resp := ask(handler(s), http.MethodGet, "/live/demo/index.m3u8", "Accept-Encoding", coding)
		resp.Body.Close()
		if got := resp.Header.Get("ETag"); got != want || resp.Header.Get("Vary") != "Accept-Encoding" {
			t.Errorf("coding %q: ETag %s, Vary %q", coding, got, resp.Header.Get("Vary"))
		}
	}
}

// A server that goes down while a reload is held must not seem to answer it.
func TestCancelledRequestIsNoEmptyPlaylist(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	w := httptest.NewRecorder()
	handler(&shelf{err: context.Canceled}).ServeHTTP(w, httptest.NewRequest(http.MethodGet, "/live/demo/index.m3u8", nil).WithContext(ctx))
	if w.Code != http.StatusServiceUnavailable || w.Header().Get("Cache-Control") != "no-store" {
		t.Errorf("%d, %q", w.Code, w.Header().Get("Cache-Control"))
	}
}

func TestAudience(t *testing.T) {
	now := time.Unix(1000, 0)
	a := edge.NewAudience(func() time.Time { return now })
	if a.Viewers("demo") != 0 {
		t.Error("viewers of nothing")
	}
	for i := range 20 * 3 { // 20 s: three viewers by parts, two by plain reloads
		now = time.Unix(1000, 0).Add(time.Duration(i) * time.Second / 3)
		for range 3 {
			a.Watched("demo", time.Second/3)
		}
		if i%6 == 0 {
			a.Watched("demo", 2*time.Second)
			a.Watched("demo", 2*time.Second)
		}
	}
	if n := a.Viewers("demo"); n != 5 {
		t.Errorf("%d viewers", n)
	}
	now = now.Add(time.Minute)
	if n := a.Viewers("demo"); n != 0 {
		t.Errorf("%d viewers after all have gone", n)
	}
	a.Watched("demo", 0)
}

func FuzzURL(f *testing.F) {
	f.Add("/live/demo/720p/index.m3u8", "_HLS_msn=17&_HLS_part=3")
	f.Add("/live/demo/audio/900/917.0.m4s", "")
	f.Fuzz(func(t *testing.T, path, query string) {
		r := httptest.NewRequest(http.MethodGet, "/", nil)
		r.URL.Path, r.URL.RawQuery = path, query
		w := httptest.NewRecorder()
		s := &shelf{}
		handler(s).ServeHTTP(w, r)
		if w.Code != 200 && w.Code != 400 && w.Code != 404 {
			t.Errorf("%d", w.Code)
		}
		if w.Code == 200 && (s.got.Channel == "" || s.got.MSN < 0 || s.got.Part < 0 || s.got.Reload.MSN < 0) {
			t.Errorf("%+v", s.got)
		}
	})
}
