package check

import (
	"fmt"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/grafov/m3u8"
)

var here = &url.URL{Scheme: "https", Host: "origin.test", Path: "/hi/index.m3u8"}

const wellFormed = `#EXTM3U
#EXT-X-VERSION:10
#EXT-X-TARGETDURATION:2
#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK=1.05,HOLD-BACK=6.0,CAN-SKIP-UNTIL=12.0,CAN-SKIP-DATERANGES=YES
#EXT-X-PART-INF:PART-TARGET=0.35
#EXT-X-MEDIA-SEQUENCE:1795548724
#EXT-X-DISCONTINUITY-SEQUENCE:64
#EXT-X-SKIP:SKIPPED-SEGMENTS=3,RECENTLY-REMOVED-DATERANGES="a	b"
#EXT-X-DATERANGE:ID="c",CLASS="x",START-DATE="2026-11-24T10:00:00.500Z",DURATION=1,X-A="1,2=3"
#EXT-X-MAP:URI="init0.mp4"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T10:00:00.123Z
#EXTINF:2.00000,
a.m4s
#EXT-X-DISCONTINUITY
#EXT-X-MAP:URI="init1.mp4",BYTERANGE="700@0"
#EXT-X-PROGRAM-DATE-TIME:2026-11-24T10:00:09+02:00
#EXT-X-PART:DURATION=0.33333,URI="b.0.m4s",INDEPENDENT=YES
#EXT-X-PART:DURATION=0.33333,URI="b.1.m4s",GAP=YES,BYTERANGE="10@20"
#EXT-X-GAP
#EXTINF:0.66667,
b.m4s
#EXT-X-PART:DURATION=0.33333,URI="c.0.m4s"
#EXT-X-PRELOAD-HINT:TYPE=PART,URI="c.1.m4s",BYTERANGE-START=7
#EXT-X-RENDITION-REPORT:URI="../lo/index.m3u8",LAST-MSN=1795548729,LAST-PART=0
#EXT-X-UNKNOWN:anything
`

func TestParsePlaylist(t *testing.T) {
	p, err := parsePlaylist(here, wellFormed)
	if err != nil {
		t.Fatal(err)
	}
	a, b, open := p.Segments[0], p.Segments[1], p.Open
	for what, ok := range map[string]bool{
		"numbers":  p.Version == 10 && p.TargetDuration == 2 && p.PartTarget == 0.35 && p.Skipped == 3 && !p.Ended,
		"control":  p.Control == control{true, true, 1.05, 6, 12, true},
		"removed":  strings.Join(p.RemovedDateRanges, " ") == "a b",
		"range":    len(p.DateRanges) == 1 && p.DateRanges[0].ID == "c" && p.DateRanges[0].Attrs["X-A"] == `"1,2=3"`,
		"first":    a.MSN == 1795548727 && a.CC == 64 && a.Map.URL == "https://origin.test/hi/init0.mp4" && a.Quantum == time.Millisecond,
		"second":   b.MSN == 1795548728 && b.CC == 65 && b.Discontinuity && b.Gap && b.Map.Range == byteRange{0, 700} && b.Quantum == time.Second,
		"parts":    b.Parts[0].Independent && b.Parts[1].Gap && b.Parts[1].At.Range == byteRange{20, 10},
		"open":     open.MSN == 1795548729 && len(open.Parts) == 1 && open.Map == b.Map && open.CC == 65,
		"date":     b.Wall.Equal(time.Date(2026, 11, 24, 8, 0, 9, 0, time.UTC)) && open.Wall.Equal(b.Wall.Add(666670*time.Microsecond)),
		"hint":     p.Hints[0].At.Range == byteRange{7, openEnd},
		"report":   p.Reports[0] == report{"https://origin.test/lo/index.m3u8", 1795548729, 0},
		"position": p.last() == position{1795548729, 0} && p.awaited() == position{1795548729, 1},
		"holds":    p.holds(position{1795548729, 0}) && !p.holds(position{1795548729, 1}) && p.holds(position{1795548728, 9}),
	} {
		if !ok {
			t.Errorf("%s: %+v", what, p)
		}
	}
}

// TestSecondReader: grafov/m3u8 reads the same segments out of what the origin
// of the tests writes.
func TestSecondReader(t *testing.T) {
	o := &origin{t: t, began: time.Date(2026, 11, 24, 10, 0, 0, 0, time.UTC), gap: 50}
	for n := 180; n < 230; n++ {
		text := o.render("hi", n, "")
		mine, err := parsePlaylist(here, text)
		if err != nil {
			t.Fatal(err)
		}
		p, _, err := m3u8.DecodeFrom(strings.NewReader(text), true)
		if err != nil {
			t.Fatal(err)
		}
		theirs := p.(*m3u8.MediaPlaylist)
		if int(theirs.Count()) != len(mine.Segments) || int64(theirs.SeqNo) != mine.MediaSequence {
			t.Fatalf("%d segments from %d, grafov reads %d from %d", len(mine.Segments), mine.MediaSequence, theirs.Count(), theirs.SeqNo)
		}
		for i, s := range mine.Segments {
			x := theirs.Segments[i]
			if !strings.HasSuffix(s.At.URL, "/"+x.URI) || s.Dur != x.Duration || s.Discontinuity != x.Discontinuity || !s.PDT.Equal(x.ProgramDateTime) {
				t.Errorf("segment %d: %+v, grafov reads %+v", i, s, x)
			}
		}
	}
	m, err := parseMultivariant(here, mainPlaylist)
	if err != nil {
		t.Fatal(err)
	}
	p, _, err := m3u8.DecodeFrom(strings.NewReader(mainPlaylist), true)
	if err != nil {
		t.Fatal(err)
	}
	for i, x := range p.(*m3u8.MasterPlaylist).Variants {
		v := m.Variants[i]
		if v.Bandwidth != int64(x.Bandwidth) || strings.Join(v.Codecs, ",") != x.Codecs || v.FrameRate != x.FrameRate || v.IFrames != x.Iframe {
			t.Errorf("%+v, grafov reads %+v", v, x.VariantParams)
		}
	}
}

func TestParsePlaylistIsStrict(t *testing.T) {
	head := "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
	for name, c := range map[string]struct{ text, says string }{
		"no head":                    {"#EXT-X-TARGETDURATION:2\n", "begins with #EXTM3U"},
		"no target":                  {"#EXTM3U\n", "no EXT-X-TARGETDURATION"},
		"target twice":               {head + "#EXT-X-TARGETDURATION:2\n", "comes twice"},
		"a quote is open":            {head + `#EXT-X-PART:URI="a,DURATION=1`, "not closed"},
		"an attribute twice":         {head + `#EXT-X-PART:DURATION=1,DURATION=1,URI="a"`, "twice"},
		"a name in lower case":       {head + `#EXT-X-PART:duration=1,URI="a"`, "NAME=value"},
		"a space in the list":        {head + `#EXT-X-PART:DURATION=1, URI="a"`, "NAME=value"},
		"URI without quotes":         {head + "#EXT-X-PART:DURATION=1,URI=a", "not a quoted string"},
		"no DURATION":                {head + `#EXT-X-PART:URI="a"`, "DURATION is missing"},
		"a negative duration":        {head + "#EXTINF:-1,\na\n", "not a decimal"},
		"exponents":                  {head + "#EXTINF:1e3,\na\n", "not a decimal"},
		"INDEPENDENT=MAYBE":          {head + `#EXT-X-PART:DURATION=1,URI="a",INDEPENDENT=MAYBE`, "may be YES or NO"},
		"a URI without EXTINF":       {head + "a.m4s\n", "no EXTINF"},
		"EXTINF without a URI":       {head + "#EXTINF:1,\n", "no URI"},
		"two EXTINF":                 {head + "#EXTINF:1,\n#EXTINF:1,\na\n", "two in a row"},
		"a sequence after segments":  {head + "#EXTINF:1,\na\n#EXT-X-MEDIA-SEQUENCE:4\n", "after the first segment"},
		"a hint of another type":     {head + `#EXT-X-PRELOAD-HINT:TYPE=KEY,URI="a"`, "PART or MAP"},
		"two hints of a part":        {head + strings.Repeat("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"a\"\n", 2), "two of TYPE=PART"},
		"a date without a zone":      {head + "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T10:00:00\n", "and a zone"},
		"a range that never ends":    {head + "#EXT-X-BYTERANGE:99999999999999999999@0\n", "not an integer"},
		"a range beyond any file":    {head + "#EXT-X-BYTERANGE:1@9000000000000000000\n", "beyond any file"},
		"skip without number":        {head + "#EXT-X-SKIP:RECENTLY-REMOVED-DATERANGES=\"a\"\n", "SKIPPED-SEGMENTS is missing"},
		"DATERANGE without ID":       {head + "#EXT-X-DATERANGE:START-DATE=\"2026-11-24T10:00:00Z\"\n", "ID is missing"},
		"PART-INF without its value": {head + "#EXT-X-PART-INF:X=1\n", "PART-TARGET is missing"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := parsePlaylist(here, c.text); err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("%v, want %q", err, c.says)
			}
		})
	}
}

func TestParseMultivariant(t *testing.T) {
	m, err := parseMultivariant(here, mainPlaylist)
	if err != nil || len(m.Variants) != 3 || len(m.Alternatives) != 1 {
		t.Fatalf("%+v, %v", m, err)
	}
	v := m.Variants[0]
	if v.URL != "https://origin.test/hi/hi/index.m3u8" || v.Width != 1280 || v.Height != 720 || v.Audio != "sound" || v.Codecs[1] != "mp4a.40.2" || !m.Variants[2].IFrames {
		t.Errorf("%+v", m)
	}
	if m, err := parseMultivariant(here, wellFormed); m != nil || err != nil {
		t.Errorf("a media playlist: %+v, %v", m, err)
	}
	for _, text := range []string{
		"<html>", "#EXTM3U\n", "#EXTM3U\na\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1\n", "#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=x\na\n",
		"#EXTM3U\n#EXT-X-STREAM-INF:BANDWIDTH=1,RESOLUTION=1280\na\n", "#EXTM3U\n#EXT-X-I-FRAME-STREAM-INF:BANDWIDTH=1\n",
	} {
		if _, err := parseMultivariant(here, text); err == nil {
			t.Errorf("%q was read", text)
		}
	}
}

// FuzzPlaylist: whatever comes, there is no panic, and what is read keeps its order.
func FuzzPlaylist(f *testing.F) {
	o := &origin{t: f, gap: 50}
	f.Add(wellFormed)
	f.Add(o.render("hi", 203, ""))
	f.Add(o.render("hi", 203, "v2"))
	f.Add(o.render("iframes", 203, ""))
	f.Add(mainPlaylist)
	f.Fuzz(func(t *testing.T, text string) {
		if _, err := parseMultivariant(here, text); err != nil && strings.TrimSpace(err.Error()) == "" {
			t.Error("an error without words")
		}
		p, err := parsePlaylist(here, text)
		if err != nil {
			return
		}
		for i, s := range p.all() {
			if i > 0 && (s.MSN != p.all()[i-1].MSN+1 || s.CC < p.all()[i-1].CC) {
				t.Errorf("segment %d after %d", s.MSN, p.all()[i-1].MSN)
			}
		}
		if diff := differences(p, p); len(diff) > 0 {
			t.Errorf("it differs from itself: %q", diff)
		}
	})
}

func TestParseID3(t *testing.T) {
	whole := id3Tag("vitrine.cue", `{"id":"c1","type":"show"}`)
	list, err := parseID3(whole)
	if c := readCue(list); err != nil || c != (cueFacts{Ours: true, Type: "show", ID: "c1"}) {
		t.Fatalf("%+v, %v", c, err)
	}
	change := func(at int, to byte) []byte {
		b := append([]byte(nil), whole...)
		b[at] = to
		return b
	}
	for name, b := range map[string][]byte{
		"empty":                        nil,
		"not ID3":                      change(0, 'J'),
		"ID3v2.3":                      change(3, 3),
		"the size of the tag":          change(9, whole[9]+1),
		"a size that is not synchsafe": change(9, whole[9]|0x80),
		"the size of the frame":        change(17, whole[17]+1),
		"a frame that is cut off":      change(17, whole[17]-2),
		"no name of a frame":           change(10, 'x'),
		"a byte too many":              append(append([]byte(nil), whole...), 0),
		"a byte too few":               whole[:len(whole)-1],
		"no frame":                     {'I', 'D', '3', 4, 0, 0, 0, 0, 0, 0},
		"padding of something":         {'I', 'D', '3', 4, 0, 0, 0, 0, 0, 2, 0, 1},
	} {
		t.Run(name, func(t *testing.T) {
			if list, err := parseID3(b); err == nil {
				t.Errorf("%q was read", list)
			}
		})
	}
	padded := append(append([]byte(nil), whole...), make([]byte, 5)...)
	padded[9] += 5
	if _, err := parseID3(padded); err != nil {
		t.Errorf("padding of zeros: %v", err)
	}
	other := id3Tag("x", `{"id":"c1"}`)
	if list, err := parseID3(other); err != nil || readCue(list).Ours || readCue(list).ID != "c1" {
		t.Errorf("another description: %v", err)
	}
}

func FuzzID3(f *testing.F) {
	f.Add(id3Tag("vitrine.cue", `{"id":"c1"}`))
	f.Fuzz(func(t *testing.T, b []byte) {
		list, err := parseID3(b)
		total := id3Header
		for _, x := range list {
			total += id3Header + len(x.Body)
		}
		if err == nil && (total > len(b) || len(list) == 0) {
			t.Errorf("%d bytes of frames in %d", total, len(b))
		}
		readCue(list)
	})
}

// FuzzMedia: boxes of strangers never end the program.
func FuzzMedia(f *testing.F) {
	o := &origin{t: f}
	in, err := parseInit(o.init("hi"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(o.part("hi", 3, 0))
	f.Add(o.init("hi"))
	f.Fuzz(func(t *testing.T, b []byte) {
		if _, err := parseInit(b); err == nil && len(b) == 0 {
			t.Error("nothing is no initialization segment")
		}
		if c, err := parseMedia(b, in); err == nil && c.main() == nil {
			t.Error("media without a run")
		}
	})
}

// TestDates: they follow from one on another segment, up to a discontinuity.
func TestDates(t *testing.T) {
	const dated, cut = "#EXT-X-PROGRAM-DATE-TIME:2026-11-24T10:00:00Z\n", "#EXT-X-DISCONTINUITY\n"
	for name, c := range map[string]struct {
		before [3]string // each of three segments of 2 s
		want   string    // seconds after 10:00, ? if it is not known
	}{
		"of the first":                {[3]string{dated, "", ""}, "0 2 4"},
		"of the last":                 {[3]string{"", "", dated}, "-4 -2 0"},
		"of one between":              {[3]string{"", dated, ""}, "-2 0 2"},
		"before a discontinuity":      {[3]string{"", dated, cut}, "-2 0 ?"},
		"at a discontinuity":          {[3]string{"", cut + dated, ""}, "? 0 2"},
		"a discontinuity beyond it":   {[3]string{"", cut, dated}, "? -2 0"},
		"none at all":                 {[3]string{"", "", ""}, "? ? ?"},
		"a recording, cut in between": {[3]string{dated, cut, ""}, "0 ? ?"},
	} {
		t.Run(name, func(t *testing.T) {
			text := "#EXTM3U\n#EXT-X-TARGETDURATION:2\n"
			for _, tags := range c.before {
				text += tags + "#EXTINF:2.0,\ns.m4s\n"
			}
			p, err := parsePlaylist(here, text)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, s := range p.Segments {
				if s.Wall.IsZero() {
					got = append(got, "?")
					continue
				}
				got = append(got, fmt.Sprint(s.Wall.Sub(epoch).Seconds()))
			}
			if have := strings.Join(got, " "); have != c.want {
				t.Errorf("%s, want %s", have, c.want)
			}
		})
	}
}
