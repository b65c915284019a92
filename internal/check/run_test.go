package check

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// examineFor watches an origin in virtual time.
func examineFor(t *testing.T, o *origin, d time.Duration, expect ...string) *Report {
	t.Helper()
	var report *Report
	synctest.Test(t, func(t *testing.T) {
		o.t = t
		o.began = time.Now().Add(-90 * time.Second)
		var err error
		report, err = Run(t.Context(), Config{URL: "https://origin.test/index.m3u8", For: d, Transport: direct{o}, Expect: func() []string { return expect }})
		if err != nil {
			t.Fatal(err)
		}
	})
	return report
}

// want holds a report against the assertions that should fail and those that
// may not apply; all others must be held.
func want(t *testing.T, r *Report, failed, absent []int) {
	t.Helper()
	is := func(list []int, n int) bool {
		for _, x := range list {
			if x == n {
				return true
			}
		}
		return false
	}
	for _, v := range r.Verdicts {
		want := Held
		switch {
		case is(failed, v.Number):
			want = Failed
		case is(absent, v.Number):
			want = NotApplicable
		}
		if v.State != want {
			t.Errorf("%d %s: %s, want %s; %s\n\t%s", v.Number, v.Title, v.State, want, v.Note, strings.Join(v.Evidence, "\n\t"))
		}
	}
}

// live are the assertions that do not apply to a stream that goes on: nothing
// stalls, nothing ends, nothing drops, and nobody sees an edge's origin.
var live = []int{22, 34, 37, 38}

func TestCorrectStreamHoldsAll(t *testing.T) {
	want(t, examineFor(t, &origin{}, 40*time.Second), nil, live)
}

// TestProgrammeEnds: after EXT-X-ENDLIST there are other rules, and the watch
// ends before its time.
func TestProgrammeEnds(t *testing.T) {
	r := examineFor(t, &origin{end: 180 + 41}, 10*time.Minute)
	want(t, r, nil, []int{22, 37, 38})
	if r.Seconds > 100 {
		t.Errorf("the watch went on for %.0f s", r.Seconds)
	}
}

// TestEncoderDropsAndReturns: gaps, a discontinuity and a new init are no failure.
func TestEncoderDropsAndReturns(t *testing.T) {
	want(t, examineFor(t, &origin{gap: 48}, 40*time.Second), nil, []int{22, 34, 38})
}

// TestDropInOneRendition: a discontinuity that the others lack.
func TestDropInOneRendition(t *testing.T) {
	o := &origin{gap: 48}
	o.playlist = func(r, s string) string {
		if r == "lo" {
			s = strings.ReplaceAll(s, "#EXT-X-DISCONTINUITY\n", "")
			s = strings.ReplaceAll(s, "#EXT-X-GAP\n", "")
		}
		return s
	}
	r := examineFor(t, o, 40*time.Second)
	if v := r.Verdict(37); v.State != Failed {
		t.Errorf("%+v", v)
	}
}

// TestLongWatch: it is judged stretch by stretch, and what one stretch found
// stands at the end.
func TestLongWatch(t *testing.T) {
	want(t, examineFor(t, &origin{}, 5*time.Minute, "c199", "c598"), nil, live)
	early := &origin{}
	early.event = func(r string, e *mp4.EmsgBox) {
		if r == "lo" && e.PresentationTime < 100*videoScale {
			e.MessageData = append(e.MessageData, 0)
		}
	}
	want(t, examineFor(t, early, 3*time.Minute), []int{8, 10}, live)
}

// TestExpectedCueIsLost: what the API took must come.
func TestExpectedCueIsLost(t *testing.T) {
	r := examineFor(t, &origin{}, 40*time.Second, "c199", "c200")
	want(t, r, []int{11}, live)
	if e := r.Verdict(11).Evidence; len(e) != 2 || !strings.Contains(e[0], "c200 never came") {
		t.Errorf("%q", e)
	}
}

// TestServerWithoutParts: the rules of low latency do not apply, the others do.
func TestServerWithoutParts(t *testing.T) {
	o := &origin{}
	drop := regexp.MustCompile(`#EXT-X-(PART|PART-INF|SERVER-CONTROL|PRELOAD-HINT|RENDITION-REPORT)[:-].*\n`)
	o.playlist = func(_, s string) string { return drop.ReplaceAllString(s, "") }
	absent := []int{1, 4, 5, 6, 7, 14, 15, 16, 18, 19, 20, 21, 23, 26, 27, 31, 33}
	want(t, examineFor(t, o, 40*time.Second), nil, append(absent, live...))
}

// TestServerWithoutCues: nothing is said of cues where there are none.
func TestServerWithoutCues(t *testing.T) {
	want(t, examineFor(t, &origin{noCues: true}, 40*time.Second), nil, append([]int{8, 9, 10, 11, 27, 29, 30, 40}, live...))
}

// TestMediaPlaylistAlone: the URL may be of one rendition.
func TestMediaPlaylistAlone(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := &origin{t: t, began: time.Now().Add(-90 * time.Second)}
		r, err := Run(t.Context(), Config{URL: "https://origin.test/hi/index.m3u8", For: 40 * time.Second, Transport: direct{o}})
		if err != nil {
			t.Fatal(err)
		}
		want(t, r, nil, append([]int{23, 24, 36}, live...))
	})
}

// TestByteRanges: parts and segments as ranges of one resource, as other vendors
// write them.
func TestByteRanges(t *testing.T) {
	o := &origin{noCues: true}
	parts := regexp.MustCompile(`(PART:.*|HINT:.*)URI="p(\d+)\.(\d)\.m4s"`)
	sizes := map[string]int{"hi": 0, "lo": 0, "audio": 0}
	synctest.Test(t, func(t *testing.T) {
		o.t, o.began = t, time.Now().Add(-90*time.Second)
		for r := range sizes {
			sizes[r] = len(o.part(r, 1, 1))
		}
		o.playlist = func(r, s string) string {
			return parts.ReplaceAllStringFunc(s, func(m string) string {
				f := parts.FindStringSubmatch(m)
				n := int(f[3][0]-'0') * sizes[r]
				if strings.HasPrefix(m, "HINT") {
					return fmt.Sprintf(`%sURI="whole%s.m4s",BYTERANGE-START=%d`, f[1], f[2], n)
				}
				return fmt.Sprintf(`%sURI="whole%s.m4s",BYTERANGE="%d@%d"`, f[1], f[2], sizes[r], n)
			})
		}
		o.answer = o.ranges
		r, err := Run(t.Context(), Config{URL: "https://origin.test/index.m3u8", For: 40 * time.Second, Transport: direct{o}})
		if err != nil {
			t.Fatal(err)
		}
		want(t, r, nil, append([]int{5, 6, 8, 9, 10, 11, 27, 29, 30, 40}, live...))
	})
}

// ranges serves the parts of a segment as ranges of one growing resource.
func (o *origin) ranges(w http.ResponseWriter, r *http.Request) bool {
	f := strings.Split(strings.Trim(r.URL.Path, "/"), "/")
	var msn, from, to int
	if len(f) != 2 || !scan(f[1], "whole%d.m4s", &msn) {
		return false
	}
	var body []byte
	for p := range partsPer {
		if (msn-firstMSN)*partsPer+p < o.available(f[0]) {
			body = append(body, o.part(f[0], msn-firstMSN, p)...)
		}
	}
	w.Header().Set("Content-Type", "video/mp4")
	if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &from, &to); err == nil && to < len(body) {
		w.WriteHeader(http.StatusPartialContent)
		body = body[from : to+1]
	}
	w.Write(body)
	return true
}

// TestRenditionsComeAndGo: one joins while it is watched, another leaves.
func TestRenditionsComeAndGo(t *testing.T) {
	o := &origin{}
	o.answer = func(w http.ResponseWriter, r *http.Request) bool {
		early := time.Since(o.began) < 100*time.Second
		gone := strings.HasPrefix(r.URL.Path, "/hi/") && !early && strings.HasSuffix(r.URL.Path, "m3u8")
		if gone {
			http.NotFound(w, r)
		}
		return gone
	}
	o.playlist = func(r, s string) string {
		lines := strings.SplitAfter(s, "\n")
		keep := lines[:0]
		out := "lo/index.m3u8"
		if time.Since(o.began) >= 100*time.Second {
			out = "hi/index.m3u8"
		}
		for _, l := range lines {
			switch {
			case strings.HasPrefix(l, out):
				keep = keep[:len(keep)-1]
			case r != "" && strings.Contains(l, out):
			default:
				keep = append(keep, l)
			}
		}
		return strings.Join(keep, "")
	}
	r := examineFor(t, o, 40*time.Second)
	if !slices.Contains(r.Renditions, "lo/index.m3u8") || !slices.Contains(r.Renditions, "hi/index.m3u8") {
		t.Errorf("watched %q", r.Renditions)
	}
	if v := r.Verdict(3); v.State != Held {
		t.Errorf("%+v", v)
	}
}

// TestNothingToCheck: the error names the cure.
func TestNothingToCheck(t *testing.T) {
	html := direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, "<html>") })}
	off := direct{http.NotFoundHandler()}
	locked := direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusForbidden) })}
	broken := direct{http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) })}
	for name, c := range map[string]struct {
		url  string
		by   http.RoundTripper
		says string
	}{
		"no URL":                {"live/demo", off, "give that of the playlist"},
		"another scheme":        {"rtmp://host/live", off, "no http or https URL"},
		"off air":               {"http://host/a.m3u8", off, "on air"},
		"a token is missing":    {"http://host/a.m3u8", locked, "token"},
		"the server is broken":  {"http://host/a.m3u8", broken, "log of that server"},
		"a page, not a stream":  {"http://host/", html, "URL of an HLS playlist"},
		"nobody answers at all": {"http://host/", nobody{}, "is the server running"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Run(t.Context(), Config{URL: c.url, Transport: c.by})
			if !errors.Is(err, ErrUnreachable) || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

type nobody struct{}

func (nobody) RoundTrip(*http.Request) (*http.Response, error) {
	return nil, errors.New("connection refused")
}

// TestRunLeavesNothing: when Run returns nothing is left, also if it is told to
// stop early.
func TestRunLeavesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) { // which fails if a goroutine stays
		o := &origin{t: t, began: time.Now().Add(-90 * time.Second)}
		ctx, cancel := context.WithTimeout(t.Context(), 7*time.Second)
		defer cancel()
		r, err := Run(ctx, Config{URL: "https://origin.test/index.m3u8", For: time.Hour, Transport: direct{o}})
		if err != nil || len(r.Renditions) != 4 || r.Seconds > 8 {
			t.Errorf("%+v, %v", r, err)
		}
	})
}

// TestSessionsInURLs: each request for the multivariant playlist gets URLs of
// its own, which are the same renditions.
func TestSessionsInURLs(t *testing.T) {
	o := &origin{}
	sessions := 0
	uri := regexp.MustCompile(`\w+/index\.m3u8`)
	o.playlist = func(r, s string) string {
		if r != "" {
			return regexp.MustCompile(`#EXT-X-RENDITION-REPORT.*\n`).ReplaceAllString(s, "")
		}
		sessions++
		return uri.ReplaceAllString(s, fmt.Sprintf("$0?session=%d", sessions))
	}
	r := examineFor(t, o, 40*time.Second)
	if len(r.Renditions) != 4 {
		t.Errorf("watched %q", r.Renditions)
	}
	want(t, r, []int{23}, live) // the reports are missing, and so they are of renditions that are watched
}

// TestSessionsExpire: where the URLs of one session are gone, those of the next
// are watched.
func TestSessionsExpire(t *testing.T) {
	o := &origin{}
	uri := regexp.MustCompile(`\w+/index\.m3u8`)
	session := func() string {
		if time.Since(o.began) < 100*time.Second {
			return "session=1"
		}
		return "session=2"
	}
	o.playlist = func(r, s string) string {
		if r != "" {
			return s
		}
		return uri.ReplaceAllString(s, "$0?"+session())
	}
	o.answer = func(w http.ResponseWriter, r *http.Request) bool {
		gone := strings.Contains(r.URL.RawQuery, "session") && !strings.Contains(r.URL.RawQuery, session())
		if gone {
			http.NotFound(w, r)
		}
		return gone
	}
	if r := examineFor(t, o, 40*time.Second); len(r.Renditions) != 8 {
		t.Errorf("watched %q", r.Renditions)
	}
}

// TestPlaylistsTakeARedirect: what a playlist names is relative to where it was
// found in the end.
func TestPlaylistsTakeARedirect(t *testing.T) {
	o := &origin{}
	o.answer = func(w http.ResponseWriter, r *http.Request) bool {
		path, there := strings.CutPrefix(r.URL.Path, "/there")
		if !there && strings.HasSuffix(path, ".m3u8") {
			u := *r.URL
			u.Path = "/there" + u.Path
			http.Redirect(w, r, u.String(), http.StatusFound)
			return true
		}
		if !there && strings.HasSuffix(path, "4s") {
			http.NotFound(w, r)
			return true
		}
		r.URL.Path = path
		return false
	}
	want(t, examineFor(t, o, 40*time.Second), nil, live)
}

// TestNotesCountAllStretches: the note and the failures are of the whole watch.
func TestNotesCountAllStretches(t *testing.T) {
	o := &origin{}
	lines("CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11")(o)
	r := examineFor(t, o, 3*time.Minute)
	v := r.Verdict(14)
	if want := fmt.Sprintf("%d of %d attributes", v.Failures, 3*v.Failures); v.Failures < 9 || v.Note != want {
		t.Errorf("%+v, want %s", v, want)
	}
	var played int
	if _, err := fmt.Sscan(r.Verdict(33).Note, &played); err != nil || played < 3*300 {
		t.Errorf("%q of 180 s", r.Verdict(33).Note)
	}
}

// TestFirstDateComesLate: only the newest segments have a date, from which those
// of the others follow.
func TestFirstDateComesLate(t *testing.T) {
	o := &origin{}
	o.playlist = func(_, s string) string {
		i := strings.LastIndex(s, "#EXT-X-PROGRAM-DATE-TIME")
		if i < 0 {
			return s
		}
		return regexp.MustCompile(`#EXT-X-PROGRAM-DATE-TIME.*\n`).ReplaceAllString(s[:i], "") + s[i:]
	}
	if v := examineFor(t, o, 40*time.Second).Verdict(28); v.State != Held {
		t.Errorf("%+v", v)
	}
}
