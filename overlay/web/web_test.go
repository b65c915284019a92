package web

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func zipped(t *testing.T, s string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := io.WriteString(w, s); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func build(t *testing.T) map[string]file {
	t.Helper()
	const script = "console.log('player')"
	return built(fstest.MapFS{
		"dist/.keep":                     {},
		"dist/player.html":               {Data: []byte("<!doctype html>player")},
		"dist/console.html":              {Data: []byte("<!doctype html>console")},
		"dist/web/vitrine-player.js":     {Data: []byte("export {}")},
		"dist/web/assets/page-abc.js":    {Data: []byte(script)},
		"dist/web/assets/page-abc.js.gz": {Data: zipped(t, script)},
	})
}

func get(t *testing.T, h http.Handler, target string, header ...string) *http.Response {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, target, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	defer r.Body.Close()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAssets(t *testing.T) {
	h := assets(build(t))
	for name, c := range map[string]struct {
		path, cache, contentType string
		code                     int
	}{
		"a hashed file is kept for ever":       {"/web/assets/page-abc.js", cacheForever, "text/javascript; charset=utf-8", 200},
		"a file with a stable name is asked":   {"/web/vitrine-player.js", cacheAsk, "text/javascript; charset=utf-8", 200},
		"what was never built is missing":      {"/web/assets/page-xyz.js", cacheAsk, "text/plain; charset=utf-8", 404},
		"a compressed twin has no own address": {"/web/assets/page-abc.js.gz", cacheAsk, "text/plain; charset=utf-8", 404},
		"a page is no asset":                   {"/web/../player.html", cacheAsk, "text/plain; charset=utf-8", 404},
		"nothing hidden is served":             {"/web/../.keep", cacheAsk, "text/plain; charset=utf-8", 404},
	} {
		t.Run(name, func(t *testing.T) {
			r := get(t, h, c.path)
			defer r.Body.Close()
			if r.StatusCode != c.code || r.Header.Get("Cache-Control") != c.cache || r.Header.Get("Content-Type") != c.contentType {
				t.Errorf("got %d, %q, %q", r.StatusCode, r.Header.Get("Cache-Control"), r.Header.Get("Content-Type"))
			}
			if r.Header.Get("Access-Control-Allow-Origin") != "*" {
				t.Error("another site cannot load it")
			}
		})
	}
}

func TestCompression(t *testing.T) {
	h := assets(build(t))
	const target = "/web/assets/page-abc.js"
	plain := get(t, h, target)
	if got := body(t, plain); got != "console.log('player')" {
		t.Errorf("plain: %q", got)
	}
	packed := get(t, h, target, "Accept-Encoding", "br, gzip;q=0.8")
	if packed.Header.Get("Content-Encoding") != "gzip" || packed.Header.Get("Vary") != "Accept-Encoding" {
		t.Fatalf("not compressed: %v", packed.Header)
	}
	z, err := gzip.NewReader(strings.NewReader(body(t, packed)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := io.ReadAll(z); err != nil || string(got) != "console.log('player')" {
		t.Errorf("unpacked: %q, %v", got, err)
	}
	if plain.Header.Get("ETag") == packed.Header.Get("ETag") {
		t.Error("two encodings share a strong ETag")
	}
	if r := get(t, h, target, "Accept-Encoding", "gzip;q=0"); r.Header.Get("Content-Encoding") != "" {
		t.Error("compressed for who refused it")
	}
	r := get(t, h, target, "If-None-Match", `"x", W/`+plain.Header.Get("ETag"))
	if r.StatusCode != http.StatusNotModified || body(t, r) != "" {
		t.Errorf("known ETag: %d", r.StatusCode)
	}
}

func TestPages(t *testing.T) {
	files := build(t)
	r := get(t, page(files, "player.html", cacheAsk, policyPlayer, ""), "/live/demo/")
	if got := body(t, r); got != "<!doctype html>player" || r.StatusCode != 200 {
		t.Errorf("player: %d %q", r.StatusCode, got)
	}
	if r.Header.Get("Cache-Control") != cacheAsk {
		t.Error("an old page would outlive its assets")
	}
	if strings.Contains(r.Header.Get("Content-Security-Policy"), "frame-ancestors") {
		t.Error("the player cannot be framed by a shop")
	}
	r = get(t, page(files, "console.html", cacheNot, policyConsole, "no-referrer"), "/console/demo")
	if got := body(t, r); got != "<!doctype html>console" {
		t.Errorf("console: %q", got)
	}
	if p := r.Header.Get("Content-Security-Policy"); !strings.Contains(p, "frame-ancestors 'none'") || strings.Contains(p, "unsafe") {
		t.Errorf("console's policy: %s", p)
	}
	if r.Header.Get("Referrer-Policy") != "no-referrer" {
		t.Error("the console tells where its host came from")
	}
	if r.Header.Get("Cache-Control") != cacheNot {
		t.Error("a cache keeps the console, whoever asks next")
	}
}

func TestPagesRefuseToBeWrittenTo(t *testing.T) {
	w := httptest.NewRecorder()
	page(build(t), "player.html", cacheAsk, policyPlayer, "").ServeHTTP(w, httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", nil))
	if w.Code != http.StatusMethodNotAllowed || w.Header().Get("Allow") != "GET, HEAD" {
		t.Errorf("got %d", w.Code)
	}
}

func TestNotBuiltIsSaidPlainly(t *testing.T) {
	files := built(fstest.MapFS{"dist/.keep": {}})
	for name, h := range map[string]http.Handler{
		"player":  page(files, "player.html", cacheAsk, policyPlayer, ""),
		"console": page(files, "console.html", cacheNot, policyConsole, "no-referrer"),
		"assets":  assets(files),
	} {
		r := get(t, h, "/web/vitrine-player.js")
		if got := body(t, r); r.StatusCode != http.StatusServiceUnavailable || got != notBuilt+"\n" {
			t.Errorf("%s: %d %q", name, r.StatusCode, got)
		}
	}
}

func TestEmbeddedBuildIsWholeOrAbsent(t *testing.T) {
	files := built(dist)
	if len(files) == 0 {
		return // not built: the handlers say so, see above
	}
	for _, name := range []string{"player.html", "console.html", "web/vitrine-player.js"} {
		if _, ok := files[name]; !ok {
			t.Errorf("the build lacks %s", name)
		}
	}
	if Assets() == nil || Player() == nil || Console() == nil {
		t.Error("no handler")
	}
}
