package packager_test

import (
	"bytes"
	"fmt"
	"regexp"
	"testing"
	"time"

	"github.com/Eyevinn/mp4ff/mp4"

	"vitrine/packager/asset"
)

func TestReportsTellHowFarTheOthersAre(t *testing.T) {
	s := newStudio(t, nil)
	for range 60 {
		s.run(7)
		if s.frame < 130 {
			continue
		}
		for _, name := range []string{"source", "240p", "audio"} {
			list := s.playlist(name)
			reports := regexp.MustCompile(`#EXT-X-RENDITION-REPORT:URI="\.\./(\w+)/index\.m3u8",LAST-MSN=(\d+),LAST-PART=(\d+)`).FindAllStringSubmatch(list, -1)
			if len(reports) != 2 {
				t.Fatalf("%s has %d reports\n%s", name, len(reports), list)
			}
			for _, r := range reports {
				if r[1] == name {
					t.Errorf("%s reports itself", name)
				}
				part := fmt.Sprintf(`URI="%d/%s.%s.m4s"`, epoch, r[2], r[3])
				if other := s.playlist(r[1]); count(other, part) == 0 {
					t.Errorf("%s reports %s of %s, which has no such part\n%s", name, part, r[1], other)
				}
			}
		}
	}
}

// Each entry of the I-frame playlist is a fragment that holds one keyframe and
// nothing else, and the entries are as long as the segments.
func TestIFramePlaylistPointsToKeyframes(t *testing.T) {
	s := newStudio(t, nil)
	s.gop = 25 // keyframes off the grid of parts, and more than one in a segment
	s.run(60 * 8)
	entry := regexp.MustCompile(`#EXTINF:([\d.]+),\n#EXT-X-BYTERANGE:(\d+)@(\d+)\n(\d+)/(\d+)\.m4s`)
	for _, name := range []string{"source", "240p"} {
		list := s.text(asset.Request{Kind: asset.IFrames, Rendition: name})
		entries := entry.FindAllStringSubmatch(list, -1)
		if len(entries) < 10 {
			t.Fatalf("%s: %d entries\n%s", name, len(entries), list)
		}
		var last uint64
		for i, e := range entries {
			var size, offset int
			var msn int64
			if _, err := fmt.Sscan(e[2], &size); err != nil {
				t.Fatal(err)
			}
			if _, err := fmt.Sscan(e[3]+" "+e[5], &offset, &msn); err != nil {
				t.Fatal(err)
			}
			whole := s.text(asset.Request{Kind: asset.Segment, Rendition: name, Epoch: epoch, MSN: msn})
			f, err := mp4.DecodeFile(bytes.NewReader([]byte(whole[offset : offset+size])))
			if err != nil {
				t.Fatal(err)
			}
			frags := fragments(f)
			if len(frags) != 1 || len(frags[0].Moof.Traf.Trun.Samples) != 1 || frags[0].Moof.Traf.Trun.Samples[0].IsSync() == false {
				t.Fatalf("%s: entry %d is not one keyframe", name, i)
			}
			at := frags[0].Moof.Traf.Tfdt.BaseMediaDecodeTime()
			if i > 0 {
				var d float64
				fmt.Sscan(entries[i-1][1], &d)
				if off := float64(at-last)/90000 - d; off > 1e-4 || off < -1e-4 {
					t.Errorf("%s: entry %d lasts %v s, and the next keyframe comes after %v", name, i-1, d, float64(at-last)/90000)
				}
			}
			last = at
		}
	}
}

// However short its segments are, what leaves the playlist can be fetched for its
// own duration and that of the playlist.
func TestShortSegmentsAreKeptForLongEnough(t *testing.T) {
	s := newStudio(t, nil)
	s.gop = 60
	s.run(60 * 14)
	s.gop = 16 // 0.53 s: irregular now, so that segments are short
	list := s.playlist("source")
	first := asset.Request{Kind: asset.Segment, Rendition: "source", Epoch: epoch}
	fmt.Sscanf(list[bytes.Index([]byte(list), []byte("MEDIA-SEQUENCE:")):], "MEDIA-SEQUENCE:%d", &first.MSN)
	for s.playlist("source") == "" || count(s.playlist("source"), fmt.Sprintf("/%d.m4s", first.MSN)) > 0 {
		s.run(1)
	}
	removed := s.now
	for s.now.Sub(removed) < 22*time.Second {
		if _, err := s.fetch(first); err != nil {
			t.Fatalf("%v after its removal: %v", s.now.Sub(removed), err)
		}
		s.run(10)
	}
	if total := count(s.playlist("source"), "#EXTINF"); total < 6 {
		t.Errorf("%d segments are listed", total)
	}
}
