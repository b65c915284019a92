package check

import (
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"
)

// TestSabotage spoils one thing of a correct stream at a time, and names the
// assertions that must see it. A checker whose rules cannot fail is worth nothing.
func TestSabotage(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(*origin)
		failed []int
		absent []int // beyond those of a live stream
	}{
		"a part is longer than PART-TARGET": {
			spoil: lines(`PART-TARGET=0\.5\n`, "PART-TARGET=0.49\n"), failed: []int{1},
		},
		"DURATION is 2 ms off the samples": {
			spoil: lines(`DURATION=0\.50000,URI="p(\d+)\.2`, `DURATION=0.49800,URI="p$1.2`), failed: []int{1},
		},
		"PART-HOLD-BACK changes": {
			spoil: sometimes("hi", func(s string) string {
				return strings.Replace(s, "PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.6", 1)
			}), failed: []int{2},
		},
		"every tenth segment is missing": {
			spoil: deny(func(path string) bool { return strings.HasSuffix(path, "0.m4s") && strings.Contains(path, "/s") }, 404), failed: []int{3},
		},
		"a segment is cut off": {
			spoil: func(o *origin) {
				o.media = func(_ string, seg, part int, b []byte) []byte {
					if part == -1 && seg%3 == 0 {
						return b[:len(b)-100]
					}
					return b
				}
			}, failed: []int{3, 7},
		},
		"a blocking reload is answered at once": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					if strings.HasSuffix(r.URL.Path, "lo/index.m3u8") && r.URL.Query().Get("_HLS_part") != "" && r.URL.Query().Get("_HLS_msn") != "" {
						o.text(w, r, "lo", o.render("lo", o.available("lo"), r.URL.Query().Get("_HLS_skip")))
						return true
					}
					return false
				}
			}, failed: []int{4, 20},
		},
		"a hint brings other bytes than the part": {
			spoil: func(o *origin) {
				var asked sync.Map
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					var msn, part int
					if !scan(strings.TrimPrefix(r.URL.Path, "/lo/"), "p%d.%d.m4s", &msn, &part) {
						return false
					}
					if _, again := asked.LoadOrStore(r.URL.Path, true); !again {
						return false
					}
					body := slices.Clone(o.part("lo", msn-firstMSN, part))
					body[len(body)-1] ^= 1
					w.Header().Set("Content-Type", "video/mp4")
					w.Write(body)
					return true
				}
			}, failed: []int{5, 7},
		},
		"a hint names another URL": {
			spoil:  lines(`URI="p(\d+)\.2\.m4s"\n#EXT-X-REND`, "URI=\"q$1.2.m4s\"\n#EXT-X-REND"),
			failed: []int{5},
		},
		"a hinted part trickles while it is made": {spoil: trickle, failed: []int{6}},
		"the segment has no emsg": {
			spoil: func(o *origin) {
				o.media = func(rendition string, _, part int, b []byte) []byte {
					if part == -1 && rendition == "hi" {
						for len(b) > 8 && string(b[4:8]) == "emsg" {
							b = b[int(b[2])<<8|int(b[3]):]
						}
					}
					return b
				}
			}, failed: []int{7, 8},
		},
		"a cue is missing in one quality": {
			spoil: events(func(r string, e *mp4.EmsgBox) {
				if r == "lo" && strings.Contains(string(e.MessageData), "show") {
					e.SchemeIDURI = "urn:something:else"
				}
			}), failed: []int{8},
		},
		"a cue says another thing in one quality": {
			spoil: events(func(r string, e *mp4.EmsgBox) {
				if r == "lo" {
					e.MessageData = append(e.MessageData[:len(e.MessageData)-2:len(e.MessageData)-2], ' ', 0)
				}
			}), failed: []int{8}, absent: nil,
		},
		"ID3 of version 0 of emsg": {
			spoil:  events(func(_ string, e *mp4.EmsgBox) { e.Version = 0 }),
			failed: []int{8}, absent: []int{9, 29},
		},
		"a cue lies in the part after": {
			spoil: events(func(_ string, e *mp4.EmsgBox) {
				if strings.Contains(string(e.MessageData), "show") {
					e.PresentationTime += videoScale / 2
				}
			}), failed: []int{9, 29},
		},
		"a size is not synchsafe": {
			spoil: events(func(_ string, e *mp4.EmsgBox) { e.MessageData[9] |= 0x80 }), failed: []int{10}, absent: []int{11, 29, 40},
		},
		"a byte follows the tag": {
			spoil: events(func(_ string, e *mp4.EmsgBox) { e.MessageData = append(e.MessageData, 0) }), failed: []int{10}, absent: []int{11, 29, 40},
		},
		"the same cue comes every time": {
			spoil: events(func(_ string, e *mp4.EmsgBox) {
				e.MessageData = []byte(regexp.MustCompile(`"c\d{3}"`).ReplaceAllString(string(e.MessageData), `"c999"`))
			}), failed: []int{11}, absent: []int{29},
		},
		"tfdt leaves a hole": {
			spoil: samples(func(r string, seg, part int, list []mp4.FullSample) []mp4.FullSample {
				if r == "lo" && part == 2 {
					for i := range list {
						list[i].DecodeTime += 9
					}
				}
				return list
			}), failed: []int{12},
		},
		"segments are named anew": {
			spoil: func(o *origin) {
				o.playlist = func(r, s string) string {
					if r == "hi" {
						return regexp.MustCompile(`(?m)^(s\d+\.m4s)$`).ReplaceAllString(s, fmt.Sprintf("$1?v=%d", o.available(r)))
					}
					return s
				}
			}, failed: []int{13, 26},
		},
		"MEDIA-SEQUENCE goes back": {
			spoil: sometimes("iframes", func(s string) string {
				return strings.Replace(s, "MEDIA-SEQUENCE:1", "MEDIA-SEQUENCE:0", 1)
			}), failed: []int{13},
		},
		"PART-HOLD-BACK is twice PART-TARGET": {spoil: lines("PART-HOLD-BACK=1.5", "PART-HOLD-BACK=1.0"), failed: []int{14}},
		"CAN-SKIP-UNTIL is below 6 TD":        {spoil: lines("CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=11"), failed: []int{14}},
		"a part is of 84 %": {
			spoil: lines(`PART-TARGET=0\.5\n`, "PART-TARGET=0.599\n"), failed: []int{14, 15},
		},
		"INDEPENDENT is missing": {
			spoil: only("hi", ",INDEPENDENT=YES", ""), failed: []int{16},
		},
		"INDEPENDENT is everywhere": {
			spoil: only("lo", `\.2\.m4s"\n`, ".2.m4s\",INDEPENDENT=YES\n"), failed: []int{16},
		},
		"a segment begins with another frame": {
			spoil: samples(func(r string, _, part int, list []mp4.FullSample) []mp4.FullSample {
				if r == "hi" && part == 0 {
					list[0].Data[4] = 0x41
				}
				return list
			}), failed: []int{17},
		},
		"_HLS_part alone is taken": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					if q := r.URL.Query(); q.Get("_HLS_part") == "" || q.Get("_HLS_msn") != "" {
						return false
					}
					o.text(w, r, "hi", o.render("hi", o.available("hi"), ""))
					return true
				}
			}, failed: []int{18},
		},
		"a request far ahead is held": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					var msn int
					if _, err := fmt.Sscan(r.URL.Query().Get("_HLS_msn"), &msn); err != nil || msn <= firstMSN+o.available("hi")/partsPer+2 {
						return false
					}
					<-r.Context().Done()
					return true
				}
			}, failed: []int{19},
		},
		"a part past the end is held for a whole segment": {
			spoil: func(o *origin) {
				o.answer = func(_ http.ResponseWriter, r *http.Request) bool {
					var msn, part int
					q := r.URL.Query()
					fmt.Sscan(q.Get("_HLS_part"), &part)
					if _, err := fmt.Sscan(q.Get("_HLS_msn"), &msn); err == nil && part >= partsPer {
						o.await(r.Context(), "hi", (msn+2-firstMSN)*partsPer)
					}
					return false
				}
			}, failed: []int{20},
		},
		"an old msn is refused": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					var msn int
					if _, err := fmt.Sscan(r.URL.Query().Get("_HLS_msn"), &msn); err != nil || msn >= firstMSN+o.available("hi")/partsPer-2 {
						return false
					}
					http.Error(w, "old", http.StatusBadRequest)
					return true
				}
			}, failed: []int{21},
		},
		"a 503 comes before its time": {
			spoil: func(o *origin) {
				var n atomic.Int64
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.HasSuffix(r.URL.Path, "lo/index.m3u8") || r.URL.Query().Get("_HLS_msn") == "" {
						return false
					}
					if n.Add(1)%20 != 19 {
						return false
					}
					http.Error(w, "too early", http.StatusServiceUnavailable)
					return true
				}
			}, failed: []int{22},
		},
		"a report is missing": {spoil: only("audio", `#EXT-X-RENDITION-REPORT:URI="../lo.*\n`, ""), failed: []int{23}},
		"a report is of three parts ago": {
			spoil: func(o *origin) {
				o.playlist = func(r, s string) string {
					if r != "hi" {
						return s
					}
					n := o.available("lo") - 4
					return regexp.MustCompile(`(lo/index.m3u8",LAST-MSN=).*`).ReplaceAllString(s, fmt.Sprintf("${1}%d,LAST-PART=%d", firstMSN+n/partsPer, n%partsPer))
				}
			}, failed: []int{23},
		},
		"a report lacks LAST-PART": {spoil: only("audio", `,LAST-PART=\d+`, ""), failed: []int{23}},
		"SERVER-CONTROL differs":   {spoil: only("audio", "CAN-SKIP-UNTIL=12", "CAN-SKIP-UNTIL=13"), failed: []int{24}},
		"TARGETDURATION differs":   {spoil: only("iframes", "TARGETDURATION:2", "TARGETDURATION:3"), failed: []int{24}},
		"DISCONTINUITY-SEQUENCE differs": {
			spoil: only("lo", "DISCONTINUITY-SEQUENCE:0", "DISCONTINUITY-SEQUENCE:1"), failed: []int{24},
		},
		"one part in five is late": {
			spoil: func(o *origin) {
				o.late = func(_ string, part int) time.Duration {
					if part%5 == 0 {
						return 300 * time.Millisecond
					}
					return 0
				}
			}, failed: []int{25},
		},
		"a blocking reload is held although the part is there": {
			spoil: func(o *origin) {
				o.answer = func(_ http.ResponseWriter, r *http.Request) bool {
					if strings.HasSuffix(r.URL.Path, "lo/index.m3u8") && r.URL.Query().Get("_HLS_part") != "" && r.URL.Query().Get("_HLS_msn") != "" {
						wait(r.Context(), 700*time.Millisecond)
					}
					return false
				}
			}, failed: []int{4, 20, 25},
		},
		"a delta loses a segment": {
			spoil: func(o *origin) {
				o.playlist = func(_, s string) string {
					if !strings.Contains(s, "EXT-X-SKIP") {
						return s
					}
					return regexp.MustCompile(`SKIPPED-SEGMENTS=\d+`).ReplaceAllString(s, "SKIPPED-SEGMENTS=3")
				}
			}, failed: []int{26},
		},
		"a delta is of version 6": {
			spoil: lines(`VERSION:10\n`, "VERSION:6\n"), failed: []int{26, 27},
		},
		"a v2 delta does not name what was removed": {
			spoil: lines(`RECENTLY-REMOVED-DATERANGES="[^"]*"`, `RECENTLY-REMOVED-DATERANGES=""`), failed: []int{27},
		},
		"there is no date": {spoil: only("lo", `#EXT-X-PROGRAM-DATE-TIME.*\n`, ""), failed: []int{28}},
		"dates of one quality are off": {
			spoil: func(o *origin) {
				o.playlist = func(r, s string) string {
					if r == "lo" {
						return regexp.MustCompile(`(DATE-TIME:.*)\.\d{3}`).ReplaceAllString(s, "$1.111")
					}
					return s
				}
			}, failed: []int{28, 29},
		},
		"a DATERANGE begins 200 ms early": {
			spoil: lines(`(START-DATE="[^"]*)\.[27]50`, "$1.050"), failed: []int{29},
		},
		"a DATERANGE changes": {
			spoil: only("audio", `DURATION=1\n`, "DURATION=2\n"), failed: []int{30},
		},
		"parts are listed for two segments only": {
			spoil: func(o *origin) {
				o.playlist = func(r, s string) string {
					n := o.available("hi")/partsPer + firstMSN
					return regexp.MustCompile(`#EXT-X-PART:.*"p(\d+)\..*\n`).ReplaceAllStringFunc(s, func(line string) string {
						var msn int
						_, err := fmt.Sscanf(line[strings.Index(line, `"p`):], `"p%d`, &msn)
						if err != nil || msn >= n-2 {
							return line
						}
						return ""
					})
				}
			}, failed: []int{31},
		},
		"parts go away with their tags": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					var msn, part int
					if !scan(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], "p%d.%d.m4s", &msn, &part) || msn >= firstMSN+o.available("hi")/partsPer-partsListed-1 {
						return false
					}
					http.NotFound(w, r)
					return true
				}
			}, failed: []int{31},
		},
		"segments go away with their tags": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					var msn int
					if !scan(r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:], "s%d.m4s", &msn) || msn >= firstMSN+o.available("hi")/partsPer-listedSegs {
						return false
					}
					http.NotFound(w, r)
					return true
				}
			}, failed: []int{32},
		},
		"there is no hint": {
			spoil: lines(`#EXT-X-PRELOAD-HINT.*\n`, ""), failed: []int{33}, absent: []int{5, 6},
		},
		"playlists are not zipped": {
			spoil: func(o *origin) {
				o.answer = func(_ http.ResponseWriter, r *http.Request) bool {
					r.Header.Del("Accept-Encoding")
					return false
				}
			}, failed: []int{35},
		},
		"no CORS on a 404": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.Contains(r.URL.Path, "not-there") {
						return false
					}
					w.Header().Del("Access-Control-Allow-Origin")
					http.NotFound(w, r)
					return true
				}
			}, failed: []int{35},
		},
		"CODECS is wrong":        {spoil: lines(`avc1\.640020,`, "avc1.64001F,"), failed: []int{36}},
		"RESOLUTION is wrong":    {spoil: lines("RESOLUTION=1280x720,F", "RESOLUTION=1280x704,F"), failed: []int{36}},
		"FRAME-RATE is wrong":    {spoil: lines(`FRAME-RATE=20\.000`, "FRAME-RATE=25.000"), failed: []int{36}},
		"BANDWIDTH is too small": {spoil: lines("BANDWIDTH=200000", "BANDWIDTH=30000"), failed: []int{36}},
		"media takes a redirect": {
			spoil: func(o *origin) {
				o.answer = func(w http.ResponseWriter, r *http.Request) bool {
					if !strings.HasPrefix(r.URL.Path, "/hi/s") || r.URL.RawQuery != "" {
						return false
					}
					http.Redirect(w, r, r.URL.Path+"?here", http.StatusFound)
					return true
				}
			}, failed: []int{39},
		},
		"segments do not begin with the state": {
			spoil: events(func(_ string, e *mp4.EmsgBox) {
				e.MessageData = []byte(strings.Replace(string(e.MessageData), `"state"`, `"other"`, 1))
			}), failed: []int{40},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := &origin{}
			c.spoil(o)
			absent, long := append(c.absent, live...), 40*time.Second
			if !slices.Contains(c.failed, 32) && !slices.Contains(c.failed, 27) {
				absent, long = append(absent, 32), 22*time.Second // too short to see a removed segment to its end
			}
			want(t, examineFor(t, o, long), c.failed, absent)
		})
	}
}

// lines replaces a pattern in all playlists.
func lines(pattern, by string) func(*origin) {
	re := regexp.MustCompile(pattern)
	return func(o *origin) { o.playlist = func(_, s string) string { return re.ReplaceAllString(s, by) } }
}

// only replaces a pattern in the playlists of one rendition.
func only(rendition, pattern, by string) func(*origin) {
	re := regexp.MustCompile(pattern)
	return func(o *origin) {
		o.playlist = func(r, s string) string {
			if r != rendition {
				return s
			}
			return re.ReplaceAllString(s, by)
		}
	}
}

// sometimes spoils every fifth version of the playlists of one rendition.
func sometimes(rendition string, change func(string) string) func(*origin) {
	return func(o *origin) {
		o.playlist = func(r, s string) string {
			if r != rendition || o.available(r)%5 != 2 {
				return s
			}
			return change(s)
		}
	}
}

func deny(which func(string) bool, status int) func(*origin) {
	return func(o *origin) {
		o.answer = func(w http.ResponseWriter, r *http.Request) bool {
			if !which(r.URL.Path) {
				return false
			}
			http.Error(w, "denied", status)
			return true
		}
	}
}

func events(change func(string, *mp4.EmsgBox)) func(*origin) {
	return func(o *origin) { o.event = change }
}

func samples(change func(string, int, int, []mp4.FullSample) []mp4.FullSample) func(*origin) {
	return func(o *origin) { o.frames = change }
}

// trickle sends the bytes of a part while it is made.
func trickle(o *origin) {
	o.answer = func(w http.ResponseWriter, r *http.Request) bool {
		var msn, part int
		name := r.URL.Path[strings.LastIndex(r.URL.Path, "/")+1:]
		if !scan(name, "p%d.%d.m4s", &msn, &part) {
			return false
		}
		seg, rendition := msn-firstMSN, strings.Trim(r.URL.Path[:strings.LastIndex(r.URL.Path, "/")], "/")
		if !o.await(r.Context(), rendition, seg*partsPer+part) {
			return false
		}
		body := o.part(rendition, seg, part)
		w.Header().Set("Content-Type", "video/mp4")
		w.Write(body[:10])
		if o.await(r.Context(), rendition, seg*partsPer+part+1) {
			w.Write(body[10:])
		}
		return true
	}
}
