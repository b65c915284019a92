package packager_test

import (
	"encoding/xml"
	"fmt"
	"testing"
	"time"

	"vitrine/internal/media"
	"vitrine/packager/asset"
)

// mpd is what is read of an MPD.
type mpd struct {
	Start  time.Time `xml:"availabilityStartTime,attr"`
	Update string    `xml:"minimumUpdatePeriod,attr"`
	Period []struct {
		ID    string `xml:"id,attr"`
		Start string `xml:"start,attr"`
		Set   []struct {
			Type   string `xml:"contentType,attr"`
			Events []struct {
				Scheme string `xml:"schemeIdUri,attr"`
			} `xml:"InbandEventStream"`
			Representation []struct {
				ID       string `xml:"id,attr"`
				Template struct {
					Timescale int64 `xml:"timescale,attr"`
					First     int64 `xml:"startNumber,attr"`
					S         []struct {
						T int64 `xml:"t,attr"`
						D int64 `xml:"d,attr"`
						R int   `xml:"r,attr"`
					} `xml:"SegmentTimeline>S"`
				} `xml:"SegmentTemplate"`
			} `xml:"Representation"`
		} `xml:"AdaptationSet"`
	} `xml:"Period"`
}

func (s *studio) mpd() (m mpd) {
	s.t.Helper()
	b, err := s.fetch(asset.Request{Output: asset.DASH, Kind: asset.Multivariant})
	if err == nil {
		err = xml.Unmarshal(b, &m)
	}
	if err != nil {
		s.t.Fatalf("%v\n%s", err, b)
	}
	return m
}

// holds compares what an MPD lists with the CMAF that is there: every number is
// the segment that begins at its time.
func (s *studio) holds(m mpd) (listed map[string]int) {
	s.t.Helper()
	listed = map[string]int{}
	for _, p := range m.Period {
		for _, set := range p.Set {
			for _, r := range set.Representation {
				n := r.Template.First
				for _, x := range r.Template.S {
					for i := range x.R + 1 {
						b, err := s.fetch(asset.Request{Kind: asset.Part, Rendition: r.ID, Epoch: epoch, MSN: n})
						if err != nil {
							s.t.Fatalf("%s %d: %v", r.ID, n, err)
						}
						at := fragments(mustDecode(s.t, b))[0].Moof.Traf.Tfdt.BaseMediaDecodeTime()
						if want := x.T + int64(i)*x.D; int64(at) != want {
							s.t.Errorf("%s: segment %d at %d, listed at %d", r.ID, n-epoch, at, want)
						}
						listed[r.ID]++
						n++
					}
				}
			}
		}
	}
	return listed
}

func TestMPDListsTheCMAF(t *testing.T) {
	s := newStudio(t, nil)
	s.run(200) // three segments, and some of the fourth
	m := s.mpd()
	if got := fmt.Sprint(s.holds(m)); got != "map[240p:4 audio:4 source:4]" {
		t.Errorf("listed %s", got)
	}
	if len(m.Period) != 1 || len(m.Period[0].Set) != 2 || m.Period[0].Set[0].Events[0].Scheme != "https://aomedia.org/emsg/ID3" || len(m.Period[0].Set[1].Events) != 0 {
		t.Errorf("%+v", m)
	}
	if want := start.Add(-s.base.Duration()); !m.Start.Equal(want) || m.Update != "PT1S" {
		t.Errorf("the clock starts at %v, not at %v; looked at each %s", m.Start, want, m.Update)
	}
	s.run(60 * 30)
	later := s.mpd()
	if later.Period[0].ID != m.Period[0].ID || later.Period[0].Start != m.Period[0].Start || !later.Start.Equal(m.Start) {
		t.Errorf("a minute later it is another period: %+v", later.Period)
	}
	s.holds(later)
	s.End()
	if m := s.mpd(); m.Update != "" {
		t.Errorf("after the end it is looked at each %s", m.Update)
	}
}

func TestMPDOverADrop(t *testing.T) {
	s := newStudio(t, nil)
	s.run(190)
	s.Away()
	for range 100 {
		s.pass(50 * time.Millisecond)
	}
	s.comeBack()
	s.run(200)
	m := s.mpd()
	if len(m.Period) != 2 || m.Period[0].ID == m.Period[1].ID {
		t.Fatalf("%+v", m.Period)
	}
	if got := s.holds(m); got["source"] < 6 || got["audio"] < 6 {
		t.Errorf("listed %v", got)
	}
}

func TestMPDLeavesOutWhatIsMissing(t *testing.T) {
	s := newStudio(t, nil)
	s.run(150)
	s.noRung = true
	s.run(240)
	s.noRung = false
	s.run(200)
	got := s.holds(s.mpd())
	if got["240p"] == 0 || got["240p"] >= got["source"] {
		t.Errorf("listed %v", got)
	}
}

func TestMPDOfSoundAlone(t *testing.T) {
	s := newStudio(t, nil)
	for i := range 400 {
		pts := media.TicksPerSecond + media.Ticks(i)*1920
		s.timeline.Observe(pts, s.now)
		s.write("audio", media.Unit{Track: audio, PTS: pts, DTS: pts, Sync: true, Data: []byte("sound")})
		s.pass(21333 * time.Microsecond)
	}
	if got := s.holds(s.mpd()); got["audio"] < 3 {
		t.Errorf("listed %v", got)
	}
}
