package check

import (
	"bytes"
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

// Bounds of what one answer may hold.
const (
	maxPlaylist  = 16 << 20
	maxMedia     = 256 << 20
	maxRedirects = 5
	readChunk    = 64 << 10
)

// headers are what the assertions read of an answer.
type headers struct {
	Type, Encoding, Origin, Cache, ETag, Age, Proto string

	FromCache bool // an X-Cache header says HIT
	Redirect  bool // it took a redirect to get it
}

// answer is a response with its instants.
type answer struct {
	URL    string
	Base   *url.URL // whose answer it is, after redirects: what it names is relative to this
	Status int
	Head   headers
	Body   []byte
	Err    error // of the connection, or a body that is cut off

	Sent  time.Time
	First time.Time // the first byte of the body
	Got   time.Time // the last one
}

func (a *answer) ok() bool {
	return a.Err == nil && (a.Status == http.StatusOK || a.Status == http.StatusPartialContent)
}

// failure says in words why an answer is none.
func (a *answer) failure() string {
	switch {
	case a.Err != nil:
		return a.Err.Error()
	case !a.ok():
		return fmt.Sprintf("HTTP %d", a.Status)
	}
	return ""
}

// ask is one request.
type ask struct {
	url   string
	rng   byteRange
	gzip  bool
	etag  string // for If-None-Match
	limit int64
}

// newTransport returns the transport of a watch. Compression stays visible.
func newTransport(insecure bool) *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		ForceAttemptHTTP2:   true,
		DisableCompression:  true,
		MaxIdleConnsPerHost: 64,
		TLSClientConfig:     &tls.Config{InsecureSkipVerify: insecure, MinVersion: tls.VersionTLS12}, //nolint:gosec // only where the operator asks for it
	}
}

type fetcher struct{ client *http.Client }

func newFetcher(t http.RoundTripper) *fetcher {
	return &fetcher{client: &http.Client{
		Transport: t,
		CheckRedirect: func(_ *http.Request, via []*http.Request) error {
			if len(via) >= maxRedirects {
				return fmt.Errorf("more than %d redirects", maxRedirects)
			}
			return nil
		},
	}}
}

// do sends one request and reads the whole answer. It never fails: what went
// wrong is in the answer.
func (f *fetcher) do(ctx context.Context, q ask) *answer {
	a := &answer{URL: q.url, Sent: time.Now()}
	defer func() { a.Got = time.Now() }()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, q.url, nil)
	if err != nil {
		a.Err = err
		return a
	}
	req.Header.Set("User-Agent", "vitrine-check")
	req.Header.Set("Origin", "https://check.invalid") // a page of another origin, so that CORS shows
	if q.gzip {
		req.Header.Set("Accept-Encoding", "gzip")
	}
	if q.etag != "" {
		req.Header.Set("If-None-Match", q.etag)
	}
	switch {
	case q.rng.Length == openEnd:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-", q.rng.Offset))
	case q.rng.Length > 0:
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", q.rng.Offset, q.rng.Offset+q.rng.Length-1))
	}
	resp, err := f.client.Do(req)
	if err != nil {
		a.Err = err
		return a
	}
	defer resp.Body.Close()
	a.Status, a.Head, a.Base = resp.StatusCode, readHeaders(resp, q.url), req.URL
	if resp.Request != nil {
		a.Base = resp.Request.URL
	}
	a.read(resp.Body, q)
	return a
}

func readHeaders(resp *http.Response, asked string) headers {
	h := resp.Header
	media, _, _ := strings.Cut(h.Get("Content-Type"), ";")
	return headers{
		Type: strings.ToLower(strings.TrimSpace(media)), Encoding: h.Get("Content-Encoding"),
		Origin: h.Get("Access-Control-Allow-Origin"), Cache: h.Get("Cache-Control"),
		ETag: h.Get("ETag"), Age: h.Get("Age"), Proto: resp.Proto,
		FromCache: strings.Contains(strings.ToUpper(h.Get("X-Cache")), "HIT"),
		Redirect:  resp.Request != nil && resp.Request.URL.String() != asked,
	}
}

// read reads the body, and takes a range out of it where the server sent all.
func (a *answer) read(body io.Reader, q ask) {
	limit := q.limit
	if limit == 0 {
		limit = maxMedia
	}
	var buf bytes.Buffer
	chunk := make([]byte, readChunk)
	for {
		n, err := body.Read(chunk)
		if n > 0 && a.First.IsZero() {
			a.First = time.Now()
		}
		buf.Write(chunk[:n])
		if int64(buf.Len()) > limit {
			a.Err = fmt.Errorf("more than %d bytes", limit)
			return
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			a.Err = fmt.Errorf("the answer is cut off after %d bytes: %w", buf.Len(), err)
			return
		}
	}
	a.Body = buf.Bytes()
	if a.Head.Encoding == "gzip" {
		a.unzip(limit)
	}
	if q.rng.Length > 0 && a.Status == http.StatusOK && a.Err == nil {
		from := min(q.rng.Offset, int64(len(a.Body)))
		a.Body = a.Body[from:]
		a.Body = a.Body[:min(q.rng.Length, int64(len(a.Body)))]
	}
	if q.rng.Length > 0 && q.rng.Length != openEnd && a.ok() && int64(len(a.Body)) != q.rng.Length {
		a.Err = fmt.Errorf("%d bytes of a range of %d", len(a.Body), q.rng.Length)
	}
}

func (a *answer) unzip(limit int64) {
	z, err := gzip.NewReader(bytes.NewReader(a.Body))
	if err == nil {
		a.Body, err = io.ReadAll(io.LimitReader(z, limit))
	}
	if err != nil {
		a.Err = fmt.Errorf("the gzip does not unpack: %w", err)
	}
}
