package edge_test

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"vitrine/edge"
	"vitrine/packager/asset"
)

func TestMPDURLs(t *testing.T) {
	s := &shelf{}
	resp := ask(handler(s), http.MethodGet, "/live/demo/index.mpd")
	resp.Body.Close()
	if want := (asset.Request{Channel: "demo", Output: asset.DASH, Kind: asset.Multivariant}); s.got != want {
		t.Errorf("%+v", s.got)
	}
	resp = ask(handler(s), http.MethodGet, "/live/demo/dash/720p/900/917.m4s")
	resp.Body.Close()
	if want := (asset.Request{Channel: "demo", Kind: asset.Segment, Rendition: "720p", Epoch: 900, MSN: 917}); s.got != want {
		t.Errorf("%+v: not what LL-HLS asks for", s.got)
	}
	for _, target := range []string{"/live/demo/dash/720p/900/917.0.m4s", "/live/demo/dash/720p/900/init0.mp4", "/live/demo/720p/index.mpd"} {
		resp := ask(handler(&shelf{}), http.MethodGet, target)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", target, resp.Status)
		}
	}
}

// growing is a Source of one segment that grows: each part comes when it is told.
type growing struct {
	parts chan asset.Asset
	over  bool  // there are no more
	end   error // of the request for one more
	whole error // of the request for the segment, then
}

func (g *growing) Fetch(ctx context.Context, r asset.Request) (asset.Asset, error) {
	if r.Kind != asset.Part {
		if g.over {
			return asset.Asset{}, g.whole
		}
		return asset.Asset{}, asset.ErrNotFound
	}
	select {
	case a, ok := <-g.parts:
		if !ok {
			g.over = true
			return asset.Asset{}, g.end
		}
		return a, nil
	case <-ctx.Done():
		return asset.Asset{}, context.Cause(ctx)
	}
}

func TestSegmentIsSentAsItGrows(t *testing.T) {
	for name, tc := range map[string]struct {
		end, whole error
		want       error
	}{
		"to its end":                       {asset.ErrNotFound, nil, nil},
		"until its end is lost":            {asset.ErrNotFound, asset.ErrNotFound, io.ErrUnexpectedEOF},
		"until the show breaks off midway": {asset.ErrTimeout, nil, io.ErrUnexpectedEOF},
	} {
		t.Run(name, func(t *testing.T) {
			g := &growing{parts: make(chan asset.Asset, 1), end: tc.end, whole: tc.whole}
			server := httptest.NewServer(&edge.Handler{Source: g, Audience: edge.NewAudience(time.Now), Log: slog.New(slog.DiscardHandler)})
			defer server.Close()
			part := asset.Asset{ContentType: "video/mp4", Body: [][]byte{[]byte("par"), []byte("t.")}, MaxAge: time.Hour, Immutable: true}
			g.parts <- part
			req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, server.URL+"/live/demo/dash/720p/900/917.m4s", nil)
			if err != nil {
				t.Fatal(err)
			}
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			defer resp.Body.Close()
			for i := range 3 {
				b := make([]byte, 5)
				if _, err := io.ReadFull(resp.Body, b); err != nil || string(b) != "part." {
					t.Fatalf("%q, %v", b, err)
				}
				if i < 2 {
					g.parts <- part // only now there is another
				}
			}
			close(g.parts)
			if resp.Header.Get("Cache-Control") != "public, max-age=3600, immutable" || resp.ContentLength >= 0 {
				t.Errorf("%v", resp.Header)
			}
			rest, err := io.ReadAll(resp.Body)
			if !errors.Is(err, tc.want) {
				t.Errorf("%q, %v", rest, err)
			}
		})
	}
}

func TestSegmentThatIsNotThere(t *testing.T) {
	for err, status := range map[error]int{asset.ErrNotFound: 404, asset.ErrTimeout: 503} {
		resp := ask(handler(&shelf{err: err}), http.MethodGet, "/live/demo/dash/720p/900/917.m4s")
		resp.Body.Close()
		if resp.StatusCode != status {
			t.Errorf("%v: %s", err, resp.Status)
		}
	}
}
