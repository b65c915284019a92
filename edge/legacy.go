package edge

import (
	"strings"

	"vitrine/packager/asset"
)

// legacyPrefix is where a show begins as plain HLS. No rendition is called so.
const legacyPrefix = "ts"

// legacy reads the fields of a path that names a piece of plain HLS, and reports
// whether it does.
func legacy(r *asset.Request, f []string) bool {
	if len(f) < 3 || f[1] != legacyPrefix {
		return false
	}
	out := asset.Request{Output: asset.Legacy}
	switch f = f[2:]; {
	case len(f) == 1 && f[0] == "index.m3u8":
		out.Kind = asset.Multivariant
	case len(f) == 2 && f[1] == "index.m3u8":
		out.Kind, out.Rendition = asset.Playlist, f[0]
	case len(f) == 3:
		name, ok := strings.CutSuffix(f[2], ".ts")
		epoch, errEpoch := decimal(f[1])
		msn, errMSN := decimal(name)
		if !ok || errEpoch != nil || errMSN != nil {
			return false
		}
		out.Kind, out.Rendition, out.Epoch, out.MSN = asset.Segment, f[0], epoch, msn
	default:
		return false
	}
	*r = out
	return true
}
