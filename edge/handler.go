package edge

import (
	"cmp"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strconv"
	"strings"
	"time"

	"vitrine/packager/asset"
)

// Source finds one asset, waiting if the request names a position that is not
// yet live. Its errors are those of package asset, or the context's.
type Source interface {
	Fetch(ctx context.Context, r asset.Request) (asset.Asset, error)
}

// Prefix is the path below which a Handler serves.
const Prefix = "/live/"

const (
	// writeTimeout is how long a client may take to read one answer.
	writeTimeout = 15 * time.Second
	// errorAge is how long a cache may keep a 404 or 400 if the Source says nothing.
	errorAge = time.Second
	// retryAfter is what a 503 asks for.
	retryAfter = time.Second
)

// Handler answers viewers from a Source.
type Handler struct {
	Source   Source
	Audience *Audience // counts viewers; required
	Log      *slog.Logger
}

// ServeHTTP answers GET, HEAD and OPTIONS below [Prefix].
func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	CORS(w.Header())
	switch r.Method {
	case http.MethodGet, http.MethodHead:
	case http.MethodOptions:
		w.WriteHeader(http.StatusNoContent)
		return
	default:
		w.Header().Set("Allow", "GET, HEAD, OPTIONS")
		http.Error(w, "only GET, HEAD and OPTIONS", http.StatusMethodNotAllowed)
		return
	}
	req, err := parse(strings.TrimPrefix(r.URL.Path, Prefix), r.URL.RawQuery)
	if err != nil {
		h.fail(w, r, err, errorAge)
		return
	}
	if req.Output == asset.DASH && req.Kind == asset.Segment {
		h.grow(w, r, req)
		return
	}
	a, err := h.Source.Fetch(r.Context(), req)
	if err != nil {
		h.fail(w, r, err, cmp.Or(a.MaxAge, errorAge))
		return
	}
	h.Audience.Watched(req.Channel, a.Watch)
	h.write(w, r, a)
}

// CORS lets pages of any origin read an answer, whatever its status.
func CORS(header http.Header) {
	header.Set("Access-Control-Allow-Origin", "*")
	header.Set("Access-Control-Expose-Headers", "Age, Date, ETag, Content-Range")
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, OPTIONS")
	header.Set("Access-Control-Allow-Headers", "*")
	header.Set("Access-Control-Max-Age", "86400")
	header.Set("Timing-Allow-Origin", "*")
}

// fail says why there is no asset. A cache may keep for `keep` that something is
// not there, or makes no sense, and not that it did not come in time.
func (h *Handler) fail(w http.ResponseWriter, r *http.Request, err error, keep time.Duration) {
	status, age := http.StatusInternalServerError, time.Duration(0)
	switch {
	case r.Context().Err() != nil: // the viewer has gone, or the server is going
		status = http.StatusServiceUnavailable
	case errors.Is(err, asset.ErrNotFound):
		status, age = http.StatusNotFound, keep
	case errors.Is(err, asset.ErrBadRequest):
		status, age = http.StatusBadRequest, keep
	case errors.Is(err, asset.ErrTimeout):
		status = http.StatusServiceUnavailable
		w.Header().Set("Retry-After", strconv.Itoa(int(retryAfter/time.Second)))
	default:
		h.Log.Error("request fails", "path", r.URL.Path, "err", err)
	}
	cacheControl(w.Header(), age, false)
	http.Error(w, err.Error(), status)
}

// cacheControl says for how long caches may keep an answer. One that changes is for
// caches between (s-maxage): a browser asks again. VHS 3.17 asks for one playlist
// twice where a segment ends, and stands for as long as its browser answers that.
func cacheControl(header http.Header, age time.Duration, immutable bool) {
	switch {
	case immutable:
		header.Set("Cache-Control", "public, max-age="+strconv.Itoa(int(age/time.Second))+", immutable")
	case age > 0:
		header.Set("Cache-Control", "public, max-age=0, s-maxage="+strconv.Itoa(int(max(age, time.Second)/time.Second)))
	default:
		header.Set("Cache-Control", "no-store")
	}
}

func (h *Handler) write(w http.ResponseWriter, r *http.Request, a asset.Asset) {
	header := w.Header()
	header.Set("Content-Type", a.ContentType)
	cacheControl(header, a.MaxAge, a.Immutable)
	etag := a.ETag
	body, length := a.Body, a.Len()
	if a.Gzip != nil {
		header.Set("Vary", "Accept-Encoding")
		if acceptsGzip(r.Header.Get("Accept-Encoding")) {
			header.Set("Content-Encoding", "gzip")
			body, length = [][]byte{a.Gzip}, len(a.Gzip)
			if etag != "" {
				etag = "W/" + etag // the same meaning, not the same bytes
			}
		}
	}
	if etag != "" {
		header.Set("ETag", etag)
		if matches(r.Header.Values("If-None-Match"), a.ETag) {
			w.WriteHeader(http.StatusNotModified)
			return
		}
	}
	status := http.StatusOK
	if a.Immutable {
		header.Set("Accept-Ranges", "bytes")
		var err error
		if body, status, err = ranged(header, r.Header, a); err != nil {
			cacheControl(header, 0, false) // it is the range that is wrong, not the piece
			header.Del("ETag")
			http.Error(w, err.Error(), status)
			return
		}
		length = lengthOf(body)
	}
	header.Set("Content-Length", strconv.Itoa(length))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	ctl := http.NewResponseController(w)
	// Recorders and proxies of tests know no deadline; real connections do.
	if err := ctl.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return
	}
	for _, b := range body {
		if _, err := w.Write(b); err != nil {
			return // the viewer has gone, or reads too slowly
		}
	}
}

// matches reports whether If-None-Match fields name the strong validator etag,
// by weak comparison (RFC 9110 §13.1.2).
func matches(fields []string, etag string) bool {
	for _, field := range fields {
		for tag := range strings.SplitSeq(field, ",") {
			if tag = strings.TrimSpace(tag); tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}

// acceptsGzip reports whether an Accept-Encoding header names gzip and does not
// refuse it.
func acceptsGzip(accept string) bool {
	for coding := range strings.SplitSeq(accept, ",") {
		name, q, _ := strings.Cut(strings.TrimSpace(coding), ";")
		if strings.EqualFold(strings.TrimSpace(name), "gzip") {
			q = strings.ReplaceAll(q, " ", "")
			return q != "q=0" && q != "q=0.0" && q != "q=0.00" && q != "q=0.000"
		}
	}
	return false
}
