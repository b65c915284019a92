package packager_test

import (
	"encoding/json"
	"fmt"
	"net/url"
	"regexp"
	"strings"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/asset"
)

var dateRange = regexp.MustCompile(`#EXT-X-DATERANGE:ID="([^"]*)",CLASS="vitrine.cue",START-DATE="([^"]*)",DURATION=1,X-VITRINE-CUE="([^"]*)"`)

// listed is a date range as a playlist tells it.
type listed struct {
	at    time.Time
	media float64 // s, by the cue in it
}

func dateRanges(t *testing.T, list string) map[string]listed {
	t.Helper()
	out := map[string]listed{}
	for _, m := range dateRange.FindAllStringSubmatch(list, -1) {
		at, err := time.Parse(time.RFC3339Nano, m[2])
		if err != nil {
			t.Fatal(err)
		}
		text, err := url.PathUnescape(m[3])
		var cue struct {
			ID    string
			Media float64 `json:"media_time"`
		}
		if err != nil || json.Unmarshal([]byte(text), &cue) != nil || cue.ID != m[1] {
			t.Fatalf("%s: %v %q", m[0], err, text)
		}
		if _, twice := out[m[1]]; twice {
			t.Fatalf("%s is listed twice", m[1])
		}
		out[m[1]] = listed{at, cue.Media}
	}
	return out
}

func (s *studio) cue(id string) media.Placement {
	s.t.Helper()
	p, err := s.AddCue(media.Cue{ID: id, At: s.now, Dur: time.Second, Payload: fmt.Appendf(nil, `{"id":%q}`, id), State: []byte(`{"on":[]}`)})
	if err != nil {
		s.t.Fatal(err)
	}
	return p
}

func (s *studio) text(r asset.Request) string {
	s.t.Helper()
	b, err := s.fetch(r)
	if err != nil {
		s.t.Fatal(err)
	}
	return string(b)
}

// An encoder's clock that runs off slews the dates; a cue's date is where its
// frame's date is all the same, in every playlist, for as long as it is listed.
func TestEveryCueIsADateRangeInEveryPlaylist(t *testing.T) {
	s := newStudio(t, nil)
	s.run(150)
	placed, told := map[string]media.Placement{}, map[string]listed{}
	for i := range 40 {
		id := fmt.Sprintf("cue-%02d", i)
		placed[id] = s.cue(id)
		s.run(11 + i%3)
		s.now = s.now.Add(time.Millisecond) // 0.2 % slow
		want := dateRanges(t, s.playlist("source"))
		for _, name := range []string{"240p", "audio"} {
			got := dateRanges(t, s.playlist(name))
			for id := range want {
				if got[id] != want[id] && placed[id].Media < media.Ticks(s.frame-30)*frameTicks {
					t.Errorf("%s: %s is %v in source and %v in %s", name, id, want[id], got[id], name)
				}
			}
		}
		if got := dateRanges(t, s.text(asset.Request{Kind: asset.IFrames, Rendition: "source"})); len(got) == 0 && len(want) > 1 {
			t.Errorf("the I-frame playlist has %d of %d", len(got), len(want))
		}
		for id, l := range want {
			if before, known := told[id]; known && before != l {
				t.Errorf("%s was %v and is %v", id, before, l)
			}
			told[id] = l
		}
	}
	if len(told) < 39 {
		t.Errorf("%d of 40 cues were listed", len(told))
	}
	for id, l := range told {
		if off := l.media - placed[id].Media.Seconds(); off > 1e-4 || off < -1e-4 {
			t.Errorf("%s: listed at %v, placed at %v", id, l.media, placed[id].Media.Seconds())
		}
	}
	s.datesAgree("source")
}

// datesAgree holds each date range against the dates of the segments.
func (s *studio) datesAgree(rendition string) {
	s.t.Helper()
	list := s.playlist(rendition)
	dates := map[float64]time.Time{} // by media time of the segment
	for _, m := range regexp.MustCompile(`TIME:(\S+)\n(?:#EXT-X-PART:.*\n)*#EXTINF:\S+\n\d+/(\d+)\.m4s`).FindAllStringSubmatch(list, -1) {
		at, err := time.Parse(time.RFC3339Nano, m[1])
		if err != nil {
			s.t.Fatal(err)
		}
		var msn int64
		fmt.Sscan(m[2], &msn)
		dates[float64(1+2*(msn-epoch))] = at
	}
	checked := 0
	for id, l := range dateRanges(s.t, list) {
		segment := float64(1 + 2*int((l.media-1)/2))
		at, known := dates[segment]
		if !known {
			continue
		}
		checked++
		want := at.Add(time.Duration((l.media - segment) * float64(time.Second)))
		if off := l.at.Sub(want); off > time.Millisecond || off < -time.Millisecond {
			s.t.Errorf("%s: %v, and its frame is of %v", id, l.at, want)
		}
	}
	if checked < 10 {
		s.t.Errorf("only %d date ranges have a segment\n%s", checked, list)
	}
}

func TestCueAheadOfTheShowIsListedWhenItsSegmentIsKnown(t *testing.T) {
	s := newStudio(t, nil)
	s.run(150)
	if _, err := s.AddCue(media.Cue{ID: "later", At: s.now.Add(5 * time.Second), Dur: time.Second, Payload: []byte(`{"id":"later"}`)}); err != nil {
		t.Fatal(err)
	}
	s.run(10)
	if list := s.playlist("source"); len(dateRanges(t, list)) > 0 {
		t.Errorf("its date is not known yet\n%s", list)
	}
	s.run(160)
	if list := s.playlist("source"); len(dateRanges(t, list)) != 1 {
		t.Errorf("it is past\n%s", list)
	}
}

// A player that has the playlist of some seconds ago and applies the delta update
// has the playlist of now.
func TestDeltaUpdateAndOldPlaylistAreTheFullOne(t *testing.T) {
	s := newStudio(t, nil)
	s.run(60 * 13)
	for i := range 10 {
		s.cue(fmt.Sprintf("before-%d", i))
		s.run(70)
	}
	old := s.playlist("source")
	for i := range 3 {
		s.cue(fmt.Sprintf("after-%d", i))
		s.run(50)
	}
	full := s.playlist("source")
	for _, skip := range []asset.Skip{asset.SkipSegments, asset.SkipRanges} {
		delta := s.text(asset.Request{Kind: asset.Playlist, Rendition: "source", Skip: skip})
		if len(delta) >= len(full) || !strings.Contains(delta, "#EXT-X-SKIP:SKIPPED-SEGMENTS=") {
			t.Fatalf("no delta update\n%s", delta)
		}
		ids := map[string]bool{}
		removed := ""
		if _, rest, ok := strings.Cut(delta, `RECENTLY-REMOVED-DATERANGES="`); ok {
			removed, _, _ = strings.Cut(rest, `"`)
		}
		for id := range dateRanges(t, old) {
			ids[id] = skip == asset.SkipRanges && !strings.Contains("\t"+removed+"\t", "\t"+id+"\t")
		}
		for id := range dateRanges(t, delta) {
			ids[id] = true
		}
		want := dateRanges(t, full)
		for id, is := range ids {
			if _, ok := want[id]; ok != is {
				t.Errorf("skip %d: %s: listed %v, by the delta update %v", skip, id, ok, is)
			}
		}
		if skip == asset.SkipRanges && (removed == "" || len(dateRanges(t, delta)) == len(want)) {
			t.Errorf("version 2 leaves out nothing\n%s", delta)
		}
		tail := delta[strings.Index(delta, "#EXT-X-PROGRAM-DATE-TIME"):]
		if !strings.HasSuffix(full, tail) {
			t.Errorf("skip %d: the ends differ\n%s\n%s", skip, delta, full)
		}
	}
}

func TestMemoryOfDateRangesIsFlat(t *testing.T) {
	s := newStudio(t, nil)
	s.run(150)
	most := 0
	for i := range 600 {
		s.cue(fmt.Sprintf("cue-%03d", i))
		s.run(15)
		most = max(most, count(s.playlist("source"), "#EXT-X-DATERANGE"))
	}
	if most < 30 || most > 60 {
		t.Errorf("%d date ranges at most, of cues that are half a second apart, over 20 s", most)
	}
}
