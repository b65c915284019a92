package edge

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"vitrine/packager/asset"
)

// ranged returns the part of a's body that a request asks for (RFC 9110 §14), and
// the status to answer with: 200 with all of it if there is no single range of
// bytes to be had, 206, or 416 with an error. It sets Content-Range.
func ranged(answer, request http.Header, a asset.Asset) ([][]byte, int, error) {
	if v := request.Get("If-Range"); v != "" && v != a.ETag {
		return a.Body, http.StatusOK, nil
	}
	size := a.Len()
	from, to, ok := byteRange(request.Get("Range"), size)
	switch {
	case !ok:
		return a.Body, http.StatusOK, nil
	case from >= size:
		answer.Set("Content-Range", "bytes */"+strconv.Itoa(size))
		return nil, http.StatusRequestedRangeNotSatisfiable, fmt.Errorf("there are %d bytes only", size)
	}
	answer.Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, size))
	return cut(a.Body, from, to+1), http.StatusPartialContent, nil
}

// byteRange reads a Range header that asks for one range of bytes, for a body of
// `size`: the first byte and the last. Anything else is ignored, as RFC 9110 §14.2
// allows.
func byteRange(header string, size int) (from, to int, ok bool) {
	spec, found := strings.CutPrefix(header, "bytes=")
	first, last, dash := strings.Cut(spec, "-")
	if !found || !dash || size == 0 {
		return 0, 0, false
	}
	to = size - 1
	if last != "" {
		n, err := strconv.ParseUint(last, 10, 31)
		if err != nil {
			return 0, 0, false
		}
		if first == "" { // the last n bytes
			return max(0, size-int(n)), to, n > 0
		}
		to = min(to, int(n))
	}
	n, err := strconv.ParseUint(first, 10, 31)
	if err != nil || last != "" && int(n) > to && int(n) < size {
		return 0, 0, false
	}
	return int(n), to, true
}

// cut returns the bytes from `from` up to `to` of a body in pieces.
func cut(body [][]byte, from, to int) [][]byte {
	var out [][]byte
	for _, b := range body {
		if lo, hi := max(from, 0), min(to, len(b)); lo < hi {
			out = append(out, b[lo:hi])
		}
		from, to = from-len(b), to-len(b)
	}
	return out
}

func lengthOf(body [][]byte) int {
	n := 0
	for _, b := range body {
		n += len(b)
	}
	return n
}
