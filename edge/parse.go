package edge

import (
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"vitrine/packager/asset"
)

// Limits of what a URL may name.
const (
	maxNameLength = 64
	maxQuery      = 1024
)

// parse reads a path below [Prefix] and its query:
//
//	CHANNEL/index.m3u8
//	CHANNEL/RENDITION/index.m3u8?_HLS_msn=M&_HLS_part=N&_HLS_skip=YES
//	CHANNEL/RENDITION/iframes.m3u8?_HLS_msn=M
//	CHANNEL/RENDITION/EPOCH/init0.mp4
//	CHANNEL/RENDITION/EPOCH/MSN.m4s
//	CHANNEL/RENDITION/EPOCH/MSN.PART.m4s
//
// and, for the same as plain HLS:
//
//	CHANNEL/ts/index.m3u8
//	CHANNEL/ts/RENDITION/index.m3u8
//	CHANNEL/ts/RENDITION/EPOCH/MSN.ts
//
// and as DASH:
//
//	CHANNEL/index.mpd
//	CHANNEL/dash/RENDITION/EPOCH/MSN.m4s
func parse(path, query string) (asset.Request, error) {
	f := strings.Split(path, "/")
	var r asset.Request
	switch {
	case legacy(&r, f), mpd(&r, f):
	case len(f) == 2 && f[1] == "index.m3u8":
		r.Kind = asset.Multivariant
	case len(f) == 3 && f[2] == "index.m3u8":
		r.Kind, r.Rendition = asset.Playlist, f[1]
		if err := directives(&r, query); err != nil {
			return r, err
		}
	case len(f) == 3 && f[2] == "iframes.m3u8":
		r.Kind, r.Rendition = asset.IFrames, f[1]
		if err := directives(&r, query); err != nil {
			return r, err
		}
		r.Skip = asset.SkipNothing // it is told whole
		if r.Blocking {
			r.Reload.Part = -1 // it has no parts
		}
	case len(f) == 4 && mediaName(&r, f[2], f[3]):
		r.Rendition = f[1]
	default:
		return r, fmt.Errorf("%w: %q is no URL of a show", asset.ErrNotFound, path)
	}
	r.Channel = f[0]
	if r.Channel == "" || len(r.Channel) > maxNameLength || len(r.Rendition) > maxNameLength {
		return r, fmt.Errorf("%w: %q is no URL of a show", asset.ErrNotFound, path)
	}
	return r, nil
}

// directives reads the delivery directives (rfc8216bis §6.2.5). What is not one
// of them is ignored, so that it cannot split a cache.
func directives(r *asset.Request, query string) error {
	if query == "" {
		return nil
	}
	if len(query) > maxQuery {
		return fmt.Errorf("%w: a query of %d bytes", asset.ErrBadRequest, len(query))
	}
	q, err := url.ParseQuery(query)
	if err != nil {
		return fmt.Errorf("%w: %w", asset.ErrBadRequest, err)
	}
	switch q.Get("_HLS_skip") {
	case "YES":
		r.Skip = asset.SkipSegments
	case "v2":
		r.Skip = asset.SkipRanges
	}
	msn, part := q.Get("_HLS_msn"), q.Get("_HLS_part")
	if msn == "" {
		if part != "" {
			return fmt.Errorf("%w: _HLS_part without _HLS_msn", asset.ErrBadRequest)
		}
		return nil
	}
	r.Blocking = true
	r.Reload.Part = -1
	if r.Reload.MSN, err = decimal(msn); err != nil {
		return fmt.Errorf("%w: _HLS_msn: %w", asset.ErrBadRequest, err)
	}
	if part != "" {
		n, err := decimal(part)
		if err != nil || n > 1<<30 {
			return fmt.Errorf("%w: _HLS_part is not a part's number", asset.ErrBadRequest)
		}
		r.Reload.Part = int(n)
	}
	return nil
}

// mediaName reads the epoch and the file name of a piece of media. Only the
// canonical spelling is accepted: one piece, one URL.
func mediaName(r *asset.Request, epoch, name string) bool {
	var err error
	if r.Epoch, err = decimal(epoch); err != nil {
		return false
	}
	if n, ok := strings.CutPrefix(name, "init"); ok {
		n, ok = strings.CutSuffix(n, ".mp4")
		r.Kind = asset.Init
		r.MSN, err = decimal(n)
		return ok && err == nil
	}
	name, ok := strings.CutSuffix(name, ".m4s")
	if !ok {
		return false
	}
	msn, part, isPart := strings.Cut(name, ".")
	r.Kind = asset.Segment
	if r.MSN, err = decimal(msn); err != nil {
		return false
	}
	if isPart {
		r.Kind = asset.Part
		n, err := decimal(part)
		if err != nil || n > 1<<30 {
			return false
		}
		r.Part = int(n)
	}
	return true
}

// decimal reads a number without sign or leading zeros.
func decimal(s string) (int64, error) {
	if s == "" || len(s) > 1 && s[0] == '0' || s[0] < '0' || s[0] > '9' {
		return 0, fmt.Errorf("%q is not a decimal number", s)
	}
	n, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%q is not a decimal number", s)
	}
	return n, nil
}
