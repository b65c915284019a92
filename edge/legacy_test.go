package edge_test

import (
	"net/http"
	"testing"

	"vitrine/packager/asset"
)

func TestLegacyURLs(t *testing.T) {
	for target, want := range map[string]asset.Request{
		"/live/demo/ts/index.m3u8":                  {Channel: "demo", Output: asset.Legacy, Kind: asset.Multivariant},
		"/live/demo/ts/720p/index.m3u8?_HLS_msn=17": {Channel: "demo", Output: asset.Legacy, Kind: asset.Playlist, Rendition: "720p"},
		"/live/demo/ts/720p/900/917.ts":             {Channel: "demo", Output: asset.Legacy, Kind: asset.Segment, Rendition: "720p", Epoch: 900, MSN: 917},
		"/live/ts/720p/index.m3u8":                  {Channel: "ts", Kind: asset.Playlist, Rendition: "720p"},
		"/live/ts/index.m3u8":                       {Channel: "ts", Kind: asset.Multivariant},
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
	for _, target := range []string{
		"/live/demo/ts/720p/900/917.m4s",
		"/live/demo/ts/720p/900/917.0.ts",
		"/live/demo/ts/720p/900/init0.mp4",
		"/live/demo/ts/720p/0900/917.ts",
		"/live/demo/ts/720p/iframes.m3u8",
		"/live/demo/ts/ts/720p/index.m3u8",
		"/live/demo/720p/900/917.ts",
	} {
		resp := ask(handler(&shelf{}), http.MethodGet, target)
		resp.Body.Close()
		if resp.StatusCode != http.StatusNotFound {
			t.Errorf("%s: %s", target, resp.Status)
		}
	}
}
