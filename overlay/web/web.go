package web

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed all:dist
var dist embed.FS

// hashed is the folder whose files carry the hash of their bytes in their names.
const hashed = "web/assets/"

// Lifetimes in a cache: for ever, asked about each time, or none.
const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheAsk     = "no-cache"
	cacheNot     = "no-store"
)

// What a page may do. Products' pictures and posters come from anywhere; scripts
// and data from here only. Styles are constructed by script, which no directive
// restricts. blob: is where Media Source Extensions play from, data: the empty
// file of captions that hls.js makes a text track by.
const (
	policyCommon = "default-src 'none'; script-src 'self'; style-src 'self'; img-src * data:; " +
		"media-src 'self' blob: data:; connect-src 'self'; base-uri 'none'; "
	policyPlayer  = policyCommon + "form-action 'none'"
	policyConsole = policyCommon + "form-action 'self'; frame-ancestors 'none'"
)

// notBuilt is said where the pages would be.
const notBuilt = "the pages are not built: run make build"

// Assets serves /web/…: what the pages load, and vitrine-player.js for pages
// elsewhere. Files with a hash in their names may be cached for ever.
func Assets() http.Handler { return assets(built(dist)) }

// Player serves the player page of whatever channel it is mounted for. The page
// finds its playlist beside itself, so its path must end with a slash. Any site
// may frame it.
func Player() http.Handler {
	return page(built(dist), "player.html", cacheAsk, policyPlayer, "strict-origin-when-cross-origin")
}

// Console serves the console page. The page takes the channel from its own path,
// /console/CHANNEL, and asks for the host token where the API refuses it. No cache
// keeps it: whether one gets it depends on a cookie.
func Console() http.Handler {
	return page(built(dist), "console.html", cacheNot, policyConsole, "no-referrer")
}

// file is one built file, ready to be sent.
type file struct {
	contentType string
	etag        string
	plain, gzip []byte // gzip is nil if the build found it not worth while
}

// built reads the build. It is empty if there was none.
func built(from fs.FS) map[string]file {
	files := map[string]file{}
	// An embedded file system does not fail to be read.
	_ = fs.WalkDir(from, "dist", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, ".gz") || strings.HasPrefix(path.Base(name), ".") {
			return err
		}
		plain, err := fs.ReadFile(from, name)
		if err != nil {
			return err
		}
		gz, err := fs.ReadFile(from, name+".gz")
		if err != nil {
			gz = nil
		}
		sum := sha256.Sum256(plain)
		files[strings.TrimPrefix(name, "dist/")] = file{
			contentType: contentType(name),
			etag:        `"` + hex.EncodeToString(sum[:12]) + `"`,
			plain:       plain,
			gzip:        gz,
		}
		return nil
	})
	return files
}

// contentType does not ask the machine for what the build makes: its tables differ.
func contentType(name string) string {
	switch path.Ext(name) {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".svg":
		return "image/svg+xml"
	}
	if t := mime.TypeByExtension(path.Ext(name)); t != "" {
		return t
	}
	return "application/octet-stream"
}

func assets(files map[string]file) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Access-Control-Allow-Origin", "*") // the player is for any page
		w.Header().Set("Cross-Origin-Resource-Policy", "cross-origin")
		if len(files) == 0 {
			unavailable(w)
			return
		}
		name := strings.TrimPrefix(path.Clean(r.URL.Path), "/")
		f, ok := files[name]
		if !ok || !strings.HasPrefix(name, "web/") {
			w.Header().Set("Cache-Control", cacheAsk)
			http.NotFound(w, r)
			return
		}
		cache := cacheAsk
		if strings.HasPrefix(name, hashed) {
			cache = cacheForever
		}
		send(w, r, f, cache)
	})
}

func page(files map[string]file, name, cache, policy, referrer string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, ok := files[name]
		if !ok {
			unavailable(w)
			return
		}
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("Referrer-Policy", referrer)
		send(w, r, f, cache)
	})
}

// unavailable says in one plain line what the operator has to do.
func unavailable(w http.ResponseWriter) {
	w.Header().Set("Cache-Control", cacheNot)
	http.Error(w, notBuilt, http.StatusServiceUnavailable)
}

func send(w http.ResponseWriter, r *http.Request, f file, cache string) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD are answered here", http.StatusMethodNotAllowed)
		return
	}
	h := w.Header()
	h.Set("Content-Type", f.contentType)
	h.Set("Cache-Control", cache)
	h.Set("X-Content-Type-Options", "nosniff")
	body, etag := f.plain, f.etag
	if f.gzip != nil {
		h.Add("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			h.Set("Content-Encoding", "gzip")
			body, etag = f.gzip, strings.TrimSuffix(f.etag, `"`)+`-gz"`
		}
	}
	h.Set("ETag", etag)
	if matches(r.Header.Get("If-None-Match"), etag) {
		w.WriteHeader(http.StatusNotModified)
		return
	}
	h.Set("Content-Length", strconv.Itoa(len(body)))
	if r.Method == http.MethodHead {
		return
	}
	_, _ = bytes.NewReader(body).WriteTo(w) // a viewer who left needs no answer
}

// acceptsGzip reports whether an Accept-Encoding admits gzip (rfc9110 §12.5.3).
func acceptsGzip(header string) bool {
	for part := range strings.SplitSeq(header, ",") {
		coding, params, _ := strings.Cut(strings.TrimSpace(part), ";")
		if strings.EqualFold(strings.TrimSpace(coding), "gzip") {
			q := strings.TrimSpace(params)
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}

// matches reports whether an If-None-Match names etag (rfc9110 §13.1.2).
func matches(header, etag string) bool {
	for part := range strings.SplitSeq(header, ",") {
		if t := strings.TrimPrefix(strings.TrimSpace(part), "W/"); t == etag || t == "*" {
			return true
		}
	}
	return false
}
