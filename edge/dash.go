package edge

import (
	"cmp"
	"errors"
	"net/http"
	"time"

	"vitrine/packager/asset"
)

// dashPrefix is where segments are that can be had while they grow. No rendition
// is called so.
const dashPrefix = "dash"

// mpd reads the fields of a path that names the MPD or such a segment, and reports
// whether it does.
func mpd(r *asset.Request, f []string) bool {
	var out asset.Request
	switch {
	case len(f) == 2 && f[1] == "index.mpd":
		out.Kind = asset.Multivariant
	case len(f) == 5 && f[1] == dashPrefix && mediaName(&out, f[3], f[4]) && out.Kind == asset.Segment:
		out.Rendition = f[2]
	default:
		return false
	}
	out.Output = asset.DASH
	*r = out
	return true
}

// grow answers with a segment: whole if it is complete, else part by part as they
// come. The Source is asked for what LL-HLS has, and shares it.
func (h *Handler) grow(w http.ResponseWriter, r *http.Request, req asset.Request) {
	req.Output = asset.LowLatency
	a, err := h.Source.Fetch(r.Context(), req)
	if err == nil {
		h.write(w, r, a)
		return
	}
	if !errors.Is(err, asset.ErrNotFound) {
		h.fail(w, r, err, cmp.Or(a.MaxAge, errorAge))
		return
	}
	ctl := http.NewResponseController(w)
	req.Kind = asset.Part
	for req.Part = 0; ; req.Part++ {
		a, err = h.Source.Fetch(r.Context(), req)
		switch {
		case err != nil && req.Part == 0:
			h.fail(w, r, err, cmp.Or(a.MaxAge, errorAge))
			return
		case errors.Is(err, asset.ErrNotFound) && h.complete(r, req):
			return
		case err != nil:
			panic(http.ErrAbortHandler) // or it would seem to be whole
		case req.Part == 0:
			w.Header().Set("Content-Type", a.ContentType)
			cacheControl(w.Header(), a.MaxAge, a.Immutable)
			if r.Method == http.MethodHead {
				return
			}
		}
		if err := ctl.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return
		}
		for _, b := range a.Body {
			if _, err := w.Write(b); err != nil {
				return // the viewer has gone, or reads too slowly
			}
		}
		if err := ctl.Flush(); err != nil {
			return
		}
	}
}

// complete reports whether the segment of a part can be had whole by now. One that
// lost its end cannot.
func (h *Handler) complete(r *http.Request, req asset.Request) bool {
	req.Kind, req.Part = asset.Segment, 0
	_, err := h.Source.Fetch(r.Context(), req)
	return err == nil
}
